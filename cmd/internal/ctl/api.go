package ctl

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"supervisor/server/wire"
)

// denial is an answer of the JSON interface that is no success.
type denial struct {
	wire.Fault
	status  int  // of HTTP
	foreign bool // the server has no such interface: it is the original's
}

// words are those of the server.
func (d *denial) words() string {
	switch {
	case d.Code != 0 || d.Detail == "":
		return strings.TrimSuffix(d.Name+": "+d.Detail, ": ")
	}
	return d.Detail
}

// exit is the status of a denial by the table of LSB init scripts.
func (d *denial) exit() int {
	switch {
	case d.foreign:
		return exitUnimplemented
	case d.status == http.StatusForbidden:
		return exitPrivileges
	case d.status == http.StatusBadRequest:
		return exitInvalidArgs
	}
	return exitGeneric
}

// get asks for JSON.
func (cl *client) get(ctx context.Context, path string, answer any) (*denial, error) {
	return cl.exchange(ctx, http.MethodGet, path, nil, answer)
}

// exchange sends body, if there is one, as JSON and reads the answer into what
// answer points to; nil for none. An answer that is no JSON of ours is a foreign NOT_FOUND.
func (cl *client) exchange(ctx context.Context, method, path string, body, answer any) (*denial, error) {
	request := cl.request(ctx, method, path, nil)
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encode a request for %s: %w", path, err)
		}
		request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	}
	if method != http.MethodGet {
		request.Header.Set("Content-Type", "application/json")
	}
	if cl.reason != "" {
		request.Header.Set("X-Reason", cl.reason)
	}
	cl.authorize(request.Header)
	cl.flush()
	response, err := cl.transport.RoundTrip(request)
	if err != nil {
		return nil, cause(ctx, err)
	}
	defer response.Body.Close()
	text, err := readBody(response)
	if err != nil {
		return nil, cause(ctx, err)
	}
	switch {
	case response.StatusCode == http.StatusUnauthorized:
		return nil, protocolError{response.StatusCode, reason(response)}
	case strings.HasPrefix(string(text), wantsTLS):
		return nil, cl.plainly()
	case response.StatusCode == http.StatusNoContent && answer == nil:
		return nil, nil
	case response.StatusCode/100 == 2 && answer != nil && json.Unmarshal(text, answer) == nil:
		return nil, nil
	}
	var told wire.Failure
	if json.Unmarshal(text, &told) == nil && told.Error.Name != "" {
		return &denial{Fault: told.Error, status: response.StatusCode}, nil
	}
	return &denial{Fault: wire.Fault{Name: "NOT_FOUND"}, status: http.StatusNotFound, foreign: true}, nil
}

// noPeople is said where the original's server is asked for what it never had.
const noPeople = "this supervisord keeps no users, tokens, links, sessions and no trail: it is Supervisor's own, which has none"

// onServer does what needs a server that answers and has people, and tells what it
// refuses.
func (c *controller) onServer(ctx context.Context, do func(*client) (*denial, error)) error {
	return c.onServerThat(ctx, noPeople, do)
}

// onServerThat is onServer for what else only this supervisord has; lacks is told
// of the original.
func (c *controller) onServerThat(ctx context.Context, lacks string, do func(*client) (*denial, error)) error {
	cl, err := c.reach(ctx)
	if cl == nil {
		return err
	}
	defer cl.close()
	denied, err := do(cl)
	if err != nil || denied == nil {
		return err
	}
	c.tellDenial(denied, lacks)
	return nil
}

// tellDenial says why a server did not do it; lacks is told of the original.
func (c *controller) tellDenial(denied *denial, lacks string) {
	text := denied.words()
	if denied.foreign {
		text = lacks
	}
	c.problem("ERROR: "+text, failure{Message: text, Fault: denied.Name, Code: denied.Code})
	c.status = denied.exit()
}

// remark tells a person something beside the answer.
func (c *controller) remark(text string) {
	c.out.Flush()
	fmt.Fprintln(c.errout, text)
}
