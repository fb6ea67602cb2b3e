package crash

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"supervisor/supervise"
)

// The names of the files that are no snapshots.
const (
	journalName = "lives.jsonl"
	keyName     = "key"
)

// lineMost is how long a line of the journal may be; a longer one is not ours.
const lineMost = 1 << 20

// store is the directory. It is the worker's, but for read.
type store struct {
	dir     string // "" for none
	journal *os.File
	lines   int  // in the journal
	torn    bool // the journal ends in the middle of a line
}

func newStore(dir string) *store { return &store{dir: dir} }

// entry is one line of the journal.
type entry struct {
	name supervise.NameSpec
	life supervise.Life
}

// writtenLife is a life as it is written: its fields, and what is not there is
// left out. It must have the fields of supervise.Life, which the compiler checks.
type writtenLife struct {
	PID      int              `json:"pid,omitzero"`
	Asked    time.Time        `json:"asked,omitzero"`
	Born     time.Time        `json:"born,omitzero"`
	Up       time.Time        `json:"up,omitzero"`
	Ended    time.Time        `json:"ended,omitzero"`
	Again    bool             `json:"again,omitzero"`
	Tries    int              `json:"tries,omitzero"`
	State    supervise.State  `json:"state"`
	Status   int              `json:"status,omitzero"`
	Signal   supervise.Signal `json:"signal,omitzero"`
	Core     bool             `json:"core,omitzero"`
	Expected bool             `json:"expected,omitzero"`
	SpawnErr string           `json:"spawnerr,omitzero"`
	Usage    supervise.Rusage `json:"usage,omitzero"`
	Order    supervise.Order  `json:"order,omitzero"`
	By       string           `json:"by,omitzero"`
	Sent     supervise.Signal `json:"sent,omitzero"`
	SentBy   string           `json:"sentBy,omitzero"`
	OOM      bool             `json:"oom,omitzero"`
	Config   string           `json:"config,omitzero"`
	Crash    int              `json:"crash,omitzero"`
	Missed   int              `json:"missed,omitzero"`
	From     [2]int64         `json:"from,omitzero"`
	To       [2]int64         `json:"to,omitzero"`
}

type writtenEntry struct {
	Group   string      `json:"group"`
	Process string      `json:"process"`
	Life    writtenLife `json:"life"`
}

type writtenCrash struct {
	writtenEntry
	Stdout writtenExcerpt `json:"stdout"`
	Stderr writtenExcerpt `json:"stderr"`
}

// writtenExcerpt keeps bytes as they are: they need not be text.
type writtenExcerpt struct {
	Data []byte `json:"data,omitzero"`
	Cut  bool   `json:"cut,omitzero"`
	Gone bool   `json:"gone,omitzero"`
}

func written(name supervise.NameSpec, life supervise.Life) writtenEntry {
	return writtenEntry{name.Group, name.Process, writtenLife(life)}
}

func (w writtenEntry) entry() entry {
	return entry{supervise.NameSpec{Group: w.Group, Process: w.Process}, supervise.Life(w.Life)}
}

func encodeCrash(c supervise.Crash) []byte {
	text, err := json.Marshal(writtenCrash{
		written(c.Name, c.Life), writtenExcerpt(c.Output[supervise.Stdout]), writtenExcerpt(c.Output[supervise.Stderr]),
	})
	if err != nil { // cannot be: texts, numbers and times of this millennium
		panic(err)
	}
	return text
}

func decodeCrash(text []byte) (supervise.Crash, error) {
	var w writtenCrash
	if err := json.Unmarshal(text, &w); err != nil {
		return supervise.Crash{}, fmt.Errorf("%w: what was kept of it cannot be read: %w", supervise.ErrNoCrash, err)
	}
	e := w.entry()
	return supervise.Crash{Name: e.name, Life: e.life, Output: [2]supervise.Excerpt{
		supervise.Stdout: supervise.Excerpt(w.Stdout), supervise.Stderr: supervise.Excerpt(w.Stderr),
	}}, nil
}

// fileOf names the file of a snapshot. A process may be called anything, so its
// name is not in it.
func fileOf(name supervise.NameSpec, number int) string {
	sum := sha256.Sum256([]byte(name.Group + "\x00" + name.Process))
	return fmt.Sprintf("%x-%d.json", sum[:8], number)
}

// load reads the journal, and the sizes of the snapshots by the names of their
// files. What is not there yet is no error.
func (s *store) load() (lives []entry, sizes map[string]int64, err error) {
	sizes = map[string]int64{}
	files, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, sizes, nil
	}
	if err != nil {
		return nil, sizes, err
	}
	for _, file := range files {
		switch name := file.Name(); {
		case strings.HasSuffix(name, partial): // of a supervisord that was killed while it wrote
			_ = os.Remove(filepath.Join(s.dir, name))
		case strings.HasSuffix(name, ".json"):
			if info, err := file.Info(); err == nil {
				sizes[name] = info.Size()
			}
		}
	}
	lives, err = s.readJournal()
	return lives, sizes, err
}

func (s *store) readJournal() (lives []entry, err error) {
	in, err := os.Open(filepath.Join(s.dir, journalName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer in.Close()
	reader := bufio.NewReaderSize(in, 64<<10)
	for {
		line, err := reader.ReadBytes('\n')
		if len(line) > 0 {
			s.lines++
			s.torn = line[len(line)-1] != '\n'
		}
		var w writtenEntry
		if len(line) < lineMost && json.Unmarshal(line, &w) == nil && w.Process != "" {
			lives = append(lives, w.entry())
		}
		if err == io.EOF {
			return lives, nil
		}
		if err != nil {
			return lives, err
		}
	}
}

// key gives the key of this directory, and makes one if there is none. Without a
// directory, or one that cannot be written, it holds until supervisord ends.
func (s *store) key() ([]byte, error) {
	fresh := []byte(rand.Text())
	if s.dir == "" {
		return fresh, nil
	}
	kept, err := os.ReadFile(filepath.Join(s.dir, keyName))
	if err == nil && len(kept) > 0 {
		return kept, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fresh, err
	}
	return fresh, nil // written with the first thing that is
}

// keepKey writes a key that is in no file yet.
func (s *store) keepKey(key []byte) error {
	if _, err := os.Lstat(filepath.Join(s.dir, keyName)); err == nil {
		return nil
	}
	return s.replace(keyName, key)
}

// append writes lines to the journal, in one piece.
func (s *store) append(entries []entry) error {
	if s.journal == nil {
		if err := os.MkdirAll(s.dir, 0o700); err != nil {
			return err
		}
		out, err := os.OpenFile(filepath.Join(s.dir, journalName), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		s.journal = out
	}
	text := encodeEntries(entries)
	if s.torn {
		text = append([]byte{'\n'}, text...)
	}
	n, err := s.journal.Write(text)
	if err != nil {
		s.torn = s.torn || n > 0
		s.closeJournal() // it may have been moved away, too
		return err
	}
	s.torn = false
	s.lines += len(entries)
	return nil
}

// rewrite has the journal hold entries and no others.
func (s *store) rewrite(entries []entry) error {
	s.closeJournal()
	if err := s.replace(journalName, encodeEntries(entries)); err != nil {
		return err
	}
	s.lines, s.torn = len(entries), false
	return nil
}

func (s *store) closeJournal() {
	if s.journal != nil {
		_ = s.journal.Close() // every write to it has been checked
		s.journal = nil
	}
}

func encodeEntries(entries []entry) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	for _, e := range entries {
		if err := encoder.Encode(written(e.name, e.life)); err != nil { // cannot be, as above
			panic(err)
		}
	}
	return text.Bytes()
}

// put keeps a snapshot.
func (s *store) put(name supervise.NameSpec, number int, text []byte) error {
	return s.replace(fileOf(name, number), text)
}

// read gives a snapshot. It may be called from any goroutine.
func (s *store) read(name supervise.NameSpec, number int) ([]byte, error) {
	return os.ReadFile(filepath.Join(s.dir, fileOf(name, number)))
}

// remove forgets a file; one that is not there is forgotten already.
func (s *store) remove(file string) error {
	if err := os.Remove(filepath.Join(s.dir, file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// partial ends the name of a file that is being written.
const partial = ".part"

// replace writes a file whole or not at all, for the eyes of its owner.
func (s *store) replace(file string, text []byte) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	part, err := os.CreateTemp(s.dir, file+".*"+partial) // its mode is 0600
	if err != nil {
		return err
	}
	_, err = part.Write(text)
	err = errors.Join(err, part.Close())
	if err == nil {
		err = os.Rename(part.Name(), filepath.Join(s.dir, file))
	}
	if err != nil {
		_ = os.Remove(part.Name()) // the first error is the one to tell
	}
	return err
}
