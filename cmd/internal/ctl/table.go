package ctl

import (
	"strconv"
	"strings"
)

// readTable reads the answer of getAllProcessInfo as supervisord writes it, ours
// and the original, to the letter. It is there because status of a thousand
// processes is a megabyte of XML, which encoding/xml and reflection take ten
// times as long for. At anything else than that layout it gives up, and the
// answer is read the long way, which alone says what is wrong with an answer: a
// fuzz test holds the two against each other.
func readTable(body []byte) ([]processInfo, bool) {
	r := &tableReader{rest: string(body)}
	var rows []processInfo
	r.expect(tableOpen)
	for r.skip(rowOpen) {
		rows = append(rows, r.row())
	}
	r.expect(tableClose)
	return rows, !r.odd && r.rest == ""
}

const (
	tableOpen  = "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><array><data>\n"
	tableClose = "</data></array></value>\n</param>\n</params>\n</methodResponse>\n"
	rowOpen    = "<value><struct>\n"
	rowClose   = "</struct></value>\n"
)

// tableReader takes an answer apart from the front.
type tableReader struct {
	rest string
	odd  bool // something is not as expected: what has been read counts for nothing
}

// skip takes what comes next, if it is that.
func (r *tableReader) skip(next string) bool {
	after, found := strings.CutPrefix(r.rest, next)
	r.rest = after
	return found
}

func (r *tableReader) expect(next string) {
	if !r.skip(next) {
		r.giveUp()
	}
}

// giveUp makes sure that nothing that is looked for is found any more.
func (r *tableReader) giveUp() { r.rest, r.odd = "", true }

// row reads the members of one process.
func (r *tableReader) row() processInfo {
	var info processInfo
	for r.skip("<member>\n<name>") {
		name := r.until("</name>\n<value>")
		text, number := info.text(name), info.number(name)
		switch {
		case name != "" && number == nil && r.skip("<string>"):
			r.text(text)
		case name != "" && text == nil && r.skip("<int>"):
			r.number(number)
		default:
			r.giveUp()
		}
		r.expect("</value>\n</member>\n")
	}
	r.expect(rowClose)
	return info
}

// until takes the plain text up to an end tag, and the tag with what follows it.
// Only printable ASCII is plain, without the characters that XML escapes.
func (r *tableReader) until(end string) string {
	n := 0
	for n < len(r.rest) && r.rest[n] != '<' {
		if c := r.rest[n]; c < ' ' || c > '~' || c == '&' || c == '>' {
			r.giveUp()
			return ""
		}
		n++
	}
	plain := r.rest[:n]
	r.rest = r.rest[n:]
	r.expect(end)
	return plain
}

// text reads a string into a field, nil for one nobody asks for. An empty one
// leaves the field as it is, like the long way does.
func (r *tableReader) text(field *string) {
	if s := r.until("</string>"); s != "" && field != nil {
		*field = s
	}
}

func (r *tableReader) number(field *int) {
	s := r.until("</int>")
	if s == "" || field == nil {
		return
	}
	n, err := strconv.ParseInt(s, 10, strconv.IntSize)
	if err != nil {
		r.giveUp()
		return
	}
	*field = int(n)
}

// text is the field for a member that is a string; nil for none.
func (p *processInfo) text(member string) *string {
	switch member {
	case "group":
		return &p.Group
	case "name":
		return &p.Name
	case "statename":
		return &p.StateName
	case "description":
		return &p.Description
	case "spawnerr":
		return &p.SpawnErr
	case "stdout_logfile":
		return &p.StdoutLog
	case "stderr_logfile":
		return &p.StderrLog
	}
	return nil
}

// number is the field for a member that is a number; nil for none.
func (p *processInfo) number(member string) *int {
	switch member {
	case "state":
		return &p.State
	case "pid":
		return &p.PID
	case "start":
		return &p.Start
	case "stop":
		return &p.Stop
	case "now":
		return &p.Now
	case "exitstatus":
		return &p.ExitStatus
	}
	return nil
}
