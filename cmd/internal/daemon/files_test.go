//go:build unix

package daemon

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"supervisor/supervise/config"
)

// TestMain lets the test binary play a second supervisord that wants a pidfile:
// locks belong to processes, so a second process it must be.
func TestMain(m *testing.M) {
	if path := os.Getenv("TEST_LOCK_PIDFILE"); path != "" {
		if _, err := lockPidfile(path); err != nil {
			os.Stdout.WriteString(err.Error())
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestASecondSupervisordDoesNotGetThePidfile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.pid")
	first, err := lockPidfile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.write(4711); err != nil {
		t.Fatal(err)
	}
	second := exec.Command(os.Args[0])
	second.Env = append(os.Environ(), "TEST_LOCK_PIDFILE="+path)
	said, err := second.Output()
	if err != nil || !strings.Contains(string(said), "another supervisord (pid 4711) holds the pidfile "+path) {
		t.Fatalf("the second said %q, %v", said, err)
	}
	if text, _ := os.ReadFile(path); string(text) != "4711\n" {
		t.Errorf("the first one's pidfile now reads %q", text)
	}
	if err := first.remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the pidfile is still there")
	}
}

func TestAPidfileThatIsNotOursIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.pid")
	p, err := lockPidfile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.write(1); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := p.remove(); err != nil {
		t.Error(err)
	}
	if text, _ := os.ReadFile(path); string(text) != "2\n" {
		t.Errorf("it now reads %q", text)
	}
}

func TestAPidfileThatCannotBeMadeIsSaidWhenItIsToBeWritten(t *testing.T) {
	p, err := lockPidfile(filepath.Join(t.TempDir(), "missing", "s.pid"))
	if err != nil {
		t.Fatalf("it must not stop supervisord: %v", err)
	}
	if err := p.write(1); err == nil {
		t.Error("writing must fail")
	}
	if err := p.remove(); err != nil {
		t.Error(err)
	}
}

func TestStateIsKeptOnDiskWhereThatIsPossible(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "state")
	s := newStateDir(dir, func(text string) { t.Errorf("complained: %s", text) })
	if s.read("x") != nil {
		t.Error("there is nothing yet")
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the directory must not be made before it is needed")
	}
	for _, text := range []string{"one", "two"} {
		if err := s.write("x", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory: %v, %v", info, err)
	}
	if got := newStateDir(dir, nil).read("x"); string(got) != "two" {
		t.Errorf("a later supervisord reads %q", got)
	}
	if left, _ := filepath.Glob(dir + "/*"); len(left) != 1 {
		t.Errorf("it left %v", left)
	}
	s.remove("x")
	if s.read("x") != nil {
		t.Error("it is still there")
	}
}

func TestStateIsKeptInMemoryWhereTheDiskRefusesAndSaysSoOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var said []string
	s := newStateDir(filepath.Join(file, "state"), func(text string) { said = append(said, text) })
	defer func() { _ = s.close(context.Background()) }()
	if s.write("x", []byte("one")) == nil || s.write("y", []byte("two")) == nil {
		t.Error("the writer is not told")
	}
	if string(s.read("x")) != "one" || string(s.read("y")) != "two" {
		t.Error("memory must serve")
	}
	if len(said) != 1 || !strings.Contains(said[0], "statedir=") || len(s.problems()) != 1 {
		t.Errorf("said %q", said)
	}
}

func TestStateThatTheDiskRefusedIsWrittenWhenThereIsRoomAgain(t *testing.T) {
	for name, then := range map[string]func(*stateDir){
		"by another write":      func(s *stateDir) { _ = s.write("z", []byte("three")) },
		"after a while":         func(s *stateDir) { s.retry() },
		"when supervisord ends": func(s *stateDir) { _ = s.close(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state")
			if err := os.WriteFile(dir, nil, 0o600); err != nil { // in the way
				t.Fatal(err)
			}
			s := newStateDir(dir, func(string) {})
			defer func() { _ = s.close(context.Background()) }()
			if s.write("x", []byte("one")) == nil || s.write("y", []byte("two")) == nil {
				t.Fatal("nobody is told")
			}
			if err := os.Remove(dir); err != nil {
				t.Fatal(err)
			}
			then(s)
			later := newStateDir(dir, func(text string) { t.Error(text) })
			if string(later.read("x")) != "one" || string(later.read("y")) != "two" || len(s.problems()) != 0 {
				t.Errorf("on the disk: %q, %q; problems %v", later.read("x"), later.read("y"), s.problems())
			}
		})
	}
}

func TestInitWritesAConfigurationThatLoads(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	var out bytes.Buffer
	if status := initConfig(dir, Streams{Out: &out, Err: &out}); status != 0 {
		t.Fatalf("status %d: %s", status, out.String())
	}
	conf, err := config.Load(filepath.Join(dir, "supervisord.conf"), config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(conf.Groups) != 1 || len(conf.HTTPServers) != 2 || len(conf.Warnings) != 0 {
		t.Errorf("it means %d groups, %d servers, warnings %v", len(conf.Groups), len(conf.HTTPServers), conf.Warnings)
	}
	for _, server := range conf.HTTPServers {
		if !server.Unix && (len(server.Password) < 20 || !strings.Contains(out.String(), server.Password)) {
			t.Errorf("the page's password is %q, and this was told: %s", server.Password, out.String())
		}
	}
	if status := initConfig(dir, Streams{Out: &out, Err: &out}); status != exitUsage {
		t.Errorf("a second --init must leave what is there alone, got status %d", status)
	}
}
