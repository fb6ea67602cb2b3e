package server

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"supervisor/server/reply"
)

// maxPerAddress is how many connections one machine may hold; this machine,
// where proxies run, is not counted.
const maxPerAddress = 64

// forStreams is how many of so many connections streams may take: live pages and
// logs that are followed, which never rest and so never make room. The others are
// kept for whoever comes to stop something.
func forStreams(connections int) int { return max(connections*3/4, 1) }

// tooMany is what a connection beyond the caps is told before it is closed.
const tooMany = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

// crowd counts the connections of all listeners.
type crowd struct {
	max int

	mu        sync.Mutex
	guests    map[*guest]struct{}
	byAddress map[string]int
	streams   map[string]int // guests with streams, by address
	streaming int            // those of all addresses
	full      bool           // for good: the server stops
}

func newCrowd(limit int) *crowd {
	return &crowd{max: limit, guests: make(map[*guest]struct{}), byAddress: make(map[string]int), streams: make(map[string]int)}
}

// count is how many connections there are.
func (c *crowd) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.guests)
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

// beginStream counts a stream of a guest, unless streams have their share of the
// connections. A connection of HTTP/2 counts once, whatever it carries. Every stream
// that was begun is to be ended.
func (c *crowd) beginStream(g *guest) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if g.streams > 0 {
		g.streams++
		return true
	}
	if c.streaming >= forStreams(c.max) || g.address != "" && c.streams[g.address] >= forStreams(maxPerAddress) {
		return false
	}
	g.streams++
	c.streaming++
	c.streams[g.address]++
	return true
}

func (c *crowd) endStream(g *guest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if g.streams--; g.streams > 0 {
		return
	}
	c.streaming--
	if c.streams[g.address]--; c.streams[g.address] == 0 {
		delete(c.streams, g.address)
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
	streams int // at work; under the lock of crowd

	spoke     atomic.Bool
	hijacked  atomic.Bool
	idleSince atomic.Int64 // Unix nanoseconds; 0 while at work
}

// SetWriteBuffer bounds what the kernel keeps of answers that are not read, where
// the connection has such a bound.
func (g *guest) SetWriteBuffer(size int) error {
	if limited, ok := g.Conn.(interface{ SetWriteBuffer(int) error }); ok {
		return limited.SetWriteBuffer(size)
	}
	return nil
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

// guestOf gives the guest that a connection of net/http is; nil for none of ours.
func guestOf(conn net.Conn) *guest {
	if encrypted, ok := conn.(*tls.Conn); ok {
		conn = encrypted.NetConn()
	}
	g, _ := conn.(*guest)
	return g
}

type guestKey struct{}

func withGuest(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, guestKey{}, guestOf(conn))
}

// asStream is in front of what streams, and refuses it once streams have their
// share of the connections.
func asStream(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g, _ := r.Context().Value(guestKey{}).(*guest)
		if g == nil {
			next.ServeHTTP(w, r)
			return
		}
		if !g.crowd.beginStream(g) {
			reply.Log(r.Context()).Debug("a stream was refused: there are as many as connections may be used for", "path", r.URL.Path, "from", r.RemoteAddr)
			w.Header().Set("Retry-After", "5")
			reply.Text(w, http.StatusServiceUnavailable, "Too many logs are followed and pages are open already, and the connections that are left are for orders. Close one of them, or try again later.\n")
			return
		}
		defer g.crowd.endStream(g)
		next.ServeHTTP(w, r)
	})
}

// noteState is told by net/http what a connection is doing.
func noteState(conn net.Conn, state http.ConnState) {
	g := guestOf(conn)
	if g == nil {
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
