package machine

import (
	"time"

	"supervisor/supervise"
)

// RestartPolicy is autorestart=.
type RestartPolicy int

const (
	RestartUnexpected RestartPolicy = iota
	RestartNever
	RestartAlways
)

// Policy is what the configuration says about one process's life.
type Policy struct {
	AutoStart    bool
	AutoRestart  RestartPolicy
	StartSecs    time.Duration //lint:ignore ST1011 the option is called startsecs, and so is this everywhere
	StartRetries int
	ExitCodes    []int
	StopSignal   supervise.Signal
	StopWait     time.Duration
	StopAsGroup  bool
	KillAsGroup  bool
}
