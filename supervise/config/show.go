//go:build unix

package config

import (
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"supervisor/supervise"
)

// maxShown is how much of a file is shown.
const maxShown = 1 << 20

// Show gives the files of a configuration as they stand on the disk, without the
// secrets in them, and what there is to say about them. secrets are those of the
// configuration that runs; those that the files themselves name are added. A file
// that cannot be read, or is none, is named with the reason.
func Show(file string, opts Options, secrets supervise.Secrets) (supervise.ConfigView, error) {
	report, l, err := check(file, opts)
	if err != nil {
		return supervise.ConfigView{}, err
	}
	files := report.Files
	if l != nil {
		secrets = slices.Concat(secrets, supervise.Secrets(l.cfg.Supervisord.SecretNames))
	} else {
		sys, err := newSystem(opts)
		if err != nil {
			return supervise.ConfigView{}, err
		}
		files = []string{sys.join(file)}
	}
	var view supervise.ConfigView
	var quoted quotations
	for _, path := range files {
		view.Files = append(view.Files, showFile(path, secrets, &quoted))
	}
	for _, f := range report.Findings {
		view.Findings = append(view.Findings, supervise.ConfigFinding{
			Verdict: f.Verdict.String(), File: f.File, Line: f.Line, Section: f.Section, Option: f.Option, Text: secrets.Mask(quoted.mask(f.Text)),
		})
	}
	return view, nil
}

// quotations are the lines with secrets in them as the errors of scan quote them,
// each followed by what is to stand there instead.
type quotations []string

func (q *quotations) add(lines, masked []string) {
	for i, line := range lines {
		if line != masked[i] {
			*q = append(*q, supervise.Quote(line), supervise.Quote(masked[i]))
		}
	}
}

func (q quotations) mask(text string) string { return strings.NewReplacer(q...).Replace(text) }

// showFile shows one file, and notes in quoted what must not be quoted of it.
func showFile(path string, secrets supervise.Secrets, quoted *quotations) supervise.ConfigFile {
	text, err := readSome(path)
	if err != nil {
		return supervise.ConfigFile{Path: path, Trouble: err.Error()}
	}
	src := source{path, path}
	lines, err := decode(src, text)
	if err != nil {
		return supervise.ConfigFile{Path: path, Trouble: err.Error()}
	}
	entries, err := scan(src, lines)
	if err != nil {
		entries = scanOn(src, lines)
	}
	out := masked(lines, entries, secrets)
	quoted.add(lines, out)
	shown := supervise.ConfigFile{Path: path, Text: strings.Join(out, "")}
	if err != nil {
		shown.Trouble = quoted.mask(err.Error())
	}
	return shown
}

// scanOn gives what there is in a broken file, also in one that is given up by
// scan for its beginning: as if a section began above it.
func scanOn(src source, lines []string) []entry {
	entries, _ := scan(src, append([]string{"[above]\n"}, lines...)) // what is wrong is known
	for i := range entries {
		entries[i].line--
		for j := range entries[i].lines {
			entries[i].lines[j]--
		}
	}
	return entries[1:]
}

// readSome reads a file, if it is one that can be shown.
func readSome(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxShown+1))
	if err == nil && len(text) > maxShown {
		err = errors.New("it is too large to be shown")
	}
	return text, err
}

// masked gives the lines of a file without what is secret in them. Every line
// stays where it is, so that numbers mean the same in both.
func masked(lines []string, entries []entry, secrets supervise.Secrets) []string {
	out := slices.Clone(lines)
	said := make([]bool, len(lines))
	for _, e := range entries {
		if e.option == "" {
			continue // a section, or a value of nothing
		}
		for _, n := range e.lines {
			said[n-1] = true
		}
		maskOption(out, e, secrets)
	}
	beside := asides{secrets: secrets}
	for i, line := range lines {
		if said[i] {
			beside.hiding = false
			continue
		}
		out[i] = beside.mask(line)
	}
	return out
}

// maskOption masks the lines of one option.
func maskOption(out []string, e entry, secrets supervise.Secrets) {
	first := e.lines[0] - 1
	cut := strings.IndexAny(out[first], "=:") + 1
	head := out[first][:cut]
	var raw strings.Builder
	raw.WriteString(out[first][cut:])
	for _, n := range e.lines[1:] {
		raw.WriteString(out[n-1])
	}
	value, changed := maskValue(e, raw.String(), secrets)
	if !changed {
		return
	}
	pieces := strings.SplitAfter(head+strings.TrimSuffix(value, "\n"), "\n")
	for i, n := range e.lines {
		switch {
		case i >= len(pieces):
			out[n-1] = "\n"
		case i == len(e.lines)-1:
			out[n-1] = strings.ReplaceAll(strings.Join(pieces[i:], ""), "\n", " ") + "\n"
		default:
			out[n-1] = strings.TrimSuffix(pieces[i], "\n") + "\n"
		}
	}
}

// maskValue gives the value of an option as it may be shown; raw is all that
// stands in the file after its name. It tells whether anything was left out.
func maskValue(e entry, raw string, secrets supervise.Secrets) (string, bool) {
	switch {
	case isSecret(e.section, e.option, secrets):
		return supervise.Hidden, e.value() != ""
	case e.option == "environment":
		if value, changed := maskEnvironment(e.value(), secrets); changed {
			return value, true
		}
	}
	value := secrets.Mask(raw)
	return value, value != raw
}

// isSecret tells whether an option is a secret as a whole. Those the table knows
// are none, whatever they are called, but for passwords and what proves a token.
func isSecret(section, option string, secrets supervise.Secrets) bool {
	spec, known := specOf(section)
	if known {
		if o, found := optionOf(spec.options, option); found {
			return option == "password" || o.kind == kindHash || o.kind == kindDigest
		}
	}
	return option == "password" || secrets.Hides(option)
}

// maskEnvironment gives the value of environment= without the values of secret
// variables. What comes out is read again: should it not say the same, but for
// the secrets, or should the text be none that can be read, nothing of it is shown.
func maskEnvironment(text string, secrets supervise.Secrets) (string, bool) {
	pairs, err := environment(text)
	if err != nil {
		return supervise.Hidden, true
	}
	hidden, want := text, Environment{}
	for _, v := range pairs {
		shown := secrets.Value(v.Name, v.Value)
		want = append(want, EnvVar{v.Name, shown})
		if shown == v.Value {
			continue
		}
		assignment := regexp.MustCompile(`(^|[\s,])` + regexp.QuoteMeta(v.Name) + `(\s*=\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[^,\s]*)`)
		hidden = assignment.ReplaceAllStringFunc(hidden, func(found string) string {
			parts := assignment.FindStringSubmatch(found)
			return parts[1] + v.Name + parts[2] + `"` + shown + `"`
		})
	}
	if hidden == text {
		return text, !slices.Equal(want, pairs)
	}
	if again, err := environment(hidden); err != nil || !slices.Equal(again, want) {
		return supervise.Hidden, true
	}
	return hidden, true
}

// asides masks lines that are no part of the configuration, one after the other:
// comments, in which there may be options that are switched off. What is under a
// secret one may be its value: all that is deeper, and where nothing stands behind
// its name, the next line unless that is an option itself.
type asides struct {
	secrets supervise.Secrets
	hiding  bool // the last option was a secret
	depth   int  // where its name begins
	empty   bool // nothing was behind it yet
}

func (a *asides) mask(line string) string {
	text := strings.TrimLeft(line, " \t;#")
	head := line[:len(line)-len(text)]
	text = strings.TrimSpace(text)
	name, value, ok := splitOption(text)
	isOption := ok && name != "" && !strings.ContainsAny(name, " \t")
	if isOption && len(head) > a.depth+1 && a.hiding {
		isOption = isOptionAnywhere(name) // what ends with = may be a part of a secret as well
	}
	if a.hiding && text != "" && !isOption && (len(head) > a.depth || a.empty) {
		a.empty = false
		return head + supervise.Hidden + "\n"
	}
	if text == "" {
		a.hiding = a.hiding && strings.ContainsAny(head, ";#")
		return line
	}
	isSecret := isOption && (name == "password" || a.secrets.Hides(name))
	a.hiding, a.depth, a.empty = isSecret, len(head), value == ""
	cut := strings.IndexAny(line, "=:") + 1
	switch {
	case isSecret && value == "":
		return line
	case isSecret:
		return line[:cut] + supervise.Hidden + "\n"
	case isOption && name == "environment" && value != "":
		value, _ = maskEnvironment(strings.TrimSpace(value), a.secrets)
		return line[:cut] + value + "\n"
	}
	return a.secrets.Mask(line)
}

// isOptionAnywhere tells whether some section has an option of a name.
func isOptionAnywhere(name string) bool {
	return slices.ContainsFunc(sectionSpecs, func(spec sectionSpec) bool {
		_, found := optionOf(spec.options, name)
		return found
	})
}
