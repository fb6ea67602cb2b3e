//go:build unix

package metrics

import (
	"encoding/binary"
	"errors"
	"time"

	"supervisor/supervise"
)

var errKinfo = errors.New("not the struct kinfo_proc of a 64-bit FreeBSD")

// kinfoSize is the size of FreeBSD's struct kinfo_proc on 64-bit machines, which
// <sys/user.h> promises not to change; each one says its own at its beginning.
const kinfoSize = 1088

// parseKinfo reads one struct kinfo_proc (FreeBSD, sysctl kern.proc.proc). Its
// start is on the clock of the day, from which boot is taken, so that a clock
// that is set does not make other processes of all.
func parseKinfo(b []byte, pageSize int64, boot time.Duration) (proc, error) {
	if len(b) < kinfoSize || word(b, 0) != kinfoSize {
		return proc{}, errKinfo
	}
	return proc{
		pid: word(b, 72), ppid: word(b, 76), group: word(b, 80), session: word(b, 88),
		memory:  int64(long(b, 264)) * pageSize,                 // ki_rssize
		own:     time.Duration(long(b, 328)) * time.Microsecond, // ki_runtime
		start:   uint64(pair(b, 336, time.Microsecond) - boot),  // ki_start
		buried:  pair(b, 352, time.Microsecond),                 // ki_childtime
		zombie:  b[388] == 5,                                    // ki_stat: SZOMB
		threads: word(b, 596), file: noFile,                     // ki_numthreads
	}, nil
}

var errPsinfo = errors.New("not the psinfo_t of a 64-bit system")

// psinfoSize is how much of psinfo_t is read.
const psinfoSize = 136

// parsePsinfo reads what /proc/PID/psinfo gives to a 64-bit program (proc(5) of
// illumos and Solaris).
func parsePsinfo(b []byte) (proc, error) {
	if len(b) < psinfoSize {
		return proc{}, errPsinfo
	}
	p := proc{
		threads: word(b, 4), pid: word(b, 8), ppid: word(b, 12), group: word(b, 16), session: word(b, 20),
		memory: int64(long(b, 56)) << 10, // pr_rssize, in KiB
		start:  uint64(pair(b, 88, time.Nanosecond)),
		own:    pair(b, 104, time.Nanosecond), // pr_time
		buried: pair(b, 120, time.Nanosecond), // pr_ctime
		file:   noFile,
	}
	p.zombie = p.threads == 0
	return p, nil
}

// taskinfoSize is that of struct proc_taskinfo (macOS, <sys/proc_info.h>).
const taskinfoSize = 96

// parseTaskinfo adds to p what macOS tells of a task, nothing if that is too
// short. Its times are in units of which there are so many a second, 0 if that is
// not known.
func parseTaskinfo(p *proc, b []byte, unitsASecond uint64) {
	if len(b) < taskinfoSize {
		return
	}
	p.memory, p.threads = int64(long(b, 8)), word(b, 84)
	if unitsASecond > 0 {
		units := float64(long(b, 16) + long(b, 24)) // user and system
		p.own = time.Duration(units / float64(unitsASecond) * float64(time.Second))
	}
}

// unmeasured gives a process of which nothing is known but what it is.
func unmeasured(pid, ppid, group int32) proc {
	return proc{
		pid: pid, ppid: ppid, group: group, file: noFile,
		threads: supervise.Unmeasured, own: supervise.Unmeasured, memory: supervise.Unmeasured,
	}
}

func word(b []byte, at int) int32 { return int32(binary.NativeEndian.Uint32(b[at:])) }

func long(b []byte, at int) uint64 { return binary.NativeEndian.Uint64(b[at:]) }

// pair reads a struct timeval or timespec: seconds, and parts of one.
func pair(b []byte, at int, part time.Duration) time.Duration {
	return time.Duration(long(b, at))*time.Second + time.Duration(long(b, at+8))*part
}
