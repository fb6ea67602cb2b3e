//go:build unix

package child

import (
	"syscall"
	"time"

	"supervisor/supervise"
)

// usageOf reads what wait4(2) says that a child used. A child begins as a copy of
// this process, or within its memory, and Linux never forgets the most that it
// held: a peak below our own says nothing but that it was no more.
func usageOf(used syscall.Rusage) supervise.Rusage {
	usage := supervise.Rusage{
		User:   time.Duration(used.Utime.Nano()),
		System: time.Duration(used.Stime.Nano()),
		Peak:   int64(used.Maxrss) * peakUnit(),
	}
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err == nil {
		usage.AtMost = usage.Peak > 0 && usage.Peak <= int64(own.Maxrss)*peakUnit()
	}
	return usage
}
