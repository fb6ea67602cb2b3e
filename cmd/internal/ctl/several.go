package ctl

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"

	"supervisor/supervise"
)

// severalNames tells whether the words after "tail" ask to follow more than one
// log: "-f", then names or patterns, then perhaps a channel. What the original
// gives another meaning stays out of it: "-f NAME CHANNEL", and a channel that
// more words follow, which it refuses.
func severalNames(words []string) (names []string, channel supervise.Channel, several bool) {
	if words[0] != "-f" {
		return nil, 0, false
	}
	names, channel = words[1:], supervise.Stdout
	if len(names) > 1 {
		if last, ok := parseChannel(names[len(names)-1]); ok {
			names, channel = names[:len(names)-1], last
		}
	}
	isChannel := func(word string) bool { _, ok := parseChannel(word); return ok }
	if len(names) == 1 {
		return names, channel, supervise.IsGlob(names[0])
	}
	return names, channel, len(names) > 1 && !slices.ContainsFunc(names, isChannel)
}

func parseChannel(word string) (supervise.Channel, bool) {
	return supervise.ParseChannel(strings.ToLower(word))
}

// followSeveral prints the logs of several processes as they grow, each line with
// the name of its process in front. A pattern that means one process, or none, is
// as good as a name: the log is followed like any single one.
func (c *controller) followSeveral(ctx context.Context, cl *client, names []string, channel supervise.Channel) error {
	var all []processInfo
	if err := cl.call(ctx, &all, "getAllProcessInfo"); err != nil {
		return err
	}
	if i := slices.Index(names, "*"); i >= 0 {
		names = slices.Clone(names)
		names[i] = "*:*" // alone, it stands for "all", which tail does not know
	}
	found := expandNames(names, all, asMembers)
	if len(names) == 1 && len(found) == 1 {
		return c.follow(ctx, logPath(found[0], channel))
	}
	found = c.existing(found, all)
	if len(found) == 0 {
		return nil
	}
	found = c.atMost(mostStreams, found)
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	c.out.Line(pressCtrlC)
	labels := labelsOf(found, colours(c.out.dest, os.Getenv))
	var streams sync.WaitGroup
	failed := make([]bool, len(found))
	for i, name := range found {
		streams.Go(func() { failed[i] = c.followOne(ctx, cl, name, logPath(name, channel), labels[i]) })
	}
	streams.Wait()
	if slices.Contains(failed, true) {
		c.status = exitGeneric
	}
	if ctx.Err() != nil {
		c.out.Line("")
	}
	return nil
}

// mostStreams is how many logs are followed at once. Each takes a connection that
// the server cannot close to make room, and a server of ours takes 64 from one
// machine (server/crowd.go maxPerAddress): the other half is for those who come to
// stop something.
const mostStreams = 32

// atMost leaves so many of the names, and says what becomes of the others.
func (c *controller) atMost(limit int, names []string) []string {
	if len(names) <= limit {
		return names
	}
	c.out.Flush()
	fmt.Fprintf(c.errout, "==> only the first %d of %d logs are followed, up to %s: each takes a connection, and the server has to have some left <==\n",
		limit, len(names), names[limit-1])
	c.status = exitGeneric
	return names[:limit]
}

// existing keeps the names of processes that there are, each once, and complains
// of the others.
func (c *controller) existing(names []string, all []processInfo) []string {
	var found []string
	for _, name := range names {
		spec := supervise.ParseNameSpec(name)
		switch {
		case isName(name, all):
			if name = spec.String(); !slices.Contains(found, name) {
				found = append(found, name)
			}
		case spec.WholeGroup():
			c.failed(spec.Group, "no such group")
		default:
			c.failed(name, "no such process")
		}
	}
	return found
}

// followOne prints one of several logs until it ends, which it tells the reader of
// the others; failed says that it could not even begin.
func (c *controller) followOne(ctx context.Context, cl *client, name, path string, l label) (failed bool) {
	log, complaint := cl.listen(ctx, path)
	if complaint != "" {
		fmt.Fprintf(c.errout, "==> %s: %s <==\n", name, complaint)
		return true
	}
	if log == nil {
		return false
	}
	defer log.Close()
	c.copyLines(log, l)
	if ctx.Err() == nil {
		fmt.Fprintf(c.errout, "==> %s: the log has ended <==\n", name)
	}
	return false
}

// longestPiece bounds what is kept of a line whose end does not come.
const longestPiece = 64 << 10

// copyLines prints whole lines only, so that those of two programs never mix. The
// last one may lack its end.
func (c *controller) copyLines(from io.Reader, l label) {
	var line []byte
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		line = append(line, buf[:n]...)
		end := bytes.LastIndexByte(line, '\n') + 1
		if err != nil || end == 0 && len(line) > longestPiece {
			end = len(line)
		}
		if c.out.Stream(l.mark(line[:end])) != nil || err != nil {
			return
		}
		line = append(line[:0], line[end:]...)
	}
}

// label stands before each line of a log.
type label struct {
	text     string
	coloured bool
}

// labelsOf makes the labels of names, all of one width, in colours if there are any.
func labelsOf(names []string, colours []string) []label {
	width := 0
	for _, name := range names {
		width = max(width, textWidth([]rune(name)))
	}
	labels := make([]label, len(names))
	for i, name := range names {
		text := name + strings.Repeat(" ", width-textWidth([]rune(name))) + " | "
		if len(colours) > 0 {
			text = colours[i%len(colours)] + text + plain
		}
		labels[i] = label{text, len(colours) > 0}
	}
	return labels
}

// mark puts the label before each line. Colours that a program leaves on end with
// its line.
func (l label) mark(lines []byte) []byte {
	var marked []byte
	for line := range bytes.Lines(lines) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		marked = append(append(marked, l.text...), line...)
		if l.coloured && bytes.IndexByte(line, '\x1b') >= 0 {
			marked = append(marked, plain...)
		}
		marked = append(marked, '\n')
	}
	return marked
}

// plain ends a colour.
const plain = "\x1b[0m"

// colours are those that names may have on w: none unless it is a terminal that
// can show them, and whose user has not asked to do without (no-color.org).
func colours(w io.Writer, getenv func(string) string) []string {
	screen, ok := w.(*os.File)
	if !ok || !isTerminal(screen) || getenv("NO_COLOR") != "" || getenv("TERM") == "dumb" {
		return nil
	}
	return []string{"\x1b[36m", "\x1b[33m", "\x1b[32m", "\x1b[35m", "\x1b[34m", "\x1b[31m"}
}
