package logs

import "bytes"

// The tokens between which output is an event, not log (events.py).
var (
	beginToken = []byte("<!--XSUPERVISOR:BEGIN-->")
	endToken   = []byte("<!--XSUPERVISOR:END-->")
)

// captureFloor is what a capture may hold even where capture_maxbytes is less.
// The original's limit is soft: a single read, up to this size, is kept whole
// (loggers.py BoundIO), so a payload within it always arrives entire.
const captureFloor = 128 << 10

// capture divides a stream at the tokens, wherever reads cut it. Neither token
// has its first byte a second time, so a match that breaks off can only begin
// anew at the byte that broke it.
type capture struct {
	active  bool
	matched int // bytes of the awaited token seen at the end of the last read
	ring    ring
}

// newCapture keeps the newest maxBytes of what is captured.
func newCapture(maxBytes int64) *capture {
	return &capture{ring: ring{max: int(max(maxBytes, captureFloor))}}
}

// feed gives the stream on in pieces, none empty, and calls boundary at each
// token, when active is about to change. A piece may be part of p or of a token;
// it is not to be changed or kept.
func (c *capture) feed(p []byte, piece func([]byte), boundary func()) {
	for len(p) > 0 {
		if c.matched > 0 {
			p = c.resume(p, piece, boundary)
			continue
		}
		token := c.token()
		at := bytes.Index(p, token)
		if at < 0 {
			c.matched = prefixAtEnd(p, token)
			give(p[:len(p)-c.matched], piece)
			return
		}
		give(p[:at], piece)
		c.toggle(boundary)
		p = p[at+len(token):]
	}
}

// resume goes on with a token begun in an earlier read.
func (c *capture) resume(p []byte, piece func([]byte), boundary func()) []byte {
	token := c.token()
	for len(p) > 0 && c.matched < len(token) && p[0] == token[c.matched] {
		c.matched++
		p = p[1:]
	}
	switch {
	case c.matched == len(token):
		c.matched = 0
		c.toggle(boundary)
	case len(p) > 0:
		c.release(piece)
	}
	return p
}

// finish ends the stream: the beginning of a token that never became one is text.
func (c *capture) finish(piece func([]byte)) { c.release(piece) }

func (c *capture) release(piece func([]byte)) {
	held := c.token()[:c.matched]
	c.matched = 0
	give(held, piece)
}

func (c *capture) toggle(boundary func()) {
	boundary()
	c.active = !c.active
}

func (c *capture) token() []byte {
	if c.active {
		return endToken
	}
	return beginToken
}

func give(p []byte, piece func([]byte)) {
	if len(p) > 0 {
		piece(p)
	}
}

// prefixAtEnd is the length of the longest true prefix of token that p ends with.
func prefixAtEnd(p, token []byte) int {
	tail := p[max(0, len(p)-len(token)+1):]
	at := bytes.LastIndexByte(tail, token[0])
	if at >= 0 && bytes.HasPrefix(token, tail[at:]) {
		return len(tail) - at
	}
	return 0
}
