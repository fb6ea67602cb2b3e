package live

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"supervisor/server/auth"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// Limits of one session.
const (
	maxSubs      = 64
	maxLogs      = 16
	maxMetrics   = 8
	maxRows      = 200      // of one subscription to metrics
	maxFrame     = 16 << 10 // what a browser may send
	framesBurst  = 50       // it may send so many at once,
	framesSecond = 20       // and so many a second in the long run
	sendBuffer   = 256 << 10
	compressFrom = 1 << 10
)

// The codes a socket is closed with.
const (
	codeRestart   = websocket.CloseServiceRestart
	codeNotReady  = websocket.CloseTryAgainLater
	codeBadHello  = 4400
	codeLoggedOut = 4401
	codeForbidden = 4403
	codeNoHello   = 4408
	codeOldPage   = 4409
	codeTooMany   = 4429
)

// errOver ends a session in good order: everything was said.
var errOver = errors.New("session over")

// session is one browser. All fields but wakeup and recheck belong to the writer, the
// goroutine that runs serve; the reader only decodes.
type session struct {
	hub     *Hub
	who     auth.Principal
	conn    *websocket.Conn
	inbox   chan received
	done    chan struct{} // closed when the writer ends
	wakeup  chan struct{}
	recheck atomic.Bool // rights may have changed
	checked time.Time   // when they were last looked at

	subs      map[int]topic
	states    []stateOf // in the order of subscription; told before any log
	logs      []*logTopic
	lastWrite time.Time
	lastPing  time.Time
}

// received is what the reader made of one message: a frame, or why it is none.
type received struct {
	frame wire.ClientFrame
	err   *wire.Err // told, and the session goes on
	bye   *wire.Bye // told, and it is over
}

// topic is one subscription.
type topic interface {
	// flush sends what is due and tells when to look again; zero for not until
	// the session is woken. errGone ends the subscription.
	flush(s *session, now time.Time) (again time.Time, err error)
	end()
}

// stateOf is a topic that tells how things stand, and can do so anew.
type stateOf interface {
	topic
	renew() // the next flush tells everything, to a user with other rights
}

// errGone ends a subscription whose end the browser has been told.
var errGone = errors.New("subscription over")

func newSession(h *Hub, who auth.Principal) *session {
	s := &session{
		hub:     h,
		who:     who,
		inbox:   make(chan received),
		done:    make(chan struct{}),
		wakeup:  make(chan struct{}, 1),
		checked: time.Now(),
		subs:    map[int]topic{},
	}
	s.recheck.Store(true) // rights may change before the hub knows of us
	return s
}

// open makes the socket of the request.
func (s *session) open(w http.ResponseWriter, r *http.Request) error {
	upgrader := s.hub.upgrader
	upgrader.EnableCompression = !loopback(r.RemoteAddr)
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return fmt.Errorf("upgrade: %w", err)
	}
	s.conn = conn
	under := conn.NetConn()
	if secret, ok := under.(interface{ NetConn() net.Conn }); ok { // TLS
		under = secret.NetConn()
	}
	if limited, ok := under.(interface{ SetWriteBuffer(int) error }); ok {
		// Best effort: the kernel's own limit does as well, only later.
		_ = limited.SetWriteBuffer(sendBuffer)
	}
	return nil
}

// loopback tells whether the browser is on this machine, where compression costs
// more than it saves. A unix socket has no address.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// poke makes the writer look around. It never waits.
func (s *session) poke() {
	select {
	case s.wakeup <- struct{}{}:
	default:
	}
}

// serve runs the session to its end: the writer.
func (s *session) serve() {
	reader := make(chan struct{})
	go func() { // ends when the socket is closed or s.done is, both below
		defer close(reader)
		s.read()
	}()
	err := s.write()
	close(s.done)
	for _, t := range s.subs {
		t.end()
	}
	s.conn.Close()
	<-reader
	if !errors.Is(err, errOver) {
		s.hub.Log.Debug("live session ended", "user", s.who.Name, "from", s.who.Addr, "err", err)
	}
}

func (s *session) write() error {
	if err := s.welcome(); err != nil {
		return err
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if err := s.lookAtRights(time.Now()); err != nil {
			return err
		}
		again, err := s.flush(time.Now())
		if err != nil {
			return err
		}
		timer.Reset(max(time.Until(again), 0))
		select {
		case in, ok := <-s.inbox:
			if !ok {
				return errOver // the browser went away
			}
			if err := s.handle(in); err != nil {
				return err
			}
		case <-s.hub.closing:
			return s.bye(wire.Bye{Code: codeRestart, Why: "the server is stopping", RetryAfter: 1})
		case <-s.wakeup:
		case <-timer.C:
		}
	}
}

// welcome waits for the first frame and answers it.
func (s *session) welcome() error {
	var first received
	select {
	case in, ok := <-s.inbox:
		if !ok {
			return errOver
		}
		first = in
	case <-s.hub.closing:
		return s.bye(wire.Bye{Code: codeRestart, Why: "the server is stopping", RetryAfter: 1})
	}
	if first.bye != nil {
		return s.bye(*first.bye)
	}
	hello, ok := first.frame.(wire.Hello)
	if !ok {
		return s.bye(wire.Bye{Code: codeBadHello, Why: "the first frame must be hello"})
	}
	if hello.V != wire.Version {
		return s.bye(wire.Bye{Code: codeOldPage, Why: "this page speaks another version: reload it"})
	}
	select {
	case <-s.hub.ready:
	case <-s.hub.closing:
		return s.bye(wire.Bye{Code: codeRestart, Why: "the server is stopping", RetryAfter: 1})
	case <-time.After(s.hub.pace.hello):
		return s.bye(wire.Bye{Code: codeNotReady, Why: "the engine has not answered yet", RetryAfter: 1})
	}
	epoch, _ := s.hub.position()
	identity := s.hub.Engine.Identity()
	s.lastPing = time.Now()
	return s.send(wire.Welcome{
		V:          wire.Version,
		SID:        rand.Text()[:8],
		Epoch:      epoch,
		Now:        time.Now().UnixMilli(),
		HB:         int(s.hub.pace.heartbeat / time.Second),
		Build:      identity.Version,
		Identifier: identity.Identifier,
		User:       auth.User(s.who),
		Limits:     wire.Limits{Subs: maxSubs, Logs: maxLogs, Win: maxWindow},
	})
}

// flush sends whatever is due, state first, then one turn for each log, then
// signs of life.
func (s *session) flush(now time.Time) (again time.Time, err error) {
	for _, t := range slices.Clone(s.states) {
		if again, err = s.flushOne(t, now, again); err != nil {
			return again, err
		}
	}
	for _, t := range slices.Clone(s.logs) {
		if again, err = s.flushOne(t, now, again); err != nil {
			return again, err
		}
	}
	if len(s.logs) > 1 { // let another one be first the next time
		s.logs = append(s.logs[1:], s.logs[0])
	}
	return s.signsOfLife(now, again)
}

func (s *session) flushOne(t topic, now, again time.Time) (time.Time, error) {
	next, err := t.flush(s, now)
	if errors.Is(err, errGone) {
		s.forget(t)
		return again, nil
	}
	return earlier(again, next), err
}

func (s *session) signsOfLife(now, again time.Time) (time.Time, error) {
	pace := s.hub.pace
	if !now.Before(s.lastWrite.Add(pace.heartbeat)) {
		if err := s.send(wire.HB{Now: now.UnixMilli()}); err != nil {
			return again, err
		}
	}
	if !now.Before(s.lastPing.Add(pace.ping)) {
		s.lastPing = now
		if err := s.conn.WriteControl(websocket.PingMessage, nil, now.Add(pace.write)); err != nil {
			return again, fmt.Errorf("ping: %w", err)
		}
	}
	again = earlier(again, s.lastWrite.Add(pace.heartbeat))
	return earlier(again, s.lastPing.Add(pace.ping)), nil
}

// earlier gives the earlier of two times, of which zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// lookAtRights sees to it that the user gets no frame they have no right to any
// more: before anything is sent, if something has changed or the last look was a
// while ago. The signs of life bring every session here often enough.
func (s *session) lookAtRights(now time.Time) error {
	if !s.recheck.Swap(false) && now.Before(s.checked.Add(s.hub.pace.rights)) {
		return nil
	}
	s.checked = now
	who, ok := s.hub.Again(s.who)
	switch {
	case !ok && (s.who.Via == auth.Cookie || s.who.Via == auth.Basic):
		return s.bye(wire.Bye{Code: codeLoggedOut, Why: "the session is over: log in again"})
	case !ok || who.Grant.Role == supervise.Nobody:
		return s.bye(wire.Bye{Code: codeForbidden, Why: "you are not allowed in any more"})
	case who.Grant.Equal(s.who.Grant):
		s.who = who
		return nil
	}
	s.who = who
	return s.reassess()
}

// reassess tells everything anew to a user whose rights have changed, and ends
// what they may not see any more.
func (s *session) reassess() error {
	for _, t := range s.states {
		t.renew()
	}
	ctx, cancel := context.WithTimeout(auth.With(context.Background(), s.who), s.hub.pace.hello)
	defer cancel()
	for _, t := range slices.Clone(s.logs) {
		_, err := s.hub.readable(ctx, t.asked)
		if err == nil {
			continue
		}
		id := t.id
		s.forget(t)
		status, text := explain(err)
		if err := s.refuse(id, status, text); err != nil {
			return err
		}
	}
	return nil
}

// handle does what one frame asks.
func (s *session) handle(in received) error {
	switch {
	case in.bye != nil:
		return s.bye(*in.bye)
	case in.err != nil:
		return s.send(*in.err)
	}
	switch f := in.frame.(type) {
	case wire.Hello:
		return s.send(wire.Err{Code: http.StatusBadRequest, Msg: "hello was said already"})
	case wire.Ping:
		return s.send(wire.Pong{N: f.N, Now: time.Now().UnixMilli()})
	case wire.Sub:
		return s.subscribe(f)
	case wire.Unsub:
		return s.unsubscribe(f.ID)
	case wire.Set:
		return s.set(f)
	case wire.Ack:
		if t, ok := s.subs[f.ID].(*logTopic); ok {
			t.ack(f.Off)
		}
		return nil // an unsubscribed log may still be acknowledged
	}
	return fmt.Errorf("no way to handle a %s frame", in.frame.Kind())
}

func (s *session) subscribe(f wire.Sub) error {
	if _, taken := s.subs[f.ID]; taken {
		return s.refuse(f.ID, http.StatusConflict, "this id is in use")
	}
	if len(s.subs) >= maxSubs {
		return s.refuse(f.ID, http.StatusTooManyRequests, "too many subscriptions")
	}
	switch f.Topic {
	case wire.TopicState:
		t := newStateTopic(f, s.hub)
		s.subs[f.ID], s.states = t, append(s.states, t)
	case wire.TopicServer:
		t := &serverTopic{id: f.ID}
		s.subs[f.ID], s.states = t, append(s.states, t)
	case wire.TopicMetrics:
		return s.subscribeMetrics(f)
	case wire.TopicEvents:
		return s.subscribeEvents(f)
	case wire.TopicLog, wire.TopicMainLog:
		return s.subscribeLog(f)
	default:
		return s.refuse(f.ID, http.StatusNotFound, "no such topic")
	}
	return s.send(wire.OK{ID: f.ID})
}

func (s *session) subscribeLog(f wire.Sub) error {
	if len(s.logs) >= maxLogs {
		return s.refuse(f.ID, http.StatusTooManyRequests, "too many logs")
	}
	if f.From != nil && f.From.Off != nil {
		if epoch, _ := s.hub.position(); f.From.Epoch != epoch {
			return s.send(wire.Mark{ID: f.ID, Off: *f.From.Off, Why: wire.MarkRestarted, At: wire.Millis(s.hub.Engine.Identity().Started)})
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.hub.pace.hello)
	defer cancel()
	watched, err := s.hub.watch(ctx, s, f)
	if err != nil {
		s.hub.Trail.Refused(auth.With(ctx, s.who), err)
		status, text := explain(err)
		if status == http.StatusInternalServerError {
			s.hub.Log.Error("watch a log", "process", f.Proc, "channel", f.Ch, "err", err)
		}
		return s.refuse(f.ID, status, text)
	}
	t := newLogTopic(f, s, watched)
	s.subs[f.ID], s.logs = t, append(s.logs, t)
	return s.send(wire.OK{ID: f.ID})
}

func (s *session) subscribeMetrics(f wire.Sub) error {
	if s.hub.Metrics == nil {
		return s.refuse(f.ID, http.StatusNotFound, "no such topic")
	}
	subscribed := 0
	for _, t := range s.subs {
		if _, ok := t.(*metricsTopic); ok {
			subscribed++
		}
	}
	if subscribed >= maxMetrics {
		return s.refuse(f.ID, http.StatusTooManyRequests, "too many subscriptions to metrics")
	}
	t := newMetricsTopic(f.ID, s)
	if problem := t.set(wire.Set{ID: f.ID, IDs: f.IDs, HZ: f.HZ}); problem != "" {
		return s.refuse(f.ID, http.StatusBadRequest, problem)
	}
	s.subs[f.ID], s.states = t, append(s.states, t)
	return s.send(wire.OK{ID: f.ID})
}

func (s *session) subscribeEvents(f wire.Sub) error {
	t, problem := newEventsTopic(f, s.hub)
	if problem != "" {
		return s.refuse(f.ID, http.StatusBadRequest, problem)
	}
	s.subs[f.ID], s.states = t, append(s.states, t)
	return s.send(wire.OK{ID: f.ID})
}

func (s *session) unsubscribe(id int) error {
	t, ok := s.subs[id]
	if !ok {
		return s.refuse(id, http.StatusNotFound, "no such subscription")
	}
	s.forget(t)
	return s.send(wire.OK{ID: id})
}

func (s *session) set(f wire.Set) error {
	var problem string
	switch t := s.subs[f.ID].(type) {
	case *logTopic:
		problem = t.set(f, time.Now())
	case *metricsTopic:
		problem = t.set(f)
	default:
		return s.refuse(f.ID, http.StatusNotFound, "no such subscription to a log or to metrics")
	}
	if problem != "" {
		return s.refuse(f.ID, http.StatusBadRequest, problem)
	}
	return s.send(wire.OK{ID: f.ID})
}

func (s *session) forget(t topic) {
	t.end()
	for id, known := range s.subs {
		if known == t {
			delete(s.subs, id)
		}
	}
	s.states = slices.DeleteFunc(s.states, func(known stateOf) bool { return topic(known) == t })
	s.logs = slices.DeleteFunc(s.logs, func(known *logTopic) bool { return topic(known) == t })
}

func (s *session) refuse(id, code int, why string) error {
	return s.send(wire.Err{ID: &id, Code: code, Msg: why})
}

// send writes one frame. A browser that does not take it in time is cut off: it
// would hold nothing up but itself, yet nobody is served by a frozen page.
func (s *session) send(f wire.ServerFrame) error {
	text := wire.Encode(f)
	s.conn.EnableWriteCompression(len(text) >= compressFrom)
	now := time.Now()
	if err := s.conn.SetWriteDeadline(now.Add(s.hub.pace.write)); err != nil {
		return fmt.Errorf("send a %s frame: %w", f.Kind(), err)
	}
	if err := s.conn.WriteMessage(websocket.TextMessage, text); err != nil {
		return fmt.Errorf("send a %s frame: %w", f.Kind(), err)
	}
	s.lastWrite = now
	return nil
}

// bye says goodbye and gives the error that ends the session.
func (s *session) bye(b wire.Bye) error {
	if err := s.send(b); err != nil {
		return err
	}
	message := websocket.FormatCloseMessage(b.Code, b.Why)
	if err := s.conn.WriteControl(websocket.CloseMessage, message, time.Now().Add(s.hub.pace.write)); err != nil {
		return fmt.Errorf("close the socket: %w", err)
	}
	return errOver
}
