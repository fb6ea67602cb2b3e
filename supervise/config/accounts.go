//go:build unix

package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervise"
	"supervisor/supervise/disk"
)

// accounts reads the [user:x] sections of the configuration. Tokens are made by
// supervisorctl and live in the users file only.
func (l *loader) accounts() error {
	accounts, err := l.people("user:")
	l.cfg.Accounts = accounts
	return err
}

// people reads the sections of some kinds, in the order of the file.
func (l *loader) people(kinds ...string) ([]supervise.Account, error) {
	var accounts []supervise.Account
	for _, section := range l.doc.sections() {
		i := slices.IndexFunc(kinds, func(kind string) bool { return strings.HasPrefix(section, kind) })
		if i < 0 {
			continue
		}
		account, err := l.account(section, kinds[i])
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, account)
	}
	return accounts, nil
}

func (l *loader) account(section, kind string) (supervise.Account, error) {
	options := userOptions
	if kind == "token:" {
		options = tokenOptions
	}
	r := l.reader(section, options, nil)
	at := l.doc.sectionAt[section]
	a := supervise.Account{Name: strings.TrimPrefix(section, kind), File: at.File, Line: at.Line}
	if err := supervise.CheckAccountName(a.Name); err != nil {
		r.fail("", err)
	}
	a.Grant = r.grant()
	a.Disabled = read(r, "disabled", boolean)
	a.Comment = r.text("comment")
	if kind == "token:" {
		a.Token = read(r, "sha256", digest)
		a.Expires = read(r, "expires", supervise.ParseMoment)
		if r.err == nil && a.Token == "" {
			r.failf("", "section [%s] has no sha256 value: supervisorctl token add makes one", section)
		}
		return a, r.err
	}
	a.Password = read(r, "password", bcryptHash)
	a.UnixUsers = read(r, "unix_users", stringList)
	return a, r.err
}

// grant reads role=, programs=, deny= and actions=.
func (r *reader) grant() supervise.Grant {
	if _, found := r.raw("role"); !found {
		r.failf("", "section [%s] has no role value: expected viewer, operator or admin", r.section)
	}
	g := supervise.Grant{
		Role:     read(r, "role", supervise.ParseRole),
		Programs: read(r, "programs", programPatterns),
		Deny:     read(r, "deny", programPatterns),
		Actions:  read(r, "actions", verbs),
	}
	if err := g.Check(); err != nil {
		r.failf("", "section [%s] %v", r.section, err)
	}
	return g
}

// patterns reads a list of patterns over group:process, without empty ones.
func patterns(text string) ([]string, error) {
	list, err := stringList(text)
	if err != nil {
		return nil, err
	}
	if slices.Contains(list, "") {
		return nil, fmt.Errorf("%s has an empty pattern", supervise.Quote(text))
	}
	return list, nil
}

// programPatterns is patterns for those that give or take rights: one that can
// match nothing would take nothing away.
func programPatterns(text string) ([]string, error) {
	list, err := patterns(text)
	for _, pattern := range list {
		if err == nil {
			err = supervise.CheckPattern(pattern)
		}
	}
	return list, err
}

func verbs(text string) ([]supervise.Verb, error) {
	list, err := patterns(text)
	if err != nil {
		return nil, err
	}
	var verbs []supervise.Verb
	for _, word := range list {
		verb, err := supervise.ParseVerb(word)
		if err != nil {
			return nil, err
		}
		verbs = append(verbs, verb)
	}
	return verbs, nil
}

// bcryptHash wants a hash, with or without {bcrypt} before it: whoever may read
// the file shall not learn a password. Server sections take others too.
func bcryptHash(text string) (string, error) {
	hash := strings.TrimPrefix(text, "{bcrypt}")
	if !supervise.IsBcrypt(hash) {
		return "", errors.New("a user's password is a bcrypt hash: make one with supervisorctl passwd")
	}
	return hash, nil
}

// digest reads 64 hexadecimal digits.
func digest(text string) (string, error) {
	text = strings.ToLower(text)
	if len(text) != 64 || strings.Trim(text, "0123456789abcdef") != "" {
		return "", fmt.Errorf("%s is no SHA-256: expected 64 hexadecimal digits", supervise.Quote(text))
	}
	return text, nil
}

// ReadAccounts reads a users file: [user:x] and [token:x] sections, in the
// dialect of the configuration. No file is fs.ErrNotExist. The file is meant to be
// changed while supervisord runs, so every error names file and line.
func ReadAccounts(file string) ([]supervise.Account, error) {
	text, err := readUsersFile(file)
	if err != nil {
		return nil, err
	}
	return parseAccounts(file, text)
}

// maxUsersFile is far beyond what many thousands of accounts need.
const maxUsersFile = 64 << 20

// readUsersFile reads a regular file, and refuses any other: whoever opens a pipe
// waits for somebody to write to it, which may be for ever.
func readUsersFile(file string) (text []byte, err error) {
	f, err := os.OpenFile(file, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file: a users file is one, or a link to one", file)
	}
	text, err = io.ReadAll(io.LimitReader(f, maxUsersFile+1))
	if err == nil && len(text) > maxUsersFile {
		err = fmt.Errorf("%s has more than %d MiB", file, maxUsersFile>>20)
	}
	return text, err
}

func parseAccounts(file string, text []byte) ([]supervise.Account, error) {
	l, err := openAccounts(file, text)
	if err != nil {
		return nil, placed(err)
	}
	accounts, err := l.people("user:", "token:")
	for i := range accounts {
		accounts[i].Editable = true
	}
	return accounts, placed(err)
}

// openAccounts reads the text of a users file. What the configuration lets pass is
// an error here: a header that lacks its bracket would hand its options, and with
// them a password, to the section before, and nobody looks at the file with --check
// after each change.
func openAccounts(file string, text []byte) (*loader, error) {
	sys, err := newSystem(Options{})
	if err != nil {
		return nil, err
	}
	src := source{file, sys.join(file)}
	lines, err := decode(src, text)
	if err != nil {
		return nil, err
	}
	if err := strictAccounts(src, lines); err != nil {
		return nil, err
	}
	l := &loader{file: file, sys: sys, here: filepath.Dir(file), env: variables{}, doc: newDocument(), cfg: &Config{}}
	_, err = l.doc.merge(src, text)
	return l, err
}

// strictAccounts refuses what can only be a slip in a users file.
func strictAccounts(src source, lines []string) error {
	entries, err := scan(src, lines)
	if err != nil {
		return err
	}
	sections, options := map[string]int{}, map[[2]string]int{}
	for _, e := range entries {
		at := position{src.path, e.line}
		if header, open := openHeader(e, lines[e.line-1]); open {
			return locate(errors.New("looks like a section header that lacks its closing bracket"), at, header, "")
		}
		if err := slipOf(e, lines[e.line-1]); err != nil {
			return locate(err, at, e.section, e.option)
		}
		before, again := options[[2]string{e.section, e.option}]
		if e.option == "" {
			before, again = sections[e.section]
			sections[e.section] = e.line
		}
		if again {
			return locate(fmt.Errorf("is there already, in line %d: each user, each token and each of their options is written once", before),
				at, e.section, e.option)
		}
		options[[2]string{e.section, e.option}] = e.line
	}
	return nil
}

// openHeader tells whether a line was meant to begin a section, and which.
func openHeader(e entry, line string) (section string, open bool) {
	if !strings.HasPrefix(e.option, "[") {
		return "", false
	}
	text := line[:min(commentStart(line), len(line))]
	return strings.TrimSpace(strings.TrimPrefix(trimSpace(text), "[")), true
}

// slipOf says what is wrong with what a users file says at a line, nil if nothing.
func slipOf(e entry, line string) error {
	if e.option == "" {
		return slipOfHeader(e.section, line)
	}
	known := userOptions
	if strings.HasPrefix(e.section, "token:") {
		known = tokenOptions
	}
	if _, is := optionOf(known, e.option); !is {
		return fmt.Errorf("no such option%s", suggest(e.option, optionNames(known)))
	}
	for _, more := range e.values[1:] {
		if strings.HasPrefix(more, "[user:") || strings.HasPrefix(more, "[token:") {
			return fmt.Errorf("goes on with %s, because that line is indented: a section begins at the left edge", supervise.Quote(more))
		}
	}
	return nil
}

func slipOfHeader(section, line string) error {
	text := trimSpace(line[:min(commentStart(line), len(line))])
	switch {
	case !strings.HasPrefix(section, "user:") && !strings.HasPrefix(section, "token:"):
		return fmt.Errorf("a users file has [user:x] and [token:x] sections only, not [%s]", section)
	case !strings.HasSuffix(text, "]"):
		return errors.New("has something behind its closing bracket, which would be lost")
	}
	return nil
}

// placed gives the error of a users file with its place in front, in one line: it
// goes to a log and to people, where nobody asks an *Error for it.
func placed(err error) error {
	var known *Error
	if !errors.As(err, &known) {
		return err
	}
	where := known.Where()
	if known.Section != "" {
		where += ": [" + known.Section + "]"
	}
	if known.Option != "" && !strings.HasPrefix(known.Option, "[") {
		where += " " + known.Option
	}
	return fmt.Errorf("%s: %w", where, &Error{
		Text: strings.Join(strings.Fields(known.Text), " "), File: known.File, Line: known.Line,
		Section: known.Section, Option: known.Option, cause: known.cause,
	})
}

// WriteAccount puts an account into a users file, in the place of the one of its
// name and kind if there is one, and leaves every other line as it is. The file
// is replaced in one step, and only its owner may read it.
func WriteAccount(file string, a supervise.Account) error {
	return editAccounts(file, sectionOfAccount(a), accountText(a))
}

// RemoveAccount takes an account out of a users file. It answers fs.ErrNotExist
// if it is not there.
func RemoveAccount(file string, a supervise.Account) error {
	return editAccounts(file, sectionOfAccount(a), "")
}

func sectionOfAccount(a supervise.Account) string {
	if a.IsToken() {
		return "token:" + a.Name
	}
	return "user:" + a.Name
}

func editAccounts(file, section, with string) error {
	before, err := readUsersFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// A file that cannot be read as it stands is for a person to look at.
	if _, err := parseAccounts(file, before); err != nil {
		return err
	}
	after, found := replaceSection(string(before), section, with)
	if with == "" && !found {
		return fmt.Errorf("[%s] in %s: %w", section, file, fs.ErrNotExist)
	}
	if _, err := parseAccounts(file, []byte(after)); err != nil {
		return err
	}
	place, err := followed(file) // who keeps the file elsewhere, keeps it there
	if err != nil {
		return err
	}
	return disk.Replace(place, []byte(after))
}

// replaceSection gives a text in which the section, its header and its lines,
// is replaced, or added at the end. Comments right above the next header are of
// that one, and stay.
func replaceSection(text, section, with string) (result string, found bool) {
	lines := strings.SplitAfter(text, "\n")
	begin := slices.IndexFunc(lines, func(line string) bool { return headerOf(line) == section })
	if begin < 0 {
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		if text != "" && with != "" {
			text += "\n"
		}
		return text + with, false
	}
	end := begin + 1
	for end < len(lines) && headerOf(lines[end]) == "" {
		end++
	}
	for end > begin+1 && (trimSpace(lines[end-1]) == "" || commentStart(lines[end-1]) == 0) {
		end--
	}
	if with == "" { // and the blank line that kept it apart
		for end < len(lines) && trimSpace(lines[end]) == "" && lines[end] != "" {
			end++
		}
	}
	return strings.Join(lines[:begin], "") + with + strings.Join(lines[end:], ""), true
}

// headerOf gives the name of the section that begins with a line, or "".
func headerOf(line string) string {
	text := trimSpace(line[:min(commentStart(line), len(line))])
	if indentation(line) > 0 || !isHeader(text) {
		return ""
	}
	return text[1:strings.LastIndexByte(text, ']')]
}

// accountText writes an account down as ReadAccounts reads it.
func accountText(a supervise.Account) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[%s]\n", sectionOfAccount(a))
	option := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s = %s\n", name, strings.ReplaceAll(oneLine(value), "%", "%%"))
		}
	}
	option("password", a.Password)
	option("sha256", a.Token)
	option("role", a.Grant.Role.String())
	option("programs", strings.Join(a.Grant.Programs, ", "))
	option("deny", strings.Join(a.Grant.Deny, ", "))
	option("actions", joinVerbs(a.Grant.Actions))
	option("unix_users", strings.Join(a.UnixUsers, ", "))
	if !a.Expires.IsZero() {
		option("expires", a.Expires.UTC().Format(time.RFC3339))
	}
	if a.Disabled {
		option("disabled", "true")
	}
	option("comment", a.Comment)
	return b.String()
}

// oneLine makes a text safe as a value: it begins no comment and no other line.
func oneLine(text string) string {
	// The blank stands for the one after the equals sign.
	return trimSpace(strings.NewReplacer("\n", " ", "\r", " ", " ;", " ,", " #", " ,").Replace(" " + trimSpace(text)))
}

func joinVerbs(verbs []supervise.Verb) string {
	words := make([]string, len(verbs))
	for i, verb := range verbs {
		words[i] = string(verb)
	}
	return strings.Join(words, ", ")
}
