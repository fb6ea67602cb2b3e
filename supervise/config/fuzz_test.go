//go:build unix

package config

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// The readers take what anybody may write. None may panic, or take long; and an
// error must be one that names a place, or a text in the original's words.

// soon fails a text that takes out of proportion long.
func soon(t *testing.T, text string, work func()) {
	t.Helper()
	begin := time.Now()
	work()
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("%d bytes took %v", len(text), took)
	}
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
			_, _ = oldEnvironment(text) // must not panic; what it says is compared elsewhere
		})
	})
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
