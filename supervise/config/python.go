//go:build unix

package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"supervisor/supervise"
)

// The file format leans on a few of Python's notions: what white space is, what
// a number looks like, how a text is shown in an error. They live here, so that
// the rest of the package can be read without knowing Python.

// isSpace is str.isspace of one character: Unicode's white space, and the four
// separators of ASCII.
func isSpace(r rune) bool {
	return unicode.IsSpace(r) || (r >= 0x1c && r <= 0x1f)
}

func trimSpace(text string) string      { return strings.TrimFunc(text, isSpace) }
func trimRightSpace(text string) string { return strings.TrimRightFunc(text, isSpace) }
func fields(text string) []string       { return strings.FieldsFunc(text, isSpace) }

func writeEscaped(b *strings.Builder, r rune) {
	switch {
	case r < 0x100:
		fmt.Fprintf(b, `\x%02x`, r)
	case r < 0x10000:
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		fmt.Fprintf(b, `\U%08x`, r)
	}
}

// ascii shows a text as Python's %a does: its %r, in ASCII.
func ascii(text string) string {
	var b strings.Builder
	for _, r := range supervise.Quote(text) {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			writeEscaped(&b, r)
		}
	}
	return b.String()
}

// parseInt is int(text, base): white space around it, a sign, and single
// underscores between digits; for base 8 also the prefix 0o. What Python reads
// and 64 bits cannot hold is an error of ours.
func parseInt(text string, base int) (int64, error) {
	digits, ok := plainDigits(text, base)
	if !ok {
		return 0, fmt.Errorf("invalid literal for int() with base %d: %s", base, supervise.Quote(text))
	}
	n, err := strconv.ParseInt(digits, base, 64)
	if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("the number %s is too large", supervise.Quote(text))
	}
	if err != nil {
		return 0, fmt.Errorf("invalid literal for int() with base %d: %s", base, supervise.Quote(text))
	}
	return n, nil
}

// plainDigits brings a literal into the form strconv reads: sign and ASCII
// digits. False when the shape is wrong.
func plainDigits(text string, base int) (string, bool) {
	text = trimSpace(text)
	sign := ""
	if strings.HasPrefix(text, "-") || strings.HasPrefix(text, "+") {
		sign, text = text[:1], text[1:]
	}
	if base == 8 && len(text) > 2 && strings.EqualFold(text[:2], "0o") {
		text = strings.TrimPrefix(text[2:], "_")
	}
	if strings.HasPrefix(text, "_") || strings.HasSuffix(text, "_") || strings.Contains(text, "__") {
		return "", false
	}
	digits := strings.Map(asciiDigit, strings.ReplaceAll(text, "_", ""))
	// ParseInt would read a second sign.
	if digits == "" || strings.ContainsAny(digits, "+-") {
		return "", false
	}
	return sign + digits, true
}

// asciiDigit turns a decimal digit of any script into ASCII's, as int() does.
// The blocks of decimal digits are ten consecutive characters each, aligned
// so that the zero has no digit before it.
func asciiDigit(r rune) rune {
	if r < 0x80 || !unicode.Is(unicode.Nd, r) {
		return r
	}
	zero := r
	for r-zero < 9 && unicode.Is(unicode.Nd, zero-1) {
		zero--
	}
	return '0' + (r - zero)
}
