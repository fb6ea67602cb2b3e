package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// order is a request that changes something, decoded, authorised and carried out.
// Its context outlives the connection.
type order func(ctx context.Context, r *http.Request) (any, error)

const (
	rememberedFor = time.Minute
	maxRemembered = 4096
)

// orders remembers what was answered to orders that carried an Idempotency-Key.
type orders struct {
	trail *audit.Log

	mu    sync.Mutex // guards known
	known map[orderKey]*outcome
}

// orderKey is what makes two orders the same: who, what, and the key they chose.
type orderKey struct {
	user   string
	via    auth.Way
	door   string
	method string
	path   string
	key    string
}

// outcome is the answer to an order; answer and failure are set when done is
// closed.
type outcome struct {
	done    chan struct{}
	forget  time.Time // zero while the order is at work
	answer  any
	failure error
}

func newOrders(trail *audit.Log) *orders {
	return &orders{trail: trail, known: map[orderKey]*outcome{}}
}

// handler carries out act and answers with status. The order is carried out to
// its end even if the client goes away: a phone that loses the network has still
// restarted the program.
func (o *orders) handler(status int, act order) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := deliberate(r); err != nil {
			return err
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		ctx, noted := o.trail.Begin(r.Context())
		r = r.WithContext(ctx)
		if err := keepReason(r); err != nil {
			return err
		}
		answer, err := o.once(r, act)
		noted.End(ctx, err) // before the answer: who has it can rely on the line
		if err != nil {
			return err
		}
		return reply.Status(w, status, answer)
	}
}

// keepReason gives the act the reason that the body of an order names, and leaves
// the body to be read again. A body that is no JSON is for others to refuse.
func keepReason(r *http.Request) error {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	var named wire.OrderRequest
	if len(text) > 0 && json.Unmarshal(text, &named) == nil {
		audit.Of(r.Context()).Because(named.Reason)
	}
	return nil
}

func (o *orders) once(r *http.Request, act order) (any, error) {
	ctx := context.WithoutCancel(r.Context())
	chosen := r.Header.Get("Idempotency-Key")
	if chosen == "" {
		return act(ctx, r)
	}
	who := auth.From(r.Context())
	known, first, err := o.remember(orderKey{user: who.Name, via: who.Via, door: who.Door, method: r.Method, path: r.URL.Path, key: chosen}, time.Now())
	if err != nil {
		return nil, err
	}
	if !first {
		select {
		case <-known.done:
			return known.answer, known.failure
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	failure := errors.New("the order was not carried out") // what others hear if act panics
	var answer any
	defer func() { o.settle(known, answer, failure, time.Now()) }()
	answer, failure = act(ctx, r)
	return answer, failure
}

// settle keeps what came of an order, for a while.
func (o *orders) settle(known *outcome, answer any, failure error, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	known.answer, known.failure, known.forget = answer, failure, now.Add(rememberedFor)
	close(known.done)
}

// remember finds the order with this key, or notes it as new.
func (o *orders) remember(key orderKey, now time.Time) (known *outcome, first bool, err error) {
	if len(key.key) > 200 {
		return nil, false, reply.BadRequest("an Idempotency-Key has at most 200 characters")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for other, outcome := range o.known {
		if !outcome.forget.IsZero() && now.After(outcome.forget) {
			delete(o.known, other)
		}
	}
	if known := o.known[key]; known != nil {
		return known, false, nil
	}
	if len(o.known) >= maxRemembered {
		return nil, false, reply.Problem{Status: http.StatusTooManyRequests, Text: "too many orders in a minute", Wait: rememberedFor}
	}
	known = &outcome{done: make(chan struct{})}
	o.known[key] = known
	return known, true, nil
}

// may answers nil if an order may be carried out. While supervisord is going down
// it takes none (rpcinterface.py _update), which is told whatever it is about: so
// nobody learns then which names there are.
func (a *api) may(ctx context.Context, verb auth.Verb, name supervise.NameSpec) error {
	if a.engine.Mood() < supervise.MoodRunning {
		return supervise.Fault{Code: supervise.FaultShutdownState}
	}
	if err := auth.PermitOf(ctx, verb, name, a.engine); err != nil {
		return err
	}
	audit.Of(ctx).AboutIn(ctx, a.engine, verb, name)
	return nil
}

// processOrder is an order about one process.
type processOrder struct {
	name string
	verb auth.Verb
	act  func(ctx context.Context, e Engine, name supervise.NameSpec, r *http.Request) (seq uint64, err error)
}

var processOrders = [...]processOrder{
	{"start", auth.Start, func(ctx context.Context, e Engine, name supervise.NameSpec, _ *http.Request) (uint64, error) {
		return e.Start(ctx, name, false)
	}},
	{"stop", auth.Stop, func(ctx context.Context, e Engine, name supervise.NameSpec, _ *http.Request) (uint64, error) {
		return e.Stop(ctx, name, false)
	}},
	{"restart", auth.Restart, func(ctx context.Context, e Engine, name supervise.NameSpec, _ *http.Request) (uint64, error) {
		return e.Restart(ctx, name)
	}},
	{"signal", auth.Signal, func(ctx context.Context, e Engine, name supervise.NameSpec, r *http.Request) (uint64, error) {
		var asked wire.SignalRequest
		if err := body(r, &asked); err != nil {
			return 0, err
		}
		sig, err := supervise.ParseSignal(asked.Signal)
		if err != nil {
			return 0, supervise.Fault{Code: supervise.FaultBadSignal, Detail: asked.Signal}
		}
		audit.Of(ctx).Tell(sig.String())
		return before(ctx, e, func() error { return e.Signal(ctx, name, sig) })
	}},
	{"stdin", auth.Stdin, func(ctx context.Context, e Engine, name supervise.NameSpec, r *http.Request) (uint64, error) {
		var asked wire.InputRequest
		if err := body(r, &asked); err != nil {
			return 0, err
		}
		audit.Of(ctx).Tell(fmt.Sprintf("%d bytes", len(asked.Text))) // not which: passwords are typed too
		return before(ctx, e, func() error { return e.WriteStdin(ctx, name, []byte(asked.Text)) })
	}},
	{"clear-logs", auth.ClearLogs, func(ctx context.Context, e Engine, name supervise.NameSpec, _ *http.Request) (uint64, error) {
		return before(ctx, e, func() error { return e.ClearLogs(ctx, name) })
	}},
}

func (a *api) onProcess(p processOrder) order {
	return func(ctx context.Context, r *http.Request) (any, error) {
		name, err := processName(r)
		if err != nil {
			return nil, err
		}
		if err := a.may(ctx, p.verb, name); err != nil {
			return nil, err
		}
		seq, err := p.act(ctx, a.engine, name, r)
		return wire.Accepted{Seq: seq}, err
	}
}

// manyOrder is an order about several processes.
type manyOrder struct {
	name string
	verb auth.Verb
	act  func(ctx context.Context, e Engine, which supervise.Selection) (wire.Accepted, error)
}

var manyOrders = [...]manyOrder{
	{"start", auth.Start, func(ctx context.Context, e Engine, which supervise.Selection) (wire.Accepted, error) {
		return withResults(ctx, e, func() ([]supervise.Result, error) { return e.StartMany(ctx, which, false) })
	}},
	{"stop", auth.Stop, func(ctx context.Context, e Engine, which supervise.Selection) (wire.Accepted, error) {
		return withResults(ctx, e, func() ([]supervise.Result, error) { return e.StopMany(ctx, which, false) })
	}},
	{"restart", auth.Restart, func(ctx context.Context, e Engine, which supervise.Selection) (wire.Accepted, error) {
		if err := noteSelected(ctx, e, which); err != nil {
			return wire.Accepted{}, err
		}
		seq, err := e.RestartMany(ctx, which)
		return wire.Accepted{Seq: seq}, err
	}},
}

func (a *api) onGroup(m manyOrder) order {
	return func(ctx context.Context, r *http.Request) (any, error) {
		group := param(r, "group")
		if err := a.may(ctx, m.verb, supervise.AllOf(group)); err != nil {
			return nil, err
		}
		return m.act(ctx, a.engine, supervise.Selection{Group: group, May: auth.Scope(ctx, m.verb)})
	}
}

func (a *api) onAll(m manyOrder) order {
	return func(ctx context.Context, _ *http.Request) (any, error) {
		if err := a.may(ctx, m.verb, auth.Everything); err != nil {
			return nil, err
		}
		return m.act(ctx, a.engine, supervise.Selection{All: true, May: auth.Scope(ctx, m.verb)})
	}
}

// noteSelected tells the trail of the processes of an order whose answer does not
// name them.
func noteSelected(ctx context.Context, e Engine, which supervise.Selection) error {
	snapshot, err := e.Snapshot(ctx)
	if err != nil {
		return err
	}
	var meant []supervise.Result
	for _, p := range snapshot.Processes {
		if (which.All || p.Group == which.Group) && (which.May == nil || which.May(p.NameSpec())) {
			meant = append(meant, supervise.Result{Group: p.Group, Name: p.Name, Status: supervise.Success})
		}
	}
	audit.Of(ctx).DidTo(meant)
	return nil
}

// before carries out act and gives the change number of the moment before it,
// for orders whose own answer has none.
func before(ctx context.Context, e Engine, act func() error) (uint64, error) {
	snapshot, err := e.Snapshot(ctx)
	if err != nil {
		return 0, err
	}
	return snapshot.Seq, act()
}

func withResults(ctx context.Context, e Engine, act func() ([]supervise.Result, error)) (wire.Accepted, error) {
	var results []supervise.Result
	seq, err := before(ctx, e, func() (err error) { results, err = act(); return err })
	audit.Of(ctx).DidTo(results)
	return wire.Accepted{Seq: seq, Results: wire.FromResults(results)}, err
}

func (a *api) shutdown(ctx context.Context, _ *http.Request) (any, error) {
	return a.onSupervisord(ctx, a.engine.Shutdown)
}

func (a *api) reload(ctx context.Context, _ *http.Request) (any, error) {
	return a.onSupervisord(ctx, func(ctx context.Context) error {
		audit.Of(ctx).Tell("and start again")
		return a.engine.RestartSelf(ctx)
	})
}

// clearMainLog empties supervisord's own log, as supervisor.clearLog does.
func (a *api) clearMainLog(ctx context.Context, _ *http.Request) (any, error) {
	if err := a.may(ctx, auth.ClearMainLog, auth.Supervisord); err != nil {
		return nil, err
	}
	seq, err := before(ctx, a.engine, func() error {
		log, err := a.engine.MainLog(ctx)
		if err != nil {
			return err
		}
		return log.Clear()
	})
	return wire.Accepted{Seq: seq}, err
}

func (a *api) onSupervisord(ctx context.Context, act func(context.Context) error) (any, error) {
	if err := a.may(ctx, auth.Shutdown, auth.Supervisord); err != nil {
		return nil, err
	}
	seq, err := before(ctx, a.engine, func() error { return act(ctx) })
	return wire.Accepted{Seq: seq}, err
}
