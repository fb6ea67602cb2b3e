package live

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/wire"
	"supervisor/supervise"
)

func newTrail(t *testing.T) *audit.Log {
	t.Helper()
	trail := audit.New(audit.Options{Path: filepath.Join(t.TempDir(), "audit.log"), Patience: time.Minute})
	t.Cleanup(func() {
		if err := trail.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return trail
}

// watchEvents subscribes, and gives where that begins.
func (b *browser) watchEvents(sub wire.Sub) wire.Happened {
	b.t.Helper()
	sub.Topic = wire.TopicEvents
	b.say(sub)
	expect[wire.OK](b)
	return expect[wire.Happened](b)
}

// happens reads until so many entries have come, and proves that nothing is
// missing between the frames.
func (b *browser) happens(from wire.Happened, many int) (entries []wire.ActivityEntry, last wire.Happened) {
	b.t.Helper()
	for last = from; len(entries) < many; {
		frame := expect[wire.Happened](b)
		if frame.Prev != last.Seq || frame.Seq <= frame.Prev || frame.Missed || frame.Epoch != from.Epoch {
			b.t.Fatalf("%+v after %+v", frame, last)
		}
		entries, last = append(entries, frame.Entries...), frame
	}
	return entries, last
}

func TestWhatHappensIsToldAsItHappens(t *testing.T) {
	trail := newTrail(t)
	s := newStage(t, newFakeEngine(apiName, workerName), func(o *Options) { o.Trail = trail })
	b := s.visit(nil)
	from := b.watchEvents(wire.Sub{ID: 1})
	if len(from.Entries) != 0 || from.Missed {
		t.Errorf("%+v", from)
	}
	s.engine.become(0, supervise.StateRunning, 4711)
	s.engine.updated(0) // is no change of state
	told, last := b.happens(from, 1)
	trail.Record(t.Context(), audit.Entry{Verb: auth.Stop, Target: "web:api", Programs: []supervise.NameSpec{apiName}})
	more, last := b.happens(last, 1)
	s.engine.setMood(supervise.MoodShutdown)
	end, _ := b.happens(last, 1)
	told = append(append(told, more...), end...)
	if told[0].Event == nil || told[0].Event.To != "RUNNING" || told[1].Act == nil || told[1].Act.Verb != "stop" || told[1].At == 0 || told[2].Event == nil || told[2].Event.Kind != wire.EventSupervisord {
		t.Errorf("%+v", told)
	}
}

func TestEverybodyIsToldWhatTheyMaySeeAndAskFor(t *testing.T) {
	s := newStage(t, newFakeEngine(apiName, workerName, secretName), nil)
	s.via = operatorOf(auth.Cookie, "web")
	b := s.visit(nil)
	all := b.watchEvents(wire.Sub{ID: 1})
	b.say(wire.Sub{ID: 2, Topic: wire.TopicEvents, Program: "*:api", Types: []wire.EventKind{wire.EventTrouble}})
	expect[wire.OK](b)
	few := expect[wire.Happened](b)
	s.engine.become(2, supervise.StateFatal, 0) // none of theirs
	s.engine.become(1, supervise.StateFatal, 0)
	s.engine.become(0, supervise.StateRunning, 1)
	s.engine.become(0, supervise.StateFatal, 0)
	told := map[int][]string{}
	for len(told[1]) < 3 || len(told[2]) < 1 {
		frame := expect[wire.Happened](b)
		before := map[int]*wire.Happened{1: &all, 2: &few}[frame.ID]
		if frame.Prev != before.Seq {
			t.Errorf("%+v after %+v", frame, before)
		}
		*before = frame
		for _, e := range frame.Entries {
			told[frame.ID] = append(told[frame.ID], e.Event.Name+" "+e.Event.To)
		}
	}
	if !slices.Equal(told[1], []string{"worker FATAL", "api RUNNING", "api FATAL"}) || !slices.Equal(told[2], []string{"api FATAL"}) {
		t.Errorf("%v", told)
	}
}

func TestRightsThatChangeAreThoseOfTheNextEntry(t *testing.T) {
	registry := newRegistry(operatorOf(auth.Cookie, "web"))
	s := newStage(t, newFakeEngine(apiName, secretName), func(o *Options) {
		o.Again, o.Changed = registry.Again, registry.Changed
		o.pace.rights = time.Hour
	})
	b := s.visit(nil)
	b.watchState()
	from := b.watchEvents(wire.Sub{ID: 2})
	var screen *screen
	registry.set(operatorOf(auth.Cookie, "secret"), true, true)
	for { // the table as the new rights have it
		if snap := expect[wire.Snap](b); len(snap.Rows) == 1 {
			screen = newScreen(t, snap)
			break
		}
	}
	s.engine.become(0, supervise.StateRunning, 1)
	s.engine.become(1, supervise.StateRunning, 2)
	for told := false; !told || screen.rows[2].PID != 2; {
		switch kind, text := b.hear(); kind {
		case "delta":
			screen.apply(decodeAs[wire.Delta](t, text))
		case "events":
			frame := decodeAs[wire.Happened](t, text)
			if frame.Prev != from.Seq || len(frame.Entries) != 1 || frame.Entries[0].Event.Group != "secret" {
				t.Errorf("%s", text)
			}
			told = true
		}
	}
}

func TestWhoComesBackIsToldWhatWasMissed(t *testing.T) {
	s := newStage(t, newFakeEngine(apiName), nil)
	b := s.visit(nil)
	from := b.watchEvents(wire.Sub{ID: 1})
	b.conn.Close()
	s.engine.become(0, supervise.StateRunning, 1)
	s.engine.become(0, supervise.StateStopping, 1)
	for s.hub.happened.position() < from.Seq+2 {
		time.Sleep(time.Millisecond) // until the hub has heard
	}
	b = s.visit(nil)
	again := b.watchEvents(wire.Sub{ID: 7, From: &wire.From{Epoch: from.Epoch, Seq: &from.Seq}})
	if len(again.Entries) != 2 || again.Missed || again.Prev != from.Seq {
		t.Errorf("%+v", again)
	}
	other := s.visit(nil).watchEvents(wire.Sub{ID: 1, From: &wire.From{Epoch: "another", Seq: &from.Seq}})
	if !other.Missed || len(other.Entries) != 0 || other.Seq != again.Seq {
		t.Errorf("of another epoch: %+v", other)
	}
}

// However much happens, the same thousand is kept, for however many readers; who
// is further behind than that hears so.
func TestWhatIsKeptIsBounded(t *testing.T) {
	h := newHappenings()
	start := h.position()
	for range 10 * maxHappenings {
		h.add(happening{})
		if len(h.kept) > 2*maxHappenings || cap(h.kept) > 4*maxHappenings {
			t.Fatalf("%d are kept, in room for %d", len(h.kept), cap(h.kept))
		}
	}
	end := h.position()
	if _, last, missed := h.after(start, maxEntries); !missed || last != end {
		t.Errorf("from the beginning: up to %d, missed %t", last, missed)
	}
	found, last, missed := h.after(end-maxHappenings, maxEntries)
	if missed || len(found) != maxEntries || last != end-maxHappenings+maxEntries {
		t.Errorf("%d up to %d, missed %t", len(found), last, missed)
	}
	if _, _, missed := h.after(end-maxHappenings-1, maxEntries); !missed {
		t.Error("one more is kept")
	}
	h.skip()
	if _, _, missed := h.after(end, maxEntries); !missed {
		t.Error("nobody hears of what the hub has missed itself")
	}
	if _, _, missed := h.after(end+100, maxEntries); !missed {
		t.Error("there is something after the end")
	}
}

// A page that does not read holds up nobody, and costs nothing: what it has not
// been told waits in the one list, and when it reads again it hears that some is
// missing.
func TestASlowReaderHearsThatSomethingIsMissing(t *testing.T) {
	s := newStage(t, newFakeEngine(apiName), func(o *Options) { o.pace.flush = 0 })
	topic, problem := newEventsTopic(wire.Sub{ID: 1}, s.hub)
	if problem != "" {
		t.Fatal(problem)
	}
	quick := s.visit(nil)
	from := quick.watchEvents(wire.Sub{ID: 1})
	for i := range 2 * maxHappenings {
		s.engine.become(0, supervise.StateRunning, i+1)
		_, from = quick.happens(from, 1)
	}
	found, _, missed := s.hub.happened.after(topic.seen, maxEntries)
	if !missed || len(found) != 0 {
		t.Errorf("%d entries wait for it, missed %t", len(found), missed)
	}
	slow := s.visit(nil)
	old := from.Seq - 2*maxHappenings
	if frame := slow.watchEvents(wire.Sub{ID: 1, From: &wire.From{Epoch: from.Epoch, Seq: &old}}); !frame.Missed || frame.Seq != from.Seq {
		t.Errorf("%+v", frame)
	}
	s.engine.become(0, supervise.StateStopping, 1)
	if told, _ := slow.happens(from, 1); told[0].Event.To != "STOPPING" {
		t.Errorf("%+v", told)
	}
}
