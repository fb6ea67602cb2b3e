// Httpcheck is an event listener that asks a URL at each tick, and runs a command
// when it has not answered well a few times in a row:
//
//	[eventlistener:httpcheck]
//	command=httpcheck -url http://127.0.0.1:8080/health -fails 3 supervisorctl restart web
//	events=TICK_5
//
// Its findings are on its stderr, and so in its log.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/listener"
)

func main() {
	var c check
	flag.StringVar(&c.url, "url", "", "what to ask for; an answer below 400 is a good one")
	flag.DurationVar(&c.client.Timeout, "timeout", 2*time.Second, "how long an answer may take")
	flag.IntVar(&c.limit, "fails", 3, "run the command when this many checks in a row have failed")
	flag.Usage = usage
	flag.Parse()
	c.command = flag.Args()
	if c.url == "" || len(c.command) == 0 || c.limit < 1 {
		usage()
		os.Exit(2)
	}
	if err := listener.Run(context.Background(), c.handle); err != nil {
		fmt.Fprintf(os.Stderr, "httpcheck: %v\n", err)
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: httpcheck -url URL [-timeout 2s] [-fails 3] COMMAND...")
	flag.PrintDefaults()
}

// check is what is asked, and what has become of it so far.
type check struct {
	url     string
	client  http.Client
	limit   int
	command []string

	failed int // in a row
}

// handle accepts every event: a check that was missed is not made up for. A tick
// that has waited until the next one came says nothing about now.
func (c *check) handle(ctx context.Context, event listener.Event) error {
	tick, isTick := event.Details().(supervise.TickEvent)
	if !isTick || time.Since(tick.When) > tick.Period {
		return nil
	}
	problem := c.ask(ctx)
	if problem == nil {
		if c.failed > 0 {
			slog.Info("answers again", "url", c.url)
		}
		c.failed = 0
		return nil
	}
	c.failed++
	slog.Warn("check failed", "in a row", c.failed, "problem", problem)
	if c.failed >= c.limit {
		c.failed = 0
		c.act(ctx)
	}
	return nil
}

func (c *check) ask(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return err
	}
	answer, err := c.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return fmt.Errorf("read what %s answers: %w", c.url, err)
	}
	if answer.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s answers %s", c.url, answer.Status)
	}
	return nil
}

// act runs the command. Its output goes to stderr: so does os.Stdout while a
// listener runs.
func (c *check) act(ctx context.Context) {
	slog.Warn("running the command", "command", c.command)
	command := exec.CommandContext(ctx, c.command[0], c.command[1:]...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		slog.Error("the command failed", "command", c.command, "error", err)
	}
}
