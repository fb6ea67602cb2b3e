//go:build unix

package daemon

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervise"
	"supervisor/supervise/config"
)

// ownTmp gives the test a place for temporary files whose name is short enough for
// sockets, unlike that of t.TempDir.
func ownTmp(t *testing.T) {
	t.Helper()
	dir, err := os.MkdirTemp("", "tmp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	t.Setenv("TMPDIR", dir)
}

// placeOf gives the path of a plug-in in a temporary directory of the test.
func placeOf(t *testing.T, sockets *pluginSockets) string {
	t.Helper()
	ownTmp(t)
	path, err := sockets.Path("cache")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// isPlaceOf makes sure that nobody but one user has a way to a path, and that
// nothing is there.
func isPlaceOf(t *testing.T, path string, uid int) {
	t.Helper()
	dir := filepath.Dir(path)
	for dir, want := range map[string]fs.FileMode{dir: 0o700, filepath.Dir(dir): 0o711} {
		if info, err := os.Lstat(dir); err != nil || info.Mode() != fs.ModeDir|want {
			t.Errorf("%s: %v, %v; want %o", dir, info, err, want)
		}
	}
	if info, err := os.Stat(dir); err != nil || int(info.Sys().(*syscall.Stat_t).Uid) != uid {
		t.Errorf("%s: %+v, %v; want one of %d", dir, info, err, uid)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%s has %v, %v", dir, left, err)
	}
}

func TestThePlaceOfAPluginsSocketIsItsAlone(t *testing.T) {
	var sockets pluginSockets
	path := placeOf(t, &sockets)
	if again, err := sockets.Path("cache"); err != nil || again != path {
		t.Errorf("a second time: %s, %v; want %s", again, err, path)
	}
	users := []*config.User{nil, {UID: os.Geteuid(), GID: os.Getegid()}, nil}
	if os.Geteuid() == 0 {
		users = append(users, &config.User{UID: 65534, GID: 65534}, nil)
	}
	for _, user := range users { // one after another, as by update
		if err := sockets.Ready(path, user); err != nil {
			t.Fatal(err)
		}
		uid := os.Geteuid()
		if user != nil {
			uid = user.UID
		}
		isPlaceOf(t, path, uid)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := sockets.remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Dir(filepath.Dir(path))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}

func TestThePlaceIsMadeAgainWhereTmpHasBeenCleanedUp(t *testing.T) {
	var sockets pluginSockets
	path := placeOf(t, &sockets)
	for _, gone := range []string{filepath.Dir(path), filepath.Dir(filepath.Dir(path))} {
		if err := os.RemoveAll(gone); err != nil {
			t.Fatal(err)
		}
		if err := sockets.Ready(path, nil); err != nil {
			t.Fatal(err)
		}
		isPlaceOf(t, path, os.Geteuid())
	}
}

func TestAPlaceThatSomebodyElseCouldHaveMadeIsNotUsed(t *testing.T) {
	var sockets pluginSockets
	path := placeOf(t, &sockets)
	home := filepath.Dir(filepath.Dir(path))
	elsewhere := t.TempDir()
	for name, meddle := range map[string]func() error{
		"open to all": func() error { return os.Chmod(home, 0o777) },
		"a link":      func() error { return errors.Join(os.RemoveAll(home), os.Symlink(elsewhere, home)) },
	} {
		if err := meddle(); err != nil {
			t.Fatal(err)
		}
		for does, err := range map[string]error{"start": sockets.Ready(path, nil), "call": sockets.trust()} {
			if err == nil || err.Error() != home+" is not the directory that supervisord has made" {
				t.Errorf("%s, %s: %v", name, does, err)
			}
		}
		if err := os.RemoveAll(home); err != nil {
			t.Fatal(err)
		}
		if err := sockets.trust(); err != nil {
			t.Errorf("nothing is there: %v", err)
		}
		if err := sockets.Ready(path, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// keepsPlaces is this test program as a supervisord that another one meets.
const keepsPlaces = "SUPERVISOR_TEST_KEEPS_PLACES"

func TestWhatASupervisordThatWasKilledHasLeftIsTakenAway(t *testing.T) {
	if os.Getenv(keepsPlaces) != "" {
		var sockets pluginSockets
		path, err := sockets.Path("cache")
		fmt.Println(path, err)
		_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed
		return
	}
	ownTmp(t)
	t.Setenv(keepsPlaces, "yes")
	other := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	stdin, inErr := other.StdinPipe()
	stdout, outErr := other.StdoutPipe()
	if err := errors.Join(inErr, outErr, other.Start()); err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	said, err := bufio.NewReader(stdout).ReadString('\n')
	path, found := strings.CutSuffix(said, " <nil>\n")
	if !found {
		t.Fatalf("it said %q: %v", said, err)
	}
	home := filepath.Dir(filepath.Dir(path))
	stranger := filepath.Join(filepath.Dir(home), "supervisor-of-somebody")
	if err := os.Mkdir(stranger, 0o755); err != nil {
		t.Fatal(err)
	}
	removeStaleHomes()
	if _, err := os.Stat(home); err != nil {
		t.Errorf("while it lives: %v", err)
	}
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = other.Wait() // it was killed
	removeStaleHomes()
	if _, err := os.Stat(home); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("once it is dead, %s is still there: %v", home, err)
	}
	if _, err := os.Stat(stranger); err != nil {
		t.Error(err)
	}
}

func TestAPathTooLongForASocketIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("x", maxSocketPath))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", dir)
	var sockets pluginSockets
	if _, err := sockets.Path("cache"); err == nil || !strings.Contains(err.Error(), "is too long for a socket") {
		t.Errorf("%v", err)
	}
}

func TestPythonCodeIsAProblemThatSaysWhatThereIsInstead(t *testing.T) {
	got := unloadable([]config.RPCInterface{
		{Section: "rpcinterface:supervisor", Factory: config.MainRPCInterface},
		{Section: "rpcinterface:mail", Factory: "mail.plugin:make", URL: "unix:///run/mail.sock"},
		{Section: "rpcinterface:cache", Factory: "supervisor_cache.rpcinterface:make_cache_rpcinterface", File: "/etc/s.conf", Line: 7},
	})
	if len(got) != 1 || got[0].Code != supervise.PluginIsPython || got[0].Place != "/etc/s.conf:7" ||
		!strings.HasSuffix(got[0].Text, "its methods are missing: examples/plugins/cache.py has those of supervisor_cache, for command=") {
		t.Errorf("%+v", got)
	}
}
