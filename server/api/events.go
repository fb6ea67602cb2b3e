package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/sight"
	"supervisor/server/wire"
	"supervisor/supervise"
)

const (
	// heartbeat is how long a feed is silent at most: less than proxies wait.
	heartbeat = 15 * time.Second
	// comeBack is when a client whose feed has ended shall come again.
	comeBack = 3 * time.Second
)

// sightOf is what whoever asks wants to see of what happens, and may.
func (a *api) sightOf(who auth.Principal, query url.Values) (sight.Sight, error) {
	kinds, err := sight.ParseKinds(strings.Split(query.Get("type"), ","))
	if err != nil {
		return sight.Sight{}, reply.BadRequest("%v", err)
	}
	s := sight.Sight{Who: who, Program: query.Get("program"), Kinds: kinds}
	if s.Program != "" {
		if err := supervise.CheckPattern(s.Program); err != nil {
			return s, reply.BadRequest("program: %v", err)
		}
	}
	if a.auth != nil {
		s.Opened = a.auth.Opened
	}
	return s, nil
}

// events tells changes of state as they happen, as server-sent events, to whoever
// may see them, for as long as they listen. One who comes back with the id of the
// last event gets what was missed; if that is no longer known, an event "gap".
// Who does not read fast enough is cut off, and comes back.
func (a *api) events(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := auth.Check(ctx, auth.View, auth.Everything); err != nil {
		return err
	}
	s, err := a.sightOf(auth.From(ctx), r.URL.Query())
	if err != nil {
		return err
	}
	if slices.Contains(s.Kinds, wire.EventAct) {
		return reply.BadRequest("what people do is told by /activity: here, type is of state, group, supervisord, trouble")
	}
	epoch, seq, resumes := lastEvent(r)
	changed := a.rightsChanged() // before the feed, so that no change falls between
	feed, err := a.engine.Subscribe(ctx, epoch, seq)
	if err != nil {
		return err
	}
	defer feed.Close()
	if epoch, err = a.knownEpoch(ctx); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would keep them until there are many
	w.WriteHeader(http.StatusOK)
	h := hearer{w: w, wire: http.NewResponseController(w), epoch: epoch}
	h.say("retry: %d\n\n", comeBack.Milliseconds())
	if resumes && feed.Fresh {
		h.event("gap", feed.Snapshot.Seq, wire.EventGap{Epoch: epoch, Seq: feed.Snapshot.Seq})
	}
	for _, change := range feed.Missed {
		h.tell(s, change)
	}
	h.flush()
	h.follow(ctx, s, feed.Changes, changed, a)
	return nil
}

// lastEvent reads what a client has heard last: the number of a change, in an epoch.
func lastEvent(r *http.Request) (epoch string, seq uint64, resumes bool) {
	id := r.Header.Get("Last-Event-ID")
	if id == "" {
		id = r.URL.Query().Get("after") // for those who cannot set a header
	}
	epoch, number, found := strings.Cut(id, "-")
	seq, err := strconv.ParseUint(number, 10, 64)
	if !found || err != nil {
		return "", 0, id != ""
	}
	return epoch, seq, true
}

func (a *api) rightsChanged() <-chan struct{} {
	if a.auth == nil {
		return nil
	}
	return a.auth.Changed()
}

// again looks whether somebody may still listen, and to what.
func (a *api) again(s *sight.Sight) bool {
	if a.auth == nil {
		return true
	}
	who, in := a.auth.Again(s.Who)
	s.Who = who
	return in && auth.Can(who, auth.View, auth.Everything)
}

// hearer writes events. The first error is kept, and nothing is written after it.
type hearer struct {
	w     io.Writer
	wire  *http.ResponseController
	epoch string
	err   error
}

// follow tells changes until they end, or the client leaves or loses the right.
// Whoever has a session keeps it for as long as its rights last.
func (h *hearer) follow(ctx context.Context, s sight.Sight, changes <-chan supervise.Change, changed <-chan struct{}, a *api) {
	silence := time.NewTicker(heartbeat)
	defer silence.Stop()
	for h.err == nil {
		select {
		case <-ctx.Done():
			return
		case <-changed:
			if changed = a.rightsChanged(); !a.again(&s) {
				return
			}
		case <-silence.C:
			if !a.again(&s) {
				return
			}
			h.say(": still here\n\n")
			h.flush()
		case change, more := <-changes:
			if !more {
				return
			}
			if h.tell(s, change) {
				silence.Reset(heartbeat)
				h.flush()
			}
		}
	}
}

func (h *hearer) tell(s sight.Sight, change supervise.Change) bool {
	event, sees := s.Change(change)
	if sees {
		h.event(string(event.Kind), event.Seq, event)
	}
	return sees
}

func (h *hearer) event(kind string, seq uint64, data any) {
	text, err := json.Marshal(data)
	if err != nil && h.err == nil {
		h.err = err
	}
	h.say("event: %s\nid: %s-%d\ndata: %s\n\n", kind, h.epoch, seq, text)
}

func (h *hearer) say(format string, args ...any) {
	if h.err == nil {
		_, h.err = fmt.Fprintf(h.w, format, args...)
	}
}

func (h *hearer) flush() {
	if h.err == nil {
		h.err = h.wire.Flush()
	}
}
