//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// This file measures what becomes of output: logs, and their followers.

const (
	floodSize     = 1 << 30
	floodPatience = 5 * time.Minute
	linesTime     = 5 * time.Second
	beats         = 200
)

// flooded lets one child write a gigabyte as fast as it can. The time is from its
// first write until its last bytes are in the log; the CPU time is the daemon's.
func flooded(kind string, more ...string) scenario {
	mbps, cpu := "log."+kind+".mbps", "log."+kind+".cpu"
	return scenario{
		name: "a flood, " + kind,
		config: func(dir string) string {
			return section(dir, puppetFlood, puppetCommand(dir, puppetFlood, "began", floodSize),
				append(more, "autostart=false", "autorestart=false")...)
		},
		steps: []step{{[]string{mbps, cpu}, func(ctx context.Context, d *daemon) (figures, error) {
			took, used, err := d.flood(ctx)
			if err != nil {
				return nil, err
			}
			return figures{mbps: floodSize / 1e6 / took.Seconds(), cpu: used.Seconds() * 1e9 / floodSize}, nil
		}}},
	}
}

func (d *daemon) flood(ctx context.Context) (took, used time.Duration, err error) {
	c := d.client()
	defer c.close()
	before, err := cpuTime(d.own()...)
	if err != nil {
		return 0, 0, err
	}
	if _, err := c.call("supervisor.startProcess", puppetFlood, false); err != nil {
		return 0, 0, err
	}
	err = until(ctx, "the flood is in the log", floodPatience, look, func() (bool, error) {
		end, err := lastBytes(d.file(puppetFlood+".log"), len(floodEnd))
		return end == floodEnd, errors.Join(err, d.alive())
	})
	if err != nil {
		return 0, 0, err
	}
	ended := time.Now()
	after, err := cpuTime(d.own()...)
	if err != nil {
		return 0, 0, err
	}
	began, err := notes(d.file("began"))
	if err != nil || len(began) != 1 {
		return 0, 0, fmt.Errorf("read when the flood began: %q %w", began, err)
	}
	at, err := instant(began[0])
	return ended.Sub(at), after - before, err
}

// lastBytes reads the end of a file; of one that is not there, nothing. While a
// log rotates there is none for a moment.
func lastBytes(path string, n int) (string, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() < int64(n) {
		return "", err
	}
	end := make([]byte, n)
	if _, err := f.ReadAt(end, info.Size()-int64(n)); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return string(end), nil
}

// instant reads a time in nanoseconds.
func instant(text string) (time.Time, error) {
	ns, err := strconv.ParseInt(text, 10, 64)
	return time.Unix(0, ns), err
}

// manyLines lets a hundred children write about a thousand short lines a second
// each: how many arrive in the logs, and the daemon's CPU time for one.
func manyLines() scenario {
	return scenario{
		name:     "100 children with 1000 lines a second each",
		children: 100,
		config:   func(dir string) string { return programs(dir, 100, linesName) },
		steps: []step{
			{measure: settle},
			{[]string{"log.lines.us", "log.lines.rate"}, func(ctx context.Context, d *daemon) (figures, error) {
				began := time.Now()
				usedBefore, sizeBefore, err := d.used()
				if err != nil {
					return nil, err
				}
				if err := pause(ctx, linesTime); err != nil {
					return nil, err
				}
				usedAfter, sizeAfter, err := d.used()
				if err != nil {
					return nil, err
				}
				lines := float64(sizeAfter-sizeBefore) / lineSize
				return figures{
					"log.lines.us":   (usedAfter - usedBefore).Seconds() * 1e6 / lines,
					"log.lines.rate": lines / time.Since(began).Seconds(),
				}, nil
			}},
		},
	}
}

// used is the daemon's CPU time and the size of its programs' logs.
func (d *daemon) used() (cpu time.Duration, logged int64, err error) {
	logs, err := filepath.Glob(d.file("p*.log"))
	if err != nil {
		return 0, 0, err
	}
	for _, log := range logs {
		info, err := os.Stat(log)
		if err != nil {
			return 0, 0, err
		}
		logged += info.Size()
	}
	cpu, err = cpuTime(d.own()...)
	return cpu, logged, err
}

// tail follows a log over /logtail while a child writes a line with the time
// into it now and then.
func tail() scenario {
	return scenario{
		name: "a follower",
		config: func(dir string) string {
			return section(dir, puppetBeat, puppetCommand(dir, puppetBeat, "beats", 0))
		},
		steps: []step{{[]string{"tail.lat.p50", "tail.lat.p99", "tail.lat.got"}, follow}},
	}
}

// follow reads beats that were written after it had begun to read, and says how
// long they took to come, and how many of them came.
func follow(ctx context.Context, d *daemon) (figures, error) {
	conn, err := net.Dial("unix", d.socket())
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(4 * beats * beatPause)); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(conn, "GET /logtail/"+puppetBeat+" HTTP/1.1\r\nHost: bench\r\n\r\n"); err != nil {
		return nil, err
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, err
	}
	// Its body is not closed: that would read to an end which is not to come.
	began := time.Now()
	var took []float64
	first, last := -1, -1
	for lines := bufio.NewScanner(answer.Body); len(took) < beats; {
		if !lines.Scan() {
			return nil, fmt.Errorf("follow the log: it ended after %d lines: %w", len(took), lines.Err())
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		n, at, ok := readBeat(lines.Text())
		if !ok || at.Before(began) {
			continue // of the past, which followers are given first
		}
		took = append(took, milliseconds(time.Since(at)))
		if first < 0 {
			first = n
		}
		last = n
	}
	return figures{
		"tail.lat.p50": quantile(took, 0.5),
		"tail.lat.p99": quantile(took, 0.99),
		"tail.lat.got": 100 * float64(len(took)) / float64(last-first+1),
	}, nil
}

func readBeat(line string) (n int, at time.Time, ok bool) {
	fields := strings.Fields(line)
	if len(fields) != 3 || fields[0] != puppetBeat {
		return 0, time.Time{}, false
	}
	n, err := strconv.Atoi(fields[1])
	if err != nil {
		return 0, time.Time{}, false
	}
	at, err = instant(fields[2])
	return n, at, err == nil
}
