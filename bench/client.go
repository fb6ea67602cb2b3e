//go:build linux

package main

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// answerPatience is how long an answer may take; the original thinks for
// seconds about thousands of programs.
const answerPatience = 2 * time.Minute

// client calls XML-RPC methods on a daemon's unix socket, over one connection
// as long as the daemon keeps it. It does little of its own, so that what is
// measured is the daemon.
type client struct {
	socket string
	conn   net.Conn
	reader *bufio.Reader
	answer bytes.Buffer
}

func (c *client) close() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

// call calls a method whose arguments are strings, booleans and numbers, and
// refuses a fault.
func (c *client) call(method string, args ...any) ([]byte, error) {
	body, err := c.send(request(method, args...))
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", method, err)
	}
	if bytes.Contains(body, []byte("<fault>")) {
		return nil, fmt.Errorf("call %s: %s", method, body)
	}
	return body, nil
}

// request is a whole HTTP request.
func request(method string, args ...any) []byte {
	var body strings.Builder
	fmt.Fprintf(&body, "<?xml version='1.0'?><methodCall><methodName>%s</methodName><params>", method)
	for _, arg := range args {
		fmt.Fprintf(&body, "<param><value>%s</value></param>", value(arg))
	}
	body.WriteString("</params></methodCall>")
	return fmt.Appendf(nil, "POST /RPC2 HTTP/1.1\r\nHost: bench\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s",
		body.Len(), body.String())
}

func value(arg any) string {
	switch arg := arg.(type) {
	case bool:
		if arg {
			return "<boolean>1</boolean>"
		}
		return "<boolean>0</boolean>"
	case int:
		return fmt.Sprintf("<int>%d</int>", arg)
	default:
		var escaped strings.Builder
		if err := xml.EscapeText(&escaped, fmt.Append(nil, arg)); err != nil {
			panic(err) // into memory
		}
		return "<string>" + escaped.String() + "</string>"
	}
}

// send sends a request and reads the answer, which is good until the next one.
func (c *client) send(request []byte) ([]byte, error) {
	if c.conn == nil {
		conn, err := net.Dial("unix", c.socket)
		if err != nil {
			return nil, err
		}
		c.conn, c.reader = conn, bufio.NewReaderSize(conn, 64<<10)
	}
	if err := c.conn.SetDeadline(time.Now().Add(answerPatience)); err != nil {
		return nil, err
	}
	body, again, err := c.exchange(request)
	if err != nil || !again {
		c.close()
	}
	return body, err
}

// exchange also says whether the connection can be used again.
func (c *client) exchange(request []byte) (body []byte, again bool, err error) {
	if _, err := c.conn.Write(request); err != nil {
		return nil, false, err
	}
	answer, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return nil, false, err
	}
	c.answer.Reset()
	if _, err := io.Copy(&c.answer, answer.Body); err != nil {
		return nil, false, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, false, fmt.Errorf("status %s", answer.Status)
	}
	return c.answer.Bytes(), !answer.Close, nil
}
