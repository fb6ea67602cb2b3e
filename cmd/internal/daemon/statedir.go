//go:build unix

package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/disk"
)

// stateDir is statedir=: a place for what should outlive supervisord. It is made
// when first needed. Where it cannot be written supervisord runs all the same,
// says so once, and keeps things in memory.
type stateDir struct {
	path string
	warn func(text string)

	writing sync.Mutex // one write at a time; held while the disk works

	mu      sync.Mutex        // guards the fields below; never held while the disk works
	memory  map[string][]byte // what is not on the disk, for it could not be written
	trouble string            // why the last write of any of it failed, "" if nothing is in memory
	again   *time.Timer       // runs while something is in memory; nil before
	closed  bool
}

// writeAgainAfter is how long a disk is given that refused a write.
const writeAgainAfter = 10 * time.Second

func newStateDir(path string, warn func(string)) *stateDir {
	return &stateDir{path: path, warn: warn, memory: map[string][]byte{}}
}

// giveTo makes the directory for a user whom supervisord is about to become, and
// who might not be allowed to. One that is there already is left as it is.
func (s *stateDir) giveTo(uid, gid int) {
	if _, err := os.Lstat(s.path); s.path == "" || err == nil {
		return
	}
	// What cannot be done here is found out, and said, by the first write.
	if os.MkdirAll(s.path, 0o700) == nil {
		_ = os.Chown(s.path, uid, gid)
	}
}

// write keeps data under a name. A reader never sees half of it. The error says why
// it is kept in memory only; it is written as soon as the disk takes it, for an old
// file that comes back with the next supervisord may hold what somebody has revoked.
func (s *stateDir) write(name string, data []byte) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	err := s.replace(name, data)
	s.remember(name, data, err)
	if err == nil {
		s.writeRest()
	}
	return err
}

// retry writes what the disk refused.
func (s *stateDir) retry() {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.writeRest()
}

// writeRest is called with writing held. It stops at the first that is refused, and
// leaves the rest for later.
func (s *stateDir) writeRest() {
	for name, data := range s.unwritten() {
		err := s.replace(name, data)
		s.remember(name, data, err)
		if err != nil {
			return
		}
	}
}

func (s *stateDir) unwritten() map[string][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.memory)
}

// close tries for the last time to write what the disk refused: whoever comes next
// may be another supervisord. It waits no longer than ctx for a disk that hangs.
func (s *stateDir) close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	if s.again != nil {
		s.again.Stop()
	}
	s.mu.Unlock()
	tried := make(chan struct{})
	go func() { // ends when the disk lets it
		defer close(tried)
		s.retry()
	}()
	select {
	case <-tried:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// later has what the disk refused written when it may have changed its mind. It is
// called with mu held.
func (s *stateDir) later() {
	switch {
	case s.closed || s.path == "":
	case s.again == nil:
		s.again = time.AfterFunc(writeAgainAfter, s.retry)
	default:
		s.again.Reset(writeAgainAfter)
	}
}

// read gives what was kept under a name, by this supervisord or one before it;
// nil if there is nothing.
func (s *stateDir) read(name string) []byte {
	if data, ok := s.remembered(name); ok {
		return data
	}
	if s.path == "" {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(s.path, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.warn(fmt.Sprintf("read the state of an earlier supervisord: %v", err))
	}
	return data
}

// remove forgets what was kept under a name.
func (s *stateDir) remove(name string) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	delete(s.memory, name)
	if len(s.memory) == 0 {
		s.trouble = ""
	}
	s.mu.Unlock()
	if s.path == "" {
		return
	}
	if err := os.Remove(filepath.Join(s.path, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.warn(fmt.Sprintf("remove what was kept on disk: %v", err))
	}
}

// problems says why things are kept in memory only, nothing if they are not.
func (s *stateDir) problems() []supervise.Problem {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trouble == "" {
		return nil
	}
	return []supervise.Problem{{Code: supervise.StateUnwritable, Place: s.path, Why: s.trouble, Text: s.complaint()}}
}

// complaint is called with mu held.
func (s *stateDir) complaint() string {
	return fmt.Sprintf("state cannot be kept on disk (statedir=%s): %s", s.path, s.trouble)
}

func (s *stateDir) remembered(name string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.memory[name]
	return data, ok
}

// remember keeps in memory what could not be written, and says so when that
// begins.
func (s *stateDir) remember(name string, data []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		delete(s.memory, name)
		if len(s.memory) == 0 {
			s.trouble = ""
		}
		return
	}
	s.memory[name] = data
	s.later()
	if s.trouble == "" {
		s.trouble = err.Error()
		s.warn(s.complaint() + "; it is kept in memory")
	}
}

func (s *stateDir) replace(name string, data []byte) error {
	if s.path == "" {
		return errors.New("no place for it is known: set statedir= in [supervisord]")
	}
	if err := os.MkdirAll(s.path, 0o700); err != nil {
		return err
	}
	return disk.Replace(filepath.Join(s.path, name), data)
}
