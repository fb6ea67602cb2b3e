//go:build unix

package supervise

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Signal is a signal number of the running system, with the names the field uses.
type Signal syscall.Signal

// The real-time bounds Python's signal module names; only these two are legal
// in a configuration, besides the classic ones (datatypes.py signal_number).
const (
	sigRTMin = 34
	sigRTMax = 64
)

// String gives "SIGTERM"; a number without a name gives "signal 35", as the
// original prints it.
func (s Signal) String() string {
	name := unix.SignalName(syscall.Signal(s))
	switch {
	case name == "SIGIO" && runtime.GOOS == "linux":
		return "SIGPOLL" // the later of two names, which Python prints
	case name != "":
		return name
	}
	switch s {
	case sigRTMin:
		return "SIGRTMIN"
	case sigRTMax:
		return "SIGRTMAX"
	}
	return "signal " + strconv.Itoa(int(s))
}

// ParseSignal reads a name (any case, SIG optional) or a number. The errors are
// worded as the original's, which clients see in configuration errors.
func ParseSignal(text string) (Signal, error) {
	word := strings.ToUpper(strings.TrimSpace(text))
	if n, err := strconv.Atoi(strings.ReplaceAll(word, "_", "")); err == nil {
		if n == 0 || n == sigRTMin || n == sigRTMax || unix.SignalName(syscall.Signal(n)) != "" {
			return Signal(n), nil
		}
		return 0, fmt.Errorf("value '%s' is not a valid signal number", text)
	}
	name := word
	if !strings.HasPrefix(name, "SIG") {
		name = "SIG" + name
	}
	switch name {
	case "SIGCLD":
		return Signal(unix.SIGCHLD), nil
	case "SIGIOT":
		return Signal(unix.SIGABRT), nil
	case "SIGPOLL":
		return Signal(unix.SIGIO), nil
	case "SIGRTMIN":
		return sigRTMin, nil
	case "SIGRTMAX":
		return sigRTMax, nil
	}
	if n := unix.SignalNum(name); n != 0 {
		return Signal(n), nil
	}
	return 0, fmt.Errorf("value '%s' is not a valid signal name", text)
}
