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
	"strconv"
	"strings"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/disk"
)

// The names of the files that are no snapshots.
const (
	journalName = "lives.jsonl"
	keyName     = "key"
)

// lineMost is how long a line of the journal may be; a longer one is not ours.
const lineMost = 64 << 10

// store is the directory. It is the worker's, but for read.
type store struct {
	dir   string // "" for none
	lines int    // in the journal
	torn  bool   // the journal ends in the middle of a line
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
	Killed   bool             `json:"killed,omitzero"`
	Broke    bool             `json:"broke,omitzero"`
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
	return fmt.Sprintf("%s-%d%s", digestOf(name), number, snapshotSuffix)
}

const snapshotSuffix = ".json"

func digestOf(name supervise.NameSpec) string {
	sum := sha256.Sum256([]byte(name.Group + "\x00" + name.Process))
	return fmt.Sprintf("%x", sum[:8])
}

// parseFile takes the name of a snapshot's file apart.
func parseFile(file string) (digest string, number int, ok bool) {
	rest, ok := strings.CutSuffix(file, snapshotSuffix)
	if !ok {
		return "", 0, false
	}
	digest, digits, _ := strings.Cut(rest, "-")
	number, err := strconv.Atoi(digits)
	return digest, number, err == nil
}

// held is what a directory holds.
type held struct {
	lives []entry          // as the journal has them
	sizes map[string]int64 // of the files of snapshots
	// doubt is why not all of the journal could be read. Whether a snapshot is
	// somebody's cannot be told by what was.
	doubt error
}

// load reads what there is. What is not there yet is no error; where the error is
// not nil, nothing is known of the directory, and nothing may be written to it.
func (s *store) load() (held, error) {
	found := held{sizes: map[string]int64{}}
	files, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return found, nil
	}
	if err != nil {
		return found, err
	}
	for _, file := range files {
		switch name := file.Name(); {
		case disk.IsUnfinished(name): // of a supervisord that was killed while it wrote
			_ = s.remove(name) // it is tried again at the next start
		case strings.HasSuffix(name, snapshotSuffix):
			if info, err := file.Info(); err == nil {
				found.sizes[name] = info.Size()
			}
		}
	}
	found.lives, found.doubt = s.readJournal()
	return found, nil
}

// readJournal gives the lives of the journal, up to where it cannot be read.
func (s *store) readJournal() (lives []entry, err error) {
	s.lines, s.torn = 0, false
	in, err := os.Open(filepath.Join(s.dir, journalName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer in.Close()
	reader := bufio.NewReaderSize(in, lineMost)
	for {
		line, err := readLine(reader)
		if err != nil && err != io.EOF {
			return lives, err
		}
		if len(line) > 0 {
			s.lines++
			s.torn = line[len(line)-1] != '\n'
		}
		var w writtenEntry
		if json.Unmarshal(line, &w) == nil && w.Process != "" {
			lives = append(lives, w.entry())
		}
		if err == io.EOF {
			return lives, nil
		}
	}
}

// readLine reads a line that is valid until the next one is read. Of one longer
// than lineMost it gives the end.
func readLine(reader *bufio.Reader) ([]byte, error) {
	line, err := reader.ReadSlice('\n')
	for err == bufio.ErrBufferFull {
		line, err = reader.ReadSlice('\n')
	}
	return line, err
}

// recall gives the life that a snapshot is of, from its own file. It is false for
// a file that is no snapshot, or has another's name. An error says that the file
// could not be read, and may be one.
func (s *store) recall(file string) (entry, bool, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, file))
	if err != nil {
		return entry{}, false, err
	}
	found, err := decodeCrash(text)
	if err != nil || fileOf(found.Name, found.Life.Crash) != file {
		return entry{}, false, nil
	}
	return entry{found.Name, found.Life}, true, nil
}

// key gives the key of this directory, and makes one if there is none. Without a
// directory, or one that cannot be read, it holds until supervisord ends; a new one
// is written with the first thing that is.
func (s *store) key() ([]byte, error) {
	fresh := []byte(rand.Text())
	if s.dir == "" {
		return fresh, nil
	}
	kept, err := os.ReadFile(filepath.Join(s.dir, keyName))
	switch {
	case err == nil && len(kept) > 0:
		return kept, nil
	case err == nil || errors.Is(err, fs.ErrNotExist):
		return fresh, nil
	}
	return fresh, err
}

// keepKey writes a key that is in no file yet. One that is there stays, even if it
// could not be read.
func (s *store) keepKey(key []byte) error {
	if info, err := os.Lstat(filepath.Join(s.dir, keyName)); err == nil && info.Size() > 0 {
		return nil
	}
	return s.replace(keyName, key)
}

// append writes lines to the journal, in one piece. It is opened each time: it may
// have been moved away, or deleted.
func (s *store) append(entries []entry) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	out, err := os.OpenFile(filepath.Join(s.dir, journalName), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	text := encodeEntries(entries)
	if s.torn {
		text = append([]byte{'\n'}, text...)
	}
	n, err := out.Write(text)
	if err := errors.Join(err, out.Close()); err != nil {
		s.torn = s.torn || n > 0
		return err
	}
	s.torn = false
	s.lines += len(entries)
	return nil
}

// rewrite has the journal hold entries and no others.
func (s *store) rewrite(entries []entry) error {
	if err := s.replace(journalName, encodeEntries(entries)); err != nil {
		return err
	}
	s.lines, s.torn = len(entries), false
	return nil
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

// replace writes a file whole or not at all, for the eyes of its owner.
func (s *store) replace(file string, text []byte) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	return disk.Replace(filepath.Join(s.dir, file), text)
}
