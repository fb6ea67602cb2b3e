package live

import (
	"fmt"
	"slices"
	"time"

	"supervisor/server/auth"
	"supervisor/server/wire"
)

// How often a second figures may be told.
const (
	usualHZ  = 1
	lowestHZ = 0.2
	highHZ   = 2
)

// metricsTopic tells what the rows somebody sees use. There is one slot for all
// that is to be told, the sampler's own: a slow reader gets the newest sample when
// it can take one. While there are rows, the sampler has a watcher.
type metricsTopic struct {
	id    int
	watch func(every time.Duration) (stop func())

	ids   []int
	every time.Duration
	stop  func() // of the watch; nil for none

	told  uint64       // number of the sample sent last
	last  time.Time    // when
	anew  bool         // something else is wanted than was sent
	drawn map[int]bool // the rows whose last minute was sent
}

func newMetricsTopic(id int, s *session) *metricsTopic {
	return &metricsTopic{
		id: id, every: time.Second / usualHZ, drawn: map[int]bool{},
		watch: func(every time.Duration) func() { return s.hub.Metrics.Watch(every, s.poke) },
	}
}

// set takes over other rows, or another pace, and says what is wrong with them.
func (t *metricsTopic) set(f wire.Set) (problem string) {
	if len(f.IDs) > maxRows {
		return fmt.Sprintf("at most %d rows at a time", maxRows)
	}
	if f.HZ != 0 && !(f.HZ >= lowestHZ && f.HZ <= highHZ) {
		return fmt.Sprintf("hz is from %v to %v", lowestHZ, highHZ)
	}
	if f.IDs != nil {
		t.ids = slices.Compact(slices.Sorted(slices.Values(f.IDs)))
		t.anew = true
	}
	every := t.every
	if f.HZ != 0 {
		every = time.Duration(float64(time.Second) / f.HZ)
	}
	if every != t.every || len(t.ids) == 0 {
		t.end()
	}
	t.every = every
	if t.stop == nil && len(t.ids) > 0 {
		t.stop = t.watch(every)
	}
	return ""
}

func (t *metricsTopic) end() {
	if t.stop != nil {
		t.stop()
		t.stop = nil
	}
}

func (t *metricsTopic) renew() { t.anew, t.drawn = true, map[int]bool{} }

// flush needs no clock: whoever measures wakes the session after each sample.
func (t *metricsTopic) flush(s *session, now time.Time) (time.Time, error) {
	sample, at := s.hub.Metrics.Latest()
	if len(t.ids) == 0 || sample == 0 || !t.anew && (sample == t.told || now.Before(t.last.Add(t.every-t.every/4))) {
		return time.Time{}, nil
	}
	visible := t.visible(s)
	recent := t.recent(s, visible, now)
	frame := wire.Metrics{ID: t.id, At: wire.Millis(at), IDs: visible}
	for _, id := range visible {
		frame.Add(s.hub.Metrics.Usage(id))
	}
	t.told, t.last, t.anew = sample, now, false
	if len(recent.IDs) > 0 {
		if err := s.send(recent); err != nil {
			return time.Time{}, err
		}
	}
	return time.Time{}, s.send(frame)
}

// visible gives those of the rows that are there and that this user may see.
func (t *metricsTopic) visible(s *session) []int {
	s.hub.mu.RLock()
	defer s.hub.mu.RUnlock()
	visible := make([]int, 0, len(t.ids))
	for _, id := range t.ids {
		if e, there := s.hub.table.rows[id]; there && auth.Can(s.who, auth.View, e.Value.(*row).name) {
			visible = append(visible, id)
		}
	}
	return visible
}

// recent gives the last minute of the rows that have become visible.
func (t *metricsTopic) recent(s *session, visible []int, now time.Time) wire.Recent {
	frame := wire.Recent{ID: t.id, At: wire.Millis(now), Step: s.hub.Metrics.RecentStep().Milliseconds()}
	drawn := make(map[int]bool, len(visible))
	for _, id := range visible {
		drawn[id] = true
		if t.drawn[id] {
			continue
		}
		points := s.hub.Metrics.Recent(id)
		if points == nil {
			continue
		}
		var columns wire.Columns
		for _, p := range points {
			columns.Add(p.Usage)
		}
		frame.IDs = append(frame.IDs, id)
		frame.CPU, frame.Memory = append(frame.CPU, columns.CPU), append(frame.Memory, columns.Memory)
	}
	t.drawn = drawn
	return frame
}
