package crash

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"supervisor/supervise"
)

const (
	// retryEvery is how often a directory that cannot be written is tried again
	// while nothing else calls for it.
	retryEvery = 10 * time.Second
	// askFor bounds the questions to the engine.
	askFor = 5 * time.Second
	// slack is how many lines more than twice what is kept the journal may have.
	slack = 1000
)

// work is the worker.
func (k *Keeper) work() {
	defer close(k.done)
	if err := k.load(); err != nil {
		k.settle(err)
	}
	k.rested()
	close(k.ready)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Stop()
		if k.unfinished() {
			timer.Reset(retryEvery)
		}
		select {
		case <-k.wake:
		case <-timer.C:
		case <-k.closing:
			k.finish()
			return
		}
		k.round()
		timer.Reset(k.limits.Pause)
		select {
		case <-timer.C:
		case <-k.closing:
			k.finish()
			return
		}
	}
}

// finish works off what is left, unless it cannot be written.
func (k *Keeper) finish() {
	for k.round() && !k.inTrouble() {
	}
}

func (k *Keeper) inTrouble() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.trouble != ""
}

// unfinished tells whether there is something to be tried again.
func (k *Keeper) unfinished() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.trouble != "" || k.sweep
}

// load takes over what an earlier keeper has left, once. Until that works nothing
// is written: what is there would be overwritten.
func (k *Keeper) load() error {
	if k.loaded {
		return nil
	}
	key, noKey := k.store.key()
	var found held
	if k.store.dir != "" {
		var err error
		if found, err = k.store.load(); err != nil {
			k.useForNow(key)
			return fmt.Errorf("read what was kept before: %w", err)
		}
	}
	if noKey != nil {
		k.say(supervise.LevelWarn, fmt.Sprintf("read the key of the marks of configurations: %v; other marks than before are given", noKey))
	}
	if found.doubt != nil {
		k.say(supervise.LevelWarn, fmt.Sprintf("read what was kept of earlier lives: %v; those that are missing are known by their crash snapshots only", found.doubt))
	}
	strangers := k.findUnlisted(&found)
	k.recall(found, key)
	k.loaded = true
	for _, file := range strangers {
		_ = k.store.remove(file) // of nobody; it is tried again at the next start
	}
	return nil
}

// useForNow takes a key until the right one can be read.
func (k *Keeper) useForNow(key []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.key == nil {
		k.key = key
	}
}

// findUnlisted adds the lives of snapshots that the journal does not tell of, for
// its line was lost or could not be read. It gives the files that are no snapshots
// of anybody's.
func (k *Keeper) findUnlisted(found *held) (strangers []string) {
	listed := map[string]bool{}
	for _, e := range found.lives {
		if e.life.Crash != 0 {
			listed[fileOf(e.name, e.life.Crash)] = true
		}
	}
	unlisted := 0
	for file, size := range found.sizes {
		if listed[file] && size > 0 {
			continue
		}
		switch e, is, err := k.store.recall(file); {
		case is:
			found.lives = append(found.lives, e)
			unlisted++
		case err == nil && found.doubt == nil:
			strangers = append(strangers, file)
		}
	}
	if unlisted > 0 {
		slices.SortStableFunc(found.lives, func(a, b entry) int { return a.life.Ended.Compare(b.life.Ended) })
		k.stale = true
	}
	k.doubtful = found.doubt != nil
	return strangers
}

// recall puts lives of old before those heard meanwhile.
func (k *Keeper) recall(found held, key []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.key = key
	k.sweep = k.source != nil
	heard, made := k.programs, k.all
	k.programs, k.all, k.bytes, k.memory = map[supervise.NameSpec]*program{}, nil, 0, 0
	k.taken = highest(found.sizes)
	kept := map[string]bool{}
	for _, e := range found.lives {
		p := k.of(e.name)
		p.last = max(p.last, e.life.Crash)
		if file := fileOf(e.name, e.life.Crash); e.life.Crash != 0 && found.sizes[file] > 0 && !kept[file] {
			kept[file] = true
			k.keep(p, &snapshot{name: e.name, life: e.life, size: found.sizes[file]})
		}
		if !p.number(e.life) { // a life may have been written before its snapshot was made
			p.add(e.life, k.limits.Lives)
		}
	}
	slices.SortStableFunc(k.all, func(a, b *snapshot) int { return a.life.Ended.Compare(b.life.Ended) })
	k.resume(heard, made)
}

// highest gives the highest number of a snapshot, by the digests of the names.
func highest(sizes map[string]int64) map[string]int {
	taken := map[string]int{}
	for file := range sizes {
		if digest, number, ok := parseFile(file); ok {
			taken[digest] = max(taken[digest], number)
		}
	}
	return taken
}

// resume goes on with what was heard, and the snapshots that were made, before what
// is on disk was known. Their numbers are counted on from those there. The caller
// holds mu.
func (k *Keeper) resume(heard map[supervise.NameSpec]*program, made []*snapshot) {
	before := map[supervise.NameSpec]int{}
	for name, p := range heard {
		old := k.of(name)
		before[name] = old.last
		old.last += p.last
		for _, life := range p.lives {
			old.add(countedOn(life, before[name]), k.limits.Lives)
		}
		old.waiting, old.missed = p.waiting, p.missed
	}
	for _, s := range made {
		s.renumber(before[s.name])
		k.keep(k.programs[s.name], s)
	}
	for i, e := range k.unwritten {
		k.unwritten[i].life = countedOn(e.life, before[e.name])
	}
}

// countedOn gives a life with the number of its snapshot, if it has one, counted on
// from another.
func countedOn(life supervise.Life, from int) supervise.Life {
	if life.Crash != 0 {
		life.Crash += from
	}
	return life
}

// renumber counts the number of a snapshot in memory on from another.
func (s *snapshot) renumber(from int) {
	if from == 0 {
		return
	}
	crash, err := decodeCrash(s.text)
	if err != nil { // cannot be: it is in memory as it was encoded
		panic(err)
	}
	s.life = countedOn(s.life, from)
	crash.Life = s.life
	s.text = encodeCrash(crash)
	s.size = int64(len(s.text))
}

// keep adds a snapshot to what is kept. The caller holds mu.
func (k *Keeper) keep(p *program, s *snapshot) {
	p.crashes = append(p.crashes, s)
	k.all = append(k.all, s)
	k.bytes += s.size
	if s.text != nil {
		k.memory += s.size
	}
}

// round does what there is to do, for no more than so many programs. It tells
// whether there is more.
func (k *Keeper) round() (more bool) {
	k.mu.Lock()
	k.began = time.Now()
	n := min(len(k.queue), k.limits.Round)
	names := k.queue[:n:n]
	k.queue = k.queue[n:]
	sweep := k.sweep
	k.sweep = false
	k.mu.Unlock()

	for _, name := range names {
		k.make(name)
	}
	if sweep {
		k.forgetStrangers()
	}
	k.trim()
	if k.store.dir != "" {
		k.settle(k.write())
	}

	return k.rested()
}

// rested says that the worker is not at a disk any more. It tells whether there is
// more to do.
func (k *Keeper) rested() (more bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.began = time.Time{}
	if len(k.queue) == 0 {
		k.queue = nil
		return false
	}
	k.nudge()
	return true
}

// make makes the snapshot that waits for a program.
func (k *Keeper) make(name supervise.NameSpec) {
	k.mu.Lock()
	p := k.programs[name]
	if p == nil || p.waiting == nil { // it has left the configuration since
		k.mu.Unlock()
		return
	}
	w := p.waiting
	w.life.Crash, w.life.Missed = p.last+1, p.missed
	p.last, p.missed, p.waiting = w.life.Crash, 0, nil
	k.mu.Unlock()

	made := &snapshot{name: name, life: w.life}
	made.text = encodeCrash(supervise.Crash{Name: name, Life: w.life, Output: k.excerpts(w)})
	made.size = int64(len(made.text))
	if k.store.dir != "" && !k.inTrouble() {
		if err := k.store.put(name, w.life.Crash, made.text); err != nil {
			k.settle(err)
		} else {
			made.text = nil
		}
	}
	if !k.take(p, made) && made.text == nil {
		_ = k.store.remove(fileOf(name, w.life.Crash)) // nobody knows of it, and the next start removes it too
	}
}

// take adds a snapshot that has been made, unless its program has gone meanwhile.
func (k *Keeper) take(p *program, made *snapshot) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.programs[made.name] != p {
		return false
	}
	p.number(made.life)
	k.keep(p, made)
	k.toWrite(entry{made.name, made.life})
	return true
}

// number gives a life its number, now that it has a snapshot. It is false if the
// life is not among the last ones.
func (p *program) number(life supervise.Life) bool {
	for i := range slices.Backward(p.lives) {
		if old := &p.lives[i]; old.PID == life.PID && old.Ended.Equal(life.Ended) && old.Asked.Equal(life.Asked) {
			if life.Crash != 0 {
				old.Crash, old.Missed = life.Crash, life.Missed
			}
			return true
		}
	}
	return false
}

// write writes what is not written yet: snapshots, the oldest first, and then the
// journal.
func (k *Keeper) write() error {
	if err := k.load(); err != nil {
		return err
	}
	pending, lives, key := k.pending()
	if len(pending)+len(lives) == 0 && (k.doubtful || !k.store.torn && !k.stale) {
		return nil
	}
	if err := k.store.keepKey(key); err != nil {
		k.putBack(lives)
		return err
	}
	for _, s := range pending {
		if err := k.store.put(s.name, s.life.Crash, s.text); err != nil {
			k.putBack(lives)
			return err
		}
		k.written(s)
	}
	if err := k.writeJournal(lives); err != nil {
		k.putBack(lives)
		return err
	}
	return nil
}

// pending takes what is to be written.
func (k *Keeper) pending() (snapshots []*snapshot, lives []entry, key []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.memory > 0 {
		for _, s := range k.all {
			if s.text != nil {
				snapshots = append(snapshots, s)
			}
		}
	}
	lives, k.unwritten = k.unwritten, nil
	return snapshots, lives, k.key
}

// putBack keeps lives for the next try, within bounds.
func (k *Keeper) putBack(lives []entry) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.unwritten = append(lives, k.unwritten...)
	k.boundUnwritten()
}

// written says that a snapshot is in its file now.
func (k *Keeper) written(s *snapshot) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s.text = nil
	k.memory -= s.size
}

// writeJournal adds lives to the journal, or makes it anew when it holds much that
// is no longer kept. One that could not be read is left alone for as long as it may.
func (k *Keeper) writeJournal(lives []entry) error {
	k.mu.Lock()
	overgrown := k.store.lines+len(lives) > 2*k.count()+slack
	var all []entry
	anew := overgrown || !k.doubtful && (k.stale || k.store.torn)
	if anew {
		all = k.entries()
	}
	k.mu.Unlock()
	if !anew {
		return k.store.append(lives)
	}
	if err := k.store.rewrite(all); err != nil {
		return err
	}
	k.stale, k.doubtful = false, false
	return nil
}

// count is how many lines the journal needs. The caller holds mu.
func (k *Keeper) count() (n int) {
	for _, p := range k.programs {
		n += len(p.lives) + len(p.crashes)
	}
	return n
}

// entries are the lines of a journal that holds what is kept and no more: of each
// program its lives, and before them those of which there is only a snapshot. The
// caller holds mu.
func (k *Keeper) entries() []entry {
	all := make([]entry, 0, k.count())
	for name, p := range k.programs {
		listed := map[int]bool{}
		for _, life := range p.lives {
			listed[life.Crash] = true
		}
		for _, s := range p.crashes {
			if !listed[s.life.Crash] {
				all = append(all, entry{name, s.life})
			}
		}
		for _, life := range p.lives {
			all = append(all, entry{name, life})
		}
	}
	return all
}

// settle keeps what came of writing, and tells when trouble begins or ends.
func (k *Keeper) settle(err error) {
	k.mu.Lock()
	before, lost := k.trouble, k.lost
	k.trouble = ""
	if err != nil {
		k.trouble = err.Error()
	} else {
		k.lost = 0
	}
	k.mu.Unlock()
	switch {
	case err != nil && before == "":
		k.say(supervise.LevelWarn, fmt.Sprintf("crash snapshots cannot be written: %v; the newest are kept in memory", err))
	case err == nil && before != "":
		k.say(supervise.LevelInfo, fmt.Sprintf("crash snapshots are written again; %d were given up", lost))
	}
}

// trim drops the oldest snapshots that are too many, or too much.
func (k *Keeper) trim() {
	for _, file := range k.drop() {
		if err := k.store.remove(file); err != nil {
			k.say(supervise.LevelWarn, fmt.Sprintf("remove an old crash snapshot: %v", err))
		}
	}
}

// drop forgets them, and gives the files of those that had one.
func (k *Keeper) drop() (files []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	lasting := k.store.dir != "" && k.trouble == ""
	most, bytes := k.limits.Crashes, k.limits.Bytes
	if k.store.dir == "" {
		most, bytes = k.limits.InMemory, k.limits.MemoryMost
	}
	inMemory := map[*program]int{}
	for _, s := range k.all {
		if s.text != nil {
			inMemory[k.programs[s.name]]++
		}
	}
	k.all = slices.DeleteFunc(k.all, func(s *snapshot) bool {
		p := k.programs[s.name]
		// Before they are written all are in memory, and that is no reason yet.
		tooMany := len(p.crashes) > most || k.bytes > bytes
		noRoom := s.text != nil && !lasting && (inMemory[p] > k.limits.InMemory || k.memory > k.limits.MemoryMost)
		if !tooMany && !noRoom {
			return false
		}
		if s.text == nil {
			files = append(files, fileOf(s.name, s.life.Crash))
		} else {
			inMemory[p]--
			if noRoom && !tooMany {
				k.lost++
			}
		}
		k.release(p, s)
		return true
	})
	return files
}

// release takes a snapshot out of its program and of the sums. The caller holds
// mu, and takes it out of all.
func (k *Keeper) release(p *program, s *snapshot) {
	k.bytes -= s.size
	if s.text != nil {
		k.memory -= s.size
	}
	p.crashes = slices.DeleteFunc(p.crashes, func(other *snapshot) bool { return other == s })
}

// forgetStrangers forgets those who neither run nor are in the configuration read
// last. A group that is removed in order to be added again is in it.
func (k *Keeper) forgetStrangers() {
	k.mu.Lock()
	strangers := maps.Clone(k.programs) // whoever comes while we ask is none
	k.mu.Unlock()
	known, err := k.known()
	if err != nil {
		k.sweepAgain()
		return
	}
	maps.DeleteFunc(strangers, func(name supervise.NameSpec, _ *program) bool { return known[name] })
	if len(strangers) == 0 {
		return
	}
	k.stale = true
	for _, file := range k.forget(strangers) {
		if err := k.store.remove(file); err != nil {
			k.say(supervise.LevelWarn, fmt.Sprintf("remove a crash snapshot of a program that is gone: %v", err))
		}
	}
}

// sweepAgain has the engine asked again, unless it has ended: the next one is asked
// anyway.
func (k *Keeper) sweepAgain() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sweep = k.source != nil
}

// forget takes programs out of what is kept, and gives their files.
func (k *Keeper) forget(gone map[supervise.NameSpec]*program) (files []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for name, p := range gone {
		for _, s := range slices.Clone(p.crashes) {
			if s.text == nil {
				files = append(files, fileOf(name, s.life.Crash))
			}
			k.release(p, s)
		}
		delete(k.programs, name)
	}
	k.all = slices.DeleteFunc(k.all, func(s *snapshot) bool { return gone[s.name] != nil })
	k.unwritten = slices.DeleteFunc(k.unwritten, func(e entry) bool { return gone[e.name] != nil })
	return files
}

var errNobody = errors.New("there is no engine to ask")

// known names the processes whose past is worth keeping.
func (k *Keeper) known() (map[supervise.NameSpec]bool, error) {
	k.mu.Lock()
	engine := k.source
	k.mu.Unlock()
	if engine == nil {
		return nil, errNobody
	}
	ctx, cancel := context.WithTimeout(context.Background(), askFor)
	defer cancel()
	configured, err := engine.ConfigInfo(ctx)
	if err != nil {
		return nil, err
	}
	running, err := engine.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	known := map[supervise.NameSpec]bool{}
	for _, c := range configured {
		known[supervise.NameSpec{Group: c.Group, Process: c.Name}] = true
	}
	for _, p := range running.Processes {
		known[p.NameSpec()] = true
	}
	return known, nil
}
