// Package machine is the life of one process as a pure function: a Machine, an
// input and a time in; effects out. It forks nothing, reads no clock and knows
// no other process, so that every rule of Supervisor's process.py can be read,
// printed and tried out without waiting.
//
// Two things are kept apart: the State that is, and the Intent that is wanted.
// A start makes the intent Up, a stop Down, a restart UpAfterDown: one intent,
// which the machine remembers, not a stop and a start sent one after the other.
// What cannot be served at once (the fork is under way, the child has yet to
// die) is served when it can; until then the last one to ask wins.
//
// Who decides, in this order: a death is a fact, and no intent denies it; the
// mood of supervisord, outside RUNNING, forbids every start; then a person's
// stop, start or restart; then the policy: startsecs, startretries,
// autorestart, stopwaitsecs.
//
// How the engine uses it. It gives each input to Step with the time of the turn
// and carries out the effects in order. Spawn is answered by exactly one of
// Spawned and SpawnFailed, later or at once; a child that was Spawned ends in
// exactly one Exited. Arm and Disarm concern one deadline per machine: Arm
// replaces it, Due uses it up. An Announce carries the Facts of its moment,
// since a step may make two moves (RUNNING to EXITED to STARTING).
//
// The table in table.go is all of it: rows are phases, columns inputs, and each
// cell one function of cells.go. testdata/transitions.golden prints every cell,
// so that a change of behaviour is a diff to be read.
//
// Where this differs from the original, on purpose: a deadline is met when it
// comes and not at the next look once a second; a stop and a start by hand reset
// the backoff counter; time is monotonic, so that a clock set back changes
// nothing; and a child of an UNKNOWN process may die without harm.
package machine
