package api

import (
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// maxSources is how many logs can be merged.
const maxSources = 16

// stream is one log of a merged page.
type stream struct {
	of     logName
	source wire.MergedSource
	log    supervise.Log
	where  where
	lines  []mergedLine
	more   bool  // there are lines beyond these, in the direction of reading
	order  int64 // of the line read last, beyond which the next ones must not go back
}

// logName names a log, however it was asked for.
type logName struct {
	main bool
	name supervise.NameSpec
	ch   supervise.Channel
}

// mergedLine is a line with its place in time.
type mergedLine struct {
	text     string
	off, end int64
	at       int64 // when it came; 0 for unknown
	order    int64 // by what it is ordered: never against the order of its log
}

// merged reads several logs as one.
func (a *api) merged(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	back, begins, err := parseDirection(query)
	if err != nil {
		return err
	}
	size, err := number(query, "max", usualPage)
	if err != nil {
		return err
	}
	streams, err := a.streams(r, begins, back)
	if err != nil {
		return err
	}
	if err := a.sameEpoch(r); err != nil {
		return err
	}
	size = min(maxPage, max(size, 1))
	for _, s := range streams {
		if err := s.read(back, max(size/int64(len(streams)), 1)); err != nil {
			return err
		}
	}
	page, err := mergePage(streams, back, size)
	if err != nil {
		return err
	}
	if page.Epoch, err = a.knownEpoch(r.Context()); err != nil {
		return err
	}
	return reply.JSON(w, page)
}

// parseDirection reads dir, which way from the offsets given, and at, the time to
// begin at where none is given.
func parseDirection(query url.Values) (back bool, begins time.Time, err error) {
	if begins, err = parseMoment(query, "at", time.Now()); err != nil {
		return false, begins, err
	}
	switch query.Get("dir") {
	case "back":
		return true, begins, nil
	case "forward":
		return false, begins, nil
	case "":
		return begins.IsZero(), begins, nil
	}
	return false, begins, reply.BadRequest("dir is forward or back")
}

// streams finds the logs that are asked for: source=NAME/CHANNEL or
// source=mainlog, each with @OFFSET to begin there.
func (a *api) streams(r *http.Request, begins time.Time, back bool) ([]*stream, error) {
	asked := r.URL.Query()["source"]
	if len(asked) == 0 || len(asked) > maxSources {
		return nil, reply.BadRequest("from 1 to %d times source=NAME/CHANNEL or source=mainlog", maxSources)
	}
	var streams []*stream
	for _, text := range asked {
		s, err := parseSource(text)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(streams, func(other *stream) bool { return other.of == s.of }) {
			return nil, reply.BadRequest("the same source twice")
		}
		streams = append(streams, s)
	}
	for _, s := range streams { // who may not read one of them learns nothing of the others
		var err error
		if s.log, err = a.sourceLog(r, s.of); err != nil {
			return nil, err
		}
	}
	for _, s := range streams {
		s.begin(begins, back)
	}
	return streams, nil
}

func parseSource(text string) (*stream, error) {
	s := &stream{source: wire.MergedSource{Name: text}, where: where{off: -1}}
	if i := strings.LastIndexByte(text, '@'); i >= 0 {
		off, err := strconv.ParseInt(text[i+1:], 10, 64)
		if err != nil || off < 0 {
			return nil, reply.BadRequest("source=%.100s: behind the @ is an offset", text)
		}
		s.source.Name, s.where.off = text[:i], off
	}
	var err error
	s.of, err = parseLogName(s.source.Name)
	return s, err
}

func parseLogName(text string) (logName, error) {
	if text == "mainlog" {
		return logName{main: true}, nil
	}
	i := strings.LastIndexByte(text, '/')
	if i < 0 {
		return logName{}, reply.BadRequest("source=%.100s: it is NAME/CHANNEL or mainlog", text)
	}
	name := supervise.ParseNameSpec(text[:i])
	if name.WholeGroup() {
		return logName{}, badName(name)
	}
	ch, ok := supervise.ParseChannel(text[i+1:])
	if !ok {
		return logName{}, reply.Problem{Status: http.StatusNotFound, Text: "a channel is stdout or stderr"}
	}
	return logName{name: name, ch: ch}, nil
}

func (a *api) sourceLog(r *http.Request, of logName) (supervise.Log, error) {
	if of.main {
		return a.mainLog(r)
	}
	if err := auth.PermitOf(r.Context(), auth.Logs, of.name, a.engine); err != nil {
		return nil, err
	}
	return a.engine.Log(r.Context(), of.name, of.ch)
}

// begin finds where to begin where no offset was given: at the time asked for, or
// at one end of the log.
func (s *stream) begin(at time.Time, back bool) {
	oldest, end := s.log.Bounds()
	switch {
	case s.where.off >= 0:
	case !at.IsZero():
		s.where.off, _ = arrivedAt(s.log, at)
	case back:
		s.where.off = end
	default:
		s.where.off = oldest
	}
}

// read reads the first page of one log.
func (s *stream) read(back bool, size int64) error {
	s.where.from, s.where.max = fromAfter, size
	if back {
		s.where.from = fromBefore
		s.order = math.MaxInt64
	}
	page, err := readPage(s.log, s.where)
	if err != nil {
		return err
	}
	s.source.Off, s.source.End = page.Off, page.End
	s.source.Cont, s.source.Open, s.source.Gap = page.Cont, page.Open, page.Gap
	s.hold(page, back)
	return nil
}

// readOn reads the next page of a log of which no line is left. What does not
// join on to the page before, because it was rotated away meanwhile or because
// that page ended inside a line, is left to the next request.
func (s *stream) readOn(back bool) error {
	s.more = false
	if back && s.source.Cont || !back && s.source.Open {
		return nil
	}
	on := s.where
	if on.off = s.source.End; back {
		on.off = s.source.Off
	}
	page, err := readPage(s.log, on)
	switch {
	case err != nil:
		return err
	case back && page.End == s.source.Off:
		s.source.Off, s.source.Cont = page.Off, page.Cont
	case !back && page.Off == s.source.End:
		s.source.End, s.source.Open = page.End, page.Open
	default:
		return nil
	}
	s.hold(page, back)
	return nil
}

// hold takes the lines of a page, which joins on to those held before.
func (s *stream) hold(page wire.LogPage, back bool) {
	s.source.Oldest, s.source.Newest = page.Oldest, page.Newest
	s.more = page.Off > page.Oldest
	if !back {
		s.more = page.End < page.Newest
	}
	for i, text := range page.Lines {
		end := page.End
		if i+1 < len(page.Offs) {
			end = page.Offs[i+1]
		}
		s.lines = append(s.lines, mergedLine{text: text, off: page.Offs[i], end: end})
	}
	s.setTimes(page.At, back)
}

// setTimes gives each line its time. A clock that was set back must not turn
// lines of one log round, so that none counts as older than the one before it.
func (s *stream) setTimes(runs wire.Times, back bool) {
	for i, run := range runs {
		stop := int64(len(s.lines))
		if i+1 < len(runs) {
			stop = runs[i+1][0]
		}
		for n := run[0]; n < stop; n++ {
			s.lines[n].at = run[1]
		}
	}
	if len(s.lines) == 0 {
		return
	}
	if back {
		s.setOrder(0, s.order)
		s.order = s.lines[0].order
		return
	}
	s.setOrder(s.order, math.MaxInt64)
	s.order = s.lines[len(s.lines)-1].order
}

// setOrder gives each line its place in time, within those of the pages beside.
func (s *stream) setOrder(earliest, latest int64) {
	for i := range s.lines {
		earliest = max(earliest, s.lines[i].at)
		s.lines[i].order = min(earliest, latest)
	}
}

// mergePage makes a page of the lines that come next.
func mergePage(streams []*stream, back bool, size int64) (wire.MergedPage, error) {
	page := wire.MergedPage{Lines: wire.Lines{}, Source: []int{}, Offs: []int64{}, At: []int64{}}
	lines, err := takeLines(streams, back, size)
	if err != nil {
		return page, err
	}
	if back {
		slices.Reverse(lines)
	}
	for _, line := range lines {
		page.Lines = append(page.Lines, line.text)
		page.Source = append(page.Source, line.source)
		page.Offs = append(page.Offs, line.off)
		page.At = append(page.At, line.at)
	}
	for _, s := range streams {
		page.Sources = append(page.Sources, s.rest(back))
	}
	return page, nil
}

// takenLine is a line with the place of its log among the streams.
type takenLine struct {
	mergedLine
	source int
}

// takeLines takes lines in order, backwards the latest first, until they fill the
// page. Where one of the logs has no line left but more to read, what comes next
// is not known: it is read on then.
func takeLines(streams []*stream, back bool, size int64) (lines []takenLine, err error) {
	for taken := int64(0); ; {
		if err := readDry(streams, back, size-taken); err != nil {
			return nil, err
		}
		i := nextStream(streams, back)
		if i < 0 {
			return lines, nil
		}
		line := streams[i].next(back)
		if taken += line.end - line.off; taken > size && len(lines) > 0 {
			return lines, nil
		}
		streams[i].take(back)
		lines = append(lines, takenLine{line, i})
	}
}

// readDry reads on those logs that have no line left, while there is room.
func readDry(streams []*stream, back bool, room int64) error {
	for _, s := range streams {
		if len(s.lines) > 0 || !s.more || room <= 0 {
			continue
		}
		if err := s.readOn(back); err != nil {
			return err
		}
		if len(s.lines) == 0 {
			s.more = true // it did not join on: what comes next is not known
			return nil
		}
	}
	return nil
}

// nextStream gives the log whose line is next; -1 for none, or when that is not
// known. Of lines of one time, the log named first has the first.
func nextStream(streams []*stream, back bool) int {
	next := -1
	for i, s := range streams {
		if len(s.lines) == 0 {
			if s.more {
				return -1
			}
			continue
		}
		switch {
		case next < 0:
			next = i
		case back && s.next(back).order >= streams[next].next(back).order:
			next = i
		case !back && s.next(back).order < streams[next].next(back).order:
			next = i
		}
	}
	return next
}

// next is the line of a log that is next; there must be one.
func (s *stream) next(back bool) mergedLine {
	if back {
		return s.lines[len(s.lines)-1]
	}
	return s.lines[0]
}

func (s *stream) take(back bool) {
	if back {
		s.lines = s.lines[:len(s.lines)-1]
		return
	}
	s.lines = s.lines[1:]
}

// rest gives what of the log is in the page, the lines not taken left out.
func (s *stream) rest(back bool) wire.MergedSource {
	source := s.source
	if n := len(s.lines); n > 0 && back {
		source.Off, source.Cont = s.lines[n-1].end, false
		source.Gap = nil
	} else if n > 0 {
		source.End, source.Open = s.lines[0].off, false
	}
	if source.Off == source.End {
		source.Cont, source.Open = false, false
	}
	source.First = source.Off <= source.Oldest
	return source
}
