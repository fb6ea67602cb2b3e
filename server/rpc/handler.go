package rpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/supervise"
)

// maxBody is how large a call may be.
const maxBody = 1 << 20

// Handler answers XML-RPC calls. It is made by New.
type Handler struct {
	engine  Engine
	methods map[string]*method // all there are, for Call
	table   map[string]*method // those that are offered
	secrets supervise.Secrets
	trail   *audit.Log
	buffers sync.Pool            // of *bytes.Buffer-like *[]byte, for calls and answers
	readers chan struct{}        // see budget
	infos   atomic.Pointer[page] // the rows of getAllProcessInfo as they last were
	listed  lastListed
	plugins map[string]*plugged // by namespace
}

// New makes the handler. The requests it serves have passed auth.Require.
func New(engine Engine) *Handler {
	methods := newTable()
	return &Handler{engine: engine, methods: methods, table: methods, readers: make(chan struct{}, readersAtOnce), plugins: map[string]*plugged{}}
}

// Offer leaves only the methods of the namespaces named, and of system, which is
// always there. It is for a configuration that names other interfaces than the
// usual one, or none. Call it before the handler serves.
func (h *Handler) Offer(namespaces ...string) *Handler {
	h.table = maps.Clone(h.methods)
	maps.DeleteFunc(h.table, func(name string, _ *method) bool {
		namespace, _, _ := strings.Cut(name, ".")
		return namespace != "system" && !slices.Contains(namespaces, namespace)
	})
	return h
}

// Hide keeps the values of secrets out of command lines. Call it before the
// handler serves.
func (h *Handler) Hide(secrets supervise.Secrets) *Handler {
	h.secrets = secrets
	return h
}

// Tell has a trail kept of what is done here, and of what is refused. Call it
// before the handler serves.
func (h *Handler) Tell(trail *audit.Log) *Handler {
	h.trail = trail
	return h
}

// ServeHTTP answers one call. Only POST with a Content-Length is understood, as
// in the original (medusa/xmlrpc_handler.py).
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method != http.MethodPost:
		reply.Page(w, http.StatusBadRequest)
		return
	case r.ContentLength < 0 || r.ContentLength == 0 && r.Header.Get("Content-Length") == "":
		reply.Page(w, http.StatusLengthRequired)
		return
	case r.ContentLength > maxBody:
		reply.Page(w, http.StatusRequestEntityTooLarge)
		return
	}
	buffer := h.borrow()
	defer h.giveBack(buffer)
	c, err := h.read(r, buffer)
	if err != nil {
		if r.Context().Err() == nil {
			logUnread(reply.Log(r.Context()), err)
		}
		reply.Page(w, http.StatusBadRequest)
		return
	}
	ctx, settle := h.withBudget(r.Context())
	defer settle()
	v, err := h.traced(ctx, c)
	h.answer(w, r, buffer, v, err)
}

// logUnread says what could not be read, and to those who debug a client, why.
func logUnread(log *slog.Logger, err error) {
	log.Error(err.Error())
	if reason := errors.Unwrap(err); reason != nil {
		log.Debug("XML-RPC request data cannot be read", "err", reason)
	}
}

// quoted is how much of a call that cannot be read is repeated in the log.
const quoted = 256

// read takes the call out of the body. What it gives holds nothing of buffer.
// Its errors are the original's log lines.
func (h *Handler) read(r *http.Request, buffer *[]byte) (call, error) {
	body := bytes.NewBuffer((*buffer)[:0])
	if _, err := body.ReadFrom(io.LimitReader(r.Body, maxBody)); err != nil {
		return call{}, fmt.Errorf("read an XML-RPC request: %w", err)
	}
	data := body.Bytes()
	*buffer = data[:0]
	c, err := decodeRare(bytes.NewReader(data))
	if err == nil && c.rare {
		c.params, err = h.asRead(c.method, c.params)
	}
	if err != nil {
		return call{}, unreadable{begin(data), err}
	}
	if c.method == "" {
		return call{}, fmt.Errorf("XML-RPC request data %s is invalid: no method name", begin(data))
	}
	return c, nil
}

// asRead gives what methods of ours are called with as the original reads it. What a
// plug-in is called with stays what it is, also within a multicall.
func (h *Handler) asRead(method string, params array) (array, error) {
	p, _ := h.plugin(method)
	switch {
	case p != nil:
		return params, nil
	case method == multicall && len(params) == 1:
		calls, err := h.callsAsRead(params[0])
		return array{calls}, err
	}
	return plainAll(params)
}

// callsAsRead is asRead for what a multicall is given, calls or not.
func (h *Handler) callsAsRead(v value) (value, error) {
	list, ok := v.(array)
	if !ok {
		return plain(v)
	}
	calls := make(array, len(list))
	for i, each := range list {
		if h.asksPlugin(each) {
			calls[i] = each
			continue
		}
		var err error
		if calls[i], err = plain(each); err != nil {
			return nil, err
		}
	}
	return calls, nil
}

// asksPlugin tells whether v is a call of a plug-in within a multicall.
func (h *Handler) asksPlugin(v value) bool {
	c, _ := v.(object)
	name, err := bare(c.get("methodName"))
	if err != nil {
		return false
	}
	method, _ := name.(text)
	p, _ := h.plugin(string(method))
	return p != nil
}

// unreadable is a body that is no call. The original's log does not say why not.
type unreadable struct {
	data   string
	reason error
}

func (u unreadable) Error() string {
	return "XML-RPC request data " + u.data + " is invalid: unmarshallable"
}
func (u unreadable) Unwrap() error { return u.reason }

// begin is the beginning of a body, fit for a line of the log.
func begin(data []byte) string { return supervise.Quote(string(data[:min(len(data), quoted)])) }

// traced makes the call, with the original's lines at level TRAC.
func (h *Handler) traced(ctx context.Context, c call) (value, error) {
	if !reply.Tracing(ctx) {
		return h.call(ctx, c.method, c.params)
	}
	log := reply.Log(ctx)
	log.Log(ctx, reply.LevelTrace, "XML-RPC method called: "+c.method+"()")
	v, err := h.call(ctx, c.method, c.params)
	if f, ok := asFault(err); ok {
		log.Log(ctx, reply.LevelTrace, fmt.Sprintf("XML-RPC method %s() returned fault: [%d] %s", c.method, f.code, f.text))
	} else if err == nil {
		log.Log(ctx, reply.LevelTrace, "XML-RPC method "+c.method+"() returned successfully")
	}
	return v, err
}

func (h *Handler) call(ctx context.Context, name string, args []value) (value, error) {
	if p, method := h.plugin(name); p != nil {
		return h.callPlugin(ctx, p, method, args)
	}
	return h.make(ctx, h.table[name], args)
}

// make judges a call in the order the original does, and makes it; m is nil
// where there is no such method.
func (h *Handler) make(ctx context.Context, m *method, args []value) (value, error) {
	switch {
	case m == nil:
		return nil, supervise.Fault{Code: supervise.FaultUnknownMethod}
	case !m.accepts(len(args)):
		return nil, errParameters
	case !m.always && h.engine.Mood() < supervise.MoodRunning:
		return nil, supervise.Fault{Code: supervise.FaultShutdownState}
	}
	ctx, act := h.trail.Begin(ctx)
	v, err := h.carryOut(ctx, m, args)
	act.End(ctx, plainFault(err))
	return v, err
}

// carryOut makes a call that is understood, if whoever asks may.
func (h *Handler) carryOut(ctx context.Context, m *method, args []value) (value, error) {
	name, given, err := m.concerns(args)
	if err != nil {
		return m.run(h, ctx, args) // which says so in its own words
	}
	if err := h.permit(ctx, m.verb, name, given); err != nil {
		return nil, err
	}
	audit.Of(ctx).AboutIn(ctx, h.engine, m.verb, name)
	return m.run(h, ctx, args)
}

// plainFault is err in the vocabulary of the house: a fault of ours repeats what
// the client wrote, in Python's spelling.
func plainFault(err error) error {
	var mine fault
	if errors.As(err, new(auth.Refusal)) || !errors.As(err, &mine) {
		return err
	}
	return supervise.Fault{Code: mine.code, Detail: strings.TrimPrefix(strings.TrimPrefix(mine.text, mine.code.String()), ": ")}
}

// answer writes the result, the fault, or the page for what is neither.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, buffer *[]byte, v value, err error) {
	if l, ok := v.(*listed); ok && err == nil {
		send(w, l.answer)
		return
	}
	b := (*buffer)[:0]
	if f, ok := asFault(err); ok {
		b = appendFault(b, f)
	} else if err != nil {
		fail(w, r, err)
		return
	} else {
		b = appendAnswer(b, v)
	}
	*buffer = b
	send(w, b)
}

func send(w http.ResponseWriter, b []byte) {
	header := w.Header()
	header.Set("Content-Type", "text/xml")
	header.Set("Content-Length", strconv.Itoa(len(b)))
	// A write fails only because the client went away, and there is nobody to tell.
	_, _ = w.Write(b)
}

// fail answers HTTP 500, as the original does for what it did not expect. A
// client that sends the wrong types is not our trouble, so it is only a warning.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil { // the client went away, or the server stops
		reply.Page(w, http.StatusServiceUnavailable)
		return
	}
	var wrongType crash
	if errors.As(err, &wrongType) {
		reply.Log(r.Context()).Warn("an XML-RPC call has an argument of the wrong type", "err", err)
	} else {
		reply.Log(r.Context()).Error("answer an XML-RPC call", "err", err)
	}
	reply.Page(w, http.StatusInternalServerError)
}

// asFault finds the fault in err, if it is one a client may see.
func asFault(err error) (fault, bool) {
	var mine fault
	if errors.As(err, &mine) {
		return mine, true
	}
	var foreign Fault
	if errors.As(err, &foreign) {
		return fault{supervise.FaultCode(foreign.Code), foreign.Text}, true
	}
	var theirs supervise.Fault
	if errors.As(err, &theirs) {
		return fault{theirs.Code, theirs.Error()}, true
	}
	return fault{}, false
}

// keptBuffer is how large a buffer is kept for the next call: the answer for a
// few thousand processes.
const keptBuffer = 4 << 20

func (h *Handler) borrow() *[]byte {
	if buffer, ok := h.buffers.Get().(*[]byte); ok {
		return buffer
	}
	return new([]byte)
}

func (h *Handler) giveBack(buffer *[]byte) {
	if cap(*buffer) <= keptBuffer {
		h.buffers.Put(buffer)
	}
}

// asGiven says a fault of the engine about one process the way the client named
// it: the engine says "cat" where the client said "cat:cat".
func asGiven(err error, name supervise.NameSpec, given string) error {
	f, ok := err.(supervise.Fault)
	if !ok && !errors.As(err, &f) {
		return err
	}
	switch {
	case f.Code == supervise.FaultBadName:
		return badName(given)
	case f.Detail == name.String():
		return supervise.Fault{Code: f.Code, Detail: given}
	case strings.HasPrefix(f.Detail, name.String()+" is in an unknown"):
		return supervise.Fault{Code: f.Code, Detail: given + strings.TrimPrefix(f.Detail, name.String())}
	}
	return err
}
