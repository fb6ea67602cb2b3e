//go:build unix

package child

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
)

// limit is a resource limit; -1 is unlimited.
type limit struct{ soft, hard int64 }

// below says whether v is less than n.
func below(v int64, n int) bool { return v != -1 && v < int64(n) }

// RaiseLimits raises the soft limits of descriptors and processes to minfds and
// minprocs where they are lower, the hard ones too if need be, and never lowers
// one (options.py set_rlimits_or_exit). Children inherit what was raised; else
// they have what supervisord was started with, not what the Go runtime has made
// of it. The lines are for the main log, and the error, if any, is the text the
// original exits with.
//
// It starts a child to learn the original limit, so it is called before New.
func RaiseLimits(minfds, minprocs int) (infoLines []string, err error) {
	return raiseLimits(minfds, minprocs, originalFiles)
}

// raiseLimits asks original for the limit of descriptors only if it must know.
func raiseLimits(minfds, minprocs int, original func(limit) (int64, error)) (infoLines []string, err error) {
	line, err := raise("RLIMIT_NOFILE", syscall.RLIMIT_NOFILE, minfds, original, "The minimum number of file descriptors required "+
		"to run this process is %d as per the \"minfds\" command-line argument or config file setting. "+
		"The current environment will only allow you to open %d file descriptors.  Either raise "+
		"the number of usable file descriptors in your environment (see README.rst) or lower the "+
		"minfds setting in the config file to allow the process to start.")
	if err != nil {
		return nil, err
	}
	if line != "" {
		infoLines = append(infoLines, line)
	}
	if !hasNproc {
		return infoLines, nil
	}
	asIs := func(l limit) (int64, error) { return l.soft, nil }
	line, err = raise("RLIMIT_NPROC", rlimitNproc, minprocs, asIs, "The minimum number of available processes required "+
		"to run this program is %d as per the \"minprocs\" command-line argument or config file setting. "+
		"The current environment will only allow you to open %d processes.  Either raise "+
		"the number of usable processes in your environment (see README.rst) or lower the "+
		"minprocs setting in the config file to allow the program to start.")
	if err != nil {
		return nil, err
	}
	if line != "" {
		infoLines = append(infoLines, line)
	}
	return infoLines, nil
}

func raise(name string, resource, least int, original func(limit) (int64, error), text string) (line string, err error) {
	now, err := getLimit(resource)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	soft, err := original(now)
	if err != nil || !below(soft, least) {
		// Not knowing the original, we let it be: this process has what the
		// runtime raised, and a child's is never lowered by a guess.
		return "", nil
	}
	if below(now.hard, least) {
		now.hard = int64(least) // root may; the text then names it, as the original's does
	}
	if err := setLimit(resource, limit{int64(least), now.hard}); err != nil {
		return "", &limitError{fmt.Sprintf(text, least, now.hard), err}
	}
	return fmt.Sprintf("Increased %s limit to %d", name, least), nil
}

// limitError is a refused limit in the original's words.
type limitError struct {
	text string
	err  error
}

func (e *limitError) Error() string { return e.text }
func (e *limitError) Unwrap() error { return e.err }

// originalFiles gives the soft limit of descriptors this process was started
// with. The runtime raises it at start (to just below the hard one), and gives
// children the original: so a child is asked, unless nothing can have been
// raised.
func originalFiles(now limit) (int64, error) {
	if now.soft == now.hard {
		return now.soft, nil
	}
	return askLimit()
}

// askLimit starts the shim to tell.
func askLimit() (int64, error) {
	path, err := shimPath()
	if err != nil {
		return 0, err
	}
	var ends [4]*os.File // of the plan, then of the answer
	defer func() {
		for _, end := range ends {
			if end != nil {
				end.Close()
			}
		}
	}()
	if ends[0], ends[1], err = os.Pipe(); err != nil {
		return 0, err
	}
	if ends[2], ends[3], err = os.Pipe(); err != nil {
		return 0, err
	}
	pid, err := syscall.ForkExec(path, []string{"limits", shimMark}, &syscall.ProcAttr{
		Files: []uintptr{ends[0].Fd(), ends[3].Fd(), ends[3].Fd(), ends[0].Fd()},
	})
	if err != nil {
		return 0, err
	}
	_, writing := ends[1].Write(plan{Umask: -1, TellLimit: true}.encode())
	ends[1].Close()
	ends[3].Close()
	answer, reading := io.ReadAll(ends[2])
	var status syscall.WaitStatus
	_, waiting := syscall.Wait4(pid, &status, 0, nil)
	for waiting == syscall.EINTR {
		_, waiting = syscall.Wait4(pid, &status, 0, nil)
	}
	if err := errors.Join(writing, reading, waiting); err != nil {
		return 0, err
	}
	return strconv.ParseInt(string(answer), 10, 64)
}

// OpenFiles is how many descriptors this process may have; -1 is any number. Go
// raises the soft limit to the hard one when a program starts, so it is that one,
// unless RaiseLimits has set it to minfds.
func OpenFiles() (int64, error) {
	files, err := getLimit(syscall.RLIMIT_NOFILE)
	return files.soft, err
}

func getLimit(resource int) (limit, error) {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(resource, &r); err != nil {
		return limit{}, err
	}
	return limit{fromSystem(uint64(r.Cur)), fromSystem(uint64(r.Max))}, nil
}

// setLimit goes through package syscall, which then gives children the new limit
// of descriptors instead of the one before the runtime raised it.
func setLimit(resource int, l limit) error {
	var r syscall.Rlimit
	toSystem(&r.Cur, l.soft)
	toSystem(&r.Max, l.hard)
	return syscall.Setrlimit(resource, &r)
}

// fromSystem reads a limit; systems differ in which huge number is none.
func fromSystem(v uint64) int64 {
	if v >= 1<<63-3 {
		return -1
	}
	return int64(v)
}

func toSystem[T int64 | uint64](to *T, v int64) {
	if v == -1 {
		infinity := int64(syscall.RLIM_INFINITY)
		*to = T(infinity)
		return
	}
	*to = T(v)
}
