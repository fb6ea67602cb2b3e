//go:build unix

package config

import "fmt"

// Error is something wrong with a configuration. Its text is the original's, to
// the letter where clients may read it; File and Line say where, in addition.
type Error struct {
	Text    string
	File    string
	Line    int    // 0 when it is about the file as a whole
	Section string // "" when it is about none
	Option  string // "" when it is about none

	cause error
}

func (e *Error) Error() string { return e.Text }
func (e *Error) Unwrap() error { return e.cause }

// Where is "FILE:LINE", or "FILE", or "" when the error is not about a file: a
// value of the command line.
func (e *Error) Where() string { return position{e.File, e.Line}.String() }

func fail(at position, format string, args ...any) *Error {
	return &Error{Text: fmt.Sprintf(format, args...), File: at.File, Line: at.Line}
}

// wrap is fail for an error that has a cause, which the original does not show.
func wrap(at position, cause error, format string, args ...any) *Error {
	err := fail(at, format, args...)
	err.cause = cause
	return err
}
