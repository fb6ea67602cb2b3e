//go:build unix

// Package metrics measures what programs use: processor time, memory, open
// descriptors, threads and processes, of each program's whole tree. It owns how
// that is found out, when, and how long it is remembered. It never starts or
// signals anything, and it knows the engine by its feed alone.
//
// A program's tree is its child, everything that descends from it, and what left
// the tree but stays in the process group or the session of one that is in it: a
// worker whose parent died, say. What made a session of its own and lost its
// parent as well (a daemon that forked twice) belongs to nobody any more. The
// tree is found anew in every sample, from nothing but the list of processes, so
// it never depends on what was seen before.
//
// A sample is one pass over all processes of the system, whoever asked and for
// however many rows. It is taken by the sampler's own goroutine, which holds no
// lock meanwhile; its buffers, and on Linux the files under /proc of programs'
// processes, are kept from one pass to the next.
//
// Passes are made only for somebody: as often as the most eager watcher wants,
// else each ten seconds as long as history is kept. When nobody wants any, the
// goroutine waits on a channel, without a timer and without a feed, and remembers
// nothing.
//
// Processor time is told by differences. Of a process that was there in the pass
// before, what it has used since counts; of a new one, all it has used. What
// children used that were born, or died, between two passes is in the account
// of the parent that buried them, less what was counted while they lived. All
// intervals are of the monotonic clock: a clock that is set does no harm.
//
// Memory is resident memory. The proportional share (PSS) would count shared
// pages once, but finding it walks the page tables of every process, and that is
// no price for a glance once a second; a control group, the other honest answer,
// holds all programs of one supervisord together.
package metrics
