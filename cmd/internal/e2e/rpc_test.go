//go:build compat && unix

package e2e

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// The tests in this file hold the XML-RPC answers of our supervisord against the
// original's, byte by byte, after masking what cannot be the same. Beside what
// every case may say, see cases_test.go, a case of theirs has:
//
//	getState                a call of supervisor.getState; other namespaces are named
//	startProcess "cat" true a call with arguments
//	"a.b" 5                 a call of a method with any name at all
//	& stopProcess "slow"    a call in the background: see @join
//	~member NAME reason     each struct of our next answer has a member more
//	~order reason           the structs of the next answer come in any order
//
// An argument is a "text" as Go writes it, a number, true, false, nil, [1, 2] or
// {"name": 1}; "text"*100 is a text that many times over, base64"text" and
// time"20260101T00:00:00" are of other types, and xml"<i8>5</i8>" may be anything.

var calls = language{ending: "rpc", read: readCall}

// originalAlone is the reference where only servers are compared.
var originalAlone = pair{name: "the original", daemon: originalDaemon}

// TestXMLRPCAnswersAsTheOriginal also gives every answer of ours to Python's
// client, which must be able to read it.
func TestXMLRPCAnswersAsTheOriginal(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	ours := pair{name: "ours", daemon: buildProgram(t, "supervisord")}
	answers := answerBook{bodies: map[string]bool{}}
	watched := calls
	watched.ask = func(s *ctlServer, p pair, step step) (string, error) {
		r, err := s.makeCall(step)
		if err != nil {
			return "", err
		}
		if p == ours {
			answers.add(r)
		}
		return s.printCall(step, p != ours, r), nil
	}
	watched.run(t, originalAlone, []pair{ours})
	answers.readInPython(t)
}

func readCall(_ *caseFile, line string, next *step) bool {
	head, rest, _ := strings.Cut(line, " ")
	switch head {
	case "~member":
		next.member, _, _ = strings.Cut(rest, " ")
		return false
	case "&":
		next.background, line = true, rest
	}
	next.text = line
	return true
}

// makeCall sends a call over the server's socket and takes its answer.
func (s *ctlServer) makeCall(step step) (httpAnswer, error) {
	body, err := callXML(s.fill(step.text))
	if err != nil {
		return httpAnswer{}, err
	}
	request, err := http.NewRequest(http.MethodPost, "http://localhost/RPC2", strings.NewReader(body))
	if err != nil {
		return httpAnswer{}, err
	}
	request.Header.Set("Content-Type", "text/xml")
	response, err := s.client().Do(request)
	if err != nil {
		return httpAnswer{}, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return httpAnswer{response.Status, response.Header, string(answer)}, err
}

// printCall prints an answer for comparison.
func (s *ctlServer) printCall(step step, original bool, r httpAnswer) string {
	if step.member != "" && !original {
		member := regexp.MustCompile(`<member>\n<name>` + step.member + `</name>\n.*\n</member>\n`)
		r.body = member.ReplaceAllString(r.body, "")
		r.header.Set("Content-Length", strconv.Itoa(len(r.body)))
	}
	if step.anyOrder {
		r.body = sortStructs(r.body)
	}
	return s.print(r)
}

var someStruct = regexp.MustCompile(`(?s)<value><struct>.*?</struct></value>\n`)

// sortStructs sorts the structs of an array; they hold no others.
func sortStructs(body string) string {
	found := slices.Sorted(slices.Values(someStruct.FindAllString(body, -1)))
	return someStruct.ReplaceAllStringFunc(body, func(string) string {
		first := found[0]
		found = found[1:]
		return first
	})
}

// --- what clients see ---

// httpAnswer is an answer, whole.
type httpAnswer struct {
	status string
	header http.Header
	body   string
}

// clientHeaders are those that clients look at.
var clientHeaders = []string{"Content-Type", "Content-Encoding", "Transfer-Encoding", "Www-Authenticate", "Location", "X-Accel-Buffering"}

// print shows what clients look at. Where a mask changes the body its length is
// not compared as such, but it must be right all the same.
func (s *ctlServer) print(r httpAnswer) string {
	var b strings.Builder
	fmt.Fprintln(&b, r.status)
	for _, name := range clientHeaders {
		if r.header.Get(name) != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, maskHeader(r.header.Get(name)))
		}
	}
	length, masked := r.header.Get("Content-Length"), s.maskXML(r.body)
	if length == strconv.Itoa(len(r.body)) && masked != r.body {
		length = "right"
	}
	if length != "" {
		fmt.Fprintf(&b, "Content-Length: %s\n", length)
	}
	fmt.Fprintf(&b, "\n%s", masked)
	if !strings.HasSuffix(masked, "\n") {
		b.WriteString("[no newline]\n")
	}
	return b.String()
}

// headerMasks: an address of the same server may leave the server out, and the
// messages in addresses tell the time.
var headerMasks = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`^http://localhost/`), "/"},
	{regexp.MustCompile(`%20at%20[A-Z][a-z]{2}%20[A-Z][a-z]{2}%20(%20\d|\d\d)%20\d\d%3A\d\d%3A\d\d%20\d{4}$`), "%20at%20TIME"},
}

func maskHeader(value string) string {
	for _, m := range headerMasks {
		value = m.what.ReplaceAllString(value, m.with)
	}
	return value
}

// xmlMasks are what the answers of two servers cannot have in common.
var xmlMasks = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`(<name>(?:start|stop|now|pid)</name>\n<value><int>)[1-9]\d*`), "${1}N"},
	{regexp.MustCompile(`pid \d+`), "pid PID"},
	{regexp.MustCompile(`uptime \d+:\d\d:\d\d`), "uptime TIME"},
	{regexp.MustCompile(`[A-Z][a-z]{2} \d{2} \d{2}:\d{2} [AP]M`), "DATE"},
	{regexp.MustCompile(`\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2},\d{3}`), "STAMP"},
	{regexp.MustCompile(`(-std(?:out|err)---supervisor)-[^-/]{8}\.log`), "$1-RANDOM.log"},
}

func (s *ctlServer) maskXML(body string) string {
	body = strings.ReplaceAll(body, s.dir, "{dir}")
	for _, m := range xmlMasks {
		body = m.what.ReplaceAllString(body, m.with)
	}
	return strings.ReplaceAll(body, fmt.Sprintf("<int>%d</int>", s.cmd.Process.Pid), "<int>SUPERVISORD</int>")
}

// --- what is read in Python ---

// answerBook gathers XML answers, each once.
type answerBook struct {
	mu     sync.Mutex
	bodies map[string]bool
}

func (a *answerBook) add(r httpAnswer) {
	if r.header.Get("Content-Type") != "text/xml" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.bodies[r.body] = true
}

// readInPython has the client that most scripts use read every answer.
const readInPython = `
import sys, xmlrpc.client
for body in sys.stdin.buffer.read().split(b"\0"):
    try:
        xmlrpc.client.loads(body)
    except xmlrpc.client.Fault:
        pass
    except Exception as why:
        sys.exit("%r: %r" % (body, why))
`

func (a *answerBook) readInPython(t *testing.T) {
	t.Helper()
	python := exec.Command("python3", "-c", readInPython)
	python.Stdin = strings.NewReader(strings.Join(slices.Collect(maps.Keys(a.bodies)), "\x00"))
	if out, err := python.CombinedOutput(); err != nil {
		t.Errorf("Python's xmlrpc.client cannot read an answer: %v\n%s", err, out)
	}
	t.Logf("%d different answers were read in Python", len(a.bodies))
}

// --- the notation of calls ---

// callXML makes the body of a call.
func callXML(text string) (string, error) {
	p := &callParser{rest: text}
	method, err := p.method()
	if err != nil {
		return "", fmt.Errorf("%s: %w", text, err)
	}
	p.out.WriteString("<?xml version='1.0'?>\n<methodCall>\n<methodName>" + escape(method) + "</methodName>\n<params>\n")
	for p.skip(); p.rest != ""; p.skip() {
		p.out.WriteString("<param>\n")
		if err := p.value(); err != nil {
			return "", fmt.Errorf("%s: before %q: %w", text, p.rest, err)
		}
		p.out.WriteString("</param>\n")
	}
	p.out.WriteString("</params>\n</methodCall>\n")
	return p.out.String(), nil
}

type callParser struct {
	rest string
	out  strings.Builder
}

var (
	errNoValue  = errors.New("no value")
	errUnclosed = errors.New("not closed")
)

func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

func (p *callParser) skip() { p.rest = strings.TrimLeft(p.rest, " ") }

// take takes a mark, if it is next.
func (p *callParser) take(mark string) bool {
	p.skip()
	rest, found := strings.CutPrefix(p.rest, mark)
	p.rest = rest
	return found
}

func (p *callParser) method() (string, error) {
	if strings.HasPrefix(p.rest, `"`) {
		return p.quoted()
	}
	name, rest, _ := strings.Cut(p.rest, " ")
	p.rest = rest
	if !strings.Contains(name, ".") {
		name = "supervisor." + name
	}
	return name, nil
}

func (p *callParser) quoted() (string, error) {
	prefix, err := strconv.QuotedPrefix(p.rest)
	if err != nil {
		return "", err
	}
	p.rest = p.rest[len(prefix):]
	return strconv.Unquote(prefix)
}

var (
	numberLiteral = regexp.MustCompile(`^-?\d+(\.\d+)?`)
	typedLiteral  = regexp.MustCompile(`^(base64|time|xml)"`)
)

// value writes the next one, with its <value> tags.
func (p *callParser) value() error {
	p.skip()
	p.out.WriteString("<value>")
	if err := p.content(); err != nil {
		return err
	}
	p.out.WriteString("</value>\n")
	return nil
}

func (p *callParser) content() error {
	switch {
	case p.take("true"):
		p.out.WriteString("<boolean>1</boolean>")
	case p.take("false"):
		p.out.WriteString("<boolean>0</boolean>")
	case p.take("nil"):
		p.out.WriteString("<nil/>")
	case p.take("["):
		return p.array()
	case p.take("{"):
		return p.object()
	case strings.HasPrefix(p.rest, `"`):
		return p.text()
	case typedLiteral.MatchString(p.rest):
		return p.typed()
	default:
		return p.number()
	}
	return nil
}

func (p *callParser) number() error {
	number := numberLiteral.FindString(p.rest)
	if number == "" {
		return errNoValue
	}
	p.rest = p.rest[len(number):]
	kind := "int"
	if strings.Contains(number, ".") {
		kind = "double"
	}
	fmt.Fprintf(&p.out, "<%s>%s</%s>", kind, number, kind)
	return nil
}

func (p *callParser) text() error {
	text, err := p.quoted()
	if err != nil {
		return err
	}
	if rest, found := strings.CutPrefix(p.rest, "*"); found {
		times := numberLiteral.FindString(rest)
		p.rest = rest[len(times):]
		n, err := strconv.Atoi(times)
		if err != nil {
			return err
		}
		text = strings.Repeat(text, n)
	}
	p.out.WriteString("<string>" + escape(text) + "</string>")
	return nil
}

func (p *callParser) typed() error {
	kind, rest, _ := strings.Cut(p.rest, `"`)
	p.rest = `"` + rest
	content, err := p.quoted()
	switch kind {
	case "base64":
		content = "<base64>" + base64.StdEncoding.EncodeToString([]byte(content)) + "</base64>"
	case "time":
		content = "<dateTime.iso8601>" + content + "</dateTime.iso8601>"
	}
	p.out.WriteString(content)
	return err
}

func (p *callParser) array() error {
	p.out.WriteString("<array><data>\n")
	for first := true; !p.take("]"); first = false {
		if !first && !p.take(",") {
			return errUnclosed
		}
		if err := p.value(); err != nil {
			return err
		}
	}
	p.out.WriteString("</data></array>")
	return nil
}

func (p *callParser) object() error {
	p.out.WriteString("<struct>\n")
	for first := true; !p.take("}"); first = false {
		if !first && !p.take(",") {
			return errUnclosed
		}
		p.skip()
		name, err := p.quoted()
		if err != nil {
			return err
		}
		if !p.take(":") {
			return errUnclosed
		}
		p.out.WriteString("<member>\n<name>" + escape(name) + "</name>\n")
		if err := p.value(); err != nil {
			return err
		}
		p.out.WriteString("</member>\n")
	}
	p.out.WriteString("</struct>")
	return nil
}
