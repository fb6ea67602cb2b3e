//go:build unix

package daemon

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"supervisor/supervise"
	"supervisor/supervise/config"
)

func TestThePlaceOfAPluginsSocketIsItsAlone(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var sockets pluginSockets
	path, err := sockets.Make("cache", nil)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := sockets.Make("cache", nil); err != nil || again != path {
		t.Errorf("a second time: %s, %v; want %s", again, err, path)
	}
	for dir, want := range map[string]fs.FileMode{filepath.Dir(path): 0o700, filepath.Dir(filepath.Dir(path)): 0o711} {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %o", dir, info, err, want)
		}
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // there is one, then there is none
		if err := sockets.Clear(path); err != nil {
			t.Error(err)
		}
	}
	if err := sockets.remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Dir(filepath.Dir(path))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}

func TestAPathTooLongForASocketIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("x", maxSocketPath))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", dir)
	var sockets pluginSockets
	if _, err := sockets.Make("cache", nil); err == nil || !strings.Contains(err.Error(), "is too long for a socket") {
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
