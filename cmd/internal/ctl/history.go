package ctl

import (
	"os"
	"strings"
)

// history is the lines typed, oldest first, and on disk one a line, which is
// also how readline keeps them: a file of the original goes on to be used.
type history struct {
	lines []string
	typed bool // something new to save
}

// loadHistory reads a file. One that is missing or cannot be read is an empty
// history, as in the original: a shell should not fail over it.
func loadHistory(file string) *history {
	if file == "" {
		return &history{}
	}
	text, err := os.ReadFile(file)
	if err != nil || len(text) == 0 {
		return &history{}
	}
	return &history{lines: strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")}
}

// add remembers a line, unless it is empty or the last one again.
func (h *history) add(line string) {
	if line == "" || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
		return
	}
	h.lines = append(h.lines, line)
	h.typed = true
}

// save writes the file, for its owner's eyes only. A file that cannot be written
// is left as it is: there is nobody to tell at the end of a session.
func (h *history) save(file string) {
	if file == "" || !h.typed {
		return
	}
	text := strings.Join(h.lines, "\n") + "\n"
	_ = os.WriteFile(file, []byte(text), 0o600)
}

// findBackward gives the number of the last line before the one given that has
// text in it; -1 if there is none, or nothing to look for.
func (h *history) findBackward(text string, before int) int {
	if text == "" {
		return -1
	}
	for i := min(before, len(h.lines)) - 1; i >= 0; i-- {
		if strings.Contains(h.lines[i], text) {
			return i
		}
	}
	return -1
}
