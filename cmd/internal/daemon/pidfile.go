//go:build unix

package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// pidfile is locked for as long as supervisord lives, so that no second one can
// take it over. The original has no such lock.
type pidfile struct {
	path string
	file *os.File // nil where it could not be opened
	made bool     // it was not there before
	pid  int      // what we wrote, 0 for nothing yet
}

// lockPidfile takes the pidfile, without writing to it yet. A file that cannot
// be opened is no error here: the original runs without one and says so.
func lockPidfile(path string) (*pidfile, error) {
	p := &pidfile{path: path}
	_, err := os.Lstat(path)
	p.made = errors.Is(err, fs.ErrNotExist)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return p, nil
	}
	if err := tryLock(file); err != nil {
		defer file.Close()
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
			return nil, fmt.Errorf("another supervisord%s holds the pidfile %s.  Shut it down first, or give this one a pidfile of its own (pidfile= or -j)", p.holder(), path)
		}
		return p, nil // a file system without locks
	}
	p.file = file
	return p, nil
}

// tryLock locks a file for as long as this process has it open, or says at once that
// another process has locked it, by EAGAIN or EACCES.
func tryLock(file *os.File) error {
	return unix.FcntlFlock(file.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
}

// holder names, where it can be read, the pid that a locked pidfile tells.
func (p *pidfile) holder() string {
	text, err := os.ReadFile(p.path)
	pid := strings.TrimSpace(string(text))
	if err != nil || pid == "" {
		return ""
	}
	return " (pid " + pid + ")"
}

// write puts the pid into the file.
func (p *pidfile) write(pid int) error {
	if p.file == nil {
		return fmt.Errorf("%s could not be opened", p.path)
	}
	if err := p.file.Truncate(0); err != nil {
		return err
	}
	if _, err := p.file.WriteAt([]byte(strconv.Itoa(pid)+"\n"), 0); err != nil {
		return err
	}
	p.pid = pid
	return nil
}

// remove deletes the file if it is ours: written by us, or made by us and not
// written to. Closing it gives up the lock.
func (p *pidfile) remove() error {
	if p.file == nil {
		return nil
	}
	defer p.file.Close()
	text, err := os.ReadFile(p.path)
	ours := p.made
	if p.pid != 0 {
		ours = strings.TrimSpace(string(text)) == strconv.Itoa(p.pid)
	}
	if err != nil || !ours {
		return nil // gone, or somebody else's by now
	}
	return os.Remove(p.path)
}
