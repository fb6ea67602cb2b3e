package metrics

import (
	"errors"
	"fmt"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"

	"supervisor/supervise"
)

// kernel asks macOS by sysctl(3) who is there, and by proc_info(2), which is what
// libproc calls, what they use. The latter is told of one's own processes, and to
// root of all.
type kernel struct {
	unitsASecond uint64 // of processor time; 0 if that is not known
	text         [taskinfoSize]byte
	files        []byte
}

func newSystem() system {
	units, err := unix.SysctlUint64("hw.tbfrequency")
	if err != nil {
		units = 0
	}
	return &kernel{unitsASecond: units, files: make([]byte, 32<<10)}
}

func (*kernel) slow() bool  { return true }
func (*kernel) rest([]proc) {}

const zombie = 5 // SZOMB

func (k *kernel) list(_, into []proc) ([]proc, error) {
	all, err := unix.SysctlKinfoProcSlice("kern.proc.all")
	if err != nil {
		return into, fmt.Errorf("list the processes: %w", err)
	}
	for i := range all {
		info := &all[i]
		p := unmeasured(info.Proc.P_pid, info.Eproc.Ppid, info.Eproc.Pgid)
		p.zombie = info.Proc.P_stat == zombie
		p.start = uint64(info.Proc.P_starttime.Nano())
		k.measure(&p)
		into = append(into, p)
	}
	slices.SortFunc(into, byPID)
	return into, nil
}

// The parts of proc_info(2) that are used (xnu, bsd/sys/proc_info_private.h).
const (
	sysProcInfo     = 336
	callPidinfo     = 2
	flavorListFDs   = 1
	flavorTaskinfo  = 4
	fileEntryLength = 8
)

// measure leaves a process as it is if the kernel does not tell of it.
func (k *kernel) measure(p *proc) {
	if n, err := pidinfo(p.pid, flavorTaskinfo, k.text[:]); err == nil {
		parseTaskinfo(p, k.text[:n], k.unitsASecond)
	}
}

func (k *kernel) descriptors(p *proc) int64 {
	for {
		n, err := pidinfo(p.pid, flavorListFDs, k.files)
		switch {
		case errors.Is(err, unix.ESRCH):
			return 0
		case err != nil:
			return supervise.Unmeasured
		case n < len(k.files):
			return int64(n / fileEntryLength)
		}
		k.files = make([]byte, 2*len(k.files)) // there may be more
	}
}

func pidinfo(pid int32, flavor int, into []byte) (int, error) {
	n, _, errno := unix.Syscall6(sysProcInfo, callPidinfo, uintptr(pid), uintptr(flavor), 0, uintptr(unsafe.Pointer(&into[0])), uintptr(len(into)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
