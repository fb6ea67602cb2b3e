package supervise

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// IsGlob tells whether a name has characters that mean a pattern.
func IsGlob(name string) bool { return strings.ContainsAny(name, "*?[") }

// MatchGlob tells whether the whole of name matches a pattern as Python's fnmatch
// reads it: "*" for any characters, "?" for one, "[ab]", "[a-z]" and "[!a]" for
// one of a set. Nothing is escaped, and no character is special in name. On a
// mismatch after a star, the star takes one character more; only the last star
// needs to.
func MatchGlob(pattern, name string) bool {
	starPattern, starName, starred := "", "", false
	for name != "" {
		if rest, found := strings.CutPrefix(pattern, "*"); found {
			starPattern, starName, starred = rest, name, true
			pattern = rest
			continue
		}
		r, size := utf8.DecodeRuneInString(name)
		if rest, ok := matchChar(pattern, r); ok {
			pattern, name = rest, name[size:]
			continue
		}
		if !starred {
			return false
		}
		_, size = utf8.DecodeRuneInString(starName)
		starName = starName[size:]
		pattern, name = starPattern, starName
	}
	return strings.Trim(pattern, "*") == ""
}

// matchChar matches one character against the head of a pattern, and gives the
// rest of the pattern.
func matchChar(pattern string, r rune) (rest string, ok bool) {
	if pattern == "" {
		return "", false
	}
	head, size := utf8.DecodeRuneInString(pattern)
	rest = pattern[size:]
	switch head {
	case '?':
		return rest, true
	case '[':
		if set, after, closed := cutSet(rest); closed {
			return after, inSet(set, r)
		}
	}
	return rest, head == r
}

// cutSet cuts after the bracket that closes a set. A bracket right at its
// beginning, or after the "!", is a member of it.
func cutSet(text string) (set, rest string, closed bool) {
	start := 0
	if strings.HasPrefix(text, "!") {
		start = 1
	}
	if strings.HasPrefix(text[start:], "]") {
		start++
	}
	end := strings.IndexByte(text[start:], ']')
	if end < 0 {
		return "", "", false
	}
	return text[:start+end], text[start+end+1:], true
}

// checkSets says what is wrong with the sets of a pattern, in words that go on after
// it.
func checkSets(pattern string) error {
	for {
		_, rest, found := strings.Cut(pattern, "[")
		if !found {
			return nil
		}
		if strings.HasPrefix(rest, "^") {
			return errors.New("has a set that begins with [^, and all other characters are matched if you write [! instead")
		}
		_, after, closed := cutSet(rest)
		if !closed {
			return errors.New("has a [ without the ] that ends the set")
		}
		pattern = after
	}
}

// inSet: single characters and ranges, negated by a leading "!".
func inSet(set string, r rune) bool {
	set, negated := strings.CutPrefix(set, "!")
	chars := []rune(set)
	found := false
	for i := 0; i < len(chars); i++ {
		if i+2 < len(chars) && chars[i+1] == '-' {
			found = found || chars[i] <= r && r <= chars[i+2]
			i += 2
			continue
		}
		found = found || chars[i] == r
	}
	return found != negated
}
