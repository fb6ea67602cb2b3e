package auth

import (
	"encoding/json"
	"fmt"
	"sync"
)

// State keeps a few bytes under a name, so that they outlive supervisord: the
// files of statedir. A Write that fails keeps them in memory and says so itself.
type State interface {
	Read(name string) []byte // nil if there is nothing
	// Write's error says why it is in memory only. Whoever has to may tell people.
	Write(name string, data []byte) error
}

// shelf keeps one file of the state, which is a File as JSON.
type shelf[File any] struct {
	state State // nil keeps nothing
	name  string
	loss  string // what it means to people that the file cannot be read

	saving sync.Mutex // one write at a time; held while the disk works
}

// save writes down what file gives. Whoever comes while another writes waits, and
// then writes what is true by then. The state says itself what it could not write,
// and tries again; the error is for who should know at once.
func (s *shelf[File]) save(file func() File) error {
	if s.state == nil {
		return nil
	}
	s.saving.Lock()
	defer s.saving.Unlock()
	text, err := json.Marshal(file())
	if err != nil { // cannot be: texts, numbers, booleans and times always encode
		panic(err)
	}
	return s.state.Write(s.name, text)
}

// load gives what an earlier supervisord left, the zero value for nothing.
func (s *shelf[File]) load() (file File, err error) {
	if s.state == nil {
		return file, nil
	}
	text := s.state.Read(s.name)
	if len(text) == 0 {
		return file, nil
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return file, fmt.Errorf("read %s: %w; %s", s.name, err, s.loss)
	}
	return file, nil
}
