//go:build unix

package scenario

import (
	"strings"
	"testing"
	"time"

	"supervisor/supervise"
)

const story = `What it is about,
in two lines.
not real: it takes too long
@conf
[program:x]
command=/bin/sleep 100
@conf other
[program:y]
command=/bin/sleep 100
@script
x: lives=2s exit=1 ignores=TERM | listener=OK,FAIL,garbage\n says=a_word\n@3s
@do
1s start x
1500ms conf other
2s end
-----
1.500 log INFO spawned: 'x' with pid 101
`

func TestAStoryIsRead(t *testing.T) {
	s, err := Parse(story)
	if err != nil {
		t.Fatal(err)
	}
	if s.About != "What it is about,\nin two lines.\n" || s.NotReal != "it takes too long" {
		t.Errorf("about %q, not real %q", s.About, s.NotReal)
	}
	if !strings.HasPrefix(s.Config(), "[program:x]\n") || !strings.HasPrefix(s.Configs["other"], "[program:y]\n") {
		t.Errorf("configurations %q", s.Configs)
	}
	if len(s.Steps) != 3 || s.Steps[0] != (Step{time.Second, "start x", "start", "x"}) || s.Steps[2].Verb != "end" {
		t.Errorf("steps %+v", s.Steps)
	}
	lines, err := s.Transcript()
	if err != nil || len(lines) != 1 || lines[0].At != 1500*time.Millisecond {
		t.Errorf("transcript %+v, %v", lines, err)
	}
}

func TestLivesAreRead(t *testing.T) {
	s, err := Parse(story)
	if err != nil {
		t.Fatal(err)
	}
	first, second := s.Lives[0].Each[0], s.Lives[0].Each[1]
	if first.Lives != 2*time.Second || first.Status != 1 || first.Ignores[0].String() != "SIGTERM" {
		t.Errorf("first life %+v", first)
	}
	if len(second.Output) != 2 || second.Output[1].Text != "a word\n" || second.Output[1].After != 3*time.Second ||
		second.Output[1].Channel != supervise.Stdout {
		t.Errorf("second life says %+v", second.Output)
	}
	var answers []string
	listener := s.Lives[0].Life(7)
	for range 4 {
		answers = append(answers, listener.Answers(nil))
	}
	want := "RESULT 2\nOKREADY\n, RESULT 4\nFAILREADY\n, garbage\n, garbage\n"
	if got := strings.Join(answers, ", "); got != want {
		t.Errorf("answers %q, want %q", got, want)
	}
}

func TestWhatMeansNothingIsAnError(t *testing.T) {
	for _, broken := range []string{
		"no dashes",
		"no sections\n-----\n",
		strings.Replace(story, "lives=", "dreams=", 1),
		strings.Replace(story, "lives=2s", "lives=2", 1),
		strings.Replace(story, "1s start", "soon start", 1),
		strings.Replace(story, "1500ms", "500ms", 1),
		strings.Replace(story, "TERM", "TREM", 1),
	} {
		if _, err := Parse(broken); err == nil {
			t.Errorf("read without complaint:\n%s", broken)
		}
	}
}
