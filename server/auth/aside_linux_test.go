package auth

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestWorkDoneAsideGivesWayAndLeavesNoThreadThatDoes(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, here, there := priority(), unix.Gettid(), 0
	aside(func() {
		there = unix.Gettid()
		if got, want := priority(), max(before-modesty, 1); got != want {
			t.Errorf("priority %d aside, want %d", got, want)
		}
	})
	if there == here || there == 0 {
		t.Errorf("done by thread %d, from %d", there, here)
	}
	if got := priority(); got != before {
		t.Errorf("priority %d afterwards, %d before", got, before)
	}
}

func TestPasswordsAreCheckedAndMadeAside(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	d, _ := doorWithAnn(t)
	c, aside := d.auth.checker, max(priority()-modesty, 1)
	var checked, made int
	c.compare = func([]byte, []byte) error { checked = priority(); return nil }
	c.generate = func([]byte, int) ([]byte, error) { made = priority(); return nil, nil }
	if w := enter(attempt(d, "10.0.0.1", "ann", "right")); w.Code != 200 || checked != aside {
		t.Errorf("checked with priority %d, want %d; the answer is %d", checked, aside, w.Code)
	}
	if _, err := d.auth.NewPassword(t.Context(), "ann", "12345678"); err != nil || made != aside {
		t.Errorf("made with priority %d, want %d: %v", made, aside, err)
	}
}

func TestWorkThatPanicsAsideHasTheCallerPanicAndSaysWhereItWas(t *testing.T) {
	defer func() {
		told := fmt.Sprint(recover())
		for _, part := range []string{"the hash is no hash", "stumble", "aside_linux_test.go"} {
			if !strings.Contains(told, part) {
				t.Errorf("no %q in %s", part, told)
			}
		}
	}()
	aside(stumble)
	t.Error("it went on")
}

func stumble() { panic("the hash is no hash") }
