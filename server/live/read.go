package live

import (
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"supervisor/server/wire"
)

// read decodes what the browser sends until the socket ends. Whoever is silent
// for longer than a ping takes to be answered is gone.
func (s *session) read() {
	defer close(s.inbox)
	pace := s.hub.pace
	s.conn.SetReadLimit(maxFrame)
	s.patience(pace.hello)
	s.conn.SetPongHandler(func(string) error {
		s.patience(2 * pace.ping)
		return nil
	})
	allowance := bucket{tokens: framesBurst, filled: time.Now()}
	for heard := false; ; heard = true {
		kind, text, err := s.conn.ReadMessage()
		if err != nil {
			if !heard && timedOut(err) {
				s.pass(received{bye: &wire.Bye{Code: codeNoHello, Why: "no hello came"}})
			}
			return
		}
		s.patience(2 * pace.ping)
		in := decode(kind, text)
		if !allowance.take(cost(in.frame), time.Now()) {
			s.pass(received{bye: &wire.Bye{Code: codeTooMany, Why: "too many frames", RetryAfter: 5}})
			return
		}
		if !s.pass(in) {
			return
		}
	}
}

// decode makes a frame of a message. A frame of a kind we do not know comes from
// a newer page and is passed over.
func decode(kind int, text []byte) received {
	if kind != websocket.TextMessage {
		return received{err: &wire.Err{Code: http.StatusBadRequest, Msg: "frames are text"}}
	}
	frame, err := wire.DecodeClient(text)
	if errors.Is(err, wire.ErrUnknownKind) {
		return received{}
	}
	if err != nil {
		return received{err: &wire.Err{Code: http.StatusBadRequest, Msg: err.Error()}}
	}
	return received{frame: frame}
}

// pass hands something to the writer; false if that has ended.
func (s *session) pass(in received) bool {
	if in.frame == nil && in.err == nil && in.bye == nil {
		return true // passed over
	}
	select {
	case s.inbox <- in:
		return true
	case <-s.done:
		return false
	}
}

func (s *session) patience(d time.Duration) {
	// It fails on a closed socket only, as the next read will.
	_ = s.conn.SetReadDeadline(time.Now().Add(d))
}

func timedOut(err error) bool {
	var failure net.Error
	return errors.As(err, &failure) && failure.Timeout()
}

// bucket lets framesBurst through at once, and framesSecond in the long run.
type bucket struct {
	tokens float64
	filled time.Time
}

func (b *bucket) take(cost float64, now time.Time) bool {
	b.tokens = min(framesBurst, b.tokens+now.Sub(b.filled).Seconds()*framesSecond)
	b.filled = now
	if b.tokens < cost {
		return false
	}
	b.tokens -= cost
	return true
}

// cost of a frame. A page acknowledges each frame of each log it follows, and
// that is next to no work.
func cost(f wire.ClientFrame) float64 {
	if _, ok := f.(wire.Ack); ok {
		return 0.05
	}
	return 1
}
