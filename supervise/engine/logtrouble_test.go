//go:build unix

package engine

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/config"
)

func TestOutputThatCannotBeWrittenIsToldUntilItCan(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skipf("this system has no /dev/full: %v", err)
	}
	link := filepath.Join(t.TempDir(), "log")
	if err := os.Symlink("/dev/full", link); err != nil {
		t.Fatal(err)
	}
	conf := fmt.Sprintf("[supervisord]\n"+
		"[program:x]\ncommand=/bin/sleep 100\nstdout_logfile=%s\nredirect_stderr=true\n"+
		"[program:y]\ncommand=/bin/sleep 100\nstdout_logfile=%[1]s\nstderr_logfile=%[1]s\n"+
		"[program:z]\ncommand=/bin/sleep 100\nstdout_logfile=NONE\nstderr_logfile=NONE\n", link)
	synctest.Test(t, func(t *testing.T) {
		b := work(t, conf)
		defer b.end()
		if all := b.logTroubles(); len(all) > 0 {
			t.Errorf("before anything was written: %+v", all)
		}
		began := time.Now()
		b.host.Say("x", supervise.Stdout, "words\n")
		synctest.Wait()
		all := b.logTroubles()
		for _, trouble := range all {
			if trouble.Why != "no space left on device" || trouble.Path != link || !trouble.Since.Equal(began) {
				t.Errorf("told %+v, want no space at %s since %v", trouble, link, began)
			}
		}
		time.Sleep(3 * time.Second)
		b.host.Say("y", supervise.Stderr, "more words\n")
		synctest.Wait()
		if later := b.logTroubles(); len(later) != 2 || !slices.Equal(later, all) {
			t.Errorf("the same trouble is told as %+v, then as %+v, of x and y", all, later)
		}
		if err := os.Remove(link); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second) // free: the log tries again by itself
		synctest.Wait()
		if all := b.logTroubles(); len(all) > 0 {
			t.Errorf("after it could be written: %+v", all)
		}
	})
}

// A server looks for problems before the engine runs.
func TestAnEngineThatDoesNotRunYetIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		eng, err := New(Options{Config: &config.Config{}, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer eng.Close()
		if all, err := eng.LogTroubles(t.Context()); err != nil || len(all) > 0 {
			t.Errorf("%+v, %v", all, err)
		}
	})
}

func (b *bench) logTroubles() []LogTrouble {
	b.t.Helper()
	all, err := b.LogTroubles(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}
