package live

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"supervisor/server/auth"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// chunk is how much of a log is read at once, and sent before the next pause.
const chunk = 64 << 10

// maxCounted is how much of a log is read to count its lines, at most, each time.
const maxCounted = 4 << 20

// logKey is what followers are found by.
type logKey struct {
	main bool
	name supervise.NameSpec
	ch   supervise.Channel
}

// follower serves everybody who watches one log, with two goroutines: one waits
// for the log to grow, the other reads what the sessions ask for. Both may hang
// with the disk; sessions do not.
type follower struct {
	log    supervise.Log
	cancel context.CancelFunc
	asked  chan struct{} // holds one token when there are jobs

	mu       sync.Mutex // guards the fields below
	viewers  map[*session]int
	jobs     []*job
	newest   int64 // the log ends here
	known    bool  // newest is: the disk has been asked
	pokes    int   // times the log may have been cleared
	gone     string
	finished bool
}

// watch finds the log a browser asks for, if its user may read it, and the
// follower of that log. The caller must release it.
func (h *Hub) watch(ctx context.Context, s *session, f wire.Sub) (*follower, error) {
	key, log, err := h.lookUp(auth.With(ctx, s.who), f)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	known := h.followers[key]
	if known == nil || known.log != log || !known.join(s) {
		known = newFollower(log, s)
		h.followers[key] = known
		h.work.Add(1)
		go h.attend(key, known)
	}
	return known, nil
}

func (h *Hub) lookUp(ctx context.Context, f wire.Sub) (logKey, supervise.Log, error) {
	key, err := h.readable(ctx, f)
	if err != nil {
		return logKey{}, nil, err
	}
	if key.main {
		log, err := h.Engine.MainLog(ctx)
		return key, log, err
	}
	log, err := h.Engine.Log(ctx, key.name, key.ch)
	return key, log, err
}

// readable gives the log that a browser asks for, if the user of ctx may read it.
func (h *Hub) readable(ctx context.Context, f wire.Sub) (logKey, error) {
	if f.Topic == wire.TopicMainLog {
		return logKey{main: true}, auth.Check(ctx, auth.MainLog, auth.Supervisord)
	}
	name := supervise.ParseNameSpec(f.Proc)
	ch, ok := supervise.ParseChannel(string(f.Ch))
	if !ok {
		return logKey{}, supervise.Fault{Code: supervise.FaultBadArguments, Detail: "ch is stdout or stderr"}
	}
	if name.WholeGroup() {
		return logKey{}, supervise.Fault{Code: supervise.FaultBadName, Detail: name.String()}
	}
	return logKey{name: name, ch: ch}, auth.PermitOf(ctx, auth.Logs, name, h.Engine)
}

// explain gives what a browser is told of an error of watch.
func explain(err error) (status int, text string) {
	var fault supervise.Fault
	if !errors.As(err, &fault) {
		return http.StatusInternalServerError, "the log cannot be read now"
	}
	switch fault.Code {
	case supervise.FaultForbidden:
		return http.StatusForbidden, fault.Error()
	case supervise.FaultBadArguments:
		return http.StatusBadRequest, fault.Error()
	case supervise.FaultBadName, supervise.FaultNoFile:
		return http.StatusNotFound, fault.Error()
	}
	return http.StatusInternalServerError, fault.Error()
}

// newFollower does not touch the log: the hub's lock is held, and the disk may
// hang.
func newFollower(log supervise.Log, s *session) *follower {
	return &follower{
		log:     log,
		asked:   make(chan struct{}, 1),
		viewers: map[*session]int{s: 1},
	}
}

// attend runs a follower until its last viewer leaves.
func (h *Hub) attend(key logKey, f *follower) {
	defer h.work.Done()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if !f.arm(cancel) {
		return
	}
	read := make(chan struct{})
	go func() { // ends with ctx
		defer close(read)
		f.read(ctx)
	}()
	f.wait(ctx, h.pace.gather)
	<-read
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.followers[key] == f {
		delete(h.followers, key)
	}
}

// arm keeps what ends the goroutines; false if the last viewer left already.
func (f *follower) arm(cancel context.CancelFunc) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cancel = cancel
	return !f.finished
}

// join adds a subscription of s; false if this follower is on its way out.
func (f *follower) join(s *session) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.finished || f.gone != "" {
		return false
	}
	f.viewers[s]++
	return true
}

// release takes back what watch gave.
func (f *follower) release(s *session) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.viewers[s]--; f.viewers[s] == 0 {
		delete(f.viewers, s)
	}
	if len(f.viewers) == 0 {
		f.finished = true
		if f.cancel != nil {
			f.cancel()
		}
	}
}

// wait keeps the end of the log up to date. A log that grows all the time is
// looked at once in a while: readers take what has gathered.
func (f *follower) wait(ctx context.Context, gather time.Duration) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for off := f.measure(); ; {
		end, err := f.log.Wait(ctx, off)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			// A log is closed when its process goes, which the hub is told of, or when
			// supervisord ends: then there is nothing to say but the goodbye that comes, or
			// pages would take the log for lost, which goes on in the next life.
			if !errors.Is(err, supervise.ErrLogGone) {
				f.end("the log cannot be followed: " + err.Error())
			}
			<-ctx.Done()
			return
		}
		off = end
		f.mu.Lock()
		f.newest = max(f.newest, end)
		f.wake()
		f.mu.Unlock()
		pause.Reset(gather)
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
	}
}

// measure finds where the log ends, which the viewers wait for.
func (f *follower) measure() (end int64) {
	_, end = f.log.Bounds()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.newest, f.known = end, true
	f.wake()
	return end
}

// logState is what a follower knows of its log.
type logState struct {
	newest int64
	known  bool // newest is
	pokes  int
	gone   string // why there will be no more, "" while there may be
}

func (f *follower) state() logState {
	f.mu.Lock()
	defer f.mu.Unlock()
	return logState{newest: f.newest, known: f.known, pokes: f.pokes, gone: f.gone}
}

// poke says that the log may have been cleared.
func (f *follower) poke() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pokes++
	f.wake()
}

// end tells the viewers that there will be no more.
func (f *follower) end(why string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gone = why
	f.wake()
}

// wake is called with the lock held.
func (f *follower) wake() {
	for s := range f.viewers {
		s.poke()
	}
}

// job is something to be read for a session. Its answer is written by the
// follower and read by the session, under the follower's lock.
type job struct {
	session *session
	kind    jobKind
	off     int64
	known   bool // the byte before off was sent: if it is gone, the log was cleared

	done   bool
	answer answer
}

type jobKind int

const (
	readLines  jobKind = iota // a chunk from off on
	findStart                 // the first line that starts at off or later
	countLines                // newlines from off on
	look                      // is the byte before off still there?
)

// answer is what became of a job.
type answer struct {
	data    []byte
	came    []supervise.Arrival // when data did
	inside  bool                // the first byte of data is not the first of its line
	end     int64               // the log ended here afterwards
	off     int64               // findStart: the line starts here; gone: reading can go on here
	lines   int64
	counted int64 // counted up to here
	cleared bool  // the byte before off is gone, off itself is not
	gone    bool  // the byte at off is gone
	err     error
}

// ask queues a job; the session is woken when it is done.
func (f *follower) ask(j *job) *job {
	f.mu.Lock()
	f.jobs = append(f.jobs, j)
	f.mu.Unlock()
	select {
	case f.asked <- struct{}{}:
	default:
	}
	return j
}

// drop forgets a job nobody waits for any more.
func (f *follower) drop(j *job) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, queued := range f.jobs {
		if queued == j {
			f.jobs = append(f.jobs[:i:i], f.jobs[i+1:]...)
			return
		}
	}
}

// result gives the answer to a job, if it is there.
func (f *follower) result(j *job) (answer, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return j.answer, j.done
}

// read does the jobs, first come, first served.
func (f *follower) read(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.asked:
		}
		for j := f.next(); j != nil && ctx.Err() == nil; j = f.next() {
			done := f.do(j)
			f.mu.Lock()
			j.answer, j.done = done, true
			f.newest = max(f.newest, done.end)
			f.mu.Unlock()
			j.session.poke()
		}
	}
}

func (f *follower) next() *job {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.jobs) == 0 {
		return nil
	}
	j := f.jobs[0]
	f.jobs = f.jobs[1:]
	return j
}

func (f *follower) do(j *job) answer {
	var a answer
	switch j.kind {
	case readLines:
		a = f.chunk(j)
		if history, ok := f.log.(supervise.LogHistory); ok && len(a.data) > 0 {
			a.came = history.Arrivals(j.off, j.off+int64(len(a.data)))
		}
	case findStart:
		a = f.lineStart(j.off)
	case countLines:
		a = f.count(j.off)
	case look:
		a = f.lookBack(j.off)
	}
	_, a.end = f.log.Bounds()
	return a
}

// chunk reads from the byte before off on, which tells whether off is the start
// of a line and whether what was sent last is still there.
func (f *follower) chunk(j *job) answer {
	var a answer
	oldest, _ := f.log.Bounds()
	buf := make([]byte, chunk+1)
	if j.off > oldest {
		n, err := f.log.ReadAt(buf, j.off-1)
		if n > 1 {
			return answer{data: buf[1:n], inside: buf[0] != '\n'}
		}
		if err == nil || errors.Is(err, io.EOF) {
			return a // nothing there after all
		}
		if !errors.Is(err, supervise.ErrLogGone) {
			return answer{err: err}
		}
	}
	n, err := f.log.ReadAt(buf[:chunk], j.off)
	switch {
	case n > 0:
		return answer{data: buf[:n], cleared: j.known}
	case err == nil || errors.Is(err, io.EOF):
		return answer{cleared: j.known}
	case errors.Is(err, supervise.ErrLogGone):
		return f.landing(j.off)
	}
	return answer{err: err}
}

// landing finds where reading can go on behind a byte that is gone: at the
// oldest one that is left.
func (f *follower) landing(off int64) answer {
	oldest, end := f.log.Bounds()
	if off >= oldest { // gone and yet not: whatever it is, do not ask again
		return answer{gone: true, off: end}
	}
	return answer{gone: true, off: oldest}
}

// lineStart finds the first line that starts at off or later. Where there is
// none within reach, or only the one not yet begun, it is off itself.
func (f *follower) lineStart(off int64) answer {
	oldest, end := f.log.Bounds()
	off = min(max(off, oldest), end)
	if off == oldest {
		return answer{off: off}
	}
	buf := make([]byte, chunk+1)
	n, err := f.log.ReadAt(buf, off-1)
	if n == 0 && errors.Is(err, supervise.ErrLogGone) {
		return answer{off: f.landing(off - 1).off}
	}
	if n == 0 && err != nil && !errors.Is(err, io.EOF) {
		return answer{err: err}
	}
	if i := bytes.IndexByte(buf[:n], '\n'); i >= 0 && off+int64(i) < end {
		return answer{off: off + int64(i)}
	}
	return answer{off: off}
}

// count counts newlines from off on, up to maxCounted bytes.
func (f *follower) count(off int64) answer {
	a := answer{counted: off}
	_, end := f.log.Bounds()
	buf := make([]byte, chunk)
	for stop := min(end, off+maxCounted); a.counted < stop; {
		n, err := f.log.ReadAt(buf[:min(chunk, stop-a.counted)], a.counted)
		a.lines += int64(bytes.Count(buf[:n], []byte{'\n'}))
		a.counted += int64(n)
		if n == 0 || (err != nil && !errors.Is(err, io.EOF)) {
			break
		}
	}
	// What was not reached is not counted any more: there is always more to come.
	a.counted = end
	return a
}

func (f *follower) lookBack(off int64) answer {
	_, err := f.log.ReadAt(make([]byte, 1), off-1)
	return answer{cleared: errors.Is(err, supervise.ErrLogGone)}
}
