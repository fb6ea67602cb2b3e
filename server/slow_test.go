package server

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener in memory, so that a bubble of synctest can hold both
// ends and its clock can run ahead.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	select {
	case <-p.closed:
		return net.ErrClosed
	default:
		close(p.closed)
		return nil
	}
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

// inBubble runs a test against a server whose clock is the bubble's.
func inBubble(t *testing.T, engine *stub, test func(t *testing.T, listener *pipes)) {
	synctest.Test(t, func(t *testing.T) {
		// Channels of the engine must belong to the bubble.
		engine.waiting, engine.release = make(chan struct{}, 8), make(chan struct{})
		engine.log.watched, engine.log.left = make(chan struct{}, 8), make(chan struct{}, 8)
		// A door that lets everybody in; nobody listens behind its socket.
		s, err := New(Options{Endpoints: []Endpoint{{Section: "memory", Unix: true}}})
		if err != nil {
			t.Fatal(err)
		}
		door := s.auth.Doors()[0]
		listener := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		s.add(Endpoint{Section: "memory"}, door, listener, nil)
		if err := s.Start(House{Engine: engine, Namespaces: []string{"supervisor"}, Logger: slog.New(slog.DiscardHandler)}); err != nil {
			t.Fatal(err)
		}
		test(t, listener)
		stop(t, s)
	})
}

// took tells how long something took, in the time of the bubble.
func took(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}

func TestHeadersThatNeverEndAreNotWaitedForLong(t *testing.T) {
	inBubble(t, newStub(t), func(t *testing.T, listener *pipes) {
		conn := listener.dial()
		if _, err := io.WriteString(conn, "GET /ok.html HTTP/1.1\r\nHost: x\r\nX-Slow: "); err != nil {
			t.Fatal(err)
		}
		if d := took(func() { io.ReadAll(conn) }); d > 6*time.Second {
			t.Errorf("closed after %v", d)
		}
		conn.Close()
	})
}

func TestABodyThatNeverComesIsNotWaitedForLong(t *testing.T) {
	inBubble(t, newStub(t), func(t *testing.T, listener *pipes) {
		conn := listener.dial()
		if _, err := io.WriteString(conn, "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n<m>"); err != nil {
			t.Fatal(err)
		}
		var answer []byte
		d := took(func() { answer, _ = io.ReadAll(conn) })
		if d > readTimeout+2*time.Second || !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") {
			t.Errorf("after %v: %q", d, answer)
		}
		conn.Close()
	})
}

func TestAnAnswerMayTakeAnHourIfTheProgramDoes(t *testing.T) {
	engine := newStub(t)
	inBubble(t, engine, func(t *testing.T, listener *pipes) {
		conn := listener.dial()
		if _, err := fmt.Fprintf(conn, "POST /RPC2 HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s", len(startCat), startCat); err != nil {
			t.Fatal(err)
		}
		<-engine.waiting
		time.Sleep(time.Hour)
		close(engine.release)
		answer, err := io.ReadAll(conn)
		if err != nil || !strings.Contains(string(answer), "<boolean>1</boolean>") {
			t.Errorf("%q, %v", answer, err)
		}
		conn.Close()
	})
}

func TestAFollowerMayBeQuietForADayButMustRead(t *testing.T) {
	engine := newStub(t)
	inBubble(t, engine, func(t *testing.T, listener *pipes) {
		reading := listener.dial()
		if _, err := io.WriteString(reading, "GET /mainlogtail HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(reading)
		readUntil(t, r, "secret\n\r\n")
		<-engine.log.watched

		// Another one never reads a byte: its handler does not even get to wait.
		deaf := listener.dial()
		if _, err := io.WriteString(deaf, "GET /mainlogtail HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(24 * time.Hour)
		if _, err := deaf.Write([]byte("x")); err == nil {
			t.Error("the one that does not read is still connected")
		}
		select {
		case <-engine.log.left:
			t.Error("the one that reads was sent away")
		default:
		}
		reading.Close()
		<-engine.log.left
		deaf.Close()
	})
}
