package api

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/sight"
	"supervisor/server/wire"
	"supervisor/supervise"
)

const (
	usualActivity = 100
	maxActivity   = 1000
	// noActs stands in a cursor where the trail has been read to its beginning.
	noActs = "-"
)

// activity tells what people did and what became of processes in one stream, the
// newest first: the trail, as far as the reader may read it, and the changes of
// state that are still known, of processes they may see.
func (a *api) activity(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	asked, err := parseQuery(query, time.Now())
	if err != nil {
		return err
	}
	s, err := a.sightOf(auth.From(r.Context()), query)
	if err != nil {
		return err
	}
	s.User = asked.User
	from, err := parseActivityCursor(asked.Before)
	if err != nil {
		return err
	}
	if asked.Limit <= 0 {
		asked.Limit = usualActivity
	}
	asked.Limit, asked.Before = min(asked.Limit, maxActivity), from.acts

	epoch, changes, err := a.engine.Recent(r.Context())
	if err != nil {
		return err
	}
	if from.epoch != "" && from.epoch != epoch {
		from.below = 0 // the changes of that life of supervisord are forgotten
	}
	m := merge{epoch: epoch, below: from.below, cursor: from.acts, limit: asked.Limit}
	m.events = pastEvents(changes, from.below, asked, s)
	if from.acts != noActs && s.Wants(wire.EventAct, true) {
		if m.acts, m.next, err = a.pastActs(r, asked, s); err != nil {
			return err
		}
	}
	page := wire.Activity{Epoch: epoch, Entries: m.entries(), Next: m.cursorAfter()}
	if len(changes) > 0 {
		page.Since = wire.Millis(changes[0].At)
	}
	return reply.JSON(w, page)
}

// activityCursor is what an answer gives as next: the number of the change, with
// the epoch it counts in, and the place in the trail, before which to go on.
type activityCursor struct {
	epoch string // "" at the newest
	below uint64
	acts  string
}

func parseActivityCursor(text string) (activityCursor, error) {
	if text == "" {
		return activityCursor{below: math.MaxUint64}, nil
	}
	change, acts, found := strings.Cut(text, ".")
	epoch, number, dated := strings.Cut(change, "-")
	below, err := strconv.ParseUint(number, 10, 64)
	if err != nil || !found || !dated || epoch == "" {
		return activityCursor{}, reply.BadRequest("before is not what next was")
	}
	return activityCursor{epoch: epoch, below: below, acts: acts}, nil
}

func (c activityCursor) String() string {
	return fmt.Sprintf("%s-%d.%s", c.epoch, c.below, c.acts)
}

// pastEvents gives the changes below a number that somebody asks for and may see,
// the newest first.
func pastEvents(changes []supervise.Change, below uint64, asked audit.Query, s sight.Sight) []wire.Event {
	var found []wire.Event
	for _, change := range slices.Backward(changes) {
		switch {
		case change.Seq >= below, !asked.Until.IsZero() && !change.At.Before(asked.Until):
			continue
		case !asked.Since.IsZero() && change.At.Before(asked.Since), len(found) > asked.Limit:
			return found
		}
		if event, sees := s.Change(change); sees {
			found = append(found, event)
		}
	}
	return found
}

// pastActs gives what the reader may read of the trail; nothing where none is
// kept, or they may not read any.
func (a *api) pastActs(r *http.Request, asked audit.Query, s sight.Sight) ([]audit.Found, string, error) {
	if some, _ := s.Trail(); !some {
		return nil, "", nil
	}
	found, next, err := a.trail.Find(r.Context(), s.Acts(asked))
	if errors.Is(err, audit.ErrNone) {
		return nil, "", nil
	}
	return found, next, err
}

// merge is a page of two lists, each the newest first.
type merge struct {
	epoch  string
	limit  int
	events []wire.Event
	acts   []audit.Found
	next   string // of the trail: where to go on after acts; "" at its beginning

	below  uint64 // what is taken of the events has numbers from here on
	cursor string // what is taken of the acts ends here
}

// entries takes a page off both lists. Where the trail has more than was read of
// it, nothing older than what was read is taken: it might come before that.
func (m *merge) entries() []wire.ActivityEntry {
	page := []wire.ActivityEntry{}
	for len(page) < m.limit {
		switch {
		case len(m.acts) > 0 && (len(m.events) == 0 || wire.Millis(m.acts[0].At) >= m.events[0].At):
			act := m.acts[0]
			m.acts, m.cursor = m.acts[1:], act.Before
			page = append(page, wire.ActivityEntry{At: wire.Millis(act.At), Act: &act.Entry})
		case len(m.acts) == 0 && m.next != "":
			return page
		case len(m.events) > 0:
			event := m.events[0]
			m.events, m.below = m.events[1:], event.Seq
			page = append(page, wire.ActivityEntry{At: event.At, Event: &event})
		default:
			return page
		}
	}
	return page
}

// cursorAfter names what was not taken; "" if that is nothing.
func (m *merge) cursorAfter() string {
	cursor := m.cursor
	if len(m.acts) == 0 {
		cursor = cmp.Or(m.next, noActs)
	}
	if len(m.events) == 0 && cursor == noActs {
		return ""
	}
	return activityCursor{epoch: m.epoch, below: m.below, acts: cursor}.String()
}
