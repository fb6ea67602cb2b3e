package server

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/supervise"
)

const (
	// readTimeout is how long a client may take to send a body.
	readTimeout = 30 * time.Second
	// writeTimeout is how long a client may take to take one piece of an answer.
	writeTimeout = 30 * time.Second
	writePiece   = 256 << 10
	// maxBody is how large a body may be, for rooms that set no lower limit.
	maxBody = 1 << 20
)

// observe is the outermost: it gives a request its number and its log, makes an
// answer of a panic, writes the access log, and tells Stop who is still at work.
func (s *Server) observe(next http.Handler) http.Handler {
	prefix, number := strconv.FormatInt(time.Now().UnixNano(), 36), newCounter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		defer s.requests.Done()
		id := prefix + "-" + strconv.FormatUint(number(), 10)
		w.Header().Set("X-Request-Id", id)
		a := &answer{ResponseWriter: w, wire: http.NewResponseController(w)}
		ctx := reply.WithLog(r.Context(), s.log, id)
		if reason := r.Header.Get("X-Reason"); reason != "" {
			ctx = audit.WithReason(ctx, reason)
		}
		if id := r.Header.Get("X-Restart"); id != "" {
			ctx = supervise.WithRestart(ctx, id)
		}
		r = r.WithContext(ctx)
		defer s.finish(a, r, time.Now())
		next.ServeHTTP(a, r)
	})
}

// finish ends an answer, however its handler ended.
func (s *Server) finish(a *answer, r *http.Request, began time.Time) {
	failure := recover()
	if failure != nil && failure != http.ErrAbortHandler {
		reply.Log(r.Context()).Error("a handler panicked", "method", r.Method, "path", reply.WithoutSecret(r.URL.Path),
			"panic", fmt.Sprint(failure), "stack", string(debug.Stack()))
		if a.status == 0 && !a.hijacked {
			reply.Page(a, http.StatusInternalServerError)
			failure = nil
		}
	}
	if !a.hijacked {
		a.hurry() // for what net/http sends after us
	}
	if reply.Tracing(r.Context()) {
		reply.Log(r.Context()).Log(r.Context(), reply.LevelTrace, accessLine(a, r, began))
	}
	if failure != nil {
		panic(http.ErrAbortHandler) // half an answer was sent: the client must see that it ends here
	}
}

// accessLine is the line the original writes (http.py deferring_http_request.log).
func accessLine(a *answer, r *http.Request, began time.Time) string {
	from := r.RemoteAddr
	if from == "" || from == "@" {
		from = "localhost:0"
	}
	return fmt.Sprintf("%s - - [%s] \"%s %s %s\" %d %d", from, began.Format("02/Jan/2006:15:04:05 -0700"),
		r.Method, reply.WithoutSecret(r.RequestURI), r.Proto, a.status, a.bytes)
}

// answer is a ResponseWriter that knows what was answered, and gives the client
// a while for each piece of it instead of for all of it: answers may stream for
// days, but not to somebody who does not read.
type answer struct {
	http.ResponseWriter
	wire     *http.ResponseController
	status   int
	bytes    int64
	hijacked bool
}

// hurry gives the client a while for what comes next. Only a connection that is
// no connection (in tests) knows no deadlines.
func (a *answer) hurry() {
	_ = a.wire.SetWriteDeadline(time.Now().Add(writeTimeout))
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
		a.hurry()
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	written := 0
	for {
		a.hurry()
		n, err := a.ResponseWriter.Write(p[:min(len(p), writePiece)])
		written += n
		a.bytes += int64(n)
		if p = p[min(len(p), writePiece):]; err != nil || len(p) == 0 {
			return written, err
		}
	}
}

// Flush is for those who ask for an http.Flusher.
func (a *answer) Flush() { _ = a.FlushError() }

func (a *answer) FlushError() error {
	a.hurry()
	return a.wire.Flush()
}

// Hijack hands the connection over, without any deadline of ours.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffer, err := a.wire.Hijack()
	if err == nil {
		a.hijacked = true
		a.status = http.StatusSwitchingProtocols
	}
	return conn, buffer, err
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// limit bounds what a body may weigh and how long it may take to arrive. The
// deadline is on the body and not on the connection, where it would end answers
// that are waited for.
func limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			wire := http.NewResponseController(w)
			if err := wire.SetReadDeadline(time.Now().Add(readTimeout)); err == nil {
				r.Body = &timedBody{ReadCloser: r.Body, wire: wire}
			}
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		}
		next.ServeHTTP(w, r)
	})
}

// timedBody lifts the deadline once the body has arrived.
type timedBody struct {
	io.ReadCloser
	wire *http.ResponseController
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		_ = b.wire.SetReadDeadline(time.Time{}) // it could be set, so it can be lifted
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = reply.Problem{Status: http.StatusRequestTimeout, Text: "the body did not arrive in time"}
	}
	return n, err
}

// contentPolicy lets the page load from here and nowhere else, and be framed by
// nobody; there is no inline script or style, so nothing has to be excepted.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'self'; form-action 'self'; " +
	"frame-ancestors 'none'; require-trusted-types-for 'script'"

// harden sets what browsers are told about every answer.
func harden(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", contentPolicy)
		header.Set("X-Frame-Options", "DENY")
		header.Set("X-Content-Type-Options", "nosniff")
		// Nothing of an address leaves for another site. With no-referrer, which
		// would keep it from our own pages too, browsers over plain HTTP send a
		// form with "Origin: null", as a sandboxed page does.
		header.Set("Referrer-Policy", "same-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// plain sets what matters for answers that are for programs, should a browser
// show one all the same.
func plain(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses to change anything on behalf of another site's page. Basic
// credentials are as ambient in a browser as cookies are. A read over /live is
// a GET, which that room checks itself.
func (s *Server) sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if protection.Check(r) != nil || !ownScheme(r) {
			reply.Log(r.Context()).Warn("a page of another site was refused", "origin", r.Header.Get("Origin"),
				"method", r.Method, "path", reply.WithoutSecret(r.URL.Path))
			s.refused(r, audit.CrossSite, "a page of "+cmp.Or(r.Header.Get("Origin"), "another site"))
			reply.Page(w, http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// refused writes down what was refused before anybody was asked who they are.
func (s *Server) refused(r *http.Request, verb auth.Verb, why string) {
	who := auth.Sender(r)
	s.house.Trail.Stranger(auth.With(r.Context(), who), who.Addr, audit.Entry{
		Verb: verb, Target: r.Method + " " + reply.WithoutSecret(r.URL.Path), Detail: why,
	})
}

// ownScheme adds to the protection of net/http what it leaves open: where a
// browser does not itself say how a page and a request belong together, it
// compares hosts only, and a page over HTTP is none of ours over TLS.
func ownScheme(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return true
	}
	origin := r.Header.Get("Origin")
	return origin == "" || r.Header.Get("Sec-Fetch-Site") != "" || auth.Origin(origin) == auth.OwnOrigin(r)
}

// streaming ends a request when the server stops: its answer would never end by
// itself, and Stop waits for answers.
func (s *Server) streaming(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(s.closing, cancel)()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
