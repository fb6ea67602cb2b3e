//go:build unix

package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"supervisor/supervise"
)

// variables are the names a value may use as %(name)s. A number answers to the
// numeric conversions too: %(process_num)02d.
type variables map[string]variable

type variable struct {
	text   string
	number int64
	isNum  bool
}

func textVar(text string) variable { return variable{text: text} }
func numberVar(n int64) variable   { return variable{strconv.FormatInt(n, 10), n, true} }

// with gives the union of two sets; the second wins.
func (v variables) with(more variables) variables {
	all := make(variables, len(v)+len(more))
	maps.Copy(all, v)
	maps.Copy(all, more)
	return all
}

// environVariables names each variable of the environment ENV_ and its name.
func environVariables(environ []string) variables {
	vars := variables{}
	for _, line := range environ {
		if name, value, ok := strings.Cut(line, "="); ok {
			vars["ENV_"+name] = textVar(value)
		}
	}
	return vars
}

// addEnvironment makes the variables of an environment= value known, as ENV_X.
func (v variables) addEnvironment(environment Environment) {
	for _, e := range environment {
		v["ENV_"+e.Name] = textVar(e.Value)
	}
}

// available tells which names there are, in place of one that is none. The
// original tells all of them (options.py expand): of the environment, which may
// have hundreds, whose names alone tell much, only the nearest are told here.
func (v variables) available(wanted string) string {
	var told, environ []string
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if strings.HasPrefix(name, "ENV_") {
			environ = append(environ, name)
		} else {
			told = append(told, name)
		}
	}
	near := nearest(wanted, environ, 3)
	told = append(near, told...)
	if rest := len(environ) - len(near); rest > 0 {
		told = append(told, fmt.Sprintf("%d of the environment (ENV_...)", rest))
	}
	return strings.Join(told, ", ")
}

// expand replaces the %(name)s of a value: Python's % operator with a mapping on
// its right (options.py expand). Label names the value in errors.
//
// One thing differs. A bare %s, %r or %a is legal there and prints the whole
// mapping, every environment variable with its secrets; here it is an error that
// says what to write, because what people meant is "date +%s".
func expand(value string, vars variables, label string) (string, error) {
	if !strings.Contains(value, "%") {
		return value, nil
	}
	text, err := format(value, vars)
	if err == nil {
		return text, nil
	}
	var unknown unknownName
	if errors.As(err, &unknown) {
		return "", fail(position{}, "Format string %s for %s contains names (%s) which cannot be expanded. Available names: %s",
			supervise.Quote(value), supervise.Quote(label), supervise.Quote(string(unknown)), vars.available(string(unknown)))
	}
	return "", wrap(position{}, err, "Format string %s for %s is badly formatted: %s", supervise.Quote(value), supervise.Quote(label), err)
}

type unknownName string

func (n unknownName) Error() string { return "no variable of the name " + string(n) }

var errIncomplete = errors.New("incomplete format")

// maxWidth bounds a width or precision. Python would go on until memory ends.
const maxWidth = 1 << 16

// format is the % operator. It knows every conversion Python knows, since the
// files in the field use more than %(name)s.
func format(value string, vars variables) (string, error) {
	var b strings.Builder
	f := formatter{rest: value, vars: vars, bare: true}
	for {
		plain, rest, found := strings.Cut(f.rest, "%")
		b.WriteString(plain)
		f.consumed += utf8.RuneCountInString(plain)
		if !found {
			return b.String(), nil
		}
		f.consumed++
		f.rest = rest
		text, err := f.conversion()
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
}

// formatter reads one value. bare says that a conversion without a name would
// still be answered with the mapping itself: only before the first named one,
// and only once.
type formatter struct {
	rest     string
	consumed int // characters read
	vars     variables
	bare     bool
}

func (f *formatter) next() (rune, bool) {
	if f.rest == "" {
		return 0, false
	}
	r, size := utf8.DecodeRuneInString(f.rest)
	f.rest = f.rest[size:]
	f.consumed++
	return r, true
}

// spec is one conversion, the text between % and its letter.
type spec struct {
	flags     string
	width     int
	precision int // -1: none
}

// conversion reads one and answers its text.
func (f *formatter) conversion() (string, error) {
	var (
		arg   variable
		named bool
	)
	if strings.HasPrefix(f.rest, "%") {
		f.next()
		return "%", nil
	}
	if strings.HasPrefix(f.rest, "(") {
		name, err := f.name()
		if err != nil {
			return "", err
		}
		if arg, named = f.vars[name]; !named {
			return "", unknownName(name)
		}
	}
	s, verb, err := f.spec(arg, named)
	if err != nil {
		return "", err
	}
	if !named {
		return "", f.unnamed(verb)
	}
	f.bare = false
	return s.apply(verb, arg, f.consumed-1)
}

// unnamed says what is wrong with a conversion that has no %(name).
func (f *formatter) unnamed(verb rune) error {
	if !f.bare {
		return errors.New("not enough arguments for format string")
	}
	f.bare = false
	switch verb {
	case 's', 'r', 'a':
		return fmt.Errorf("a %%%c without a name; write %%%%%c for the characters themselves", verb, verb)
	case 'd', 'i', 'u':
		return fmt.Errorf("%%%c format: a real number is required, not dict", verb)
	case 'o', 'x', 'X':
		return fmt.Errorf("%%%c format: an integer is required, not dict", verb)
	case 'e', 'E', 'f', 'F', 'g', 'G':
		return errors.New("must be real number, not dict")
	case 'c':
		return errors.New("%c requires int or char")
	}
	return unsupported(verb, f.consumed-1)
}

func unsupported(verb rune, index int) error {
	shown := '?'
	if verb >= 31 && verb <= 126 {
		shown = verb
	}
	return fmt.Errorf("unsupported format character '%c' (0x%x) at index %d", shown, verb, index)
}

// name reads "(name)", in which brackets may nest.
func (f *formatter) name() (string, error) {
	depth := 0
	for i, r := range f.rest {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			name := f.rest[1:i]
			f.consumed += utf8.RuneCountInString(f.rest[:i+1])
			f.rest = f.rest[i+1:]
			return name, nil
		}
	}
	return "", errors.New("incomplete format key")
}

// spec reads flags, width, precision and the letter.
func (f *formatter) spec(arg variable, named bool) (spec, rune, error) {
	s := spec{precision: -1}
	r, ok := f.next()
	for ok && strings.ContainsRune("-+ #0", r) {
		s.flags += string(r)
		r, ok = f.next()
	}
	var err error
	if s.width, r, ok, err = f.number(r, ok, arg, named, "width"); err != nil {
		return s, 0, err
	}
	if ok && r == '.' {
		r, ok = f.next()
		if s.precision, r, ok, err = f.number(r, ok, arg, named, "precision"); err != nil {
			return s, 0, err
		}
	}
	if ok && (r == 'h' || r == 'l' || r == 'L') {
		r, ok = f.next()
	}
	if !ok {
		return s, 0, errIncomplete
	}
	return s, r, nil
}

// number reads a width or a precision. A star takes it from the arguments, of
// which a mapping has none to spare, so it always fails: in one of two ways.
func (f *formatter) number(r rune, ok bool, arg variable, named bool, what string) (int, rune, bool, error) {
	if ok && r == '*' {
		if named && arg.isNum || !f.bare && !named {
			return 0, 0, false, errors.New("not enough arguments for format string")
		}
		return 0, 0, false, errors.New("* wants int")
	}
	n := 0
	for ok && r >= '0' && r <= '9' {
		n = n*10 + int(r-'0')
		if n > maxWidth {
			return 0, 0, false, errors.New(what + " too big")
		}
		r, ok = f.next()
	}
	return n, r, ok, nil
}

func (s spec) has(flag string) bool { return strings.Contains(s.flags, flag) }

// apply formats one variable.
func (s spec) apply(verb rune, arg variable, index int) (string, error) {
	switch verb {
	case 's':
		return s.pad(s.cut(arg.text)), nil
	case 'r', 'a':
		return s.pad(s.cut(arg.quoted(verb))), nil
	case 'c':
		return s.char(arg)
	case 'd', 'i', 'u', 'o', 'x', 'X':
		return s.integer(verb, arg)
	case 'e', 'E', 'f', 'F', 'g', 'G':
		return s.float(verb, arg)
	}
	return "", unsupported(verb, index)
}

func (v variable) quoted(verb rune) string {
	switch {
	case v.isNum:
		return v.text
	case verb == 'a':
		return ascii(v.text)
	}
	return supervise.Quote(v.text)
}

func (s spec) cut(text string) string {
	if s.precision < 0 || utf8.RuneCountInString(text) <= s.precision {
		return text
	}
	return string([]rune(text)[:s.precision])
}

func (s spec) pad(text string) string {
	space := strings.Repeat(" ", max(s.width-utf8.RuneCountInString(text), 0))
	if s.has("-") {
		return text + space
	}
	return space + text
}

func (s spec) char(arg variable) (string, error) {
	if !arg.isNum {
		if utf8.RuneCountInString(arg.text) != 1 {
			return "", errors.New("%c requires int or char")
		}
		return s.pad(arg.text), nil
	}
	if arg.number < 0 || arg.number > utf8.MaxRune {
		return "", errors.New("%c arg not in range(0x110000)")
	}
	return s.pad(string(rune(arg.number))), nil
}

func (s spec) integer(verb rune, arg variable) (string, error) {
	if !arg.isNum {
		if strings.ContainsRune("oxX", verb) {
			return "", fmt.Errorf("%%%c format: an integer is required, not str", verb)
		}
		return "", fmt.Errorf("%%%c format: a real number is required, not str", verb)
	}
	base, prefix := 10, ""
	switch verb {
	case 'o':
		base, prefix = 8, "0o"
	case 'x', 'X':
		base, prefix = 16, "0"+string(verb)
	}
	if !s.has("#") {
		prefix = ""
	}
	digits := strings.TrimPrefix(strconv.FormatInt(arg.number, base), "-")
	if verb == 'X' {
		digits = strings.ToUpper(digits)
	}
	digits = strings.Repeat("0", max(s.precision-len(digits), 0)) + digits
	sign := s.sign(arg.number < 0)
	if s.has("0") && !s.has("-") {
		digits = strings.Repeat("0", max(s.width-len(sign+prefix+digits), 0)) + digits
	}
	return s.pad(sign + prefix + digits), nil
}

func (s spec) sign(negative bool) string {
	switch {
	case negative:
		return "-"
	case s.has("+"):
		return "+"
	case s.has(" "):
		return " "
	}
	return ""
}

func (s spec) float(verb rune, arg variable) (string, error) {
	if !arg.isNum {
		return "", errors.New("must be real number, not str")
	}
	precision := s.precision
	if precision < 0 {
		precision = 6
	}
	flags := strings.NewReplacer("0", "").Replace(s.flags)
	if s.has("0") && !s.has("-") {
		flags += "0"
	}
	return fmt.Sprintf("%"+flags+strconv.Itoa(s.width)+"."+strconv.Itoa(precision)+string(verb), float64(arg.number)), nil
}
