package rpc

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"
	"weak"

	"supervisor/server/auth"
	"supervisor/supervise"
)

// page is every process as getAllProcessInfo tells it, at one change number.
// It never changes once made: a change makes a new page, which takes over the
// rows that are still true.
type page struct {
	epoch string
	seq   uint64
	rows  []*row // by group, then by name
}

// row is one process with its XML made ahead. Only two things in it move with
// the clock and not with the process: now, and the uptime.
type row struct {
	info supervise.ProcessInfo
	head []byte // up to the number of seconds that is now
	tail []byte // after it: up to the uptime while running, else to the end
}

// getAllProcessInfo is what dashboards poll, with a thousand processes too, so
// that most of the answer is only copied.
func (h *Handler) getAllProcessInfo(ctx context.Context, _ []value) (value, error) {
	snapshot, err := h.engine.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return h.list(listing{h.page(snapshot), auth.From(ctx), time.Now().Unix()}), nil
}

// page gives the rows of a snapshot, from the last one's where they are equal.
func (h *Handler) page(snapshot supervise.Snapshot) *page {
	last := h.infos.Load()
	if last != nil && last.epoch == snapshot.Epoch && last.seq == snapshot.Seq {
		return last
	}
	next := nextPage(last, snapshot)
	h.infos.Store(next)
	return next
}

// nextPage makes the rows of a snapshot. Those that are as in the last page are taken
// from it, with what has been encoded of them.
func nextPage(last *page, snapshot supervise.Snapshot) *page {
	var old []*row
	if last != nil {
		old = last.rows
	}
	infos := slices.Clone(snapshot.Processes)
	slices.SortFunc(infos, byName)
	next := &page{epoch: snapshot.Epoch, seq: snapshot.Seq, rows: make([]*row, len(infos))}
	for i, info := range infos {
		for len(old) > 0 && byName(old[0].info, info) < 0 {
			old = old[1:]
		}
		if len(old) > 0 && old[0].info == info {
			next.rows[i] = old[0]
			continue
		}
		next.rows[i] = newRow(info)
	}
	return next
}

func byName(a, b supervise.ProcessInfo) int {
	return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Name, b.Name))
}

// listing is what getAllProcessInfo answers somebody, within one second.
type listing struct {
	page *page
	who  auth.Principal
	now  int64 // seconds of Unix
}

// equal tells whether two listings say the same. Of who asks, it reads what
// auth.Can reads: where from is not part of it, for over TCP every connection
// comes from another port.
func (l listing) equal(other listing) bool {
	return l.page == other.page && l.now == other.now && l.who.Grant.Equal(other.who.Grant)
}

// list gives the answer, made already if the last one was to the same question:
// whoever has a thousand processes shown on five screens asks it five times.
func (h *Handler) list(l listing) *listed {
	if last := h.listed.last(); last != nil && last.listing.equal(l) {
		return last
	}
	made := &listed{l, l.appendTo(make([]byte, 0, l.page.room()))}
	h.listed.keep(made)
	return made
}

// room is enough for a whole answer.
func (p *page) room() int {
	n := len(answerOpen + arrayOpen + arrayClose + answerClose)
	for _, r := range p.rows {
		n += len(r.head) + len(r.tail) + len(rowEnd) + 64 // for now, the pid and the uptime
	}
	return n
}

// appendTo adds the whole answer.
func (l listing) appendTo(b []byte) []byte {
	now := time.Unix(l.now, 0)
	b = append(b, answerOpen+arrayOpen...)
	for _, r := range l.page.rows {
		if auth.Can(l.who, auth.View, r.info.NameSpec()) {
			b = r.appendAt(b, now)
		}
	}
	return append(b, arrayClose+answerClose...)
}

// listed is a whole answer. It never changes once made.
type listed struct {
	listing listing
	answer  []byte
}

// encode is for a listing within the answer of a multicall.
func (l *listed) encode(b []byte) []byte {
	return append(b, l.answer[len(answerOpen):len(l.answer)-len(answerClose)]...)
}

// lastListed remembers an answer for as long as the garbage collector has not
// come by: it may be megabytes, and the next to ask may come tomorrow.
type lastListed struct {
	mu     sync.Mutex // guards the field below
	answer weak.Pointer[listed]
}

func (l *lastListed) last() *listed {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answer.Value()
}

func (l *lastListed) keep(answer *listed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answer = weak.Make(answer)
}

// appendAt adds the row as it is at the time now.
func (r *row) appendAt(b []byte, now time.Time) []byte {
	b = append(b, r.head...)
	b = strconv.AppendInt(b, seconds(now), 10)
	b = append(b, r.tail...)
	if r.info.State != supervise.StateRunning {
		return b
	}
	b = r.info.AppendDescription(b, now) // while running, nothing of it needs escaping
	return append(b, rowEnd...)
}

const rowEnd = "</string></value>\n</member>\n" + structClose

// newRow makes the XML of a process, in the order of the original's members.
func newRow(info supervise.ProcessInfo) *row {
	head := append(make([]byte, 0, 320), structOpen...)
	head = appendTextMember(head, "name", info.Name)
	head = appendTextMember(head, "group", info.Group)
	head = appendIntMember(head, "start", seconds(info.Start))
	head = appendIntMember(head, "stop", seconds(info.Stop))
	head = append(head, "<member>\n<name>now</name>\n<value><int>"...)

	tail := append(make([]byte, 0, 800), "</int></value>\n</member>\n"...)
	tail = appendIntMember(tail, "state", int64(info.State))
	tail = appendTextMember(tail, "statename", info.State.String())
	tail = appendTextMember(tail, "spawnerr", info.SpawnErr)
	tail = appendIntMember(tail, "exitstatus", int64(info.ExitStatus))
	tail = appendTextMember(tail, "logfile", info.StdoutLog)
	tail = appendTextMember(tail, "stdout_logfile", info.StdoutLog)
	tail = appendTextMember(tail, "stderr_logfile", info.StderrLog)
	tail = appendIntMember(tail, "pid", int64(info.PID))
	tail = append(tail, "<member>\n<name>description</name>\n<value><string>"...)
	if info.State != supervise.StateRunning {
		tail = append(appendText(tail, info.Description(time.Time{})), rowEnd...)
	}
	return &row{info: info, head: slices.Clip(head), tail: slices.Clip(tail)}
}

func appendTextMember(b []byte, name, content string) []byte {
	b = append(append(append(b, "<member>\n<name>"...), name...), "</name>\n"...)
	return append(text(content).encode(b), "</member>\n"...)
}

func appendIntMember(b []byte, name string, n int64) []byte {
	b = append(append(append(b, "<member>\n<name>"...), name...), "</name>\n"...)
	return append(integer(n).encode(b), "</member>\n"...)
}

// seconds is a time as clients of the original get it: whole seconds that fit
// XML-RPC's integer, 0 for never (xmlrpc.py capped_int).
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return min(max(t.Unix(), math.MinInt32), math.MaxInt32)
}
