package supervise

import (
	"strconv"
	"strings"
)

// State is where a process is in its life. The numbers are Supervisor's
// (states.py) and part of the XML-RPC interface.
type State int

const (
	StateStopped  State = 0
	StateStarting State = 10
	StateRunning  State = 20
	StateBackoff  State = 30
	StateStopping State = 40
	StateExited   State = 100
	StateFatal    State = 200
	StateUnknown  State = 1000
)

// States lists every state, in ascending order of its number.
var States = [...]State{
	StateStopped, StateStarting, StateRunning, StateBackoff,
	StateStopping, StateExited, StateFatal, StateUnknown,
}

// String gives Supervisor's name in capitals, as status prints it.
func (s State) String() string {
	switch s {
	case StateStopped:
		return "STOPPED"
	case StateStarting:
		return "STARTING"
	case StateRunning:
		return "RUNNING"
	case StateBackoff:
		return "BACKOFF"
	case StateStopping:
		return "STOPPING"
	case StateExited:
		return "EXITED"
	case StateFatal:
		return "FATAL"
	case StateUnknown:
		return "UNKNOWN"
	}
	return "State(" + strconv.Itoa(int(s)) + ")"
}

// ParseState reads the name of a state, in any case.
func ParseState(text string) (State, bool) {
	for _, s := range States {
		if strings.EqualFold(s.String(), text) {
			return s, true
		}
	}
	return 0, false
}

// Stopped tells whether Supervisor counts s as stopped: a group whose processes
// all are may be removed, and a stop that waits is over.
func (s State) Stopped() bool {
	return s == StateStopped || s == StateExited || s == StateFatal || s == StateUnknown
}

// Running tells whether a start request would be refused as ALREADY_STARTED.
// BACKOFF counts, because the machine is still trying.
func (s State) Running() bool {
	return s == StateRunning || s == StateBackoff || s == StateStarting
}

// Signallable tells whether there is a living child to send a signal to.
func (s State) Signallable() bool {
	return s == StateRunning || s == StateStarting || s == StateStopping
}
