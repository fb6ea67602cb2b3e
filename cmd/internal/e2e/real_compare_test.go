//go:build compat && unix

package e2e

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"supervisor/supervise/engine/scenario"
)

// A real line may come this much later than it stands in the transcript: a child
// takes its time to begin, and more so the more lives there were. It may hardly
// come earlier: times are cut to milliseconds.
const (
	realEarly   = 50 * time.Millisecond
	realLate    = 500 * time.Millisecond
	realPerLife = 100 * time.Millisecond
)

// realVoice is who a line is of: a process, or supervisord as a whole; and in
// which of the places it is seen. Of each voice all lines are the same, in the
// same order.
type realVoice struct{ place, name string }

// compare holds what was seen against the transcript.
func (p *realPlay) compare() error {
	golden, err := p.story.Transcript()
	if err != nil {
		return err
	}
	want, got := sortVoices(golden), sortVoices(slices.Concat(p.lines, p.logLines(), p.heardLines()))
	shutdown := p.shutdownAt()
	var problems []error
	for _, voice := range voicesOf(want, got) {
		if voice.place == "state" && !p.recorded() {
			continue
		}
		problems = append(problems, p.compareVoice(voice, want[voice], got[voice], shutdown))
	}
	if ended := golden[len(golden)-1]; ended.Text != "ended" {
		problems = append(problems, fmt.Errorf("a story for real children must end: %q", ended.Text))
	} else if late := p.end.Sub(p.start) - ended.At; late < -realEarly || late > 2*realLate {
		problems = append(problems, fmt.Errorf("ended at %.3f, want %.3f", p.end.Sub(p.start).Seconds(), ended.At.Seconds()))
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("%w\nthe main log:\n%s", err, p.mainLog())
	}
	return nil
}

func voicesOf(want, got map[realVoice][]scenario.Line) []realVoice {
	all := map[realVoice]bool{}
	for voice := range want {
		all[voice] = true
	}
	for voice := range got {
		all[voice] = true
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b realVoice) int {
		return strings.Compare(a.place+a.name, b.place+b.name)
	})
}

// shutdownAt is when the story's last order to go down was given. What is to be
// told to listeners from then on may be lost: they are going down too.
func (p *realPlay) shutdownAt() time.Duration {
	for _, step := range slices.Backward(p.story.Steps) {
		if step.Verb == "shutdown" || step.Verb == "TERM" {
			return step.At
		}
	}
	return 0
}

func (p *realPlay) compareVoice(voice realVoice, want, got []scenario.Line, shutdown time.Duration) error {
	births := 0
	for i, line := range want {
		if i >= len(got) {
			if (voice.place == "state" || voice.place == "input") && line.At >= shutdown {
				return nil
			}
			return fmt.Errorf("%s %s: missing %.3f %s", voice.place, voice.name, line.At.Seconds(), line.Text)
		}
		if line.Text != got[i].Text {
			return fmt.Errorf("%s %s:\n got %.3f %s\nwant %.3f %s", voice.place, voice.name,
				got[i].At.Seconds(), got[i].Text, line.At.Seconds(), line.Text)
		}
		if strings.Contains(line.Text, "spawned: ") {
			births++
		}
		if got[i].At < 0 { // listeners do not tell when, and before the start there is no time
			continue
		}
		late := got[i].At - line.At
		if late < -realEarly || late > realLate+time.Duration(births)*realPerLife {
			return fmt.Errorf("%s %s: at %.3f, want %.3f: %s", voice.place, voice.name,
				got[i].At.Seconds(), line.At.Seconds(), line.Text)
		}
	}
	if len(got) > len(want) {
		return fmt.Errorf("%s %s: too much: %.3f %s", voice.place, voice.name, got[len(want)].At.Seconds(), got[len(want)].Text)
	}
	return nil
}

// sortVoices tells lines apart by who they are of, masked. Those that are seen
// in the bubble only have no voice.
func sortVoices(lines []scenario.Line) map[realVoice][]scenario.Line {
	voices := map[realVoice][]scenario.Line{}
	for _, line := range lines {
		text := maskLine(line.Text)
		if voice, heard := voiceOf(text); heard {
			voices[voice] = append(voices[voice], scenario.Line{At: line.At, Text: text})
		}
	}
	for voice, lines := range voices {
		if voice.place == "status" { // the order of processes is another matter
			slices.SortStableFunc(lines, func(a, b scenario.Line) int { return strings.Compare(a.Text, b.Text) })
		}
	}
	return voices
}

var realMasks = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`pid \d+, uptime [\d:]+`), "pid N, uptime U"},
	{regexp.MustCompile(`\bpid([ :])[1-9]\d*`), "pid${1}N"},
	{regexp.MustCompile(`^(log WARN killing '.*') \(\d+\)`), "$1 (N)"},
	{regexp.MustCompile(`^(log INFO waiting for )recorder, `), "$1"},
	{regexp.MustCompile(`^(log INFO waiting for .*), recorder( to die)`), "$1$2"},
}

func maskLine(text string) string {
	for _, mask := range realMasks {
		text = mask.what.ReplaceAllString(text, mask.with)
	}
	return text
}

var realVoices = []struct {
	place string
	line  *regexp.Regexp // what it names is the name of the voice
}{
	{"answer", regexp.MustCompile(`^< (.*?): `)},
	{"status", regexp.MustCompile(`^  (\S+) [A-Z]+(?: .*)?$`)},
	{"text", regexp.MustCompile(`^  "()`)},
	{"state", regexp.MustCompile(`^(\S+) [A-Z]+ -> [A-Z]+`)},
	{"input", regexp.MustCompile(`^(\S+) reads `)},
	{"log", regexp.MustCompile(`^log [A-Z]+ (?:spawned: '|success: |exited: |stopped: |gave up: |killing '|killing |process '|sending |[Aa]ttempted to kill |attempted to send )([^\s',]+)`)},
	{"log", regexp.MustCompile(`^log INFO waiting for (\S+) to stop`)},
	{"main log", regexp.MustCompile(`^log (INFO waiting for .* to die|INFO spawnerr: .*|ERRO pool .*|WARN .* event was rejected|WARN .*bad result line.*|WARN .*entered the UNKNOWN state.*|CRIT not restarting.*|INFO Creating socket .*|INFO Closing socket .*)$`)},
}

func voiceOf(text string) (realVoice, bool) {
	if strings.Contains(text, "recorder") { // ours, not the story's
		return realVoice{}, false
	}
	for _, v := range realVoices {
		if found := v.line.FindStringSubmatch(text); found != nil {
			return realVoice{v.place, found[1]}, true
		}
	}
	return realVoice{}, false
}

// logLines are those of the main log, as the transcript has them.
func (p *realPlay) logLines() []scenario.Line {
	var lines []scenario.Line
	for text := range strings.Lines(p.mainLog()) {
		if at, line, ok := readLogLine(text); ok {
			lines = append(lines, scenario.Line{At: at.Sub(p.start), Text: p.withoutPlace(line)})
		}
	}
	return lines
}

// readLogLine reads a line of the main log.
func readLogLine(text string) (at time.Time, line string, ok bool) {
	const stamp = "2006-01-02 15:04:05,000"
	if len(text) <= len(stamp) {
		return at, "", false
	}
	at, err := time.ParseInLocation(stamp, text[:len(stamp)], time.Local)
	return at, "log" + strings.TrimSuffix(text[len(stamp):], "\n"), err == nil
}

// heardLines are what children read on their stdin. The recorder's are states.
func (p *realPlay) heardLines() []scenario.Line {
	files, _ := filepath.Glob(p.path("heard.*")) // the pattern is a good one
	var lines []scenario.Line
	for _, file := range files {
		name := strings.TrimPrefix(filepath.Base(file), "heard.")
		for text := range strings.Lines(p.read(filepath.Base(file))) {
			line := name + " reads " + strings.TrimSuffix(text, "\n")
			if name == "recorder" {
				line = stateLine(text)
			}
			lines = append(lines, scenario.Line{At: -1, Text: line})
		}
	}
	return lines
}

var heardState = regexp.MustCompile(`PROCESS_STATE_([A-Z]+) "processname:(\S+) groupname:(\S+) from_state:([A-Z]+)(.*)"`)

// stateLine is a state event as the transcript tells it.
func stateLine(heard string) string {
	e := heardState.FindStringSubmatch(heard)
	if e == nil {
		return heard
	}
	name := e[3] + ":" + e[2]
	if e[2] == e[3] {
		name = e[2]
	}
	extra := strings.NewReplacer("expected:0", "expected:false", "expected:1", "expected:true").Replace(e[5])
	return name + " " + e[4] + " -> " + e[1] + extra
}
