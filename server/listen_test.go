//go:build unix

package server

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// bind opens one endpoint, and closes it when the test ends.
func bind(t *testing.T, e Endpoint) (*bytes.Buffer, error) {
	t.Helper()
	var stderr bytes.Buffer
	l, remove, err := listen(e, &stderr)
	if err == nil {
		t.Cleanup(func() {
			if err := errors.Join(remove(), l.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	return &stderr, err
}

// names lists what is in the directory of a socket.
func names(t *testing.T, e Endpoint) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(e.Path))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, entry := range entries {
		list = append(list, entry.Name())
	}
	return strings.Join(list, " ")
}

func TestASocketAppearsWithItsModeAndNothingElseIsLeft(t *testing.T) {
	e := socketIn(t)
	e.Mode = 0o770
	if _, err := bind(t, e); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(e.Path)
	if err != nil || info.Mode().Perm() != 0o770 || info.Mode().Type() != os.ModeSocket {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if got := names(t, e); got != "supervisor.sock" {
		t.Errorf("in its directory: %s", got)
	}
}

func TestTheModeOfASocketIsThatOfChmod(t *testing.T) {
	e := socketIn(t)
	e.Mode = 0o1777
	if _, err := bind(t, e); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(e.Path)
	if err != nil || info.Mode() != os.ModeSocket|os.ModeSticky|0o777 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestALiveSocketIsLeftAlone(t *testing.T) {
	e := socketIn(t)
	if _, err := bind(t, e); err != nil {
		t.Fatal(err)
	}
	before, err := os.Lstat(e.Path)
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := bind(t, e)
	if !errors.Is(err, syscall.EADDRINUSE) || worded(e, err).Error() != inUse || stderr.Len() > 0 {
		t.Errorf("%v, said %q", err, stderr)
	}
	after, err := os.Lstat(e.Path)
	if err != nil || !os.SameFile(before, after) || names(t, e) != "supervisor.sock" {
		t.Errorf("the first one's socket was touched: %v, %s", err, names(t, e))
	}
	if conn, err := net.Dial("unix", e.Path); err != nil {
		t.Error(err)
	} else {
		conn.Close()
	}
}

func TestAStaleSocketIsReplaced(t *testing.T) {
	e := socketIn(t)
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: e.Path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	stale.Close()
	stderr, err := bind(t, e)
	if err != nil || stderr.String() != "Unlinking stale socket "+e.Path+"\n" {
		t.Errorf("%v, said %q", err, stderr)
	}
}

func TestAFileThatIsNoSocketIsNotRemoved(t *testing.T) {
	e := socketIn(t)
	if err := os.WriteFile(e.Path, []byte("dear to somebody"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := bind(t, e)
	if err == nil || !strings.Contains(worded(e, err).Error(), "is not a socket") {
		t.Error(err)
	}
	if content, err := os.ReadFile(e.Path); err != nil || string(content) != "dear to somebody" {
		t.Errorf("%q, %v", content, err)
	}
}

func TestOfManyThatStartAtOnceOneServes(t *testing.T) {
	e := socketIn(t)
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: e.Path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	stale.Close()

	var all sync.WaitGroup
	var mu sync.Mutex
	var winners []func() error
	for range 8 {
		all.Go(func() {
			l, remove, err := listen(e, io.Discard)
			if err != nil {
				if !errors.Is(err, syscall.EADDRINUSE) {
					t.Error(err)
				}
				return
			}
			mu.Lock()
			defer mu.Unlock()
			winners = append(winners, func() error { return errors.Join(remove(), l.Close()) })
		})
	}
	all.Wait()
	if len(winners) != 1 || names(t, e) != "supervisor.sock" {
		t.Errorf("%d serve; in the directory: %s", len(winners), names(t, e))
	}
	for _, end := range winners {
		if err := end(); err != nil {
			t.Error(err)
		}
	}
	if got := names(t, e); got != "" {
		t.Errorf("left behind: %s", got)
	}
}

func TestASocketThatIsNoLongerOursIsNotRemoved(t *testing.T) {
	e := socketIn(t)
	l, remove, err := listen(e, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.Remove(e.Path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(e.Path, nil, 0o600); err != nil { // somebody else's
		t.Fatal(err)
	}
	if err := remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(e.Path); err != nil {
		t.Error("removed another's file")
	}
}

func TestErrorsHaveTheWordsOfTheOriginal(t *testing.T) {
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	missing := socketIn(t)
	missing.Path = filepath.Join(filepath.Dir(missing.Path), "no", "such", "dir", "s")
	long := socketIn(t)
	long.Path = filepath.Join(filepath.Dir(long.Path), strings.Repeat("x", 120))
	for name, tt := range map[string]struct {
		endpoint Endpoint
		want     string
	}{
		"port taken":        {Endpoint{Host: "127.0.0.1", Port: taken.Addr().(*net.TCPAddr).Port}, inUse},
		"not our address":   {Endpoint{Host: "192.0.2.1", Port: 9001}, "Cannot open an HTTP server: socket.error reported errno.EADDRNOTAVAIL ("},
		"no such name":      {Endpoint{Host: "nothing.invalid", Port: 9001}, "Cannot open an HTTP server: socket.error reported -2"},
		"no such directory": {missing, "Cannot open an HTTP server: socket.error reported errno.ENOENT (2)"},
		"path too long":     {long, "Cannot open an HTTP server: socket.error reported AF_UNIX path too long"},
	} {
		_, err := bind(t, tt.endpoint)
		if err == nil || !strings.HasPrefix(worded(tt.endpoint, err).Error(), tt.want) {
			t.Errorf("%s: %v, worded %q", name, err, worded(tt.endpoint, err))
		}
	}
}

func TestASocketIsGivenAwayOrTheOriginalsWordsSayWhyNot(t *testing.T) {
	e := socketIn(t)
	e.UID, e.GID = 12345, 54321
	_, err := bind(t, e)
	if os.Geteuid() == 0 {
		info, failed := os.Lstat(e.Path)
		if err != nil || failed != nil {
			t.Fatal(err, failed)
		}
		if s := info.Sys().(*syscall.Stat_t); s.Uid != 12345 || s.Gid != 54321 {
			t.Errorf("owned by %d:%d", s.Uid, s.Gid)
		}
	} else {
		me, failed := user.Current()
		want := "Not permitted to chown " + e.Path + " to uid/gid (12345, 54321); adjust \"sockchown\" value in config file or on command line to " +
			"values that the current user (" + me.Username + ") can successfully chown"
		if failed != nil || err == nil || worded(e, err).Error() != want || names(t, e) != "" {
			t.Errorf("%v; in the directory: %s", err, names(t, e))
		}
	}
}

func TestTheSameWordsWhereRootRefuses(t *testing.T) {
	err := worded(Endpoint{}, &chownError{"/run/s", 0, 0, syscall.EPERM})
	if want := "Not permitted to chown /run/s to uid/gid (0, 0); adjust"; !strings.HasPrefix(err.Error(), want) || !errors.Is(err, syscall.EPERM) {
		t.Error(err)
	}
}

func TestAllInterfacesAreThoseOfIPv4UnlessAsked(t *testing.T) {
	for host, want := range map[string]string{"": "0.0.0.0", "*": "0.0.0.0", "0.0.0.0": "0.0.0.0", "127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1", "[::1]": "::1", "::1": "::1"} {
		l, _, err := listen(Endpoint{Host: host}, io.Discard)
		if err != nil {
			if strings.Contains(host, ":") && errors.Is(err, syscall.EADDRNOTAVAIL) {
				t.Logf("%s: this machine has no IPv6: %v", host, err)
				continue
			}
			t.Errorf("%q: %v", host, err)
			continue
		}
		if got := l.Addr().(*net.TCPAddr).IP.String(); got != want {
			t.Errorf("%q listens on %s, want %s", host, got, want)
		}
		l.Close()
	}
}

func TestListenOpensAllOrNothing(t *testing.T) {
	unix := socketIn(t)
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	s, err := New(Options{Stderr: io.Discard, Endpoints: []Endpoint{
		{Section: "inet_http_server", Host: "127.0.0.1"}, unix, {Section: "inet_http_server:x", Host: "127.0.0.1", Port: taken.Addr().(*net.TCPAddr).Port},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err == nil || err.Error() != inUse {
		t.Errorf("%v", err)
	}
	if got := names(t, unix); got != "" {
		t.Errorf("left behind: %s", got)
	}
}
