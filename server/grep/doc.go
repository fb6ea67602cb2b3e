// Package grep finds lines in logs: which of them match, from an offset on or
// backwards from it, through all files of a log as if they were one.
//
// Which lines match is what grep would say of the same bytes: a line ends with
// its newline or with the log, and is found or not found whole, wherever files,
// reads and pieces meet in it. A regular expression is Go's, which takes time in
// proportion to the text and to itself; it is refused when it is very large. What
// it says of the end of a line is said of the place before the newline, and bytes
// that are not UTF-8 are each one unknown character to it, where plain text is
// compared byte for byte.
//
// A search reads the log in the caller's goroutine and holds one block of it, a
// megabyte at most: longer lines are searched in pieces. It ends with its context
// or at its deadline, between two lines. What is rotated away or cleared
// meanwhile is left out and told; what is added after it began is not searched.
package grep
