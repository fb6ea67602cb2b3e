// Package crash keeps what a process leaves behind when it is over: how its lives
// ended, and of those that ended as they should not have a snapshot of its last
// words.
//
// A Keeper listens to the engine's changes and touches nothing of the engine but
// its logs, which it reads by offset. It is two goroutines. One hears: it takes
// the end of each life into memory, and never waits for anything but the next.
// The other works: it reads logs and writes files, as slowly as disks are, and
// works off no more than so many programs a second. Between the two there is at
// most one snapshot waiting for each program; when it crashes again meanwhile, the
// newer crash takes the place of the older, and says how many it stands for. So
// neither a program that crashes in a loop nor a disk that hangs costs more than
// has been said here, and none of it delays the engine or a log.
//
// On disk there is, in a directory of the supervisord's own, a journal with a line
// for every life, rewritten when it has grown old, and a file for each snapshot,
// which is written whole or not at all and stands for itself: one that no line of
// the journal tells of is recalled from it. Nothing is written before what is there
// has been read, and no number given that a file has. What cannot be written is kept in memory, within
// the narrower limits that hold where there is no directory, and written when that
// works again. Lives and snapshots go when their program has left the
// configuration for good.
//
// Of what it keeps, it judges nothing: who may read it is decided by the server.
package crash
