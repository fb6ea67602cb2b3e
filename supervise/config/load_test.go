//go:build unix

package config

import (
	"errors"
	"flag"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// A golden case is a configuration, its included files (each after a line
// "-- NAME --"), a line of dashes, and what it means: the lines that differ from
// the defaults, or the error. $DIR is where the files were. A line "; command
// line: option=value ..." gives overrides. After the dashes, "differs: REASON"
// says that the original reads it otherwise, and then it must.

const dashes = "----------\n"

var (
	fileMark     = regexp.MustCompile(`(?m)^-- (\S+) --\n`)
	commandLine  = regexp.MustCompile(`(?m)^; command line: (.*)$`)
	goldenResult = regexp.MustCompile(`(?s)^(?:differs: ([^\n]*)\n)?(.*)$`)
)

type goldenCase struct {
	name    string
	input   string
	differs string
	result  string
}

func goldenCases(t *testing.T) []goldenCase {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.conf.golden")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden cases: %v", err)
	}
	var cases []goldenCase
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		input, rest, found := strings.Cut(string(text), dashes)
		if !found {
			t.Fatalf("%s has no line of dashes", path)
		}
		match := goldenResult.FindStringSubmatch(rest)
		cases = append(cases, goldenCase{strings.TrimSuffix(filepath.Base(path), ".conf.golden"), input, match[1], match[2]})
	}
	return cases
}

// place writes the files of a case into a new directory and answers it.
func (c goldenCase) place(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	text := strings.ReplaceAll(c.input, "$DIR", dir)
	marks := fileMark.FindAllStringSubmatchIndex(text, -1)
	end := len(text)
	for _, mark := range slices.Backward(marks) {
		writeFile(t, filepath.Join(dir, text[mark[2]:mark[3]]), text[mark[1]:end])
		end = mark[0]
	}
	writeFile(t, filepath.Join(dir, "supervisord.conf"), text[:end])
	return dir
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (c goldenCase) overrides() map[string]string {
	match := commandLine.FindStringSubmatch(c.input)
	if match == nil {
		return nil
	}
	values := map[string]string{}
	for word := range strings.FieldsSeq(match[1]) {
		option, value, _ := strings.Cut(word, "=")
		values[option] = value
	}
	return values
}

// load reads a placed case as our supervisord would, in that home directory.
func (c goldenCase) load(t *testing.T, dir, home string) (*Config, error) {
	t.Helper()
	opts := Options{Environ: testEnviron(home), Users: hostUsers{}, Dir: dir}
	for option, value := range c.overrides() {
		if err := opts.Overrides.Set(option, value, opts); err != nil {
			t.Fatalf("--%s=%s: %v", option, value, err)
		}
	}
	return Load("supervisord.conf", opts)
}

// hostUsers asks this machine, as the original does. The golden files name
// nobody but root, whose numbers are the same everywhere.
type hostUsers struct{}

func (hostUsers) User(nameOrID string) (User, error) {
	found, err := user.Lookup(nameOrID)
	if _, number := strconv.Atoi(nameOrID); number == nil {
		found, err = user.LookupId(nameOrID)
	}
	if err != nil {
		return User{}, err
	}
	uid, uidErr := strconv.Atoi(found.Uid)
	gid, gidErr := strconv.Atoi(found.Gid)
	return User{Name: nameOrID, UID: uid, GID: gid, Home: found.HomeDir}, errors.Join(uidErr, gidErr)
}

func (hostUsers) Group(nameOrID string) (int, error) {
	found, err := user.LookupGroup(nameOrID)
	if _, number := strconv.Atoi(nameOrID); number == nil {
		found, err = user.LookupGroupId(nameOrID)
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(found.Gid)
}

func TestConfigurationsMeanWhatTheirGoldenFilesSay(t *testing.T) {
	for _, c := range goldenCases(t) {
		t.Run(c.name, func(t *testing.T) {
			dir := c.place(t)
			got := strings.ReplaceAll(c.summary(t, dir), dir, "$DIR")
			if *update {
				c.write(t, got)
				return
			}
			if got != c.result {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.result)
			}
		})
	}
}

func (c goldenCase) write(t *testing.T, result string) {
	t.Helper()
	text := c.input + dashes
	if c.differs != "" {
		text += "differs: " + c.differs + "\n"
	}
	if err := os.WriteFile(filepath.Join("testdata", c.name+".conf.golden"), []byte(text+result), 0o644); err != nil {
		t.Fatal(err)
	}
}

// summary is the error, or the description without what is usual.
func (c goldenCase) summary(t *testing.T, dir string) string {
	t.Helper()
	config, err := c.load(t, dir, dir)
	if err != nil {
		text := "error: " + err.Error() + "\n"
		var located *Error
		if errors.As(err, &located) && located.File != "" {
			text += "at: " + located.Where() + "\n"
		}
		return text
	}
	usual := map[string]bool{}
	for _, line := range describe(t, usualConfig(t, dir)) {
		usual[withoutSubject(line)] = true
	}
	var b strings.Builder
	for _, line := range describe(t, config) {
		if !strings.HasPrefix(line, "info ") && !usual[withoutSubject(line)] {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

var subject = regexp.MustCompile(`^group \d+ (process )?(\d+ )?`)

// withoutSubject drops the numbers that say which process a line is about.
func withoutSubject(line string) string { return subject.ReplaceAllString(line, "group $1") }

// usualConfig has one program and no option that has a default.
func usualConfig(t *testing.T, dir string) *Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "usual.conf")
	writeFile(t, path, "[supervisord]\n[program:usual]\ncommand=/bin/usual\n")
	config, err := Load(path, Options{Environ: testEnviron(dir), Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// TestConfigurationsMeanTheSameToTheOriginal puts every golden case to both.
func TestConfigurationsMeanTheSameToTheOriginal(t *testing.T) {
	needOracle(t)
	cases := goldenCases(t)
	home := t.TempDir()
	var questions []question
	for _, c := range cases {
		questions = append(questions, question{Dir: c.place(t), File: "supervisord.conf", Overrides: c.overrides()})
	}
	for i, theirs := range ask[answer](t, home, questions) {
		c, dir := cases[i], questions[i].Dir
		t.Run(c.name, func(t *testing.T) {
			ours := answer{}
			config, err := c.load(t, dir, home)
			if err != nil {
				ours.Error = err.Error()
			} else {
				ours.Lines = describe(t, config)
			}
			c.compare(t, ours, theirs)
		})
	}
}

// compare reports what differs, or that nothing does where something should.
func (c goldenCase) compare(t *testing.T, ours, theirs answer) {
	t.Helper()
	differences := diffLines(append(theirs.Lines, "error: "+withoutNames(theirs.Error)), append(ours.Lines, "error: "+withoutNames(ours.Error)))
	switch {
	case c.differs == "" && differences != "":
		t.Errorf("read differently (- the original, + ours):\n%s", differences)
	case c.differs != "" && differences == "":
		t.Errorf("said to differ (%s), and does not", c.differs)
	}
}

// diffLines lists the lines that only one side has.
func diffLines(theirs, ours []string) string {
	var b strings.Builder
	for _, line := range theirs {
		if !slices.Contains(ours, line) {
			b.WriteString("- " + line + "\n")
		}
	}
	for _, line := range ours {
		if !slices.Contains(theirs, line) {
			b.WriteString("+ " + line + "\n")
		}
	}
	return b.String()
}
