package live

import (
	"cmp"
	"container/list"
	"slices"

	"supervisor/server/wire"
	"supervisor/supervise"
)

// maxGraves is how many removed processes are remembered, so that those who come
// back later are told of them; who has missed more gets a snapshot.
const maxGraves = 4096

// table is everything at change number seq. Each row knows the number of its
// last change, and recent holds the rows in that order.
type table struct {
	epoch string
	seq   uint64
	floor uint64 // changes up to here can no longer be told one by one
	mood  supervise.Mood

	groups    []supervise.GroupInfo
	groupsSeq uint64 // when a group last came or went

	rows   map[int]*list.Element // of *row
	recent *list.List            // the row changed last is at the back
	graves []grave               // in the order of their removal
}

type row struct {
	id   int
	name supervise.NameSpec
	text wire.Row
	seq  uint64
}

type grave struct {
	id   int
	name supervise.NameSpec
	seq  uint64
}

func newTable(epoch string, floor uint64) *table {
	return &table{epoch: epoch, floor: floor, rows: map[int]*list.Element{}, recent: list.New()}
}

// reset takes over a snapshot. Rows that are as they were keep their number, so
// that readers are told only what differs.
func (t *table) reset(s supervise.Snapshot) {
	t.seq, t.mood = s.Seq, s.Mood
	if !slices.Equal(t.groups, s.Groups) {
		t.groups, t.groupsSeq = slices.Clone(s.Groups), s.Seq
	}
	present := make(map[int]bool, len(s.Processes))
	for _, info := range s.Processes {
		present[info.ID] = true
		t.put(info)
	}
	for id := range t.rows {
		if !present[id] {
			t.bury(id)
		}
	}
}

// apply takes over one change.
func (t *table) apply(c supervise.Change) {
	t.seq = c.Seq
	switch event := c.Event.(type) {
	case supervise.MoodEvent:
		t.mood = event.Mood
	case supervise.GroupEvent:
		t.regroup(c, event)
		if !event.Added {
			for _, info := range c.Rows {
				t.bury(info.ID)
			}
			return
		}
	}
	for _, info := range c.Rows {
		t.put(info)
	}
}

func (t *table) regroup(c supervise.Change, event supervise.GroupEvent) {
	t.groupsSeq = c.Seq
	others := slices.DeleteFunc(slices.Clone(t.groups), func(g supervise.GroupInfo) bool { return g.Name == event.Group })
	if c.Group != nil {
		// Groups are in the order they start: by priority, then by age.
		i := len(others)
		for i > 0 && others[i-1].Priority > c.Group.Priority {
			i--
		}
		others = slices.Insert(others, i, *c.Group)
	}
	t.groups = others
}

func (t *table) put(info supervise.ProcessInfo) {
	text := wire.NewRow(info)
	known, ok := t.rows[info.ID]
	if !ok {
		t.rows[info.ID] = t.recent.PushBack(&row{id: info.ID, name: info.NameSpec(), text: text, seq: t.seq})
		return
	}
	r := known.Value.(*row)
	if r.text.Equal(text) {
		return
	}
	// A new value: sessions may still be reading the old one.
	known.Value = &row{id: r.id, name: r.name, text: text, seq: t.seq}
	t.recent.MoveToBack(known)
}

func (t *table) bury(id int) {
	known, ok := t.rows[id]
	if !ok {
		return
	}
	r := t.recent.Remove(known).(*row)
	delete(t.rows, id)
	t.graves = append(t.graves, grave{id: id, name: r.name, seq: t.seq})
	if extra := len(t.graves) - maxGraves; extra > 0 {
		t.floor = t.graves[extra-1].seq
		t.graves = slices.Delete(t.graves, 0, extra)
	}
}

// reaches tells whether what came after seq of epoch can be told as a delta.
func (t *table) reaches(epoch string, seq uint64) bool {
	return epoch == t.epoch && t.floor <= seq && seq <= t.seq
}

// since gives the rows changed and the rows removed after seq, oldest first.
func (t *table) since(seq uint64) (changed []*row, removed []grave) {
	for e := t.recent.Back(); e != nil && e.Value.(*row).seq > seq; e = e.Prev() {
		changed = append(changed, e.Value.(*row))
	}
	slices.Reverse(changed)
	first := len(t.graves)
	for first > 0 && t.graves[first-1].seq > seq {
		first--
	}
	return changed, slices.Clone(t.graves[first:])
}

// all gives every row in the order of the groups, within each in the order of
// the configuration, which is that of the ids.
func (t *table) all() []*row {
	place := make(map[string]int, len(t.groups))
	for i, g := range t.groups {
		place[g.Name] = i
	}
	rows := make([]*row, 0, len(t.rows))
	for _, e := range t.rows {
		rows = append(rows, e.Value.(*row))
	}
	slices.SortFunc(rows, func(a, b *row) int {
		return cmp.Or(cmp.Compare(place[a.name.Group], place[b.name.Group]), cmp.Compare(a.id, b.id))
	})
	return rows
}
