//go:build unix

package config

import (
	"fmt"
)

// reader reads the options of one section into types. The first error stays, and
// everything read after it is the zero value: so that the order in which options
// are read is the order in which their errors win, and the code that reads them
// is a plain list.
type reader struct {
	doc     *document
	section string
	options []optionSpec
	vars    variables
	err     error
}

// raw gives the text as written, or the default; false when there is neither.
func (r *reader) raw(option string) (text string, found bool) {
	if r.err != nil {
		return "", false
	}
	if text, found := r.doc.get(r.section, option); found {
		return text, true
	}
	spec, known := optionOf(r.options, option)
	if !known {
		panic("config: no row for option " + option) // a mistake in this package, found by its first test
	}
	return spec.standard, !spec.unset
}

// lookup is raw, expanded.
func (r *reader) lookup(option string) (text string, found bool) {
	text, found = r.raw(option)
	if !found {
		return "", false
	}
	return r.expand(option, text, r.section+"."+option)
}

// expand expands a text of the option once more, with the label the original
// gives it in errors.
func (r *reader) expand(option, text, label string) (string, bool) {
	expanded, err := expand(text, r.vars, label)
	if err != nil {
		r.fail(option, err)
		return "", false
	}
	return expanded, true
}

// text reads an option that may be anything.
func (r *reader) text(option string) string {
	text, _ := r.lookup(option)
	return text
}

// fail keeps the first error, with the place of the option it is about. Option
// "" is the section as a whole.
func (r *reader) fail(option string, err error) {
	if r.err != nil {
		return
	}
	r.err = locate(err, r.doc.at(r.section, option), r.section, option)
}

func (r *reader) failf(option, format string, args ...any) {
	r.fail(option, fmt.Errorf(format, args...))
}

// locate makes any error a configuration error at a place, unless it has one.
func locate(err error, at position, section, option string) error {
	located, ok := err.(*Error) // not errors.As: one inside another has lost its say
	if !ok {
		located = &Error{Text: err.Error(), cause: err}
	}
	if located.File == "" {
		located.File, located.Line = at.File, at.Line
		located.Section, located.Option = section, option
	}
	return located
}

// read reads an option of a kind. An option that is not set and has no default
// gives the zero value.
func read[T any](r *reader, option string, parse func(string) (T, error)) T {
	value, _ := readIfSet(r, option, parse)
	return value
}

func readIfSet[T any](r *reader, option string, parse func(string) (T, error)) (value T, found bool) {
	text, found := r.lookup(option)
	if !found {
		return value, false
	}
	parsed, err := parse(text)
	if err != nil {
		r.fail(option, err)
		return value, false
	}
	return parsed, true
}
