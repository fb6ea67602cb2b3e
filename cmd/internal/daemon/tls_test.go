//go:build unix

package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"supervisor/supervise/config"
)

func TestTheServersOwnKeyIsForItsEyesOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	l := &life{conf: &config.Config{}, state: newStateDir(dir, func(text string) { t.Error(text) })}
	l.conf.Supervisord.Pidfile = "/run/a.pid"
	state := serverState{l}
	state.Write("tls.pem", []byte("key"))
	found, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(found) != 1 || !strings.HasPrefix(filepath.Base(found[0]), "tls-") || filepath.Ext(found[0]) != ".pem" {
		t.Fatal(found, err)
	}
	info, err := os.Stat(found[0])
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if got := state.Read("tls.pem"); string(got) != "key" {
		t.Errorf("read back %q", got)
	}
	if state.Read("sessions.json") != nil {
		t.Error("it is taken for another state")
	}
}
