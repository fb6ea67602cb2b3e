//go:build unix

package config

import (
	"fmt"
	"io"
	"strings"
)

// WriteTo prints the report for a terminal: one paragraph a finding, with
// FILE:LINE first in a form that editors and terminals can follow.
func (r *Report) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	r.heading(&b)
	for _, f := range r.Findings {
		f.write(&b)
	}
	r.summary(&b)
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

func (r *Report) heading(b *strings.Builder) {
	fmt.Fprintf(b, "%s", r.File)
	if included := len(r.Files) - 1; included > 0 {
		fmt.Fprintf(b, " and %s", count(included, "included file"))
	}
	if r.UsersFile != "" {
		b.WriteString(", with its users file")
	}
	b.WriteString("\n\n")
}

// write prints, with a hanging indent:
//
//	ignored  conf.d/web.conf:12  [program:web] autorestrat
//	         no such option; did you mean autorestart?
func (f Finding) write(b *strings.Builder) {
	fmt.Fprintf(b, "%-7s  %s", f.Verdict, position{f.File, f.Line})
	if f.Section != "" {
		fmt.Fprintf(b, "  [%s]", f.Section)
	}
	if f.Option != "" {
		fmt.Fprintf(b, " %s", f.Option)
	}
	text := strings.ReplaceAll(strings.TrimRight(f.Text, "\n"), "\n", "\n         ")
	fmt.Fprintf(b, "\n         %s\n\n", text)
}

func (r *Report) summary(b *strings.Builder) {
	if !r.OK() {
		b.WriteString("supervisord would not start with this configuration.\n")
		return
	}
	fmt.Fprintf(b, "%s with %s. ", count(r.Groups, "group"), count(r.Processes, "process"))
	fmt.Fprintf(b, "%s read as by Supervisor, %d ignored, %d with a difference, %d only here, %s.\n",
		count(r.Supported, "option"), r.count(Ignored), r.count(Differs), r.count(Ours), count(r.count(Doubtful), "warning"))
}

// count writes a number and its noun.
func count(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "s"):
		return fmt.Sprintf("%d %ses", n, noun)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
