//go:build unix

package child

import (
	"fmt"
	"os"
	"syscall"
)

// The capacity of a pipe as Linux makes it, and what we ask for when a child is
// seen to fill it: measured, a reader of larger pieces costs a third of the CPU.
const (
	pipeSize      = 64 << 10
	grownPipeSize = 256 << 10
)

// maxPipeSize bounds what one pipe can hold, and so what a drain may read: a
// grandchild that goes on writing must not keep the dead from being buried.
const maxPipeSize = 1 << 20

// pipes are the ends of one child's pipes. Every descriptor is close-on-exec;
// ours do not block, the child's do (they are open file descriptions of their
// own, so one does not follow from the other).
type pipes struct {
	child          [3]int // for its descriptors 0, 1, 2; -1 when not ours to close
	stdin          *os.File
	stdout, stderr *os.File
}

// openPipes makes what spec needs. On error nothing is left open.
func openPipes(spec Spec) (_ *pipes, err error) {
	p := &pipes{child: [3]int{-1, -1, -1}}
	defer func() {
		if err != nil {
			p.closeOurs()
			p.closeChilds()
		}
	}()
	if spec.Stdin0 == nil {
		if p.stdin, p.child[0], err = writingPipe("stdin of " + spec.Name); err != nil {
			return nil, err
		}
	}
	if p.stdout, p.child[1], err = readingPipe("stdout of " + spec.Name); err != nil {
		return nil, err
	}
	if !spec.MergeErr {
		if p.stderr, p.child[2], err = readingPipe("stderr of " + spec.Name); err != nil {
			return nil, err
		}
	}
	p.give(spec.User)
	return p, nil
}

// give lets the child's user own the pipes, so that a program may open its own
// /dev/stdout, as it can when its output is a terminal. Not every system allows
// it; without it things are as in the original.
func (p *pipes) give(to *Credential) {
	if to == nil || os.Geteuid() != 0 {
		return
	}
	for _, fd := range p.child {
		if fd >= 0 {
			_ = syscall.Fchown(fd, int(to.UID), -1) // a courtesy, as said above
		}
	}
}

// files lists what becomes the child's descriptors.
func (p *pipes) files(spec Spec) []uintptr {
	files := []uintptr{uintptr(p.child[0]), uintptr(p.child[1]), uintptr(p.child[2])}
	if spec.Stdin0 != nil {
		files[0] = uintptr(*spec.Stdin0)
	}
	if spec.MergeErr {
		files[2] = files[1]
	}
	return files
}

func (p *pipes) closeOurs() {
	for _, file := range []*os.File{p.stdin, p.stdout, p.stderr} {
		if file != nil {
			file.Close()
		}
	}
}

func (p *pipes) closeChilds() {
	for i, fd := range p.child {
		if fd >= 0 {
			syscall.Close(fd)
			p.child[i] = -1
		}
	}
}

// readingPipe gives our non-blocking read end and the blocking write end.
func readingPipe(name string) (ours *os.File, childs int, err error) {
	fds, err := newPipe()
	if err != nil {
		return nil, -1, err
	}
	return ourEnd(name, fds[0], fds[1])
}

// writingPipe gives our non-blocking write end and the blocking read end.
func writingPipe(name string) (ours *os.File, childs int, err error) {
	fds, err := newPipe()
	if err != nil {
		return nil, -1, err
	}
	return ourEnd(name, fds[1], fds[0])
}

// ourEnd makes a file of mine that the runtime's poller watches. Without the
// poller a reader could never be woken, so that is an error (the limit on
// watches, for instance).
func ourEnd(name string, mine, theirs int) (*os.File, int, error) {
	if err := syscall.SetNonblock(mine, true); err != nil {
		syscall.Close(mine)
		syscall.Close(theirs)
		return nil, -1, os.NewSyscallError("fcntl", err)
	}
	file := os.NewFile(uintptr(mine), name)
	if err := file.SetDeadline(noDeadline); err != nil {
		file.Close()
		syscall.Close(theirs)
		return nil, -1, fmt.Errorf("watch a pipe: %w", err)
	}
	return file, theirs, nil
}
