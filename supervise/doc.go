// Package supervise is the vocabulary of the house: what a process, a group, a
// state, an event, a name and a fault are. Every other room speaks in these
// words, so they are Supervisor's own wherever Supervisor has one.
//
// The story. A configuration names programs. A program is a template; from it
// come one or more processes, each in exactly one group. A process is always in
// one State, and a small machine decides how it moves between them. The engine
// takes one message at a time (a turn); whatever a turn changes is announced as
// an Event and published as a Change with the next sequence number. Those who
// want to keep up ask for a Feed: a Snapshot of everything at one number, and
// the changes after it.
//
// What is never here: files, sockets, goroutines, clocks, configuration syntax,
// or anything that could fail. Values only, and immutable once made, so that
// they may travel between goroutines without a lock.
package supervise
