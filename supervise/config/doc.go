// Package config owns what a configuration file means. Load turns a file, what
// it includes and supervisord's command line into a Config: plain values, every
// option checked, every path and user found, nothing left to go wrong later.
// Whatever reads an option afterwards reads a field.
//
// The story of a file. ini.go reads it in the dialect of Python's parser, and
// include.go merges in what [include] names; the result is a document, which
// knows where each value stood. The original reads sections in a fixed order and
// reports the first error, so load.go does the same: [supervisord], the RPC
// interfaces, the groups (group.go, program.go, listener.go, fastcgi.go), the
// servers (endpoint.go), and last the command line. A reader takes the options
// of one section: it finds the text, or the default in the table of options.go,
// lets expand.go put in the %(variables)s, and has values.go or system.go make a
// type of it. Its first error stays, so that the code which reads a section is a
// list of its options.
//
// Beside Load, LoadClient reads what supervisorctl needs, Find looks in the usual
// places, Diff says what a reread would change, Infos is getAllConfigInfo, and
// Check reports what a file means here and what it meant to the original.
//
// Errors are *Error: the text is the original's, because people search for it
// and programs parse it, and the place (file, line, section, option) comes beside
// it. What the original does was not guessed: the tests put every rule, and a
// great many texts, to the original itself (testdata/original.py).
//
// What is never here: starting anything, opening logs or sockets, time,
// goroutines. Load looks at the file system only to see whether directories
// exist, and asks Users who is who.
package config
