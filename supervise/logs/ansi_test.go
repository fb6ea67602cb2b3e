package logs

import (
	"bytes"
	"strings"
	"testing"
)

func stripAll(pieces ...[]byte) string {
	var s stripper
	var out []byte
	for _, p := range pieces {
		out = append(out, s.strip(p)...)
	}
	return string(append(out, s.finish()...))
}

var ansiTexts = []struct{ name, text, want string }{
	{"nothing to do", "plain text\n", "plain text\n"},
	{"a colour", "\x1b[31mred\x1b[0m\n", "red\n"},
	{"parameters", "a\x1b[1;38;5;200mb", "ab"},
	{"the cursor", "\x1b[2J\x1b[Hhome\x1b[10;20fthere\x1b[K", "homethere"},
	{"several in a row", "\x1b[0m\x1b[1m\x1b[4mx", "x"},
	{"a terminator the original does not know runs on to one it does", "\x1b[2Ghello", "ello"},
	{"a lone escape is text", "a\x1bb\x1b]0;title\x07", "a\x1bb\x1b]0;title\x07"},
	{"an escape at the end is text", "end\x1b", "end\x1b"},
	{"two escapes", "\x1b\x1b[32mx", "\x1bx"},
	{"an escape within a sequence", "\x1b[3\x1b[1mx", "x"},
	{"unterminated", "kept\x1b[123", "kept"},
	{"binary", "\x00\xff\x1b[1m\xfe\x80", "\x00\xff\xfe\x80"},
}

func TestStripRemovesEscapeSequences(t *testing.T) {
	for _, test := range ansiTexts {
		if got := stripAll([]byte(test.text)); got != test.want {
			t.Errorf("%s: %q gives %q, want %q", test.name, test.text, got, test.want)
		}
	}
}

func TestStripDoesNotCareWhereReadsCut(t *testing.T) {
	for _, test := range ansiTexts {
		for i := range len(test.text) + 1 {
			for j := i; j <= len(test.text); j++ {
				text := []byte(test.text)
				if got := stripAll(text[:i], text[i:j], text[j:]); got != test.want {
					t.Errorf("%s: cut at %d and %d gives %q, want %q", test.name, i, j, got, test.want)
				}
			}
		}
	}
}

func TestStripGivesUpOnASequenceThatNeverEnds(t *testing.T) {
	text := "\x1b[" + strings.Repeat("0", 3*longestSequence)
	got := stripAll([]byte(text))
	if want := len(text) - 1 - longestSequence; len(got) != want {
		t.Errorf("%d bytes are left, want %d", len(got), want)
	}
}

func TestStripAgreesWithTheOriginalOnOneRead(t *testing.T) {
	var texts, want []string
	for _, test := range ansiTexts {
		if strings.ToValidUTF8(test.text, "") == test.text {
			texts = append(texts, test.text)
		}
	}
	oracle(t, `
from supervisor.dispatchers import stripEscapes
json.dump([stripEscapes(s.encode()).decode() for s in input], sys.stdout)`, texts, &want)
	for i, text := range texts {
		if got := stripAll([]byte(text)); got != want[i] {
			t.Errorf("%q gives %q, the original %q", text, got, want[i])
		}
	}
}

func FuzzStrip(f *testing.F) {
	for _, test := range ansiTexts {
		f.Add([]byte(test.text), 3, 5)
	}
	f.Fuzz(func(t *testing.T, text []byte, i, j int) {
		i, j = within(i, len(text)), within(j, len(text))
		i, j = min(i, j), max(i, j)
		whole := stripAll(text)
		if cut := stripAll(text[:i], text[i:j], text[j:]); cut != whole {
			t.Fatalf("cut at %d and %d: %q, whole: %q", i, j, cut, whole)
		}
		if len(whole) > len(text) {
			t.Fatalf("%q grew to %q", text, whole)
		}
		if !bytes.Contains(text, []byte("\x1b[")) && whole != string(text) {
			t.Fatalf("%q has no sequence, but became %q", text, whole)
		}
	})
}

// within brings any number into 0..n.
func within(i, n int) int { return int(uint(i) % uint(n+1)) }
