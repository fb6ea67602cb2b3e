//go:build compat && unix

package e2e

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The tests in this file hold what our supervisord answers to requests, written as
// they go over the wire, against what the original answers. Beside what every case
// may say, see cases_test.go, a case of theirs has:
//
//	send                 what follows goes out over a connection of its own, and an
//	                     answer is awaited
//	send 2               two answers are awaited
//	send tcp 2           the connection is made to {port}, or
//	send other.sock      to another socket than s.sock
//	> LINE               a line of what is sent, with the end it has in HTTP. {length} is
//	                     that of what follows the first empty line, {basic:TEXT} is TEXT
//	                     in base64.
//
// Compared are status, the headers that clients look at, the body unless it is a page
// for people, and whether the connection can be used for another request.

var requests = language{ending: "http", read: readRequest, ask: (*ctlServer).askHTTP}

func TestHTTPAnswersAsTheOriginal(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	requests.run(t, originalAlone, []pair{{name: "ours", daemon: buildProgram(t, "supervisord")}})
}

func readRequest(c *caseFile, line string, next *step) bool {
	head, rest, _ := strings.Cut(line, " ")
	if head == ">" {
		last := &c.steps[len(c.steps)-1]
		last.input += rest + "\r\n"
		if line := last.input; strings.Count(line, "\r\n") == 1 {
			last.text += ": " + rest
		}
		return false
	}
	next.text, next.words = line, strings.Fields(rest)
	return true
}

var basicWord = regexp.MustCompile(`\{basic:(.*?)\}`)

// request fills in what a case leaves open.
func (s *ctlServer) request(input string) string {
	_, body, _ := strings.Cut(input, "\r\n\r\n")
	input = strings.ReplaceAll(s.fill(input), "{length}", strconv.Itoa(len(s.fill(body))))
	return basicWord.ReplaceAllStringFunc(input, func(word string) string {
		return base64.StdEncoding.EncodeToString([]byte(basicWord.FindStringSubmatch(word)[1]))
	})
}

// talk is a connection on which a case asks.
type talk struct {
	conn   net.Conn
	reader *bufio.Reader
	fate   string // what became of the connection, once that is known
}

func (s *ctlServer) askHTTP(_ pair, step step) (string, error) {
	network, address, answers := "unix", filepath.Join(s.dir, "s.sock"), 1
	for _, word := range step.words {
		if n, err := strconv.Atoi(word); err == nil {
			answers = n
		} else if word == "tcp" {
			network, address = "tcp", "127.0.0.1:"+s.port
		} else {
			address = filepath.Join(s.dir, word)
		}
	}
	conn, err := net.Dial(network, address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(conn, s.request(step.input)); err != nil {
		return "", err
	}
	t := &talk{conn: conn, reader: bufio.NewReader(conn)}
	var printed strings.Builder
	for range answers {
		r, err := t.answer(step)
		if err != nil {
			return printed.String(), err
		}
		if r.status != "" {
			printed.WriteString(s.print(r))
		}
		if t.fate != "" {
			break
		}
	}
	if t.fate == "" {
		t.fate = t.probe()
	}
	return printed.String() + "[" + t.fate + "]\n", nil
}

// gone tells an error that means that the other side has closed the connection.
// Where no answer has begun, net/http calls its end unexpected.
func gone(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// answer reads the next one.
func (t *talk) answer(step step) (httpAnswer, error) {
	method, _, _ := strings.Cut(step.input, " ")
	response, err := http.ReadResponse(t.reader, &http.Request{Method: method})
	if gone(err) {
		t.fate = "closed without an answer"
		return httpAnswer{}, nil
	}
	if err != nil && strings.HasPrefix(err.Error(), "malformed HTTP") {
		t.fate = "answers, though not in HTTP"
		return httpAnswer{}, nil
	}
	if err != nil {
		return httpAnswer{}, err
	}
	if response.StatusCode == http.StatusContinue {
		return t.answer(step)
	}
	r := httpAnswer{status: response.Proto + " " + response.Status, header: response.Header}
	r.header["Transfer-Encoding"] = response.TransferEncoding
	if step.interrupt != "" {
		t.fate = "left"
		r.body, err = readUntil(response.Body, step.interrupt)
		return r, err
	}
	body, err := io.ReadAll(response.Body)
	r.body = string(body)
	switch {
	case strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") && response.StatusCode == http.StatusOK:
		r.header, r.body = nil, "[a page]\n"
	case response.StatusCode == http.StatusUnauthorized: // the original says so, and does not
		t.fate = "says that it closes"
	case response.Close:
		t.fate = t.end()
	}
	return r, err
}

// readUntil reads a body that never ends as far as the end of a text.
func readUntil(body io.Reader, text string) (string, error) {
	var seen strings.Builder
	for !strings.Contains(seen.String(), text) {
		piece := make([]byte, 4096)
		n, err := body.Read(piece)
		seen.Write(piece[:n])
		if err != nil && !strings.Contains(seen.String(), text) {
			return seen.String(), fmt.Errorf("before it said %q: %w", text, err)
		}
	}
	before, _, _ := strings.Cut(seen.String(), text)
	return before + text, nil
}

// end reads what comes before the end of a connection that is about to be closed.
func (t *talk) end() string {
	more, err := io.ReadAll(t.reader)
	switch {
	case err != nil && !gone(err):
		return "stays open, though it said otherwise: " + err.Error()
	case len(more) > 0:
		return fmt.Sprintf("closes after %q", more)
	}
	return "closes"
}

// probe finds out whether the connection takes another request.
func (t *talk) probe() string {
	if _, err := io.WriteString(t.conn, "GET /ok.html HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil && !gone(err) {
		return err.Error()
	}
	_, err := http.ReadResponse(t.reader, nil)
	switch {
	case gone(err):
		return "closes"
	case err != nil:
		return "stays open, out of step"
	}
	return "stays open"
}
