//go:build unix

package config

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// The errors of both readers below, in the words that reach spawnerr.
var (
	errNoClosingQuote = errors.New("No closing quotation") //lint:ignore ST1005 the original's words
	errNoEscapedChar  = errors.New("No escaped character") //lint:ignore ST1005 the original's words
)

// SplitCommand cuts a command= into words the way supervisord starts it: quotes,
// backslashes, white space; no variables, no globs, no redirections (Python's
// shlex.split). A command of white space alone has no words.
func SplitCommand(text string) ([]string, error) {
	l := lexer{posix: true, whole: true, rest: text}
	return l.words()
}

// wordChars are, beside letters and digits of ASCII, what an unquoted name or
// value of environment= may hold (datatypes.py dict_of_key_value_pairs).
const wordChars = "_/.+-():"

// latinLetters are word characters as well, in Python's POSIX mode.
const latinLetters = "ßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞ"

// lexer cuts a text into tokens. In POSIX mode quotes and backslashes work as in
// a shell; else a quoted text is a token of its own and keeps its quotes, which
// is how Supervisor before 4.4 reads environment=. With whole set, every
// character that is neither blank nor quote belongs to a word, and # is one of
// them; else other characters are tokens by themselves, and # begins a comment.
type lexer struct {
	posix bool
	whole bool
	rest  string
}

func (l *lexer) words() ([]string, error) {
	var all []string
	for {
		word, found, err := l.word()
		if err != nil {
			return nil, err
		}
		if !found {
			return all, nil
		}
		all = append(all, word)
	}
}

// word reads the next token; found is false at the end.
func (l *lexer) word() (word string, found bool, err error) {
	l.skip()
	if len(l.rest) == 0 {
		return "", false, nil
	}
	switch first := l.peek(); {
	case !l.posix && isQuote(first):
		word, err = l.quoted()
	case l.begins(first):
		word, err = l.unquoted()
	default:
		word = l.take()
	}
	return word, true, err
}

// unquoted reads a word up to what ends it. In POSIX mode quoted parts and
// escaped characters belong to it. Without, a comment does not end a word: it
// goes on in the next line.
func (l *lexer) unquoted() (string, error) {
	var b strings.Builder
	for len(l.rest) > 0 {
		if !l.posix && l.peek() == '#' {
			l.skipLine()
			continue
		}
		if l.ends(l.peek()) {
			break
		}
		text, err := l.part()
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// part reads one character of a word, or what one quote or backslash covers.
func (l *lexer) part() (string, error) {
	switch {
	case l.posix && isQuote(l.peek()):
		return l.quoted()
	case l.posix && l.peek() == '\\':
		l.take()
		if len(l.rest) == 0 {
			return "", errNoEscapedChar
		}
	}
	return l.take(), nil
}

// quoted reads to the closing quote. POSIX mode drops the quotes, and inside
// double ones a backslash escapes a double quote and itself.
func (l *lexer) quoted() (string, error) {
	var b strings.Builder
	quote := l.take()
	for len(l.rest) > 0 {
		r := l.take()
		switch {
		case r == quote && l.posix:
			return b.String(), nil
		case r == quote:
			return quote + b.String() + quote, nil
		case r == `\` && l.posix && quote == `"`:
			if len(l.rest) == 0 {
				return "", errNoEscapedChar
			}
			if l.peek() != '"' && l.peek() != '\\' {
				b.WriteString(r)
			}
			b.WriteString(l.take())
		default:
			b.WriteString(r)
		}
	}
	return "", errNoClosingQuote
}

// skip passes over blanks and comments.
func (l *lexer) skip() {
	for len(l.rest) > 0 {
		switch {
		case isBlank(l.peek()):
			l.take()
		case !l.whole && l.peek() == '#':
			l.skipLine()
		default:
			return
		}
	}
}

func (l *lexer) skipLine() { _, l.rest, _ = strings.Cut(l.rest, "\n") }

func (l *lexer) peek() rune {
	r, _ := utf8.DecodeRuneInString(l.rest)
	return r
}

// take gives the next character as it is written: a byte that is not UTF-8 (it
// can come out of the environment) stays that byte.
func (l *lexer) take() string {
	_, size := utf8.DecodeRuneInString(l.rest)
	text := l.rest[:size]
	l.rest = l.rest[size:]
	return text
}

// begins tells whether a character starts a word of several.
func (l *lexer) begins(r rune) bool {
	return l.whole || l.isWord(r) || l.posix && (isQuote(r) || r == '\\')
}

// ends tells whether a character ends a word. Without POSIX a quote in the
// middle of a word is an ordinary character of it.
func (l *lexer) ends(r rune) bool {
	return isBlank(r) || !l.begins(r) && !isQuote(r)
}

func (l *lexer) isWord(r rune) bool {
	switch {
	case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
		return true
	case r < 0x80:
		return strings.ContainsRune(wordChars, r)
	}
	return l.posix && strings.ContainsRune(latinLetters, r)
}

func isQuote(r rune) bool { return r == '\'' || r == '"' }
func isBlank(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' }
