package grep

import (
	"bytes"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

const (
	// Fewer letters than shortNeed are in too many lines, and more alternatives
	// than manyNeeds cost as much to look for as they save.
	shortNeed = 2
	manyNeeds = 8
)

// needs gives texts in small letters of which every match of an expression has
// at least one, if capitals are read as small letters; nil if none are known.
// Go's expressions are slow, and most lines can be told by looking for these.
func needs(re *syntax.Regexp) [][]byte {
	switch re.Op {
	case syntax.OpLiteral:
		if word := literal(re); len(word) >= shortNeed {
			return [][]byte{[]byte(word)}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return needs(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return needs(re.Sub[0])
		}
	case syntax.OpConcat:
		return rarest(re.Sub)
	case syntax.OpAlternate:
		return eachOf(re.Sub)
	}
	return nil
}

// literal gives the longest part of a literal that looks the same whatever the
// case: some letters that are not ASCII are k or s in another case.
func literal(re *syntax.Regexp) string {
	longest := ""
	for _, part := range strings.FieldsFunc(string(re.Rune), func(r rune) bool {
		return r >= utf8.RuneSelf || re.Flags&syntax.FoldCase != 0 && strings.ContainsRune("kKsS", r)
	}) {
		if len(part) > len(longest) {
			longest = part
		}
	}
	word := []byte(longest)
	lower(word, word)
	return string(word)
}

// rarest gives the needs of the part whose shortest is longest: all parts are in
// every match.
func rarest(parts []*syntax.Regexp) (best [][]byte) {
	shortest := 0
	for _, part := range parts {
		found := needs(part)
		if n := shortestOf(found); n > shortest {
			best, shortest = found, n
		}
	}
	return best
}

func shortestOf(words [][]byte) int {
	shortest := 0
	for i, word := range words {
		if i == 0 || len(word) < shortest {
			shortest = len(word)
		}
	}
	return shortest
}

// eachOf gives the needs of all alternatives: each match is one of them.
func eachOf(alternatives []*syntax.Regexp) (all [][]byte) {
	for _, alternative := range alternatives {
		found := needs(alternative)
		if found == nil || len(all)+len(found) > manyNeeds {
			return nil
		}
		all = append(all, found...)
	}
	return all
}

// hunt finds the needs of an expression in a block, one after the other.
type hunt struct {
	text  []byte // in small letters
	words [][]byte
	next  []int // where each word comes next; len(text) for never
}

// candidate gives the first place at pos or later where a match may be near:
// the line of any earlier place has none. It is called with rising pos.
func (h *hunt) candidate(pos int) int {
	if h.words == nil {
		return pos
	}
	if h.next == nil {
		h.next = make([]int, len(h.words))
		for i := range h.next {
			h.next[i] = -1
		}
	}
	first := len(h.text)
	for i, word := range h.words {
		if h.next[i] < pos {
			h.next[i] = len(h.text)
			if at := bytes.Index(h.text[pos:], word); at >= 0 {
				h.next[i] = pos + at
			}
		}
		first = min(first, h.next[i])
	}
	return first
}
