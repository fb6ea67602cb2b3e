//go:build unix

package config

import (
	"errors"
	"fmt"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// The readers take what anybody may write. None may panic, take long, or use
// memory out of proportion; and an error must be one that names a place, or a
// text in the original's words.

// Reading a text may allocate so much, and this for each byte of it besides.
const (
	fuzzMemory     = 4 << 20
	fuzzByteMemory = 4 << 10
)

// soon fails a text that takes out of proportion long, or much.
func soon(t *testing.T, text string, work func()) {
	t.Helper()
	begin, before := time.Now(), allocated()
	work()
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("%d bytes took %v", len(text), took)
	}
	if used := allocated() - before; used > uint64(fuzzMemory+fuzzByteMemory*len(text)) {
		t.Errorf("%d bytes took %d bytes of memory", len(text), used)
	}
}

// allocated is how much memory has been asked for since the program began.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func FuzzINI(f *testing.F) {
	for _, text := range dialectTexts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		soon(t, text, func() {
			doc, err := parseText("F", text)
			if located := (*Error)(nil); err != nil && !errors.As(err, &located) {
				t.Fatalf("an error without a place: %v", err)
			}
			if err != nil {
				return
			}
			for _, section := range doc.sections() {
				for _, option := range doc.own(section) {
					if doc.at(section, option).Line == 0 {
						t.Errorf("[%s] %s has no line", section, option)
					}
				}
			}
		})
	})
}

func FuzzExpand(f *testing.F) {
	for _, text := range []string{"%(here)s", "%%", "%(process_num)02d", "%", "%(", "%(a)99999999s", "%(here)-5.2s", "%s"} {
		f.Add(text)
	}
	vars := variables{"here": textVar("/h\xff"), "process_num": numberVar(-7)}
	f.Fuzz(func(t *testing.T, text string) {
		soon(t, text, func() {
			expanded, err := expand(text, vars, "label")
			if err == nil && !strings.Contains(text, "%") && expanded != text {
				t.Errorf("%q became %q", text, expanded)
			}
			if err == nil && len(expanded) > len(text)*(maxWidth+8) {
				t.Errorf("%q grew to %d bytes", text, len(expanded))
			}
		})
	})
}

func FuzzEnvironment(f *testing.F) {
	for _, text := range environmentTexts()[:30] {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		soon(t, text, func() {
			pairs, err := environment(text)
			if err == nil && len(pairs) > len(text) {
				t.Errorf("%q has %d variables", text, len(pairs))
			}
			if err == nil {
				mustReadTheSame(t, pairs)
			}
			_, _ = oldEnvironment(text) // must not panic; what it says is compared elsewhere
		})
	})
}

// mustReadTheSame writes an environment down and reads it again.
func mustReadTheSame(t *testing.T, pairs Environment) {
	t.Helper()
	var b strings.Builder
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	for _, v := range pairs {
		fmt.Fprintf(&b, `"%s"="%s",`, quote.Replace(v.Name), quote.Replace(v.Value))
	}
	again, err := environment(b.String())
	if err != nil || !slices.Equal(again, pairs) {
		t.Errorf("%q was written as %q and read as %q, %v", pairs, b.String(), again, err)
	}
}

func FuzzSplit(f *testing.F) {
	for _, text := range []string{"", `a "b c"`, `x\`, `'`, "a\nb", `""`, "\xff\\\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		soon(t, text, func() {
			words, err := SplitCommand(text)
			if err != nil && err != errNoClosingQuote && err != errNoEscapedChar {
				t.Errorf("%q: %v", text, err)
			}
			if total := len(strings.Join(words, "")); total > len(text) {
				t.Errorf("%q has words of %d bytes", text, total)
			}
		})
	})
}

// FuzzRulesAreTheOriginals puts each text to the original at once. A text that is
// not UTF-8 cannot be put to it, nor reach these rules out of a file.
func FuzzRulesAreTheOriginals(f *testing.F) {
	needOracle(f)
	original := newOracle(f, f.TempDir())
	for rule, texts := range [][]string{{"%(here)s", "%(process_num)02d"}, environmentTexts()[:30], environmentTexts()[:30], {`a "b c"`}, dialectTexts} {
		for _, text := range texts {
			f.Add(byte(rule), text)
		}
	}
	f.Fuzz(func(t *testing.T, rule byte, text string) {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, isNewer) {
			return
		}
		switch rule % 5 {
		case 0:
			if !isBare(text) && !isBeyondUs(text) {
				agree(t, original, "expand", text, expandLabel)
			}
		case 1:
			agree(t, original, "environment", text, environmentMap)
		case 2:
			agree(t, original, "old environment", text, oldEnvironmentMap)
		case 3:
			agree(t, original, "split", text, splitWords)
		case 4:
			agree(t, original, "ini", text, documentLists)
		}
	})
}

// isNewer: a character that Unicode 15 has brought, or may have. Go prints it as
// it is, a Python of the time before escapes it.
func isNewer(r rune) bool { return r >= 0x3000 || r == 0x0CF3 || r == 0x0ECE }

// isBeyondUs: a width that Python would go on and allocate.
func isBeyondUs(text string) bool {
	_, err := expandLabel(text)
	return err != nil && strings.HasSuffix(err.Error(), " too big")
}

func agree[T any](t *testing.T, original *oracle, rule, text string, ours func(string) (T, error)) {
	t.Helper()
	var theirs []ruling
	original.ask(t, question{Rule: rule, Texts: []string{text}}, &theirs)
	holdRule(t, rule, text, theirs[0], ours)
}
