package ctl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"sync"

	"github.com/kolo/xmlrpc"

	"supervisor/supervise"
)

// logPath is where the server streams a process's channel.
func logPath(name string, channel supervise.Channel) string {
	return "/logtail/" + url.PathEscape(name) + "/" + channel.String()
}

const pressCtrlC = "==> Press Ctrl-C to exit <=="

// follow prints a log as it grows, until Ctrl-C or the end of the server.
func (c *controller) follow(ctx context.Context, path string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	cl, err := c.connect()
	if err != nil {
		return err
	}
	defer cl.close()
	c.out.Line(pressCtrlC)
	c.stream(ctx, cl, path)
	if ctx.Err() != nil {
		c.out.Line("")
	}
	return nil
}

// stream copies what the server sends under path to the output. What goes wrong
// is told on standard error and is no failure (http_client.py Listener.error).
func (c *controller) stream(ctx context.Context, cl *client, path string) {
	log, complaint := cl.listen(ctx, path)
	if complaint != "" {
		c.streamError(path, complaint)
	}
	if log == nil {
		return
	}
	defer log.Close()
	c.copy(log)
}

// listen begins to read what the server streams under path. There is nothing to
// read when there is a complaint, and also when ctx is over.
func (cl *client) listen(ctx context.Context, path string) (log io.ReadCloser, complaint string) {
	cl.flush()
	request := cl.request(ctx, http.MethodGet, path, nil)
	cl.authorize(request.Header)
	response, err := cl.transport.RoundTrip(request)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ""
		}
		class, text := classify(err)
		return nil, fmt.Sprintf("Cannot connect, error: <class '%s'> (%s)", class, text)
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, fmt.Sprintf("Cannot read, status code %d", response.StatusCode)
	}
	return response.Body, ""
}

func (c *controller) streamError(path, text string) {
	plain, err := url.PathUnescape(path)
	if err != nil {
		plain = path
	}
	fmt.Fprintf(c.errout, "%s%s %s\n", c.settings.serverURL, plain, text)
}

// copy prints bytes as they come. A stream ends without a word, whether the
// server closed it or broke it off.
func (c *controller) copy(from io.Reader) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if c.out.Stream(buf[:n]) != nil || err != nil {
			return
		}
	}
}

// foreground connects the terminal to a running process: both its channels are
// printed, and each line typed goes to its stdin, until Ctrl-C, the end of input,
// or the end of the process.
func foreground(ctx context.Context, c *controller, arg string) error {
	cl, err := c.reach(ctx)
	if cl == nil {
		return err
	}
	defer cl.close()
	name, err := c.foregroundName(ctx, cl, arg)
	if name == "" {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	c.out.Line(pressCtrlC)
	detach := c.attach(ctx, cl, name)
	defer detach()
	ending, err := c.typeTo(ctx, cl, name)
	detach()
	for _, line := range ending {
		c.out.Line(line)
	}
	return err
}

// foregroundName finds the one running process that arg names; "" when it has
// complained that there is none.
func (c *controller) foregroundName(ctx context.Context, cl *client, arg string) (string, error) {
	words := strings.Fields(arg)
	if len(words) == 0 {
		return "", c.complain("ERROR: no process name supplied", "fg", exitGeneric)
	}
	if len(words) > 1 {
		return "", c.refused("too many process names supplied")
	}
	name, err := c.single(ctx, cl, words[0])
	if name == "" {
		return "", err
	}
	var info processInfo
	err = cl.call(ctx, &info, "getProcessInfo", name)
	var fault xmlrpc.FaultError
	switch {
	case faultCode(err) == int(supervise.FaultBadName):
		return "", c.refused("bad process name supplied")
	case errors.As(err, &fault):
		c.out.Line("ERROR: " + faultText(fault))
		return "", nil
	case err != nil:
		return "", err
	case !info.running():
		return "", c.refused("process not running")
	}
	return name, nil
}

// attach prints both channels of a process in the background. The function it
// returns ends that and waits for the end; calling it twice is fine.
func (c *controller) attach(ctx context.Context, cl *client, name string) (detach func()) {
	ctx, cancel := context.WithCancel(ctx)
	var streams sync.WaitGroup
	for _, channel := range supervise.Channels {
		streams.Go(func() { c.stream(ctx, cl, logPath(name, channel)) })
	}
	return func() {
		cancel()
		streams.Wait()
	}
}

// typeTo sends lines to a process until there are none or the process is gone.
// It returns the lines to part with.
func (c *controller) typeTo(ctx context.Context, cl *client, name string) (ending []string, err error) {
	for {
		line, err := c.in.line(ctx)
		if errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) {
			return []string{"Exiting foreground"}, nil
		}
		if err != nil {
			return nil, err
		}
		gone, err := c.sendLine(ctx, cl, name, line+"\n")
		if errors.Is(err, context.Canceled) {
			return []string{"Exiting foreground"}, nil
		}
		if err != nil {
			return nil, err
		}
		if gone != "" {
			return []string{gone, "Exiting foreground"}, nil
		}
	}
}

// sendLine gives the process one line and looks whether it still runs; gone says
// why there is no use in going on.
func (c *controller) sendLine(ctx context.Context, cl *client, name, line string) (gone string, err error) {
	err = cl.call(ctx, nil, "sendProcessStdin", name, line)
	var fault xmlrpc.FaultError
	switch {
	case faultCode(err) == int(supervise.FaultNotRunning):
		return "Process got killed", nil
	case errors.As(err, &fault):
		return "ERROR: " + faultText(fault), nil
	case err != nil:
		return "", err
	}
	var info processInfo
	if err := cl.call(ctx, &info, "getProcessInfo", name); err != nil {
		return "", err
	}
	if !info.running() {
		return "Process got killed", nil
	}
	return "", nil
}
