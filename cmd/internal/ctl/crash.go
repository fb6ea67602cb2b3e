package ctl

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"supervisor/server/wire"
	"supervisor/supervise"
)

// crash shows what a process left behind when it last ended as it should not have.
func crash(ctx context.Context, c *controller, arg string) error {
	s, problem := speak(strings.Fields(arg), nil, []string{"--list"})
	switch {
	case problem != "":
	case len(s.names) == 0:
		problem = "crash requires a process name"
	case len(s.names) > 2 || len(s.names) == 2 && s.has("--list"):
		problem = "too many words for crash"
	}
	if problem != "" {
		return c.complain("Error: "+problem, "crash", exitInvalidArgs)
	}
	return c.onServerThat(ctx, "this supervisord keeps no crash snapshots: it is Supervisor's own", func(cl *client) (*denial, error) {
		name, err := c.single(ctx, cl, s.names[0])
		if name == "" {
			return nil, err
		}
		path := "/api/v1/processes/" + url.PathEscape(name) + "/crashes"
		var denied *denial
		switch {
		case s.has("--list"):
			denied, err = c.listCrashes(ctx, cl, name, path)
		case len(s.names) == 2:
			denied, err = c.showCrash(ctx, cl, path+"/"+url.PathEscape(s.names[1]))
		default:
			denied, err = c.showCrash(ctx, cl, path+"/last")
		}
		if denied != nil && denied.Code == int(supervise.FaultBadName) {
			c.noSuch(name, "no such process")
			c.status = exitGeneric
			return nil, nil
		}
		return denied, err
	})
}

func (c *controller) listCrashes(ctx context.Context, cl *client, name, path string) (*denial, error) {
	var all wire.Crashes
	denied, err := cl.get(ctx, path, &all)
	switch {
	case denied != nil || err != nil:
		return denied, err
	case c.json != nil:
		c.json.set("crashes", all.Crashes)
		return nil, nil
	case len(all.Crashes) == 0:
		c.out.Line("no crashes of " + name + " are kept")
	}
	var rows [][]string
	for _, life := range all.Crashes {
		lasted := ""
		if life.Born != 0 {
			lasted = "after " + span(life.Uptime)
		}
		rows = append(rows, []string{fmt.Sprint(life.Crash), c.clock(time.UnixMilli(life.Ended)), string(life.State), lasted, onOneLine(life.Meaning.Text)})
	}
	for _, line := range aligned(rows) {
		c.out.Line(line)
	}
	return nil, nil
}

func (c *controller) showCrash(ctx context.Context, cl *client, path string) (*denial, error) {
	var found wire.Crash
	denied, err := cl.get(ctx, path, &found)
	switch {
	case denied != nil || err != nil:
		return denied, err
	case c.json != nil:
		c.json.set("crash", found)
		return nil, nil
	}
	for _, line := range c.crashReport(found) {
		c.out.Line(line)
	}
	return nil, nil
}

// crashReport tells of a crash to somebody who has been woken by it: what happened,
// when, how it went until then, and the last words, those on stderr first.
func (c *controller) crashReport(crash wire.Crash) []string {
	life, name := crash.Life, namespec(crash.Group, crash.Name)
	lines := []string{onOneLine(name + " " + life.Meaning.Text)}
	lines = append(lines, "  "+c.whenItEnded(life))
	if life.Born != 0 {
		lines = append(lines, "  "+usageOf(life))
	}
	note := func(told bool, format string, args ...any) {
		if told {
			lines = append(lines, "  "+fmt.Sprintf(format, args...))
		}
	}
	note(life.Quick && life.Meaning.Code != wire.MeaningCode(supervise.MeantTooSoon), "that was before it had been up for startsecs, which counts as a failed start")
	note(life.Missed > 0, "so many crashes before it came too quickly to be kept: %d", life.Missed)
	note(true, "crash %d, configuration %s", life.Crash, life.Config)
	if life.Born == 0 {
		return lines // there was nobody to say anything
	}
	lines = append(lines, "")
	lines = append(lines, excerpt("stderr", crash.Stderr)...)
	return append(lines, excerpt("stdout", crash.Stdout)...)
}

// whenItEnded says when, after how long, and what that made of the process.
func (c *controller) whenItEnded(life wire.Life) string {
	when := c.clock(time.UnixMilli(life.Ended))
	became := "it became " + string(life.State)
	if life.Tries > 1 {
		became += fmt.Sprintf(" on try %d of its series", life.Tries)
	}
	switch {
	case life.Born == 0:
		return "on " + when + "; " + became
	case life.Running != 0:
		return fmt.Sprintf("on %s, %s after its start, RUNNING since %s; %s", when, span(life.Uptime), c.clock(time.UnixMilli(life.Running)), became)
	}
	return fmt.Sprintf("on %s, %s after its start; %s", when, span(life.Uptime), became)
}

func usageOf(life wire.Life) string {
	text := fmt.Sprintf("pid %d, CPU time %s and %s in the kernel", life.PID, span(life.CPUUser), span(life.CPUSystem))
	switch {
	case life.Peak == 0:
		return text
	case life.PeakAtMost:
		return text + ", memory at most " + megabytes(life.Peak)
	}
	return text + ", memory up to " + megabytes(life.Peak)
}

// excerpt prints the last lines of a channel below a line that says how many there
// are. What would move the cursor or dye the terminal is made visible.
func excerpt(channel string, e wire.Excerpt) []string {
	switch {
	case e.Gone:
		return []string{"--- " + channel + " could not be read any more"}
	case len(e.Lines) == 0:
		return []string{"--- nothing on " + channel}
	}
	head := "--- " + channel + ", " + counted(len(e.Lines), "line")
	if e.Cut {
		head = "--- " + channel + ", the last " + counted(len(e.Lines), "line")
	}
	lines := []string{head}
	for _, line := range e.Lines {
		lines = append(lines, visible(line))
	}
	return lines
}

// dyes are what programs put around words for terminals.
var dyes = regexp.MustCompile(`\x1b\[[0-9;:]*m`)

// visible leaves colours out and tabs as they are, and writes other control
// characters, those that turn the direction of writing or begin a line, and what is
// not UTF-8 as Python would.
func visible(line string) string {
	line = dyes.ReplaceAllString(line, "")
	var b strings.Builder
	for len(line) > 0 {
		r, size := utf8.DecodeRuneInString(line)
		switch {
		case r == utf8.RuneError && size == 1, r < ' ' && r != '\t', r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, line[0])
		case r >= 0x80 && r < 0xa0, unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(line[:size])
		}
		line = line[size:]
	}
	return b.String()
}

// span says a number of milliseconds as people do.
func span(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	switch whole := int64(d / time.Second); {
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", whole/60, whole%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", whole/3600, whole%3600/60)
	default:
		return fmt.Sprintf("%d days %d h", whole/86400, whole%86400/3600)
	}
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/(1<<20)) }

// completeCrash lists processes, and behind one what may be said of its crashes.
func completeCrash(ctx context.Context, c *controller, at position) []candidate {
	if len(at.before) == 0 {
		return processesOnly(completeProcesses(ctx, c, at))
	}
	return []candidate{{"last", "the newest crash"}}
}

// processesOnly leaves out whole groups.
func processesOnly(names []candidate) []candidate {
	var left []candidate
	for _, each := range names {
		if !strings.HasSuffix(each.word, ":*") {
			left = append(left, each)
		}
	}
	return left
}
