//go:build unix

package daemon

import (
	"strings"
	"syscall"
	"testing"

	"supervisor/supervise"
)

func TestTheManualExplainsEverySignal(t *testing.T) {
	page := string(Manual().Roff())
	for sig := range meanings {
		if name := supervise.Signal(sig.(syscall.Signal)).String(); !strings.Contains(page, name) {
			t.Errorf("the manual does not mention %s", name)
		}
	}
}
