package logs

import "bytes"

const escape = 0x1b

// longestSequence is how much an escape sequence that finds no end may swallow
// before text is text again.
const longestSequence = 4096

// stripper removes terminal escape sequences: everything from ESC [ through the
// next of the original's terminators (dispatchers.py stripEscapes). The original
// looks at one read at a time and mangles what a read cuts in two; here the
// state is carried, so the cuts do not matter.
type stripper struct {
	escaped   bool // an ESC was the last byte, and is held back
	swallowed int  // bytes into a sequence; 0 outside
	out       []byte
}

// strip gives what is to be kept of p. The answer is p itself or lasts until
// the next call.
func (s *stripper) strip(p []byte) []byte {
	if !s.escaped && s.swallowed == 0 && bytes.IndexByte(p, escape) < 0 {
		return p
	}
	s.out = s.out[:0]
	for len(p) > 0 {
		p = s.step(p)
	}
	return s.out
}

// step takes at least one byte off p.
func (s *stripper) step(p []byte) []byte {
	switch {
	case s.swallowed > 0:
		return s.swallow(p)
	case s.escaped && p[0] == '[':
		s.escaped, s.swallowed = false, 1
		return p[1:]
	case s.escaped:
		s.escaped = false
		s.out = append(s.out, escape)
		return p
	}
	text, rest, found := bytes.Cut(p, []byte{escape})
	s.out = append(s.out, text...)
	s.escaped = found
	return rest
}

func (s *stripper) swallow(p []byte) []byte {
	room := min(len(p), longestSequence-s.swallowed)
	if i := bytes.IndexAny(p[:room], "HfABCDRsuJKhlpm"); i >= 0 {
		s.swallowed = 0
		return p[i+1:]
	}
	s.swallowed += room
	if s.swallowed >= longestSequence {
		s.swallowed = 0
	}
	return p[room:]
}

// finish gives what was held back, and starts anew.
func (s *stripper) finish() []byte {
	held := s.escaped
	s.escaped, s.swallowed = false, 0
	if held {
		return []byte{escape}
	}
	return nil
}
