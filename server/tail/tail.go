package tail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/supervise"
)

// Engine is what this room needs of whoever keeps the processes.
type Engine interface {
	auth.Names
	Log(ctx context.Context, name supervise.NameSpec, ch supervise.Channel) (supervise.Log, error)
	MainLog(ctx context.Context) (supervise.Log, error)
}

const (
	// head is how much of the past a follower is given (http.py logtail_handler).
	head = 1024
	// pieceSize is how much is read and sent at once.
	pieceSize = 64 << 10
	// truncated is what the original means to say, and fails to, when a log
	// shrinks under its readers (http.py tail_f_producer).
	truncated = "==> File truncated <==\n"
)

// Process follows the log named in the path, behind /logtail. Any path that
// begins so is meant, as in the original.
func Process(engine Engine, trail *audit.Log) http.Handler {
	return &handler{trail: trail, find: func(r *http.Request) (supervise.Log, error) {
		name, ch, ok := parse(r.URL.Path)
		if !ok {
			return nil, errNoLog
		}
		if err := auth.PermitOf(r.Context(), auth.Logs, name, engine); err != nil {
			return nil, err
		}
		return engine.Log(r.Context(), name, ch)
	}}
}

// Main follows supervisord's own log.
func Main(engine Engine, trail *audit.Log) http.Handler {
	return &handler{trail: trail, find: func(r *http.Request) (supervise.Log, error) {
		if err := auth.Check(r.Context(), auth.MainLog, auth.Supervisord); err != nil {
			return nil, err
		}
		return engine.MainLog(r.Context())
	}}
}

// errNoLog says that the path names no log.
var errNoLog = errors.New("there is no such log")

// parse reads /logtail/NAME[/CHANNEL]. The channel is stdout unless named, and
// a name may not be a whole group.
func parse(path string) (name supervise.NameSpec, ch supervise.Channel, ok bool) {
	_, rest, found := strings.Cut(strings.TrimLeft(path, "/"), "/")
	if !found || rest == "" {
		return name, ch, false
	}
	process, channel, named := strings.Cut(rest, "/")
	if !named {
		channel = supervise.Stdout.String()
	}
	name = supervise.ParseNameSpec(process)
	ch, known := supervise.ParseChannel(channel)
	return name, ch, known && channel == ch.String() && !name.WholeGroup()
}

// handler follows whatever log find finds. What cannot be found, or may not be
// seen, is 404 alike, so that nobody learns what there is by asking.
type handler struct {
	trail  *audit.Log // told of what is refused
	find   func(*http.Request) (supervise.Log, error)
	pieces sync.Pool // of *[pieceSize]byte; a follower that waits holds none
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		reply.Page(w, http.StatusBadRequest)
		return
	}
	log, err := h.find(r)
	if err != nil {
		h.trail.Refused(r.Context(), err)
		refuse(w, r, err)
		return
	}
	file, err := os.Stat(log.Path()) // fails for a log kept in memory too
	if err != nil {
		refuse(w, r, errNoLog)
		return
	}
	w.Header().Set("Last-Modified", file.ModTime().UTC().Format(http.TimeFormat))
	err = h.follow(w, r, log)
	if r.Context().Err() == nil && !errors.Is(err, errOver) { // nor has the client left, nor the server stopped
		reply.Log(r.Context()).Warn("follow a log", "path", log.Path(), "err", err)
	}
}

func refuse(w http.ResponseWriter, r *http.Request, err error) {
	var fault supervise.Fault
	switch {
	case r.Context().Err() != nil: // the client went away, or the server stops
		reply.Page(w, http.StatusServiceUnavailable)
	case errors.As(err, &fault) && fault.Code == supervise.FaultForbidden:
		reply.Page(w, http.StatusForbidden)
	case errors.Is(err, errNoLog), errors.As(err, &fault):
		reply.Page(w, http.StatusNotFound)
	default:
		reply.Log(r.Context()).Error("find a log to follow", "err", err)
		reply.Page(w, http.StatusInternalServerError)
	}
}

// follower sends one log to one client.
type follower struct {
	log  supervise.Log
	next int64 // the number of the next byte to send
	out  io.Writer
}

// errOver is the end of a log whose process is no more, and of all at a reload.
var errOver = errors.New("the log has been given up")

// follow sends the end of the log and then what is added to it, until the
// client goes away, the server stops, or the log is given up or cannot be read. It always ends
// with an error, which says which of them it was.
func (h *handler) follow(w http.ResponseWriter, r *http.Request, log supervise.Log) error {
	oldest, end := log.Bounds()
	f := follower{log: log, next: max(oldest, end-head), out: w}
	wire := http.NewResponseController(w)
	header := w.Header()
	header.Set("Content-Type", "text/plain;charset=utf-8")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Accel-Buffering", "no") // nginx would keep lines back
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	for {
		if err := h.send(&f, end); err != nil {
			return err
		}
		if err := wire.Flush(); err != nil {
			return err
		}
		var err error
		end, err = log.Wait(r.Context(), f.next)
		if errors.Is(err, supervise.ErrLogGone) {
			return errOver
		}
		if err != nil {
			return err
		}
	}
}

func (h *handler) send(f *follower, end int64) error {
	piece, ok := h.pieces.Get().(*[pieceSize]byte)
	if !ok {
		piece = new([pieceSize]byte)
	}
	defer h.pieces.Put(piece)
	return f.send(end, piece[:])
}

// send brings the client up to end.
func (f *follower) send(end int64, piece []byte) error {
	for f.next < end {
		n, err := f.log.ReadAt(piece[:min(end-f.next, int64(len(piece)))], f.next)
		if _, failed := f.out.Write(piece[:n]); failed != nil {
			return failed
		}
		f.next += int64(n)
		switch {
		case errors.Is(err, supervise.ErrLogGone):
			if err := f.skip(); err != nil {
				return err
			}
		case err != nil && !errors.Is(err, io.EOF):
			return err
		case n == 0:
			return fmt.Errorf("the log ends at byte %d and should at %d", f.next, end)
		}
	}
	return nil
}

// skip goes on with the oldest byte there still is.
func (f *follower) skip() error {
	oldest, _ := f.log.Bounds()
	if oldest <= f.next {
		return fmt.Errorf("byte %d of the log is gone, though the oldest is %d", f.next, oldest)
	}
	f.next = oldest
	_, err := io.WriteString(f.out, truncated)
	return err
}
