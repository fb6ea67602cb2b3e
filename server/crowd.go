package server

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// maxPerAddress is how many connections one machine may hold; this machine,
// where proxies run, is not counted.
const maxPerAddress = 64

// tooMany is what a connection beyond the caps is told before it is closed.
const tooMany = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

// crowd counts the connections of all listeners.
type crowd struct {
	max int

	mu        sync.Mutex
	guests    map[*guest]struct{}
	byAddress map[string]int
	full      bool // for good: the server stops
}

func newCrowd(limit int) *crowd {
	return &crowd{max: limit, guests: make(map[*guest]struct{}), byAddress: make(map[string]int)}
}

// guard lets only so many of a listener's connections in.
func (c *crowd) guard(listener net.Listener, local bool) net.Listener {
	return &guarded{Listener: listener, crowd: c, local: local}
}

type guarded struct {
	net.Listener
	crowd *crowd
	local bool
}

// Accept gives the next connection there is room for; others are told to come
// back, without holding up those behind them.
func (g *guarded) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		guest := &guest{Conn: conn, crowd: g.crowd, address: g.addressOf(conn)}
		if g.crowd.admit(guest) {
			return guest, nil
		}
		// A new connection has room for these bytes; if its client is gone
		// already, there is nobody to tell.
		_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = io.WriteString(conn, tooMany)
		_ = conn.Close()
	}
}

// addressOf is what is counted by: "" for what is not.
func (g *guarded) addressOf(conn net.Conn) string {
	tcp, ok := conn.RemoteAddr().(*net.TCPAddr)
	if g.local || !ok || tcp.IP.IsLoopback() {
		return ""
	}
	return tcp.IP.String()
}

// admit takes a guest in. Where it is full, the guest that has rested longest
// makes room.
func (c *crowd) admit(g *guest) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	var leaves *guest
	full := c.full
	switch {
	case full:
	case g.address != "" && c.byAddress[g.address] >= maxPerAddress:
		full, leaves = true, c.longestIdle(g.address)
	case len(c.guests) >= c.max:
		full, leaves = true, c.longestIdle("")
	}
	if full && leaves == nil {
		return false
	}
	if leaves != nil {
		c.remove(leaves)
		_ = leaves.Conn.Close() // its server sees the end, as if the client had left
	}
	c.guests[g] = struct{}{}
	if g.address != "" {
		c.byAddress[g.address]++
	}
	return true
}

// longestIdle finds the guest that has rested longest, of one address or of all.
func (c *crowd) longestIdle(address string) *guest {
	var found *guest
	for g := range c.guests {
		since := g.idleSince.Load()
		if since == 0 || address != "" && g.address != address {
			continue
		}
		if found == nil || since < found.idleSince.Load() {
			found = g
		}
	}
	return found
}

func (c *crowd) leave(g *guest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(g)
}

func (c *crowd) remove(g *guest) {
	if _, here := c.guests[g]; !here {
		return
	}
	delete(c.guests, g)
	if g.address == "" {
		return
	}
	if c.byAddress[g.address]--; c.byAddress[g.address] == 0 {
		delete(c.byAddress, g.address)
	}
}

// dismiss closes the connections nobody has said anything on yet; net/http
// would wait five seconds for their first word. From here on it is full.
func (c *crowd) dismiss() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.full = true
	for g := range c.guests {
		if g.silent() {
			_ = g.Conn.Close()
		}
	}
}

// guest is a connection that has been let in.
type guest struct {
	net.Conn
	crowd   *crowd
	address string

	spoke     atomic.Bool
	hijacked  atomic.Bool
	idleSince atomic.Int64 // Unix nanoseconds; 0 while at work
}

// NetConn gives the connection itself, as tls.Conn does.
func (g *guest) NetConn() net.Conn { return g.Conn }

func (g *guest) silent() bool { return !g.spoke.Load() }

// Read drops line ends that come one at a time while an answer is under way.
// supervisorctl tail -f sends one more blank line than it should; net/http,
// which reads a single byte ahead to see whether the client has left, would
// take it for the next request and no longer notice the client leaving. In
// front of a request blank lines mean nothing (RFC 9112, 2.2).
func (g *guest) Read(p []byte) (int, error) {
	for {
		n, err := g.Conn.Read(p)
		ahead := len(p) == 1 && n == 1 && err == nil && !g.hijacked.Load()
		if ahead && (p[0] == '\r' || p[0] == '\n') {
			continue
		}
		return n, err
	}
}

// Close lets the next one in.
func (g *guest) Close() error {
	g.crowd.leave(g)
	return g.Conn.Close()
}

// noteState is told by net/http what a connection is doing.
func noteState(conn net.Conn, state http.ConnState) {
	if encrypted, ok := conn.(*tls.Conn); ok {
		conn = encrypted.NetConn()
	}
	g, ok := conn.(*guest)
	if !ok {
		return
	}
	switch state {
	case http.StateIdle:
		g.idleSince.Store(time.Now().UnixNano())
	case http.StateActive:
		g.spoke.Store(true)
		g.idleSince.Store(0)
	case http.StateHijacked:
		g.hijacked.Store(true)
	case http.StateNew, http.StateClosed:
	}
}
