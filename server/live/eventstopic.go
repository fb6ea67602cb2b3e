package live

import (
	"time"

	"supervisor/server/audit"
	"supervisor/server/sight"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// maxEntries is how many entries one frame brings.
const maxEntries = 200

// eventsTopic tells what happens, to processes and by people, as far as somebody
// may see it. It is a place in the hub's list of what happened.
type eventsTopic struct {
	id     int
	sight  sight.Sight // but for who looks
	begun  bool        // the first frame was sent
	missed bool        // where it was to begin is not kept
	told   uint64      // the seq of the last frame sent
	seen   uint64      // up to here there was nothing else for this user
	last   time.Time
}

// newEventsTopic gives the topic, or what is wrong with what is asked for.
func newEventsTopic(f wire.Sub, h *Hub) (_ *eventsTopic, problem string) {
	names := make([]string, len(f.Types))
	for i, kind := range f.Types {
		names[i] = string(kind)
	}
	kinds, err := sight.ParseKinds(names)
	if err != nil {
		return nil, err.Error()
	}
	if f.Program != "" {
		if err := supervise.CheckPattern(f.Program); err != nil {
			return nil, "program: " + err.Error()
		}
	}
	t := &eventsTopic{id: f.ID, sight: sight.Sight{Opened: h.Opened, Program: f.Program, User: f.User, Kinds: kinds}}
	t.seen = h.happened.position()
	if f.From != nil && f.From.Seq != nil {
		t.missed = f.From.Epoch != h.happened.epoch
		if !t.missed {
			t.seen = *f.From.Seq
		}
	}
	t.told = t.seen
	return t, ""
}

func (*eventsTopic) end() {}

// renew has nothing to do: what happened is told once, and each entry by the rights
// of the moment it is told in.
func (*eventsTopic) renew() {}

func (t *eventsTopic) flush(s *session, now time.Time) (time.Time, error) {
	found, last, missed := s.hub.happened.after(t.seen, maxEntries)
	if t.begun && last == t.seen && !missed {
		return time.Time{}, nil
	}
	if due := t.last.Add(s.hub.pace.flush); now.Before(due) {
		return due, nil
	}
	frame := wire.Happened{
		ID: t.id, Epoch: s.hub.happened.epoch, Prev: t.told, Seq: last, Missed: missed || t.missed, Entries: t.entries(s, found),
	}
	t.seen = last
	again := time.Time{}
	if len(found) == maxEntries {
		again = now.Add(s.hub.pace.flush)
	}
	if t.begun && !frame.Missed && len(frame.Entries) == 0 {
		return again, nil
	}
	t.begun, t.missed, t.told, t.last = true, false, last, now
	return again, s.send(frame)
}

// entries gives what of it this user asked for and may see.
func (t *eventsTopic) entries(s *session, found []happening) []wire.ActivityEntry {
	look := t.sight
	look.Who = s.who
	acts := look.Acts(audit.Query{})
	entries := []wire.ActivityEntry{}
	for _, one := range found {
		if one.act == nil {
			if event, sees := look.Change(one.change); sees {
				entries = append(entries, wire.ActivityEntry{At: event.At, Event: &event})
			}
			continue
		}
		if act := *one.act; acts.Wants(&act, one.at) {
			entries = append(entries, wire.ActivityEntry{At: wire.Millis(one.at), Act: &act})
		}
	}
	return entries
}
