// Package manual is what a page of the manual is made of, and how man reads it.
//
// The rooms that own a command line say what their page holds: each writes a Page
// beside the tables of its flags and commands, so that a page cannot forget one.
// This room knows nothing of them; it turns a Page into roff, the language of
// man(1). cmd/manpages writes the files (make gen).
//
// In texts, `backquotes` hold what is typed as it stands, and <angle brackets>
// what something else is put in for.
package manual
