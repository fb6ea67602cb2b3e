package api

import (
	"bytes"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/wire"
	"supervisor/supervise"
)

const (
	usualPage = 64 << 10
	maxPage   = 256 << 10
)

// mainLogFile is what supervisord's own log is called when it is saved.
const mainLogFile = "supervisord.log"

func (a *api) logPage(w http.ResponseWriter, r *http.Request) error {
	log, _, err := a.processLog(r)
	if err != nil {
		return err
	}
	return a.page(w, r, log)
}

func (a *api) logRaw(w http.ResponseWriter, r *http.Request) error {
	log, name, err := a.processLog(r)
	if err != nil {
		return err
	}
	return a.download(w, r, log, name)
}

func (a *api) mainLogPage(w http.ResponseWriter, r *http.Request) error {
	log, err := a.mainLog(r)
	if err != nil {
		return err
	}
	return a.page(w, r, log)
}

func (a *api) mainLogRaw(w http.ResponseWriter, r *http.Request) error {
	log, err := a.mainLog(r)
	if err != nil {
		return err
	}
	return a.download(w, r, log, mainLogFile)
}

// processLog finds the log the path names, and what to call it when it is saved.
func (a *api) processLog(r *http.Request) (log supervise.Log, file string, err error) {
	name, err := processName(r)
	if err != nil {
		return nil, "", err
	}
	if err := auth.PermitOf(r.Context(), auth.Logs, name, a.engine); err != nil {
		return nil, "", err
	}
	ch, ok := supervise.ParseChannel(param(r, "channel"))
	if !ok {
		return nil, "", reply.Problem{Status: http.StatusNotFound, Text: "a channel is stdout or stderr"}
	}
	log, err = a.engine.Log(r.Context(), name, ch)
	return log, fileName(name.Group + "-" + name.Process + "-" + ch.String() + ".log"), err
}

// fileName leaves nothing in a name that means something in a path.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, name)
}

func (a *api) mainLog(r *http.Request) (supervise.Log, error) {
	if err := auth.Check(r.Context(), auth.MainLog, auth.Supervisord); err != nil {
		return nil, err
	}
	return a.engine.MainLog(r.Context())
}

func (a *api) page(w http.ResponseWriter, r *http.Request, log supervise.Log) error {
	where, err := parseWhere(r.URL.Query())
	if err != nil {
		return err
	}
	if err := a.sameEpoch(r); err != nil {
		return err
	}
	sure := true
	if where.from == fromTime {
		where.off, sure = arrivedAt(log, where.at)
		where.from = fromAfter
	}
	page, err := readPage(log, where)
	if err != nil {
		return err
	}
	page.Guess = !sure
	if page.Epoch, err = a.knownEpoch(r.Context()); err != nil {
		return err
	}
	return reply.JSON(w, page)
}

// arrivedAt finds the first line that came at a time or later. A log that knows
// nothing of times is read from its beginning.
func arrivedAt(log supervise.Log, at time.Time) (off int64, sure bool) {
	history, ok := log.(supervise.LogHistory)
	if !ok {
		oldest, _ := log.Bounds()
		return oldest, false
	}
	off, sure = history.ArrivedAt(at)
	oldest, _ := log.Bounds()
	if off <= oldest {
		return off, sure
	}
	// Of what came then, the beginning may belong to a line that was there.
	data := make([]byte, maxPage)
	n, err := log.ReadAt(data, off-1)
	if i := bytes.IndexByte(data[:n], '\n'); i >= 0 && (err == nil || errors.Is(err, io.EOF)) {
		off += int64(i)
	}
	return off, sure
}

// sameEpoch refuses offsets of an earlier supervisord, if the client says of
// which one they are.
func (a *api) sameEpoch(r *http.Request) error {
	asked := r.URL.Query().Get("epoch")
	if asked == "" {
		return nil
	}
	epoch, err := a.knownEpoch(r.Context())
	if err == nil && asked != epoch {
		return reply.Problem{Status: http.StatusGone, Text: "supervisord was started anew: this offset is of an earlier life"}
	}
	return err
}

func (a *api) logFiles(w http.ResponseWriter, r *http.Request) error {
	log, _, err := a.processLog(r)
	if err != nil {
		return err
	}
	return a.files(w, r, log)
}

func (a *api) mainLogFiles(w http.ResponseWriter, r *http.Request) error {
	log, err := a.mainLog(r)
	if err != nil {
		return err
	}
	return a.files(w, r, log)
}

func (a *api) files(w http.ResponseWriter, r *http.Request, log supervise.Log) error {
	if err := a.sameEpoch(r); err != nil {
		return err
	}
	epoch, err := a.knownEpoch(r.Context())
	if err != nil {
		return err
	}
	answer := wire.LogFiles{Epoch: epoch, Files: wire.FromLogFiles(filesOf(log)), Path: log.Path(), Trouble: log.Trouble()}
	if mirrored, ok := log.(supervise.MirroredLog); ok {
		answer.Syslog = mirrored.Syslog()
	}
	return reply.JSON(w, answer)
}

// parseWhere reads which page is wanted: at most one of before, after, around,
// at and tail, the end of the log if none.
func parseWhere(query url.Values) (where, error) {
	size, err := number(query, "max", usualPage)
	if err != nil {
		return where{}, err
	}
	found := where{from: fromEnd, max: min(maxPage, max(size, 1))}
	given := 0
	for name, from := range map[string]origin{"before": fromBefore, "after": fromAfter, "around": fromAround, "tail": fromEnd} {
		if !query.Has(name) {
			continue
		}
		given++
		if found.off, err = number(query, name, 0); err != nil {
			return where{}, err
		}
		found.from = from
	}
	if query.Has("at") {
		given++
		found.from = fromTime
		if found.at, err = parseMoment(query, "at", time.Now()); err != nil {
			return where{}, err
		}
	}
	if given > 1 {
		return where{}, reply.BadRequest("only one of before, after, around, at and tail")
	}
	if found.from == fromEnd && query.Has("tail") {
		found.max = min(maxPage, max(found.off, 1))
	}
	return found, nil
}

func number(query url.Values, name string, otherwise int64) (int64, error) {
	if !query.Has(name) {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(query.Get(name), 10, 64)
	if err != nil || n < 0 {
		return 0, reply.BadRequest("%s: a whole number from 0 to %d was expected", name, int64(math.MaxInt64))
	}
	return n, nil
}

// download sends the bytes of a log as a file, all of them or from one offset to
// another, with ranges. A log that goes on growing ends where it ended now.
func (a *api) download(w http.ResponseWriter, r *http.Request, log supervise.Log, file string) error {
	if err := a.sameEpoch(r); err != nil {
		return err
	}
	oldest, end := log.Bounds()
	from, err := number(r.URL.Query(), "from", oldest)
	if err != nil {
		return err
	}
	to, err := number(r.URL.Query(), "to", end)
	if err != nil {
		return err
	}
	if r.URL.Query().Has("file") {
		one, err := oneFile(r.URL.Query(), log)
		if err != nil {
			return err
		}
		if from, to = one.Off, one.End; one.Name != "" {
			file = fileName(one.Name)
		}
	}
	from = min(max(from, oldest), end)
	to = min(max(to, from), end)
	attach(w, "text/plain", file)
	w.Header().Set("X-Log-Offset", strconv.FormatInt(from, 10))
	http.ServeContent(w, r, "", time.Time{}, io.NewSectionReader(whole{log}, from, to-from))
	return nil
}

// oneFile finds the file of a log that file= names by its number.
func oneFile(query url.Values, log supervise.Log) (supervise.LogFile, error) {
	if query.Has("from") || query.Has("to") {
		return supervise.LogFile{}, reply.BadRequest("either file, or from and to")
	}
	n, err := number(query, "file", 0)
	if err != nil {
		return supervise.LogFile{}, err
	}
	for _, file := range filesOf(log) {
		if int64(file.Backup) == n {
			return file, nil
		}
	}
	return supervise.LogFile{}, reply.Problem{Status: http.StatusNotFound, Text: "the log has no such file"}
}

// attach says that what follows is to be saved as a file.
func attach(w http.ResponseWriter, kind, file string) {
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file}))
}

// whole reads a log as io.ReaderAt wants it: all of p, or an error.
type whole struct{ log supervise.Log }

func (r whole) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		read, err := r.log.ReadAt(p[n:], off+int64(n))
		n += read
		if n == len(p) {
			break
		}
		if err != nil {
			return n, err
		}
		if read == 0 {
			return n, io.ErrNoProgress
		}
	}
	return n, nil
}
