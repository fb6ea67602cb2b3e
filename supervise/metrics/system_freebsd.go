//go:build freebsd && (amd64 || arm64 || riscv64)

package metrics

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervise"
)

// kernel asks FreeBSD's kernel by sysctl(3).
type kernel struct{ pageSize int64 }

func newSystem() system { return kernel{int64(os.Getpagesize())} }

func (kernel) slow() bool  { return false }
func (kernel) rest([]proc) {}

func (k kernel) list(_, into []proc) ([]proc, error) {
	boot, err := bootTime()
	if err != nil {
		return into, err
	}
	all, err := unix.SysctlRaw("kern.proc.proc")
	if err != nil {
		return into, fmt.Errorf("list the processes: %w", err)
	}
	for ; len(all) > 0; all = all[kinfoSize:] {
		p, err := parseKinfo(all, k.pageSize, boot)
		if err != nil {
			return into, fmt.Errorf("list the processes: %w", err)
		}
		into = append(into, p)
	}
	slices.SortFunc(into, byPID)
	return into, nil
}

func bootTime() (time.Duration, error) {
	b, err := unix.SysctlRaw("kern.boottime")
	if err == nil && len(b) < 16 {
		err = fmt.Errorf("an answer of %d bytes", len(b))
	}
	if err != nil {
		return 0, fmt.Errorf("ask when the system began: %w", err)
	}
	return pair(b, 0, time.Microsecond), nil
}

// descriptors asks for kern.proc.nfds, which FreeBSD has since 13.0.
func (kernel) descriptors(p *proc) int64 {
	b, err := unix.SysctlRaw("kern.proc.nfds", int(p.pid))
	switch {
	case errors.Is(err, unix.ESRCH):
		return 0
	case err != nil || len(b) < 4:
		return supervise.Unmeasured
	}
	return int64(binary.NativeEndian.Uint32(b))
}
