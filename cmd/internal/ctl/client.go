package ctl

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/kolo/xmlrpc"

	"supervisor/supervise"
)

// client speaks XML-RPC to one supervisord for the time of one command, over one
// connection that is kept open. kolo/xmlrpc writes the calls and reads the
// answers; the transport is ours, because the calls go to unix sockets as well,
// and because a call that waits for a program to stop may take any time.
type client struct {
	transport *http.Transport
	server    server
	settings  settings
	flush     func() error
	reason    string // why it is asked, for the trail
	restart   string // what the calls of one restart have in common, "" for none
	unheard   func() // called if the server keeps none
}

// connect prepares a client. Nothing is dialled before the first call, so only a
// bad URL or a bad file of authorities can be wrong.
func (c *controller) connect() (*client, error) {
	to, err := locate(c.settings.serverURL)
	if err != nil {
		return nil, unreached{err}
	}
	cl := &client{
		transport: &http.Transport{DialContext: to.dial, DisableCompression: true},
		server:    to,
		settings:  c.settings,
		flush:     c.out.Flush,
		reason:    c.reason,
		unheard:   func() { c.unheard = true },
	}
	if to.scheme == "https" {
		cl.transport.DialTLSContext, err = c.settings.secured(to.dial, to.name)
	}
	return cl, err
}

// close ends the connection.
func (cl *client) close() { cl.transport.CloseIdleConnections() }

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// server is where a server URL leads.
type server struct {
	dial   dialFunc
	scheme string
	host   string // what the Host header says
	name   string // the host without its port
	prefix string // what comes before the paths, escaped
}

// locate knows how to reach a server URL: http://host[:port], port 80 when none
// is given, or unix:///path (xmlrpc.py SupervisorTransport); and, what the
// original does not, https://host[:port][/path], where the path is that of a
// proxy.
func locate(serverURL string) (server, error) {
	if path, ok := strings.CutPrefix(serverURL, "unix://"); ok {
		return server{dial: unixDialer(path), scheme: "http", host: "localhost"}, nil
	}
	scheme, rest, _ := strings.Cut(serverURL, "://")
	port, known := map[string]string{"http": "80", "https": "443"}[scheme]
	if !known {
		return server{}, exception{"ValueError", "Unknown protocol for serverurl " + serverURL}
	}
	authority, path, _ := strings.Cut(rest, "/")
	address, err := httpAddress(serverURL, authority, port)
	if err != nil {
		return server{}, err
	}
	to := server{scheme: scheme, host: address}
	to.name, _ = splitPort(address)
	if path = strings.TrimRight(path, "/"); path != "" && scheme == "https" {
		to.prefix = "/" + path
	}
	to.dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	}
	return to, nil
}

// unixDialer refuses a path the kernel has no room for in the words of the
// original, where Go would say "invalid argument".
func unixDialer(path string) dialFunc {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		if len(path) >= len(syscall.RawSockaddrUnix{}.Path) {
			return nil, exception{"OSError", "AF_UNIX path too long"}
		}
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
}

// httpAddress gives host and port of the authority in a URL.
func httpAddress(serverURL, authority, standard string) (string, error) {
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	host, port := splitPort(authority)
	if host == "" {
		return "", exception{"ValueError", "no host in serverurl " + serverURL}
	}
	if port == "" {
		port = standard
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if errors.Is(err, strconv.ErrRange) {
		return "", exception{"ValueError", "Port out of range 0-65535"}
	}
	if err != nil {
		return "", exception{"ValueError", "Port could not be cast to integer value as " + supervise.Quote(port)}
	}
	port = strconv.FormatUint(number, 10)
	return net.JoinHostPort(host, port), nil
}

// splitPort cuts "host:port", where an IPv6 host stands in brackets.
func splitPort(authority string) (host, port string) {
	if inner, rest, ok := strings.Cut(strings.TrimPrefix(authority, "["), "]"); ok {
		return inner, strings.TrimPrefix(rest, ":")
	}
	host, port, _ = strings.Cut(authority, ":")
	return host, port
}

// call asks the server for method of the namespace "supervisor" and decodes the
// answer into the value that answer points to; nil when there is nothing worth
// knowing in it. A fault is an xmlrpc.FaultError.
func (cl *client) call(ctx context.Context, answer any, method string, args ...any) error {
	request, err := cl.encode(ctx, method, args)
	if err != nil {
		return err
	}
	cl.flush() // whoever watches should see what is done before the next wait
	response, err := cl.transport.RoundTrip(request)
	if err != nil {
		return cause(ctx, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		if speaksTLS(response) {
			return cl.plainly()
		}
		return protocolError{response.StatusCode, reason(response)}
	}
	if cl.reason != "" && response.Header.Get("X-Request-Id") == "" {
		cl.unheard() // every answer of ours has a number
	}
	body, err := readBody(response)
	if err != nil {
		return cause(ctx, err)
	}
	err = decode(body, answer)
	if err == nil || errors.As(err, new(xmlrpc.FaultError)) {
		return err
	}
	return unreached{err} // that is no answer of a supervisord
}

// roomAhead is how much room is made for an answer at once, on its word.
const roomAhead = 16 << 20

func readBody(response *http.Response) ([]byte, error) {
	var body bytes.Buffer
	body.Grow(int(min(max(response.ContentLength, 0), roomAhead)) + bytes.MinRead)
	_, err := body.ReadFrom(response.Body)
	return body.Bytes(), err
}

func (cl *client) encode(ctx context.Context, method string, args []any) (*http.Request, error) {
	for _, arg := range args {
		if n, ok := arg.(int64); ok && (n < math.MinInt32 || n > math.MaxInt32) {
			return nil, exception{"OverflowError", "int exceeds XML-RPC limits"}
		}
	}
	body, err := xmlrpc.EncodeMethodCall("supervisor."+method, args...)
	if err != nil {
		return nil, fmt.Errorf("encode call of %s: %w", method, err)
	}
	request := cl.request(ctx, http.MethodPost, "/RPC2", bytes.NewReader(body))
	request.ContentLength = int64(len(body))
	request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	request.Header.Set("Content-Type", "text/xml")
	request.Header.Set("Accept", "text/xml")
	if cl.reason != "" {
		request.Header.Set("X-Reason", cl.reason)
	}
	if cl.restart != "" {
		request.Header.Set("X-Restart", cl.restart)
	}
	cl.authorize(request.Header)
	return request, nil
}

// authorize says who asks, if there is a user name to give. (The original goes by
// the password when it follows a log, and so cannot when that is empty:
// http_client.py handle_connect.)
func (cl *client) authorize(header http.Header) {
	if s := cl.settings; s.authenticate {
		pair := base64.StdEncoding.EncodeToString([]byte(s.username + ":" + s.password))
		header.Set("Authorization", "Basic "+pair)
	}
}

// request makes a request for path, which is already escaped.
func (cl *client) request(ctx context.Context, method, path string, body io.Reader) *http.Request {
	request := &http.Request{
		Method: method,
		URL:    &url.URL{Scheme: cl.server.scheme, Host: cl.server.host, Opaque: cl.server.prefix + path},
		Header: http.Header{"User-Agent": {"supervisorctl"}},
		Host:   cl.server.host,
	}
	if body != nil {
		request.Body = io.NopCloser(body)
	}
	return request.WithContext(ctx)
}

// speaksTLS tells whether a server answers that it understands nothing but TLS,
// as Go's do.
func speaksTLS(response *http.Response) bool {
	if response.StatusCode != http.StatusBadRequest {
		return false
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, 100))
	return err == nil && strings.HasPrefix(string(text), wantsTLS)
}

const wantsTLS = "Client sent an HTTP request to an HTTPS server"

// plainly is the error of having spoken plain HTTP to such a server.
func (cl *client) plainly() error {
	return exception{"ssl.SSLError", cl.settings.serverURL + " speaks TLS: use https:// in serverurl"}
}

// reason is the text of an HTTP status line.
func reason(response *http.Response) string {
	_, text, _ := strings.Cut(response.Status, " ")
	return text
}

// cause tells a call that Ctrl-C ended from one that was lost on its way.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Canceled
	}
	return unreached{err}
}

// decode reads an answer. A log may hold bytes that XML has no way to carry, and
// the original sends them raw: they are put aside, so that the rest can be read,
// and put back into an answer that is one text. (The original client gives up on
// such an answer with "not well-formed".)
func decode(body []byte, answer any) error {
	if table, ok := answer.(*[]processInfo); ok {
		if rows, ok := readTable(body); ok {
			*table = rows
			return nil
		}
	}
	return decodeAny(body, answer)
}

func decodeAny(body []byte, answer any) error {
	plain, shielded := shield(body)
	response := xmlrpc.Response(plain)
	if err := response.Err(); err != nil {
		return err
	}
	if answer == nil {
		return nil
	}
	if err := response.Unmarshal(answer); err != nil {
		return err
	}
	if text, ok := answer.(*string); ok && shielded {
		*text = unshield(*text)
	}
	return nil
}

// shieldBase is where the control characters go while XML is read: the end of a
// plane for private use, where no program writes.
const shieldBase = 0x10ff00

// shield replaces what is illegal in XML: control characters by stand-ins, and
// bytes that are no UTF-8 by U+FFFD.
func shield(body []byte) ([]byte, bool) {
	if !bytes.ContainsFunc(body, needsShield) && utf8.Valid(body) {
		return body, false
	}
	return bytes.Map(func(r rune) rune {
		if needsShield(r) {
			return shieldBase + r
		}
		return r
	}, bytes.ToValidUTF8(body, []byte("\ufffd"))), true
}

func unshield(text string) string {
	return strings.Map(func(r rune) rune {
		if needsShield(r - shieldBase) {
			return r - shieldBase
		}
		return r
	}, text)
}

func needsShield(r rune) bool {
	return r >= 0 && r < 0x20 && r != '\t' && r != '\n' && r != '\r'
}

// faultCode is the number of a fault, 0 when err is something else.
func faultCode(err error) int {
	var fault xmlrpc.FaultError
	if errors.As(err, &fault) {
		return fault.Code
	}
	return 0
}
