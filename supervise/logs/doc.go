// Package logs owns what becomes of output: of what programs write to stdout and
// stderr, and of supervisord's own lines.
//
// A Channel is one stream of one process. The pump that reads the child's pipe
// calls its Write, and everything happens in that goroutine: capture tokens are
// found, escape codes removed, events told, and the rest appended to a file or,
// where there is no file that could be read again, to a ring in memory. The
// engine is not disturbed. MainLog is supervisord's own log, on the same files.
//
// Three layers, each in its own file:
//
//	channel.go   the pipeline: capture.go, ansi.go, events, syslog_unix.go
//	output.go    a file or a ring behind one supervise.Log; read.go has
//	             Supervisor's older reading rules
//	file.go      one open file per path, shared by all who name it: append,
//	             rotate (rotate.go), notice what outsiders do to it (watch.go),
//	             survive a bad disk (outage.go)
//
// When bytes came is remembered for the newest (arrivals.go) and kept in an index
// beside the state (times.go writes it, index.go is its format, history.go asks
// both): the log files themselves have what the program wrote and nothing else. The
// index is written late and by nobody who writes a log, so that its disk may hang.
//
// Every byte ever appended has a number, its logical offset; ledger.go knows
// which file bears which numbers now. Followers Wait for the end to move: they
// are woken by the append and never poll, and where nobody waits the writer pays
// nothing.
//
// What is promised. A child never stops because a log does: when writing fails,
// the newest output is kept in memory, what finds no room is counted, and when
// the disk comes back the log says how much is missing and from when to when.
// Bytes produced are bytes written plus bytes counted lost, exactly.
//
// What may block: Write, Flush, Open, Reopen, Clear and Close touch the disk and
// may hang with it, so the engine's loop calls none of them. Path, Bounds,
// Trouble and Lost never wait for a write in progress. Files, Arrivals and
// ArrivedAt read from the disk of the log, in the caller's goroutine; for the disk
// of the index they wait a second at most, and while it hangs not at all.
//
// What is never here: processes, pipes, configuration syntax, time stamps added
// to a program's lines.
package logs
