package grep

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

const (
	// maxQuery is how long what is looked for may be, and maxProgram how many
	// steps a regular expression may have when compiled.
	maxQuery   = 1000
	maxProgram = 2000
)

// Query is what is looked for.
type Query struct {
	Text   string
	Regex  bool // it is a regular expression
	Case   bool // capitals differ from small letters
	Invert bool // the lines without it are wanted
}

// Matcher tells which lines match.
type Matcher struct {
	plain  []byte         // looked for as it is; nil where expr is used
	fold   bool           // plain is in small letters, and so is to be the text
	expr   *regexp.Regexp // nil for plain text
	needs  [][]byte       // one of these is in every match of expr, in small letters; nil for unknown
	invert bool
}

// Compile makes a matcher. The error says what is wrong with the query.
func Compile(q Query) (*Matcher, error) {
	switch {
	case q.Text == "":
		return nil, errors.New("nothing to look for")
	case len(q.Text) > maxQuery:
		return nil, fmt.Errorf("what is looked for has more than %d bytes", maxQuery)
	case !q.Regex && strings.Contains(q.Text, "\n"):
		return nil, errors.New("lines are searched one by one: there is no newline in any")
	}
	m := &Matcher{invert: q.Invert}
	if !q.Regex && (q.Case || bytewise(q.Text)) {
		m.plain, m.fold = []byte(q.Text), !q.Case
		if m.fold {
			lower(m.plain, m.plain)
		}
		return m, nil
	}
	text := q.Text
	if !q.Regex {
		text = regexp.QuoteMeta(text)
	}
	return m, m.compile(text, q.Case)
}

// bytewise tells whether the capitals in a text can be told byte by byte.
func bytewise(text string) bool {
	return !utf8.ValidString(text) || !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}

// compile takes an expression that is one by itself: what is put before it, so that
// capitals do not differ, must not make one of what is none.
func (m *Matcher) compile(text string, capitals bool) error {
	parsed, err := parse(text)
	if err == nil && !capitals {
		text = "(?i)" + text
		parsed, err = parse(text)
	}
	if err != nil {
		return err
	}
	m.needs = needs(parsed)
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return fmt.Errorf("not a regular expression: %w", err)
	}
	if len(program.Inst) > maxProgram {
		return errors.New("the regular expression is too large")
	}
	m.expr, err = regexp.Compile(text)
	return err
}

func parse(text string) (*syntax.Regexp, error) {
	parsed, err := syntax.Parse(text, syntax.Perl)
	var problem *syntax.Error
	if errors.As(err, &problem) {
		return nil, fmt.Errorf("not a regular expression: %s: %.100q", problem.Code, text)
	}
	if err != nil {
		return nil, fmt.Errorf("not a regular expression: %w", err)
	}
	return parsed, nil
}

// find gives where in a line the match is; nil if there is none.
func (m *Matcher) find(line []byte, folded *[]byte) []int {
	if m.expr != nil {
		return m.expr.FindIndex(line)
	}
	if i := bytes.Index(m.text(line, folded), m.plain); i >= 0 {
		return []int{i, i + len(m.plain)}
	}
	return nil
}

// text gives data as plain text is looked for in it; folded is room for it.
func (m *Matcher) text(data []byte, folded *[]byte) []byte {
	if !m.fold {
		return data
	}
	return small(data, folded)
}

// small gives data in small letters; folded is room for it.
func small(data []byte, folded *[]byte) []byte {
	if cap(*folded) < len(data) {
		*folded = make([]byte, len(data))
	}
	out := (*folded)[:len(data)]
	lower(out, data)
	return out
}

// lower copies src to dst with small letters for capitals of ASCII.
func lower(dst, src []byte) {
	for i, c := range src {
		if c-'A' < 26 {
			c += 'a' - 'A'
		}
		dst[i] = c
	}
}
