package rpc

import (
	"bytes"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"supervisor/supervise"
)

// value is anything XML-RPC can carry. The set is closed: the types of this file,
// those of plain.go, and *listed, which is a whole answer. encode adds the value with its
// <value> tags to b, laid out as Python's xmlrpc.client lays it out.
type value interface {
	encode(b []byte) []byte
}

type (
	null    struct{}
	boolean bool
	integer int64
	double  float64
	text    string
	moment  time.Time
	array   []value
	object  []member // in order, as clients see it; no name twice
	encoded []byte   // a value that has been encoded already

	member struct {
		name  string
		value value
	}
)

// get finds a member by its name; nil if there is none.
func (v object) get(name string) value {
	for _, m := range v {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

func (null) encode(b []byte) []byte { return append(b, "<value><nil/></value>"...) }

func (v boolean) encode(b []byte) []byte {
	if v {
		return append(b, "<value><boolean>1</boolean></value>\n"...)
	}
	return append(b, "<value><boolean>0</boolean></value>\n"...)
}

// encode writes the number as it is, also where it is beyond the 32 bits of the
// specification (the size of a large log): Python's encoder refuses those, which
// the original's clients see as HTTP 500, while every client reads them well.
func (v integer) encode(b []byte) []byte {
	b = append(b, "<value><int>"...)
	b = strconv.AppendInt(b, int64(v), 10)
	return append(b, "</int></value>\n"...)
}

func (v double) encode(b []byte) []byte {
	b = append(b, "<value><double>"...)
	b = appendFloat(b, float64(v))
	return append(b, "</double></value>\n"...)
}

func (v text) encode(b []byte) []byte {
	b = append(b, "<value><string>"...)
	b = appendText(b, string(v))
	return append(b, "</string></value>\n"...)
}

func (v moment) encode(b []byte) []byte {
	b = append(b, "<value><dateTime.iso8601>"...)
	b = time.Time(v).AppendFormat(b, momentLayout)
	return append(b, "</dateTime.iso8601></value>\n"...)
}

const momentLayout = "20060102T15:04:05"

func (v array) encode(b []byte) []byte {
	b = append(b, arrayOpen...)
	for _, each := range v {
		b = each.encode(b)
	}
	return append(b, arrayClose...)
}

const (
	arrayOpen   = "<value><array><data>\n"
	arrayClose  = "</data></array></value>\n"
	structOpen  = "<value><struct>\n"
	structClose = "</struct></value>\n"
)

func (v object) encode(b []byte) []byte {
	b = append(b, structOpen...)
	for _, m := range v {
		b = append(b, "<member>\n<name>"...)
		b = appendText(b, m.name)
		b = append(b, "</name>\n"...)
		b = m.value.encode(b)
		b = append(b, "</member>\n"...)
	}
	return append(b, structClose...)
}

func (v encoded) encode(b []byte) []byte { return append(b, v...) }

// appendFloat prints a number as Python's repr does: the shortest digits that
// mean it, with a point, and an exponent beyond 1e16 and below 1e-4.
func appendFloat(b []byte, v float64) []byte {
	switch {
	case math.IsNaN(v):
		return append(b, "nan"...)
	case math.IsInf(v, 1):
		return append(b, "inf"...)
	case math.IsInf(v, -1):
		return append(b, "-inf"...)
	case v != 0 && (math.Abs(v) < 1e-4 || math.Abs(v) >= 1e16):
		return strconv.AppendFloat(b, v, 'e', -1, 64)
	}
	from := len(b)
	b = strconv.AppendFloat(b, v, 'f', -1, 64)
	if !bytes.ContainsRune(b[from:], '.') {
		b = append(b, ".0"...)
	}
	return b
}

// replacement stands for what XML cannot carry.
const replacement = "\uFFFD"

// appendText adds text so that it can never end the element it is in, nor make
// the document unreadable: the three characters Python escapes are escaped, and
// bytes that are not UTF-8 and characters XML 1.0 forbids become U+FFFD. The
// original sends the latter as they are (an ANSI colour in a log is enough), and
// its clients fail to read the whole answer.
func appendText(b []byte, s string) []byte {
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		size, instead := 1, ""
		switch {
		case c == '&':
			instead = "&amp;"
		case c == '<':
			instead = "&lt;"
		case c == '>':
			instead = "&gt;"
		case c < ' ' && c != '\t' && c != '\n' && c != '\r':
			instead = replacement
		case c >= utf8.RuneSelf:
			var r rune
			if r, size = utf8.DecodeRuneInString(s[i:]); !legal(r, size) {
				instead = replacement
			}
		}
		if instead != "" {
			b = append(append(b, s[done:i]...), instead...)
			done = i + size
		}
		i += size
	}
	return append(b, s[done:]...)
}

// legal tells whether XML 1.0 has a character beyond ASCII.
func legal(r rune, size int) bool {
	return (r != utf8.RuneError || size > 1) && r != 0xFFFE && r != 0xFFFF
}

const (
	answerOpen  = "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n"
	answerClose = "</param>\n</params>\n</methodResponse>\n"
	faultOpen   = "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n"
	faultClose  = "</fault>\n</methodResponse>\n"
)

// appendAnswer adds the whole answer of a call that succeeded.
func appendAnswer(b []byte, v value) []byte {
	return append(v.encode(append(b, answerOpen...)), answerClose...)
}

// appendFault adds the whole answer of a call that met a fault.
func appendFault(b []byte, f fault) []byte {
	return append(f.value().encode(append(b, faultOpen...)), faultClose...)
}

// fault is a supervise.Fault with its text as this client gets it.
type fault struct {
	code supervise.FaultCode
	text string
}

func (f fault) Error() string { return f.text }

// value is the fault as multicall tells it among results.
func (f fault) value() value {
	return object{{"faultCode", integer(f.code)}, {"faultString", text(f.text)}}
}

// listOf gives the lines of a command on several processes.
func listOf(lines []supervise.Result) value {
	list := make(array, len(lines))
	for i, r := range lines {
		list[i] = object{
			{"name", text(r.Name)},
			{"group", text(r.Group)},
			{"status", integer(r.Status)},
			{"description", text(r.Description)},
		}
	}
	return list
}
