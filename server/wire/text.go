package wire

import (
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

const hex = "0123456789abcdef"

// AppendText appends the bytes of s as a JSON string. Bytes that are not UTF-8
// become lone low surrogates, which encoding/json cannot write (it would put
// U+FFFD and lose them); U+2028 and U+2029 are escaped so that the text may also
// stand in a script.
func AppendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' && c != 0x7f {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			dst = appendControl(dst, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r != utf8.RuneError || size > 1 {
			if r == '\u2028' || r == '\u2029' {
				dst = append(dst, s[start:i]...)
				dst = append(dst, `\u202`...)
				dst = append(dst, hex[r&0xf])
				start = i + size
			}
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = append(dst, `\udc`...)
		dst = append(dst, hex[c>>4], hex[c&0xf])
		i++
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// appendControl writes an ASCII character that may not, or should not, stand
// for itself.
func appendControl(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
}

// MarshalJSON writes the lines with AppendText; none is an empty list.
func (l Lines) MarshalJSON() ([]byte, error) {
	size := 2
	for _, line := range l {
		size += len(line) + 3
	}
	out := append(make([]byte, 0, size+size/8), '[')
	for i, line := range l {
		if i > 0 {
			out = append(out, ',')
		}
		out = AppendText(out, line)
	}
	return append(out, ']'), nil
}

// MarshalJSON writes the text with AppendText.
func (t LogText) MarshalJSON() ([]byte, error) { return AppendText(nil, string(t)), nil }

// UnmarshalJSON reads what MarshalJSON wrote, byte for byte.
func (t *LogText) UnmarshalJSON(text []byte) error {
	s, err := ParseText(text)
	*t = LogText(s)
	return err
}

// UnmarshalJSON reads what MarshalJSON wrote, byte for byte.
func (l *Lines) UnmarshalJSON(text []byte) error {
	var raw []json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return fmt.Errorf("read lines: %w", err)
	}
	*l = make(Lines, len(raw))
	for i, word := range raw {
		line, err := ParseText(word)
		if err != nil {
			return fmt.Errorf("read line %d: %w", i, err)
		}
		(*l)[i] = line
	}
	return nil
}

// ParseText reads a JSON string and turns lone low surrogates from U+DC80 to
// U+DCFF back into the bytes they stand for: the inverse of AppendText.
func ParseText(literal []byte) (string, error) {
	if len(literal) < 2 || literal[0] != '"' || literal[len(literal)-1] != '"' {
		return "", fmt.Errorf("not a string: %.40q", literal)
	}
	text := literal[1 : len(literal)-1]
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		if text[i] != '\\' {
			out = append(out, text[i])
			i++
			continue
		}
		if i+1 >= len(text) {
			return "", fmt.Errorf("escape cut off at %d", i)
		}
		if text[i+1] != 'u' {
			c, ok := shortEscapes[text[i+1]]
			if !ok {
				return "", fmt.Errorf("unknown escape at %d", i)
			}
			out = append(out, c)
			i += 2
			continue
		}
		unit, ok := codeUnit(text[i:])
		if !ok {
			return "", fmt.Errorf("bad escape at %d", i)
		}
		i += 6
		if low, ok := codeUnit(text[i:]); ok && utf16.IsSurrogate(unit) {
			if r := utf16.DecodeRune(unit, low); r != utf8.RuneError {
				out = utf8.AppendRune(out, r)
				i += 6
				continue
			}
		}
		if unit >= 0xdc80 && unit <= 0xdcff {
			out = append(out, byte(unit-0xdc00))
			continue
		}
		out = utf8.AppendRune(out, unit)
	}
	return string(out), nil
}

var shortEscapes = map[byte]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// codeUnit reads the \uXXXX that text begins with, if it does.
func codeUnit(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(n), err == nil
}
