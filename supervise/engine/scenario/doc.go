// Package scenario reads the stories by which the engine is tested, so that the
// same story can be played twice: in a bubble, with children in memory and time
// for nothing (supervise/engine), and by a real supervisord with real children
// (cmd/internal/e2e). It owns the language and nothing that plays it.
//
// A story is a file. Above the first section stands what it is about; a line
// "not real: REASON" there says that it cannot be played with real children, and
// a line "tells lives" has the transcript tell of every life that is over.
//
//	@conf            the configuration; DIR stands for a directory of its own
//	@conf NAME       another one, for "conf NAME" below
//	@script          how children live, one line for each process:
//	  x: lives=2s exit=1 | ignores=TERM
//	                 the first life exits with 1 after two seconds, all others
//	                 ignore TERM; who has no line lives until a signal ends it
//	@do              what is done, each line with its time:
//	  1500ms start x
//	                 (a command of a client and what it is about: start, stop,
//	                 restart, signal HUP x, add, remove, reread, reload,
//	                 shutdown, write, remote; "-nowait" after start and stop; x,
//	                 g:x, g:* or all; or: exit x 3, crash x KILL, status, log x,
//	                 conf NAME, TERM and HUP to supervisord itself, end; and in
//	                 the bubble only: orphan, panic)
//	-----
//	                 the transcript: "SECONDS text", one line for each thing
//	                 that happened
//
// The words of a life are those of childtest.Behaviour:
//
//	lives=2s         runs so long by itself; 0s: dead as soon as it is reported
//	exit=3           with this status
//	dies=SEGV core   of this signal, instead
//	ignores=TERM     cannot be repeated; KILL cannot be ignored
//	catches=TERM:3   exits with 3 on TERM
//	takes=1s         from a signal that ends it to its death
//	clings=9s        from KILL to its death: it hangs in the kernel
//	says=TEXT        on stdout; \n is a newline, _ a blank; says=TEXT@2s after 2 s
//	warns=TEXT       on stderr, likewise
//	listener=OK,FAIL says READY and answers events with these results, the last
//	                 for ever; "silence" answers nothing, and what is in small
//	                 letters breaks the protocol
//	spawntakes=1s spawnerr=TEXT early lastwords=TEXT drains=1s hungdisk
//	unkillable deaf  see SpawnTakes, SpawnErr, EarlyDeath, LastWords, DrainTakes,
//	                 NeverDrained, KillErr and StdinErr
package scenario
