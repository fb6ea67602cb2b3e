//go:build unix

package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"supervisor/supervise"
	"supervisor/supervise/config"
)

// stateDir is statedir=: a place for what should outlive supervisord. It is made
// when first needed. Where it cannot be written supervisord runs all the same,
// says so once, and keeps things in memory.
type stateDir struct {
	path string
	warn func(text string)

	writing sync.Mutex // one write at a time; held while the disk works

	mu      sync.Mutex // guards the fields below; never held while the disk works
	memory  map[string][]byte
	trouble string // why the last write failed, "" if it did not
}

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

// write keeps data under a name. A reader never sees half of it.
func (s *stateDir) write(name string, data []byte) {
	s.writing.Lock()
	defer s.writing.Unlock()
	err := s.replace(name, data)
	s.remember(name, data, err)
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
		s.trouble = ""
		return
	}
	s.memory[name] = data
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
	return config.ReplaceFile(filepath.Join(s.path, name), data)
}
