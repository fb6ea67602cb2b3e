package live

import (
	"encoding/json"
	"slices"
	"time"

	"supervisor/server/auth"
	"supervisor/server/wire"
)

// partSize is how big a part of a snapshot may grow.
const partSize = 192 << 10

// stateTopic tells the table.
type stateTopic struct {
	id     int
	epoch  string // "" until the first frame
	told   uint64 // the seq of the last frame sent
	seen   uint64 // up to here there was nothing else this user may see
	resume bool   // the first frame must come, even if it says nothing new
	last   time.Time
}

func newStateTopic(f wire.Sub, h *Hub) *stateTopic {
	t := &stateTopic{id: f.ID}
	if f.From == nil || f.From.Seq == nil {
		return t
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.table.reaches(f.From.Epoch, *f.From.Seq) {
		t.epoch, t.told, t.seen, t.resume = f.From.Epoch, *f.From.Seq, *f.From.Seq, true
	}
	return t
}

func (t *stateTopic) end() {}

func (t *stateTopic) renew() { t.epoch, t.last = "", time.Time{} }

func (t *stateTopic) flush(s *session, now time.Time) (time.Time, error) {
	s.hub.mu.RLock()
	table := s.hub.table
	fresh := !table.reaches(t.epoch, t.seen)
	idle := !fresh && table.seq == t.seen && !t.resume
	if due := t.last.Add(s.hub.pace.flush); idle || now.Before(due) {
		s.hub.mu.RUnlock()
		if idle {
			return time.Time{}, nil
		}
		return due, nil
	}
	if fresh {
		parts := t.snapshot(s, table)
		s.hub.mu.RUnlock()
		t.last = now
		for _, part := range parts {
			if err := s.send(part); err != nil {
				return time.Time{}, err
			}
		}
		return time.Time{}, nil
	}
	delta, news := t.delta(s, table)
	s.hub.mu.RUnlock()
	if !news {
		return time.Time{}, nil
	}
	t.last = now
	return time.Time{}, s.send(delta)
}

// snapshot gives the whole table as this user sees it, in parts. It is called
// with the hub's lock held for reading, as is delta.
func (t *stateTopic) snapshot(s *session, table *table) []wire.Snap {
	t.epoch, t.told, t.seen, t.resume = table.epoch, table.seq, table.seq, false
	part := wire.Snap{ID: t.id, Epoch: table.epoch, Seq: table.seq, Rows: []json.RawMessage{}, Groups: t.groups(s, table)}
	var parts []wire.Snap
	size := 0
	for _, r := range table.all() {
		text := s.sees(r)
		if text == nil {
			continue
		}
		if size += len(text); size > partSize {
			parts = append(parts, part)
			part.Rows, part.Groups, size = nil, nil, len(text)
		}
		part.Rows = append(part.Rows, text)
	}
	parts = append(parts, part)
	if len(parts) > 1 {
		for i := range parts {
			parts[i].Part, parts[i].Of = i+1, len(parts)
		}
	}
	return parts
}

// delta gives what this user may see of what changed since the last frame; false
// if that is nothing.
func (t *stateTopic) delta(s *session, table *table) (wire.Delta, bool) {
	d := wire.Delta{ID: t.id, Prev: t.told, Seq: table.seq}
	changed, removed := table.since(t.seen)
	for _, r := range changed {
		if text := s.sees(r); text != nil {
			d.Rows = append(d.Rows, text)
		}
	}
	for _, g := range removed {
		if auth.Can(s.who, auth.View, g.name) {
			d.Del = append(d.Del, g.id)
		}
	}
	news := t.resume || len(d.Rows) > 0 || len(d.Del) > 0
	if news && table.groupsSeq > t.seen {
		d.Groups = t.groups(s, table)
	}
	t.seen, t.resume = table.seq, false
	if news {
		t.told = table.seq
	}
	return d, news
}

// groups gives the groups in which this user sees a process.
func (t *stateTopic) groups(s *session, table *table) []wire.Group {
	seen := map[string]bool{}
	for _, e := range table.rows {
		if name := e.Value.(*row).name; !seen[name.Group] && auth.Can(s.who, auth.View, name) {
			seen[name.Group] = true
		}
	}
	groups := []wire.Group{}
	for _, g := range table.groups {
		if seen[g.Name] {
			groups = append(groups, wire.FromGroup(g))
		}
	}
	return groups
}

// sees gives a row as this user sees it, nil if not at all.
func (s *session) sees(r *row) json.RawMessage {
	if !auth.Can(s.who, auth.View, r.name) {
		return nil
	}
	return r.text.For(auth.Caps(s.who, r.name))
}

// serverTopic tells of supervisord itself.
type serverTopic struct {
	id   int
	told *wire.Supervisor
}

func (t *serverTopic) end() {}

func (t *serverTopic) renew() { t.told = nil }

func (t *serverTopic) flush(s *session, _ time.Time) (time.Time, error) {
	mood, problems := s.hub.supervisord()
	if !auth.Can(s.who, auth.Config, auth.Supervisord) {
		problems = []wire.Problem{} // they name files, and may name programs
	}
	if t.told != nil && t.told.Mood == mood && slices.Equal(t.told.Problems, problems) {
		return time.Time{}, nil
	}
	t.told = &wire.Supervisor{ID: t.id, Mood: mood, User: auth.User(s.who), Problems: problems}
	return time.Time{}, s.send(*t.told)
}
