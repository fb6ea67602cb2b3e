package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"supervisor/server/grep"
	"supervisor/server/reply"
	"supervisor/server/wire"
	"supervisor/supervise"
)

const (
	// A search sends so many hits at most, and counts the rest.
	usualHits = 1000
	maxHits   = 10_000
	// It lasts so long at most; who wants more goes on where it ended.
	usualBudget = 10 * time.Second
	maxBudget   = time.Minute
	// maxHitText is how much of a line is sent with a hit.
	maxHitText = 2 << 10
	// told is how often a search says how far it is.
	toldEvery = 100 * time.Millisecond
)

func (a *api) searchLog(w http.ResponseWriter, r *http.Request) error {
	log, _, err := a.processLog(r)
	if err != nil {
		return err
	}
	return a.search(w, r, log)
}

func (a *api) searchMainLog(w http.ResponseWriter, r *http.Request) error {
	log, err := a.mainLog(r)
	if err != nil {
		return err
	}
	return a.search(w, r, log)
}

// search answers with one JSON object a line, as they are found.
func (a *api) search(w http.ResponseWriter, r *http.Request, log supervise.Log) error {
	if err := a.sameEpoch(r); err != nil {
		return err
	}
	h, err := parseHunt(r.URL.Query(), log)
	if err != nil {
		return err
	}
	leave, err := a.searches.take(r.Context(), w)
	if err != nil {
		return err
	}
	defer leave()
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would keep lines back
	h.run(r.Context(), newTeller(w))
	return nil
}

// hunt is a search that tells its hits, the first of them, while it finds them.
type hunt struct {
	*grep.Search
	limit  int64 // how many hits are told
	budget time.Duration
	sent   int64 // how many there were
}

func parseHunt(query url.Values, log supervise.Log) (*hunt, error) {
	limit, err := number(query, "limit", usualHits)
	if err != nil {
		return nil, err
	}
	budget, err := number(query, "budget", usualBudget.Milliseconds())
	if err != nil {
		return nil, err
	}
	search, err := parseSearch(query, log)
	if err != nil {
		return nil, err
	}
	budget = min(budget, maxBudget.Milliseconds())
	return &hunt{Search: search, limit: min(limit, maxHits), budget: time.Duration(budget) * time.Millisecond}, nil
}

// run searches, and tells how it ended, unless nobody reads on.
func (h *hunt) run(ctx context.Context, out *teller) {
	h.Deadline = time.Now().Add(h.budget)
	h.tellTo(out)
	result, err := h.Run(ctx)
	if ctx.Err() != nil || out.failed != nil {
		return
	}
	last := wire.SearchLine{Done: &wire.SearchDone{
		ScannedTo: result.Scanned, Hits: result.Hits, Capped: result.Hits > h.limit, More: result.More,
	}}
	if err != nil {
		reply.Log(ctx).Warn("search a log", "path", h.Log.Path(), "err", err)
		last = wire.SearchLine{Error: "the log cannot be read: " + err.Error()}
	}
	_ = out.tellNow(last) // it fails when the client has left, which the server notices by itself
}

// tellTo has what is found told to out.
func (h *hunt) tellTo(out *teller) {
	h.Hit = func(found grep.Hit) error {
		if h.sent++; h.sent > h.limit {
			return nil
		}
		return out.tell(wire.SearchLine{Hit: hitOf(h.Log, found)})
	}
	h.Gap = func(from, to int64) error { return out.tell(wire.SearchLine{Gap: &wire.LogGap{From: from, To: to}}) }
	h.Progress = func(scanned int64) error {
		if !out.due() {
			return nil
		}
		return out.tellNow(wire.SearchLine{Progress: &wire.SearchProgress{ScannedTo: scanned, Hits: h.sent}})
	}
}

// ignore is for writing the end of an answer: it fails when the client has left,
// which the server notices by itself.
func ignore(error) error { return nil }

// parseSearch reads what is looked for, and from where.
func parseSearch(query url.Values, log supervise.Log) (*grep.Search, error) {
	flags := map[string]bool{"regex": false, "case": false, "invert": false}
	for name := range flags {
		switch query.Get(name) {
		case "", "0", "false":
		case "1", "true":
			flags[name] = true
		default:
			return nil, reply.BadRequest("%s is 0 or 1", name)
		}
	}
	matcher, err := grep.Compile(grep.Query{Text: query.Get("q"), Regex: flags["regex"], Case: flags["case"], Invert: flags["invert"]})
	if err != nil {
		return nil, reply.BadRequest("q: %v", err)
	}
	oldest, end := log.Bounds()
	search := &grep.Search{Log: log, Matcher: matcher, From: oldest, To: end}
	switch query.Get("dir") {
	case "", "forward":
	case "back":
		search.Back, search.From = true, end
	default:
		return nil, reply.BadRequest("dir is forward or back")
	}
	if search.From, err = number(query, "from", search.From); err != nil {
		return nil, err
	}
	if search.To, err = number(query, "to", search.To); err != nil {
		return nil, err
	}
	return search, nil
}

// hitOf gives a hit as it is sent: of a long line, what is around the match.
func hitOf(log supervise.Log, h grep.Hit) *wire.LogHit {
	start := int64(0)
	if int64(len(h.Text)) > maxHitText {
		start = max(min(h.From-h.Start-maxHitText/4, int64(len(h.Text))-maxHitText), 0)
	}
	text := h.Text[start:min(start+maxHitText, int64(len(h.Text)))]
	hit := &wire.LogHit{Off: h.Off, End: h.End, From: h.From, To: h.To, Line: wire.LogText(text), Start: h.Start + start}
	if times := timesOf(log, []int64{h.Off}, h.Off+1); len(times) > 0 {
		hit.At = times[0][1]
	}
	return hit
}

// timesOf tells when the lines came that begin at offs and end before end.
func timesOf(log supervise.Log, offs []int64, end int64) wire.Times {
	history, ok := log.(supervise.LogHistory)
	if !ok || len(offs) == 0 {
		return nil
	}
	return wire.FromArrivals(history.Arrivals(offs[0], end), offs)
}

// teller sends lines, soon but not each by itself.
type teller struct {
	out    *bufio.Writer
	wire   *http.ResponseController
	sent   time.Time
	failed error
}

func newTeller(w http.ResponseWriter) *teller {
	return &teller{out: bufio.NewWriterSize(w, 32<<10), wire: http.NewResponseController(w), sent: time.Now()}
}

// due tells whether it is time to send something.
func (t *teller) due() bool { return time.Since(t.sent) >= toldEvery }

// tell sends a line, now or with a later one.
func (t *teller) tell(line wire.SearchLine) error {
	text, err := encodeLine(line)
	if err != nil {
		return err
	}
	if _, t.failed = t.out.Write(text); t.failed != nil {
		return t.failed
	}
	if t.due() {
		return t.flush()
	}
	return nil
}

// tellNow sends a line and what waits before it.
func (t *teller) tellNow(line wire.SearchLine) error {
	t.sent = time.Time{}
	return t.tell(line)
}

func (t *teller) flush() error {
	t.sent = time.Now()
	if t.failed = t.out.Flush(); t.failed == nil {
		t.failed = t.wire.Flush()
	}
	return t.failed
}

func encodeLine(line wire.SearchLine) ([]byte, error) {
	text, err := json.Marshal(line)
	if err != nil {
		return nil, fmt.Errorf("encode a line of a search: %w", err)
	}
	return append(text, '\n'), nil
}

// filteredLog sends the lines that match as a file: the output of grep.
func (a *api) filteredLog(w http.ResponseWriter, r *http.Request) error {
	log, name, err := a.processLog(r)
	if err != nil {
		return err
	}
	return a.filtered(w, r, log, name)
}

func (a *api) filteredMainLog(w http.ResponseWriter, r *http.Request) error {
	log, err := a.mainLog(r)
	if err != nil {
		return err
	}
	return a.filtered(w, r, log, mainLogFile)
}

func (a *api) filtered(w http.ResponseWriter, r *http.Request, log supervise.Log, file string) error {
	if err := a.sameEpoch(r); err != nil {
		return err
	}
	search, err := parseSearch(r.URL.Query(), log)
	if err != nil {
		return err
	}
	leave, err := a.downloads.take(r.Context(), w)
	if err != nil {
		return err
	}
	defer leave()
	attach(w, "text/plain", file)
	out := bufio.NewWriterSize(w, 64<<10)
	search.Hit = func(h grep.Hit) error { return writeLine(r.Context(), out, log, h) }
	search.Gap = func(int64, int64) error { return nil }
	search.Progress = func(int64) error { return nil }
	if _, err := search.Run(r.Context()); err != nil {
		cutOff(r, log, err)
	}
	return ignore(out.Flush())
}

// writeLine writes all of a line, however long.
func writeLine(ctx context.Context, out *bufio.Writer, log supervise.Log, h grep.Hit) error {
	if h.Start == h.Off && int64(len(h.Text)) == h.End-h.Off {
		if _, err := out.Write(h.Text); err != nil {
			return err
		}
		return out.WriteByte('\n')
	}
	if err := copyRange(ctx, out, log, h.Off, h.End); err != nil {
		return err
	}
	return out.WriteByte('\n')
}

// cutOff ends an answer in its middle, so that the client can tell it is not
// whole.
func cutOff(r *http.Request, log supervise.Log, err error) {
	if r.Context().Err() == nil {
		reply.Log(r.Context()).Warn("send a log", "path", log.Path(), "err", err)
	}
	panic(http.ErrAbortHandler)
}
