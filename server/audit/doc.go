// Package audit keeps the trail: who did what, and what came of it.
//
// Every change that somebody asks for over the network, and every attempt that
// was refused, is one line of JSON in a file of its own. A room that carries out
// orders begins an Act, says what it is about as soon as it knows, and ends it:
//
//	ctx, act := trail.Begin(ctx)
//	audit.Of(ctx).AboutIn(ctx, engine, auth.Restart, name)
//	act.End(ctx, err)
//
// An act that was about nothing, because it was no change and was not refused,
// leaves no line.
//
// Each line carries the SHA-256 of the line before it, also from one file to the
// next, and a number. Whoever changes or takes out a line has to write all that
// follow anew, and while supervisord runs it knows what the last one must be.
// What Verify cannot see is that somebody cut lines from the end while no
// supervisord ran, or took the oldest files away; so each rotation is told in the
// main log with number and hash.
//
// A line is in the file before the order is answered, and on the disk a second
// later at most. Should that not work, changes happen all the same: supervisord
// is there to keep programs going. The trouble is on the page and in the main
// log, and a line tells afterwards how many entries are missing.
//
// One goroutine writes. The file is ours alone (0600), is not followed to where a
// symbolic link leads, and rotates by size. Readers open the files themselves,
// read backwards and hold no more than a piece.
package audit
