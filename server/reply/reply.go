package reply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"supervisor/server/wire"
	"supervisor/supervise"
)

// Problem is an error of HTTP itself rather than of the supervisor: a body that
// is not JSON, a method that is not allowed. Text goes to the client.
type Problem struct {
	Status int
	Text   string
	Reason wire.Reason   // "" where the status says enough
	Wait   time.Duration // after so long it may be tried again; 0 says nothing of that
}

// Error gives the text the client reads.
func (p Problem) Error() string { return p.Text }

// BadRequest is the Problem of a request that cannot be understood.
func BadRequest(format string, args ...any) error {
	return Problem{Status: http.StatusBadRequest, Text: fmt.Sprintf(format, args...)}
}

// Handler makes an http.Handler of a function that may fail. The function
// either writes a whole answer and returns nil, or writes nothing and returns
// the error to be answered.
func Handler(serve func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := serve(w, r); err != nil {
			Error(w, r, err)
		}
	})
}

// JSON answers 200 with v. The value is encoded before the first byte is sent,
// so that a value that cannot be encoded is an error and not half an answer.
func JSON(w http.ResponseWriter, v any) error { return Status(w, http.StatusOK, v) }

// Status answers with v under another status than 200.
func Status(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	send(w, status, "application/json", append(body, '\n'))
	return nil
}

// Error answers with err, and logs it when it is ours alone to know. What fails
// because the client has left or the server stops is nobody's error; it is
// answered all the same, because an empty answer would mean success to a client
// that is still there.
func Error(w http.ResponseWriter, r *http.Request, err error) {
	status, body := describe(err)
	if status == http.StatusInternalServerError && body.Code == 0 {
		if r.Context().Err() == nil {
			Log(r.Context()).Error("answer a request", "method", r.Method, "path", r.URL.Path, "err", err)
		} else {
			status = http.StatusServiceUnavailable
			body.Name = name(status)
		}
	}
	var problem Problem
	if errors.As(err, &problem) && problem.Wait > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(int64((problem.Wait+time.Second-1)/time.Second), 10))
	}
	if failed := Status(w, status, wire.Failure{Error: body}); failed != nil {
		Log(r.Context()).Error("answer a request with an error", "err", failed)
	}
}

// Page answers with the original's HTML error page, which its clients may show
// as it is (medusa/http_server.py DEFAULT_ERROR_MESSAGE).
func Page(w http.ResponseWriter, status int) {
	page := fmt.Sprintf("<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n"+
		"<h1>Error response</h1>\r\n<p>Error code %d.\r\n<p>Message: %s.\r\n</body>\r\n",
		status, http.StatusText(status))
	send(w, status, "text/html", []byte(page))
}

// Text answers with a few words of plain text.
func Text(w http.ResponseWriter, status int, text string) {
	send(w, status, "text/plain", []byte(text))
}

// HTML answers with a page for people.
func HTML(w http.ResponseWriter, status int, page string) {
	send(w, status, "text/html; charset=utf-8", []byte(page))
}

func send(w http.ResponseWriter, status int, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	// A write can only fail because the client went away, which the server
	// notices by itself; there is nobody left to tell.
	_, _ = w.Write(body)
}

// describe finds the status and the words for err.
func describe(err error) (int, wire.Fault) {
	var (
		known    supervise.Fault
		problem  Problem
		tooLarge *http.MaxBytesError
	)
	switch {
	case errors.As(err, &known):
		return StatusOf(known.Code), wire.FromFault(known)
	case errors.As(err, &problem):
		return problem.Status, wire.Fault{Name: name(problem.Status), Detail: problem.Text, Reason: problem.Reason}
	case errors.As(err, &tooLarge):
		status := http.StatusRequestEntityTooLarge
		return status, wire.Fault{Name: name(status), Detail: fmt.Sprintf("at most %d bytes", tooLarge.Limit)}
	}
	return http.StatusInternalServerError, wire.Fault{Name: name(http.StatusInternalServerError)}
}

// name spells a status the way fault names are spelled: 404 is NOT_FOUND.
func name(status int) string {
	text := []byte(http.StatusText(status))
	for i, c := range text {
		switch {
		case 'a' <= c && c <= 'z':
			text[i] = c - 'a' + 'A'
		case c == ' ' || c == '-':
			text[i] = '_'
		}
	}
	return string(text)
}

// StatusOf gives the HTTP status of a fault: 4xx where another request, or the
// same one later, could succeed; 422 where the program or its configuration is
// what has to change.
func StatusOf(code supervise.FaultCode) int {
	switch code {
	case supervise.FaultIncorrectParameters, supervise.FaultBadArguments, supervise.FaultBadSignal:
		return http.StatusBadRequest
	case supervise.FaultForbidden:
		return http.StatusForbidden
	case supervise.FaultBadName, supervise.FaultNoFile, supervise.FaultUnknownMethod, supervise.FaultSignatureUnsupported:
		return http.StatusNotFound
	case supervise.FaultAlreadyStarted, supervise.FaultNotRunning, supervise.FaultAlreadyAdded, supervise.FaultStillRunning:
		return http.StatusConflict
	case supervise.FaultNotExecutable, supervise.FaultSpawnError, supervise.FaultAbnormalTermination, supervise.FaultCantReread:
		return http.StatusUnprocessableEntity
	case supervise.FaultShutdownState:
		return http.StatusServiceUnavailable
	case supervise.FaultFailed:
		return http.StatusInternalServerError
	}
	return http.StatusInternalServerError
}

// Levels of the main log that slog has no name for; the numbers are those its
// handler prints as TRAC and CRIT.
const (
	LevelTrace    = slog.Level(-8)
	LevelCritical = slog.Level(12)
)

type logKey struct{}

// requestLog is kept instead of a logger that names the request, because most
// requests log nothing.
type requestLog struct {
	log *slog.Logger
	id  string
}

// WithLog gives the request under ctx, known by id, the log its handlers write
// to. The server's first middleware calls it.
func WithLog(ctx context.Context, log *slog.Logger, id string) context.Context {
	return context.WithValue(ctx, logKey{}, &requestLog{log, id})
}

// Log is the log of the request that ctx belongs to, or the process's own.
func Log(ctx context.Context) *slog.Logger {
	if kept, ok := ctx.Value(logKey{}).(*requestLog); ok {
		return kept.log.With("request", kept.id)
	}
	return slog.Default()
}

// RequestID gives the number of the request that ctx belongs to, "" for none.
func RequestID(ctx context.Context) string {
	if kept, ok := ctx.Value(logKey{}).(*requestLog); ok {
		return kept.id
	}
	return ""
}

// Tracing tells whether the log of ctx takes lines of LevelTrace, so that
// nobody makes one to have it dropped.
func Tracing(ctx context.Context) bool {
	kept, ok := ctx.Value(logKey{}).(*requestLog)
	return ok && kept.log.Enabled(ctx, LevelTrace)
}

// WithoutSecret gives an address as logs and the trail may have it: whoever reads
// one could open the link it names.
func WithoutSecret(uri string) string {
	if before, _, found := strings.Cut(uri, "/link/"); found {
		return before + "/link/..."
	}
	return uri
}
