//go:build unix

package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/ini.v1"

	"supervisor/supervise"
)

// ini.v1 reads INI files, but not the dialect that Supervisor's files are
// written in, which is Python's. No setting of it gives inline comments after
// any white space, ":" as a delimiter beside "=" without eating Windows paths,
// continuation lines that are deeper than their own option (and only those),
// comments inside them, or errors with Python's words and line numbers. So the
// work is shared: scan, in this file, decides what each physical line means and
// writes the result down in a form that has one reading only, one option a line,
// everything delicate escaped; ini.v1 reads that, merges what is said twice,
// keeps the order, and holds the result. Positions are kept beside it.

// position is a place in a file. Line 0 means the file as a whole.
type position struct {
	File string
	Line int
}

func (p position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line)
}

// source is a file: its name is what errors call it, as it was given; its path
// is absolute.
type source struct{ name, path string }

// document is one or more files, merged: sections and their options in the order
// of their first mention, each option with the value it was given last.
type document struct {
	wanted    func(section string) bool // sections that are kept, and [DEFAULT]; nil for all
	ini       *ini.File
	files     []string // the files that were read, in that order
	sectionAt map[string]position
	optionAt  map[string]map[string]position
	twice     []repetition
	included  map[string]string // section to the included file that brought it
}

// repetition is an option that was given again: the later value is the one that
// counts.
type repetition struct {
	Section, Option string
	Before, Now     position
}

const defaultSection = "DEFAULT"

// readDocument reads the main file, which errors name as it was given. All of it
// must be well-formed, also the sections that are not wanted.
func readDocument(sys system, file string, wanted func(section string) bool) (*document, error) {
	src := source{name: file, path: sys.join(file)}
	if _, err := os.Stat(src.path); errors.Is(err, fs.ErrNotExist) {
		return nil, fail(position{File: src.path}, "could not find config file %s", file)
	}
	text, err := os.ReadFile(src.path)
	if err != nil {
		return nil, wrap(position{File: src.path}, err, "could not read config file %s", file)
	}
	doc := newDocument()
	doc.wanted = wanted
	_, err = doc.merge(src, text)
	return doc, err
}

func newDocument() *document {
	return &document{
		ini:       ini.Empty(loadOptions),
		sectionAt: map[string]position{},
		optionAt:  map[string]map[string]position{},
		included:  map[string]string{},
	}
}

// include merges another file, in which a literal %(here)s means its directory.
// One that cannot be opened is passed over in silence, as the original does
// (ConfigParser.read).
func (d *document) include(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	said, err := d.merge(source{file, file}, text)
	if err != nil {
		return err
	}
	for _, section := range said.begun {
		d.included[section] = file
	}
	touched := said.sections
	if slices.Contains(touched, defaultSection) {
		touched = d.sections() // all inherit what is new
	}
	return d.replaceHere(filepath.Dir(file), touched)
}

// sections lists all but DEFAULT, in the order of their first mention.
func (d *document) sections() []string {
	var names []string
	for _, name := range d.ini.SectionStrings() {
		if name != defaultSection {
			names = append(names, name)
		}
	}
	return names
}

func (d *document) has(section string) bool { return d.ini.HasSection(section) }

// get answers a section's value, or else the one of [DEFAULT].
func (d *document) get(section, option string) (value string, found bool) {
	for _, name := range [...]string{section, defaultSection} {
		if _, found := d.optionAt[name][option]; found {
			return d.ini.Section(name).Key(option).Value(), true
		}
	}
	return "", false
}

// options lists what get can answer: the section's own, then those of [DEFAULT].
func (d *document) options(section string) []string {
	names := d.own(section)
	for _, name := range d.own(defaultSection) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// own lists the options written in the section itself.
func (d *document) own(section string) []string {
	s, err := d.ini.GetSection(section)
	if err != nil {
		return nil
	}
	return s.KeyStrings()
}

// at tells where an option was given its value, or where the section began.
func (d *document) at(section, option string) position {
	for _, name := range []string{section, defaultSection} {
		if p, ok := d.optionAt[name][option]; ok {
			return p
		}
	}
	return d.sectionAt[section]
}

// replaceHere writes a directory for every literal %(here)s of some sections. A
// value of [DEFAULT] that has one becomes the section's own by that, as in the
// original (UnhosedConfigParser.expand_here).
func (d *document) replaceHere(here string, sections []string) error {
	for _, section := range sections {
		for _, option := range d.options(section) {
			value, _ := d.get(section, option)
			if !strings.Contains(value, "%(here)s") {
				continue
			}
			value = strings.ReplaceAll(value, "%(here)s", here)
			if _, err := d.ini.Section(section).NewKey(option, value); err != nil {
				return fmt.Errorf("replace %%(here)s in [%s] %s: %w", section, option, err)
			}
			d.optionAt[section][option] = d.at(section, option)
		}
	}
	return nil
}

// said is what one file speaks of: its sections, and those of them that no file
// before it had.
type said struct{ sections, begun []string }

// merge reads one file's text into the document.
func (d *document) merge(src source, text []byte) (said, error) {
	if !slices.Contains(d.files, src.path) {
		d.files = append(d.files, src.path)
	}
	lines, err := decode(src, text)
	if err != nil {
		return said{}, err
	}
	entries, err := scan(src, lines)
	if err != nil {
		return said{}, err
	}
	if d.wanted != nil {
		entries = slices.DeleteFunc(entries, func(e entry) bool { return e.section != defaultSection && !d.wanted(e.section) })
	}
	read, err := ini.LoadSources(loadOptions, normalise(entries))
	if err != nil {
		return said{}, fmt.Errorf("read %s: %w", src.name, err)
	}
	for _, section := range read.Sections() {
		if err := d.adopt(section); err != nil {
			return said{}, fmt.Errorf("read %s: %w", src.name, err)
		}
	}
	return d.place(src.path, entries), nil
}

// adopt merges one section that ini.v1 has read, undoing the escapes.
func (d *document) adopt(section *ini.Section) error {
	into, err := d.ini.NewSection(unescape(section.Name()))
	if err != nil {
		return err
	}
	for _, key := range section.Keys() {
		if _, err := into.NewKey(unescape(key.Name()), unescape(key.Value())); err != nil {
			return err
		}
	}
	return nil
}

// place keeps the positions of what a file says.
func (d *document) place(file string, entries []entry) (what said) {
	for _, e := range entries {
		at := position{file, e.line}
		if e.option == "" {
			what.sections = append(what.sections, e.section)
			if _, known := d.sectionAt[e.section]; !known {
				what.begun = append(what.begun, e.section)
				d.sectionAt[e.section] = at
				d.optionAt[e.section] = map[string]position{}
			}
			continue
		}
		options := d.optionAt[e.section]
		// A file may include itself, and then says nothing new.
		if before, known := options[e.option]; known && before != at {
			d.twice = append(d.twice, repetition{e.section, e.option, before, at})
		}
		options[e.option] = at
	}
	return what
}

// decode gives the lines of a file, each without its end. As Python's text mode
// does, it takes \r\n and \r for \n, and refuses what is not UTF-8.
func decode(src source, text []byte) ([]string, error) {
	if !utf8.Valid(text) {
		return nil, badEncoding(src, text)
	}
	unix := strings.ReplaceAll(strings.ReplaceAll(string(text), "\r\n", "\n"), "\r", "\n")
	return strings.SplitAfter(unix, "\n"), nil
}

// badEncoding names the first bad byte in Python's words. Those name no file,
// which helps nobody who includes fifty, so ours adds it.
func badEncoding(src source, text []byte) error {
	index := 0
	for index < len(text) {
		r, size := utf8.DecodeRune(text[index:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		index += size
	}
	reason := "invalid start byte"
	if b := text[index]; b >= 0xc2 && b <= 0xf4 {
		reason = "invalid continuation byte"
		if !utf8.FullRune(text[index:]) {
			reason = "unexpected end of data"
		}
	}
	line := 1 + strings.Count(string(text[:index]), "\n")
	return fail(position{src.path, line}, "'utf-8' codec can't decode byte 0x%02x in position %d: %s (file: %s, line: %d)",
		text[index], index, reason, supervise.Quote(src.name), line)
}

// entry is one thing a file says: the beginning of a section (option is ""), or
// an option of it.
type entry struct {
	section, option string
	values          []string // one for each physical line
	line            int
	lines           []int // the physical lines it is made of, the first one first
}

func (e *entry) value() string { return trimRightSpace(strings.Join(e.values, "\n")) }

// scan reads Python's dialect (configparser.RawConfigParser, set up as
// options.py UnhosedConfigParser does). A line is one of: nothing, a comment, a
// continuation of the option above when it is indented deeper than that, a
// section header, an option. Lines that are none of these are collected and
// make one error, beside what the others say.
func scan(src source, lines []string) ([]entry, error) {
	var (
		entries []entry
		bad     []string
		badAt   int
		section string
		inside  bool   // a section has begun
		option  *entry // to which a deeper line belongs
		indent  int
	)
	for i, line := range lines {
		number := i + 1
		if line == "" {
			continue // after the last line end
		}
		comment := commentStart(line)
		text := trimSpace(line[:min(comment, len(line))])
		depth := indentation(line)
		switch {
		case text == "":
			if comment == noComment && option != nil {
				option.values = append(option.values, "")
				option.lines = append(option.lines, number)
			}
		case option != nil && depth > indent:
			option.values = append(option.values, text)
			option.lines = append(option.lines, number)
		case isHeader(text):
			indent, option, inside = depth, nil, true
			section = text[1:strings.LastIndexByte(text, ']')]
			entries = append(entries, entry{section: section, line: number, lines: []int{number}})
		case !inside:
			return entries, fail(position{src.path, number}, "File contains no section headers.\nfile: %s, line: %d\n%s",
				supervise.Quote(src.name), number, supervise.Quote(line))
		default:
			indent = depth
			name, value, ok := splitOption(text)
			if name == "" || !ok {
				badAt = cmp.Or(badAt, number)
				bad = append(bad, fmt.Sprintf("\n\t[line %2d]: %s", number, supervise.Quote(line)))
			}
			if !ok {
				continue
			}
			entries = append(entries, entry{section: section, option: name, values: []string{value}, line: number, lines: []int{number}})
			option = &entries[len(entries)-1]
			if name == "" {
				option = nil
			}
		}
	}
	if bad != nil {
		return entries, fail(position{src.path, badAt}, "Source contains parsing errors: %s%s", supervise.Quote(src.name), strings.Join(bad, ""))
	}
	return entries, nil
}

const noComment = math.MaxInt

// commentStart finds where a comment begins: at a ; or # that stands at the
// beginning or after white space; for a line that is a comment as a whole, at 0.
// The first ; is looked at together with the first #, then the second of each:
// so in "a;b ;c #d" the comment is #d, as the first # decides before the second
// semicolon is seen.
func commentStart(line string) int {
	if text := trimSpace(line); strings.HasPrefix(text, "#") || strings.HasPrefix(text, ";") {
		return 0
	}
	semicolons, hashes := offsets(line, ';'), offsets(line, '#')
	for round := range max(len(semicolons), len(hashes)) {
		start := noComment
		for _, candidates := range [...][]int{semicolons, hashes} {
			if round < len(candidates) && startsWord(line, candidates[round]) {
				start = min(start, candidates[round])
			}
		}
		if start != noComment {
			return start
		}
	}
	return noComment
}

func offsets(line string, char byte) []int {
	var found []int
	for i := range len(line) {
		if line[i] == char {
			found = append(found, i)
		}
	}
	return found
}

// startsWord: nothing or white space stands before the offset.
func startsWord(line string, offset int) bool {
	before, size := utf8.DecodeLastRuneInString(line[:offset])
	return size == 0 || isSpace(before)
}

// indentation counts the white characters before the first other one.
func indentation(line string) int {
	count := 0
	for _, r := range line {
		if !isSpace(r) {
			return count
		}
		count++
	}
	return 0
}

// isHeader: a bracket, at least one character, and a closing bracket somewhere.
func isHeader(text string) bool {
	return strings.HasPrefix(text, "[") && strings.LastIndexByte(text, ']') > 1
}

// splitOption cuts at the first = or :. Names are not case-sensitive.
func splitOption(text string) (name, value string, ok bool) {
	cut := strings.IndexAny(text, "=:")
	if cut < 0 {
		return "", "", false
	}
	return strings.ToLower(trimRightSpace(text[:cut])), trimSpace(text[cut+1:]), true
}

// loadOptions switch off everything ini.v1 would do of its own accord. The
// child delimiter is one that no name can hold, as [program:a.b] must not
// inherit from [program:a].
var loadOptions = ini.LoadOptions{
	IgnoreContinuation:      true,
	IgnoreInlineComment:     true,
	PreserveSurroundedQuote: true,
	KeyValueDelimiters:      "=",
	ChildSectionDelimiter:   "\x00",
}

// normalise writes the entries in the form handed to ini.v1.
func normalise(entries []entry) []byte {
	var b strings.Builder
	for _, e := range entries {
		if e.option == "" {
			fmt.Fprintf(&b, "[%s]\n", escape(e.section))
			continue
		}
		fmt.Fprintf(&b, "%s=%s\n", escape(e.option), escape(e.value()))
	}
	return []byte(b.String())
}

// escape leaves letters, digits and the punctuation of everyday values as they
// are, and writes all other bytes as \xNN.
func escape(text string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if inner := i > 0 && i < len(text)-1; isPlain(c) || (c == ' ' && inner) {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, `\x%02x`, c)
	}
	return b.String()
}

func isPlain(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' ||
		strings.IndexByte("%()/_.,+*:$&?!@~<>|{}^'", c) >= 0
}

func unescape(text string) string {
	head, rest, found := strings.Cut(text, `\x`)
	if !found {
		return text
	}
	var b strings.Builder
	for found {
		b.WriteString(head)
		c, _ := strconv.ParseUint(rest[:2], 16, 8) // escape wrote two digits
		b.WriteByte(byte(c))
		head, rest, found = strings.Cut(rest[2:], `\x`)
	}
	b.WriteString(head)
	return b.String()
}
