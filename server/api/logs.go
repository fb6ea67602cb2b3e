package api

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/supervise"
)

const (
	usualPage = 64 << 10
	maxPage   = 256 << 10
)

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
	return download(w, r, log, name)
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
	return download(w, r, log, "supervisord.log")
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
	epoch, err := a.knownEpoch(r.Context())
	if err != nil {
		return err
	}
	if asked := r.URL.Query().Get("epoch"); asked != "" && asked != epoch {
		return reply.Problem{Status: http.StatusGone, Text: "supervisord was started anew: this offset is of an earlier life"}
	}
	page, err := readPage(log, where)
	if err != nil {
		return err
	}
	page.Epoch = epoch
	return reply.JSON(w, page)
}

// parseWhere reads which page is wanted: at most one of before, after, around
// and tail, the end of the log if none.
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
	if given > 1 {
		return where{}, reply.BadRequest("only one of before, after, around and tail")
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
		return 0, reply.BadRequest("%s is a whole number", name)
	}
	return n, nil
}

// download sends the bytes of a log as a file, all of them or from one offset to
// another, with ranges. A log that goes on growing ends where it ended now.
func download(w http.ResponseWriter, r *http.Request, log supervise.Log, file string) error {
	oldest, end := log.Bounds()
	from, err := number(r.URL.Query(), "from", oldest)
	if err != nil {
		return err
	}
	to, err := number(r.URL.Query(), "to", end)
	if err != nil {
		return err
	}
	from = min(max(from, oldest), end)
	to = min(max(to, from), end)
	header := w.Header()
	header.Set("Content-Type", "text/plain")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file}))
	header.Set("X-Log-Offset", strconv.FormatInt(from, 10))
	http.ServeContent(w, r, "", time.Time{}, io.NewSectionReader(whole{log}, from, to-from))
	return nil
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
