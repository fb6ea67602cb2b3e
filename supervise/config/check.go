//go:build unix

package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"supervisor/supervise"
)

// Verdict is what Check has to say about a place in a configuration.
type Verdict int

const (
	Wrong   Verdict = iota // supervisord would not start with it
	Ignored                // nobody reads it: most often a slip
	Doubtful
	Differs // it means something else here than to the original
	Ours    // the original does not know it
)

var verdictWords = [...]string{Wrong: "error", Ignored: "ignored", Doubtful: "warning", Differs: "differs", Ours: "new"}

func (v Verdict) String() string { return verdictWords[v] }

// Finding is one thing worth telling.
type Finding struct {
	Verdict         Verdict
	File            string
	Line            int
	Section, Option string // "" when it is about none
	Text            string
}

// Report is what `supervisord --check` finds, for those who come from the
// original and want to know beforehand what will happen.
type Report struct {
	File      string
	Files     []string // all that were read, the main one first
	UsersFile string   // "" if none was read
	Findings  []Finding
	Supported int // options that are read as the original reads them
	Groups    int
	Processes int
}

// OK tells whether supervisord would start with the configuration.
func (r *Report) OK() bool { return r.count(Wrong) == 0 }

func (r *Report) count(v Verdict) int {
	count := 0
	for _, f := range r.Findings {
		if f.Verdict == v {
			count++
		}
	}
	return count
}

// Check reads a configuration as Load does and reports on it. What is wrong with
// the configuration is in the report; the error is about the check itself.
func Check(file string, opts Options) (*Report, error) {
	report, _, err := check(file, opts)
	return report, err
}

// check is Check, and gives the loader too: nil where the main file could not be
// read at all.
func check(file string, opts Options) (*Report, *loader, error) {
	l, err := open(file, opts)
	if l == nil {
		report, err := reportOf(file, err)
		return report, nil, err
	}
	report := &Report{File: file, Files: l.doc.files}
	if err == nil {
		_, err = l.load(opts.Overrides)
	}
	c := checker{loader: l, report: report}
	if err := c.wrong(err); err != nil {
		return nil, nil, err
	}
	c.sections()
	c.client()
	c.meanings()
	if err := c.people(); err != nil {
		return nil, nil, err
	}
	report.Findings = append(report.Findings, l.findings...)
	report.sort()
	return report, l, nil
}

// reportOf is the report on a file that could not be read at all.
func reportOf(file string, err error) (*Report, error) {
	c := checker{report: &Report{File: file, Files: []string{file}}}
	return c.report, c.wrong(err)
}

// sort brings the findings into the order of the files and their lines, and
// drops repetitions, as of a warning that each copy of a program makes.
func (r *Report) sort() {
	files := append(slices.Clone(r.Files), r.UsersFile)
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(slices.Index(files, a.File), slices.Index(files, b.File)),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Verdict, b.Verdict),
		)
	})
	r.Findings = slices.Compact(r.Findings)
}

// checker looks at a document that has been read, as far as that was possible.
type checker struct {
	*loader
	report *Report
}

func (c *checker) find(v Verdict, at position, section, option, format string, args ...any) {
	c.report.Findings = append(c.report.Findings, Finding{v, at.File, at.Line, section, option, fmt.Sprintf(format, args...)})
}

// wrong puts a configuration error into the report. It returns any other.
func (c *checker) wrong(err error) error {
	if err == nil {
		return nil
	}
	var known *Error
	if !errors.As(err, &known) {
		return err
	}
	c.find(Wrong, position{known.File, known.Line}, known.Section, known.Option, "%s", known.Text)
	return nil
}

// sections measures every section and option against the table.
func (c *checker) sections() {
	for _, section := range append(c.doc.sections(), defaultSection) {
		spec, known := specOf(section)
		switch {
		case section == defaultSection:
			c.defaults()
		case strings.HasPrefix(section, "token:"):
			c.find(Ignored, c.doc.sectionAt[section], section, "", "tokens are read from the users file only: put it into the file that users_file= names")
		case !known:
			c.find(Ignored, c.doc.sectionAt[section], section, "", "no such section%s", suggest(section, sectionNames(section)))
		case isClients(section) && c.doc.included[section] != "":
			c.find(Ignored, c.doc.sectionAt[section], section, "", "supervisorctl reads the main file only")
		case strings.HasPrefix(section, ctlPluginPrefix):
			c.ctlPlugin(section, spec)
		case strings.HasPrefix(section, rpcInterfacePrefix):
			c.rpcInterface(section, spec)
		default:
			c.options(section, spec)
		}
	}
	for _, again := range c.doc.twice {
		c.find(Doubtful, again.Now, again.Section, again.Option, "is set again: what %s says is lost", again.Before)
	}
}

// isClients tells whether a section is for supervisorctl alone.
func isClients(section string) bool {
	return section == "supervisorctl" || strings.HasPrefix(section, ctlPluginPrefix)
}

// ctlPlugin looks at a verb of supervisorctl: with a command, it has no options
// but those in the table; without, any may belong to the Python code.
func (c *checker) ctlPlugin(section string, spec sectionSpec) {
	factory, _ := c.doc.get(section, ctlFactory)
	if _, runs := c.doc.get(section, "command"); runs {
		spec.open, spec.options = false, programPluginOptions
	} else {
		spec.options = slices.Clone(spec.options)
		spec.options[0].differs = "names Python code, which this supervisorctl cannot load, so that its verbs do not exist: " + insteadOfVerb(factory)
	}
	c.options(section, spec)
}

// rpcInterface looks at methods beside the built-in ones: a plug-in has no options
// but those in the tables; of Python code any may be.
func (c *checker) rpcInterface(section string, spec sectionSpec) {
	_, calls := c.doc.get(section, "url")
	_, runs := c.doc.get(section, "command")
	spec.options = pythonOptions
	if spec.open = !calls && !runs; !spec.open {
		spec.options = pluginOptions(runs)
	}
	c.options(section, spec)
}

// client tells what would keep supervisorctl from working with the file.
// supervisord itself does not mind.
func (c *checker) client() {
	if !c.doc.has("supervisorctl") || c.doc.included["supervisorctl"] != "" {
		return
	}
	_, err := loadClient(c.sys, c.file)
	var known *Error
	if errors.As(err, &known) {
		c.find(Doubtful, position{known.File, known.Line}, known.Section, known.Option, "supervisorctl would refuse the file: %s", known.Text)
	}
}

func (c *checker) options(section string, spec sectionSpec) {
	isNew := strings.HasPrefix(section, "user:")
	if isNew {
		c.find(Ours, c.doc.sectionAt[section], section, "", "is a section of this supervisord, somebody who may come in; the original ignores it")
	}
	for _, name := range c.doc.own(section) {
		option, known := optionOf(spec.options, name)
		at := c.doc.at(section, name)
		switch {
		case !known && strings.HasPrefix(name, "["):
			c.find(Doubtful, at, section, name, "looks like a section header that lacks its closing bracket: the lines below it are read as of [%s]", section)
		case !known && spec.open:
			c.report.Supported++
		case !known:
			c.find(Ignored, at, section, name, "no such option%s", suggest(name, optionNames(spec.options)))
		case isNew: // the section as a whole is
		case option.ours && option.differs != "":
			c.find(Ours, at, section, name, "%s", option.differs)
		case option.ours:
			c.find(Ours, at, section, name, "is an option of this supervisord; the original ignores it")
		case option.differs != "":
			c.find(Differs, at, section, name, "%s", option.differs)
		default:
			c.report.Supported++
		}
	}
}

// defaults looks at [DEFAULT], whose options any section may use.
func (c *checker) defaults() {
	var names []string
	for _, spec := range sectionSpecs {
		names = append(names, optionNames(spec.options)...)
	}
	for _, name := range c.doc.own(defaultSection) {
		if slices.Contains(names, name) {
			c.report.Supported++
			continue
		}
		c.find(Ignored, c.doc.at(defaultSection, name), defaultSection, name, "no section has such an option%s", suggest(name, names))
	}
}

// meanings looks for what differs or is doubtful by its value.
func (c *checker) meanings() {
	c.environments()
	seen := map[string]bool{}
	for _, group := range c.cfg.Groups {
		c.report.Groups++
		c.report.Processes += len(group.Processes)
		c.group(group)
		if seen[group.Name] && len(group.Processes) > 0 {
			p := group.Processes[0]
			c.find(Doubtful, position{p.File, p.Line}, p.Section, "", "there are two groups %s, and only the first one runs", group.Name)
		}
		seen[group.Name] = true
	}
}

func (c *checker) group(group Group) {
	names := map[string]bool{}
	for _, p := range group.Processes {
		at := position{p.File, p.Line}
		if names[p.Name] {
			c.find(Doubtful, at, p.Section, "", "group %s has two processes %s, and only the last one runs", group.Name, supervise.Quote(p.Name))
		}
		names[p.Name] = true
		if p.Socket != nil && group.Kind == Heterogeneous {
			c.find(Differs, at, p.Section, "", "keeps its socket in group %s; the original runs it without", group.Name)
		}
	}
	if group.Listener == nil || len(group.Processes) == 0 {
		return
	}
	for _, event := range group.Listener.Events {
		for _, wider := range group.Listener.Events {
			if event != wider && event.Matches(wider) {
				section := group.Processes[0].Section
				c.find(Differs, c.doc.at(section, "events"), section, "events",
					"%s is part of %s: the event is delivered once, where the original sends it twice", event, wider)
			}
		}
	}
}

// environments tells where the quoting of environment= is read in another way
// than by Supervisor before 4.4.
func (c *checker) environments() {
	for _, section := range c.doc.sections() {
		text, found := c.doc.get(section, "environment")
		spec, known := specOf(section)
		if _, has := optionOf(spec.options, "environment"); !found || !known || !has {
			continue
		}
		now, err := environment(text)
		before, beforeErr := oldEnvironment(text)
		if err == nil && (beforeErr != nil || !now.equal(before)) {
			c.find(Differs, c.doc.at(section, "environment"), section, "environment",
				"is read with a shell's quoting, as since Supervisor 4.4; older ones read %s", oldReading(before, beforeErr))
		}
	}
}

func oldReading(pairs Environment, err error) string {
	if err != nil {
		return "an error: " + err.Error()
	}
	var words []string
	for _, p := range pairs {
		words = append(words, p.Name+"="+supervise.Quote(p.Value))
	}
	return strings.Join(words, ", ")
}

func optionNames(options []optionSpec) []string {
	names := make([]string, len(options))
	for i, option := range options {
		names[i] = option.name
	}
	return names
}

// sectionNames are the names the section might have been meant to have.
func sectionNames(section string) []string {
	_, after, _ := strings.Cut(section, ":")
	var names []string
	for _, spec := range sectionSpecs {
		if strings.HasSuffix(spec.name, ":") {
			names = append(names, spec.name+after)
		} else {
			names = append(names, spec.name)
		}
	}
	return names
}

// suggest names the nearest of the names, if one is near enough to be meant.
func suggest(name string, names []string) string {
	found := nearest(name, names, 1)
	if len(found) == 0 {
		return ""
	}
	return "; did you mean " + found[0] + "?"
}

// nearest gives those of the names that are near enough to be meant by another, at
// most so many, the nearest first; of some that are as near, the first ones.
func nearest(name string, names []string, most int) []string {
	distances := map[string]int{}
	var found []string
	for _, candidate := range names {
		distances[candidate] = editDistance(strings.ToLower(name), strings.ToLower(candidate))
		if distances[candidate] <= max(2, len(name)/4) {
			found = append(found, candidate)
		}
	}
	slices.SortStableFunc(found, func(a, b string) int { return cmp.Compare(distances[a], distances[b]) })
	return found[:min(most, len(found))]
}

// editDistance counts the characters to insert, delete, replace, or swap with
// their neighbour.
func editDistance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replace := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, replace)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
