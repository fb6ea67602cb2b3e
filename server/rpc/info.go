package rpc

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"time"

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
	return listing{h.page(snapshot).rows, auth.From(ctx), time.Now()}, nil
}

// page gives the rows of a snapshot, from the last one's where they are equal.
func (h *Handler) page(snapshot supervise.Snapshot) *page {
	last := h.infos.Load()
	if last != nil && last.epoch == snapshot.Epoch && last.seq == snapshot.Seq {
		return last
	}
	next := turn(last, snapshot)
	h.infos.Store(next)
	return next
}

func turn(last *page, snapshot supervise.Snapshot) *page {
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

// listing is the answer of getAllProcessInfo to somebody, at one moment.
type listing struct {
	rows []*row
	who  auth.Principal
	now  time.Time
}

func (v listing) encode(b []byte) []byte {
	b = append(b, arrayOpen...)
	for _, r := range v.rows {
		if auth.Can(v.who, auth.View, r.info.NameSpec()) {
			b = r.appendAt(b, v.now)
		}
	}
	return append(b, arrayClose...)
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
