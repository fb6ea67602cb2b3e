package logs

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// An entry is made for a write when the one before is so old, or so far away
	// and not quite new.
	entryAge  = time.Second
	entryStep = 64 << 10
	entryRest = 20 * time.Millisecond
	// entriesLate is how long entries are gathered before they are written.
	entriesLate = 2 * time.Second
	// entriesMax is how many may wait while the disk of the index hangs: about
	// 4 MB. Further ones are not made.
	entriesMax = 64 << 10
	// indexWait is how long a reader waits for the index. Later, what is in memory
	// has to do.
	indexWait = time.Second
)

// indexKey finds the index of one log file.
type indexKey struct {
	log   uint64 // hash of the path
	inode uint64
}

func hashPath(path string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(path))
	return h.Sum64()
}

func (k indexKey) name() string { return fmt.Sprintf("%s%x", logPrefix(k.log), k.inode) }

// logPrefix begins the names of all files that are about one log.
func logPrefix(log uint64) string { return fmt.Sprintf("%016x-", log) }

// pathSuffix ends the name of the file that says which log a prefix stands for.
const pathSuffix = "path"

// times keeps on disk when bytes came, for all logs of one supervisord. Writers
// of logs hand it entries and go on: a goroutine, there only while there is
// something to do, writes them to the index files, which therefore may hang
// without any log noticing. Entries that find no room then are not made; the
// logs are known less exactly for a while.
type times struct {
	dir  string
	warn func(string)

	mu     sync.Mutex // guards the fields below; never held while the disk works
	queue  []pending
	files  map[string][]uint64 // path of a log: the inodes it consists of, where that changed
	due    *time.Timer         // nil until needed
	busy   bool                // a write is due or under way
	warned bool

	desk   place        // whoever has it reads an index, and no other does
	seated atomic.Int64 // since when, in Unix nanoseconds; 0 if nobody has it

	disk  sync.Mutex // held while the disk works; guards swept
	swept bool       // orphans were
}

// pending is an entry on its way to disk.
type pending struct {
	path  string // of the log
	key   indexKey
	entry entry
}

// KeepTimes has the arrival times of all logs kept in a directory, which is made
// when first needed. It is called before the first log is made. Warn is told
// when that fails.
func (g *Gate) KeepTimes(dir string, warn func(string)) {
	g.times = &times{dir: absolute(dir), warn: warn, files: map[string][]uint64{}, desk: make(place, 1)}
}

// SettleTimes writes the arrival times that have not been written yet. It may
// hang with the disk.
func (g *Gate) SettleTimes() {
	if g.times != nil {
		g.times.write()
	}
}

// add takes an entry about the log of a path.
func (t *times) add(path string, key indexKey, e entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.queue) < entriesMax {
		t.queue = append(t.queue, pending{path, key, e})
	}
	t.arm()
}

// consists says which files a log has now; the indexes of all others go.
func (t *times) consists(path string, inodes []uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.files[path] = inodes
	t.arm()
}

// arm has what waits written soon. The caller holds mu.
func (t *times) arm() {
	if t.busy {
		return
	}
	t.busy = true
	if t.due == nil {
		t.due = time.AfterFunc(entriesLate, t.onTimer)
		return
	}
	t.due.Reset(entriesLate)
}

func (t *times) onTimer() {
	t.write()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy = false
	if len(t.queue) > 0 || len(t.files) > 0 {
		t.arm()
	}
}

// write writes what waits.
func (t *times) write() {
	t.disk.Lock()
	defer t.disk.Unlock()
	t.mu.Lock()
	queue, files := t.queue, t.files
	t.queue, t.files = nil, map[string][]uint64{}
	t.mu.Unlock()
	if len(queue) == 0 && len(files) == 0 {
		return
	}
	if err := t.writeAll(queue, files); err != nil {
		t.complain(err)
	}
}

func (t *times) writeAll(queue []pending, files map[string][]uint64) error {
	if err := os.MkdirAll(t.dir, 0o700); err != nil {
		return err
	}
	byFile := map[indexKey][]entry{}
	paths := map[string]bool{} // of the logs whose index is written
	for _, p := range queue {
		byFile[p.key] = append(byFile[p.key], p.entry)
		paths[p.path] = true
	}
	for path := range files {
		paths[path] = true
	}
	var failed error
	for path := range paths { // first: an index without it would never be deleted
		failed = errors.Join(failed, t.writePath(path))
	}
	for key, entries := range byFile {
		failed = errors.Join(failed, extend(filepath.Join(t.dir, key.name()), entries))
	}
	return errors.Join(failed, t.sweep(files))
}

// writePath leaves word which log the hash of a path stands for.
func (t *times) writePath(path string) error {
	name := filepath.Join(t.dir, logPrefix(hashPath(path))+pathSuffix)
	if _, err := os.Lstat(name); err == nil {
		return nil
	}
	return os.WriteFile(name, []byte(path+"\n"), 0o600)
}

func (t *times) complain(err error) {
	t.mu.Lock()
	warned := t.warned
	t.warned = true
	t.mu.Unlock()
	if !warned && t.warn != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		t.warn("arrival times of log lines cannot be kept on disk: " + first)
	}
}

// consult has the index of a log file looked into, and waits for the answer no
// longer than indexWait: its disk may hang. Then one goroutine hangs with it, and
// until it is free again others get no answer, at once. Nor is there one where there
// is no index.
func consult[T any](t *times, key indexKey, look func(*index) T) (answer T, ok bool) {
	if since := t.seated.Load(); since != 0 && time.Since(time.Unix(0, since)) > indexWait {
		return answer, false
	}
	late := time.NewTimer(indexWait)
	defer late.Stop()
	select {
	case t.desk <- struct{}{}:
	case <-late.C:
		return answer, false
	}
	t.seated.Store(time.Now().UnixNano())
	answers := make(chan T, 1)
	go func() { // ends when the disk answers
		defer t.desk.leave()
		defer t.seated.Store(0)
		defer close(answers)
		x, done, err := openIndex(t.dir, key)
		defer done()
		if err == nil && x != nil { // else that was said when it could not be written
			answers <- look(x)
		}
	}()
	select {
	case answer, ok = <-answers:
		return answer, ok
	case <-late.C:
		return answer, false
	}
}

// extend appends entries to an index. What a crash has left half written is cut
// off. Where the log has begun anew in the same file, so does its index.
func extend(path string, entries []entry) error {
	out, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	st, err := out.Stat()
	if err != nil {
		return err
	}
	size, last := whole(out, st.Size())
	var data []byte
	for _, e := range entries {
		if e.off <= last {
			size, data = 0, data[:0]
		}
		data, last = e.append(data), e.off
	}
	if size < st.Size() {
		if err := out.Truncate(size); err != nil {
			return err
		}
	}
	_, err = out.WriteAt(data, size)
	return err
}

// whole gives how much of an index ends with a whole entry, and the offset of
// that; -1 for none.
func whole(in *os.File, size int64) (int64, int64) {
	x := index{in: in}
	for n := size / entrySize; n > 0; n-- {
		var buf [entrySize]byte
		if _, err := x.in.ReadAt(buf[:], (n-1)*entrySize); err != nil {
			continue
		}
		if e, ok := parseEntry(buf[:]); ok {
			return n * entrySize, e.off
		}
	}
	return 0, -1
}

// sweep removes the indexes of files that the logs named no longer have, and,
// once, all of logs that are there no more.
func (t *times) sweep(files map[string][]uint64) error {
	if len(files) == 0 && t.swept {
		return nil
	}
	found, err := os.ReadDir(t.dir)
	if err != nil {
		return err
	}
	live := map[string][]uint64{}
	for path, inodes := range files {
		live[logPrefix(hashPath(path))] = inodes
	}
	gone := map[string]bool{}
	if !t.swept {
		t.swept = true
		gone = t.orphans(found)
	}
	var failed error
	for _, file := range found {
		prefix, rest, _ := strings.Cut(file.Name(), "-")
		prefix += "-"
		inodes, known := live[prefix]
		old := known && rest != pathSuffix && !slices.ContainsFunc(inodes, func(inode uint64) bool { return rest == fmt.Sprintf("%x", inode) })
		if !old && (known || !gone[prefix]) {
			continue
		}
		if err := os.Remove(filepath.Join(t.dir, file.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// orphans finds the logs of which no file is there any more.
func (t *times) orphans(found []os.DirEntry) map[string]bool {
	gone := map[string]bool{}
	for _, file := range found {
		prefix, isPath := strings.CutSuffix(file.Name(), pathSuffix)
		if !isPath {
			continue
		}
		path, err := os.ReadFile(filepath.Join(t.dir, file.Name()))
		if err != nil {
			continue
		}
		gone[prefix] = noFileOf(strings.TrimSuffix(string(path), "\n"))
	}
	return gone
}

// noFileOf tells whether neither a log nor any backup of it is there.
func noFileOf(path string) bool {
	siblings, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	name := filepath.Base(path)
	return !slices.ContainsFunc(siblings, func(s os.DirEntry) bool {
		return s.Name() == name || strings.HasPrefix(s.Name(), name+".")
	})
}
