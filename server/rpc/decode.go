package rpc

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// What a call may be made of, beside its size in bytes (maxBody). They are far
// above what clients send and far below what hurts.
const (
	maxDepth    = 64
	maxElements = 65536
	maxValues   = 10000
)

// call is a method call as it arrived.
type call struct {
	method string // "" if there was none
	params []value
	rare   bool // there may be values in it that plain changes
}

// decode reads a method call with the rules of the original (xmlrpc.py loads),
// which looks at each element when it ends and asks nothing about where it
// stands: a <value> is what its first child is, or its text; unknown elements
// are their text, or None without one; a boolean is true for the text "1" only;
// the last <methodName> and <params> count. A document type is refused.
func decode(r io.Reader) (call, error) {
	c, err := decodeRare(r)
	if err == nil {
		c, err = c.plain()
	}
	return c, err
}

// decodeRare is decode for who knows more types than the original: those stay what
// they are (see plain.go).
func decodeRare(r io.Reader) (call, error) {
	d := newDecoder(r)
	if err := d.run(); err != nil {
		return call{}, fmt.Errorf("decode the call: %w", err)
	}
	d.call.rare = d.rare
	return d.call, nil
}

// newDecoder makes one with the limits of a call.
func newDecoder(r io.Reader) decoder {
	d := decoder{xml: xml.NewDecoder(r), maxElements: maxElements, maxValues: maxValues}
	// The original decodes the body as UTF-8 whatever the declaration says, and
	// PHP's clients declare iso-8859-1 by default.
	d.xml.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil }
	return d
}

// element is one that has not ended, or that has and is a child of one.
type element struct {
	tag      string
	text     strings.Builder // up to the first child
	value    value           // what it came to, once it has ended
	children []*element
}

type decoder struct {
	xml      *xml.Decoder
	call     call
	fault    value // of an answer
	open     []*element
	elements int
	values   int
	rooted   bool
	rare     bool // a value was met that plain changes

	maxElements, maxValues int
}

var (
	errDocumentType = errors.New("a document type is not accepted")
	errTooDeep      = fmt.Errorf("more than %d levels", maxDepth)
	errTooMany      = errors.New("too many elements")
	errTwoRoots     = errors.New("something follows the document")
	errEmpty        = errors.New("there is no document")
)

func (d *decoder) run() error {
	for {
		token, err := d.xml.Token()
		if err == io.EOF {
			if !d.rooted {
				return errEmpty
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			err = d.start(token)
		case xml.EndElement:
			err = d.end()
		case xml.CharData:
			err = d.characters(token)
		case xml.Directive:
			err = errDocumentType
		case xml.Comment, xml.ProcInst:
		}
		if err != nil {
			return err
		}
	}
}

func (d *decoder) start(token xml.StartElement) error {
	if len(d.open) == 0 && d.rooted {
		return errTwoRoots
	}
	if len(d.open) == maxDepth {
		return errTooDeep
	}
	tag := token.Name.Local
	if token.Name.Space != "" {
		tag = "{" + token.Name.Space + "}" + tag
	}
	if d.elements++; d.elements > d.maxElements {
		return errTooMany
	}
	if tag == "value" {
		if d.values++; d.values > d.maxValues {
			return errTooMany
		}
	}
	d.rooted = true
	d.open = append(d.open, &element{tag: tag})
	return nil
}

func (d *decoder) characters(data []byte) error {
	if len(d.open) == 0 {
		if d.rooted && strings.TrimSpace(string(data)) != "" {
			return errTwoRoots
		}
		return nil
	}
	if e := d.open[len(d.open)-1]; len(e.children) == 0 {
		e.text.Write(data)
	}
	return nil
}

func (d *decoder) end() error {
	e := d.open[len(d.open)-1]
	d.open = d.open[:len(d.open)-1]
	v, err := d.convert(e)
	if err != nil {
		return fmt.Errorf("<%s>: %w", e.tag, err)
	}
	e.value = v
	if known[e.tag] {
		e.children = nil
	}
	if len(d.open) > 0 {
		parent := d.open[len(d.open)-1]
		parent.children = append(parent.children, e)
	}
	return nil
}

// known are the elements whose children are not needed once they have a value.
var known = map[string]bool{
	"int": true, "i4": true, "boolean": true, "string": true, "double": true, "dateTime.iso8601": true,
	"array": true, "data": true, "struct": true, "base64": true, "param": true, "value": true,
}

var (
	errNoChild   = errors.New("nothing inside")
	errNotMember = errors.New("a member has a name and a value")
)

// convert finds what an element that has ended comes to.
func (d *decoder) convert(e *element) (value, error) {
	content := e.text.String()
	switch e.tag {
	case "int", "i4":
		n, err := parseInt(content)
		return integer(n), err
	case "boolean":
		return boolean(content == "1"), nil
	case "string":
		return text(content), nil
	case "double":
		f, err := parseFloat(content)
		return double(f), err
	case "dateTime.iso8601":
		t, err := time.Parse(momentLayout, strings.TrimSpace(content))
		return moment(t), err
	case "i8":
		return d.long(content), nil
	case "base64":
		d.rare = true
		return parseBase64(content)
	case "array", "param":
		if len(e.children) == 0 {
			return nil, errNoChild
		}
		return e.children[0].value, nil
	case "data":
		return valuesOf(e.children), nil
	case "struct":
		return members(e.children)
	case "value":
		if len(e.children) == 0 {
			return text(content), nil
		}
		return d.typed(e.children[0]), nil
	case "fault":
		if len(e.children) > 0 {
			d.fault = e.children[0].value
		}
	case "methodName":
		d.call.method = content
	case "params":
		d.call.params = valuesOf(e.children)
	}
	return orNull(content), nil
}

// orNull is the text of an element that means nothing, None without one.
func orNull(content string) value {
	if content == "" {
		return null{}
	}
	return text(content)
}

// long reads an <i8>. What is no number is the text that the original takes it for.
func (d *decoder) long(content string) value {
	d.rare = true
	n, err := parseInt(content)
	if err != nil {
		return strange{"i8", orNull(content)}
	}
	return long{n, content}
}

// typed is what the first child of a <value> came to. One that says its type in a
// word that XML-RPC does not have is kept apart from the text it is for the original.
func (d *decoder) typed(e *element) value {
	if known[e.tag] || e.tag == "nil" || e.tag == "i8" {
		return e.value
	}
	d.rare = true
	return strange{e.tag, e.value}
}

func valuesOf(elements []*element) array {
	list := make(array, len(elements))
	for i, e := range elements {
		list[i] = e.value
	}
	return list
}

// members reads a struct. Of two members with one name the later value counts,
// in the place of the first, as in a Python dict.
func members(elements []*element) (value, error) {
	fields := make(object, 0, len(elements))
	at := make(map[string]int, len(elements))
	for _, e := range elements {
		if len(e.children) != 2 {
			return nil, errNotMember
		}
		name := ""
		switch key := e.children[0].value.(type) {
		case text:
			name = string(key)
		case null:
		default:
			return nil, errNotMember
		}
		if i, twice := at[name]; twice {
			fields[i].value = e.children[1].value
			continue
		}
		at[name] = len(fields)
		fields = append(fields, member{name, e.children[1].value})
	}
	return fields, nil
}

// parseInt reads a number as Python's int does: space around it and single
// underscores between its digits are fine.
func parseInt(s string) (int64, error) {
	digits := strings.TrimSpace(s)
	if strings.Contains(digits, "_") {
		if digits[0] == '_' || strings.HasSuffix(digits, "_") || strings.Contains(digits, "__") {
			return 0, fmt.Errorf("%q is not a number", s)
		}
		digits = strings.ReplaceAll(digits, "_", "")
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	return n, nil
}

func parseFloat(s string) (float64, error) {
	digits := strings.TrimSpace(s)
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || strings.ContainsAny(digits, "xXpP") {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	return f, nil
}

// parseBase64 reads data as forgivingly as Python does.
func parseBase64(s string) (value, error) {
	data, err := base64.RawStdEncoding.DecodeString(digits64(s))
	if err != nil {
		return nil, err
	}
	return binary(data), nil
}

// digits64 skips what is not of the alphabet. The data ends where padding fills
// up four digits, and what follows is not read (Python's binascii); padding
// elsewhere means nothing.
func digits64(s string) string {
	var kept strings.Builder
	pads := 0
	for _, r := range s {
		switch {
		case 'A' <= r && r <= 'Z', 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '+', r == '/':
			kept.WriteRune(r)
			pads = 0
		case r == '=' && kept.Len()%4 >= 2:
			if pads++; kept.Len()%4+pads >= 4 {
				return kept.String()
			}
		}
	}
	return kept.String()
}
