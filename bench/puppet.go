//go:build linux

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// puppetArgument, first on the command line, makes this program a child of the
// supervisor it measures.
const puppetArgument = "puppet"

// The puppets, by what they do. Each is told a file where it leaves what it has
// to say besides, and a number.
const (
	puppetFlood  = "flood"  // write so many bytes, as fast as possible
	puppetBeat   = "beat"   // write a line with the time, again and again
	puppetSpeak  = "speak"  // write so many communication events
	puppetListen = "listen" // be an event listener
)

// floodEnd ends a flood.
const floodEnd = "\nEND OF THE FLOOD\n"

// beatPause is no divisor of the original's polling interval, 100 ms, so that
// beats fall everywhere in it.
const beatPause = 37 * time.Millisecond

// lastWord marks the last of the communication events.
const lastWord = "the last one"

// puppetCommand is how a configuration calls a puppet; dir is furnished.
func puppetCommand(dir, kind, file string, n int) string {
	return fmt.Sprintf("%s/%s %s %s %s/%s %d", dir, puppetArgument, puppetArgument, kind, dir, file, n)
}

// puppet runs one puppet: args are its kind, its file and its number.
func puppet(args []string, in io.Reader, out, errout io.Writer) int {
	if len(args) != 3 {
		fmt.Fprintf(errout, "puppet: want a kind, a file and a number, not %q\n", args)
		return 2
	}
	n, err := strconv.Atoi(args[2])
	if err != nil {
		fmt.Fprintln(errout, "puppet:", err)
		return 2
	}
	switch kind, file := args[0], args[1]; kind {
	case puppetFlood:
		err = flood(out, file, n)
	case puppetBeat:
		err = beat(out)
	case puppetSpeak:
		err = speak(out, n)
	case puppetListen:
		err = listen(in, out, file)
	default:
		err = fmt.Errorf("there is no %q", kind)
	}
	if err != nil {
		fmt.Fprintln(errout, "puppet:", err)
		return 1
	}
	return 0
}

// flood notes when it begins, and writes size bytes in pieces of 64 KiB.
func flood(out io.Writer, file string, size int) error {
	piece := bytes.Repeat(append(bytes.Repeat([]byte{'x'}, 127), '\n'), 64<<10/128)
	if err := note(file, strconv.FormatInt(time.Now().UnixNano(), 10)); err != nil {
		return err
	}
	for written := 0; written < size; written += len(piece) {
		if _, err := out.Write(piece); err != nil {
			return err
		}
	}
	_, err := io.WriteString(out, floodEnd)
	return err
}

func beat(out io.Writer) error {
	for n := 0; ; n++ {
		if _, err := fmt.Fprintf(out, "beat %d %d\n", n, time.Now().UnixNano()); err != nil {
			return err
		}
		time.Sleep(beatPause)
	}
}

// speak writes n communication events. The original handles those of one read
// by recursion, two calls each: were they short, a read full of them would
// exceed Python's limit.
func speak(out io.Writer, n int) error {
	message := "<!--XSUPERVISOR:BEGIN-->" + strings.Repeat("x", 400) + "<!--XSUPERVISOR:END-->"
	for range n - 1 {
		if _, err := io.WriteString(out, message); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(out, strings.Replace(message, strings.Repeat("x", len(lastWord)), lastWord, 1)); err != nil {
		return err
	}
	time.Sleep(time.Hour) // until it is stopped: a death would be an event too
	return nil
}

// listen speaks the listener's side of the protocol, and notes each event that
// is not a communication with the time at which it was in hand, and all of the
// communications in one line: first and last time, and how many.
func listen(in io.Reader, out io.Writer, file string) error {
	if _, err := io.WriteString(out, "READY\n"); err != nil {
		return err
	}
	if err := note(file, "listening"); err != nil {
		return err
	}
	var first time.Time
	spoken := 0
	for events := bufio.NewReaderSize(in, 64<<10); ; {
		name, payload, err := readEvent(events)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		now := time.Now()
		if !strings.HasPrefix(name, "PROCESS_COMMUNICATION") {
			err = note(file, fmt.Sprint(name, " ", now.UnixNano()))
		} else {
			if spoken++; spoken == 1 {
				first = now
			}
			if bytes.Contains(payload, []byte(lastWord)) {
				err = note(file, fmt.Sprint("spoken ", first.UnixNano(), " ", now.UnixNano(), " ", spoken))
			}
		}
		if err != nil {
			return err
		}
		if _, err := io.WriteString(out, "RESULT 2\nOKREADY\n"); err != nil {
			return err
		}
	}
}

func readEvent(events *bufio.Reader) (name string, payload []byte, err error) {
	header, err := events.ReadString('\n')
	if err != nil {
		return "", nil, err
	}
	size := 0
	for _, pair := range strings.Fields(header) {
		switch key, value, _ := strings.Cut(pair, ":"); key {
		case "eventname":
			name = value
		case "len":
			if size, err = strconv.Atoi(value); err != nil {
				return "", nil, fmt.Errorf("read the event's header %q: %w", header, err)
			}
		}
	}
	payload = make([]byte, size)
	_, err = io.ReadFull(events, payload)
	return name, payload, err
}

// note adds a line to a file.
func note(file, text string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(text + "\n"); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}

// notes reads what a puppet has noted so far, a line each. A file that is not
// there yet is empty.
func notes(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	lines := strings.Split(string(text), "\n")
	return lines[:len(lines)-1], nil // after the last newline is what is being written
}
