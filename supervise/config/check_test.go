//go:build unix

package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReportsReadAsTheirGoldenFilesSay checks the cases of testdata/check: files
// as in the other golden cases, then dashes, then the report.
func TestReportsReadAsTheirGoldenFilesSay(t *testing.T) {
	paths, err := filepath.Glob("testdata/check/*.golden")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden reports: %v", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			input, want, _ := strings.Cut(string(text), dashes)
			dir := goldenCase{input: input}.place(t)
			got := strings.ReplaceAll(reportText(t, dir), dir, "$DIR")
			if *update {
				writeFile(t, path, input+dashes+got)
				return
			}
			if got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func reportText(t *testing.T, dir string) string {
	t.Helper()
	report, err := Check("supervisord.conf", Options{Environ: testEnviron(dir), Users: hostUsers{}, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if _, err := report.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "would not start") == report.OK() {
		t.Errorf("OK is %v in\n%s", report.OK(), b.String())
	}
	return b.String()
}

func TestTheReportOnAMissingFileIsThatItIsMissing(t *testing.T) {
	report, err := Check("/no/such/file", Options{})
	if err != nil || report.OK() || len(report.Findings) != 1 || report.Findings[0].Text != "could not find config file /no/such/file" {
		t.Errorf("got %+v, %v", report, err)
	}
}

// TestTheGuideKnowsEveryOption holds docs/configuration.md against the table.
func TestTheGuideKnowsEveryOption(t *testing.T) {
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range sectionSpecs {
		section := guideSection(t, string(text), spec)
		for _, option := range spec.options {
			if !strings.Contains(section, "`"+option.name+"`") {
				t.Errorf("the part on [%s] does not mention %s", spec.name, option.name)
			}
			if row := guideRow(section, option.name); row != "" && option.standard != "" && !strings.Contains(row, "`"+option.standard+"`") {
				t.Errorf("the row of %s in [%s] does not give its default %s: %s", option.name, spec.name, option.standard, row)
			}
		}
	}
}

// guideSection is the part under a heading that names the section. Those that
// have the options of a program refer to it.
func guideSection(t *testing.T, guide string, spec sectionSpec) string {
	t.Helper()
	_, part, found := strings.Cut(guide, "\n## `["+spec.name)
	if !found {
		t.Fatalf("docs/configuration.md has no heading for [%s]", spec.name)
	}
	part, _, _ = strings.Cut(part, "\n## ")
	if spec.name != "program:" && strings.Contains(part, "options of a program") {
		_, programs, _ := strings.Cut(guide, "\n## `[program:")
		programs, _, _ = strings.Cut(programs, "\n## ")
		part += programs
	}
	return part
}

func guideRow(section, option string) string {
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "| `"+option+"` |") {
			return line
		}
	}
	return ""
}
