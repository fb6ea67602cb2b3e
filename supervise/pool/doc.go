// Package pool is the event listener protocol as a value: a Pool holds events
// until a listener can take them, chooses who, prints the envelope, and reads
// what listeners answer. It writes nothing and waits for nothing; it returns
// Notes, the lines for supervisord's main log in the original's words.
//
// A pool is the group of one [eventlistener:x]. Its listeners are known by
// their process names. Two things are told of each and are not the same: the
// state of the process, of which only RUNNING matters here, and the listener's
// own state (ACKNOWLEDGED, READY, BUSY, UNKNOWN), which follows from what it
// writes to its stdout. An event goes to the first listener that is both
// RUNNING and READY, in the order in which they were added.
//
// How the engine uses it, turn by turn:
//
//	New, AddListener    once, when the group is added
//	Spawned             when a spawn is asked for, so before the new life can write:
//	                    it begins ACKNOWLEDGED
//	Running             whenever the process enters or leaves RUNNING
//	Output              with every chunk of the listener's stdout
//	Gone                after the death has been announced and before a restart
//	                    is: the event given back is then put before both
//	Offer               with every event, to all pools in the order they were made
//	Dispatch            at the end of the turn, for every pool
//
// Serials. The first pool that accepts an event gives it a number from the
// Serials that all pools share; an event nobody wants uses none. Each pool
// counts its own besides, from 0. An event that comes back keeps both.
//
// An event comes back when its listener rejects it, breaks the protocol or dies;
// it then goes to the head of the buffer. A full buffer always drops its oldest
// event, even to make room for one that comes back.
//
// Where this differs from the original, on purpose: an event that comes back
// goes to its own pool only (there it goes to every pool that has a process of
// equal priority); overlapping subscriptions give an event once; a result of
// negative length is a bad result line (there it is an endless loop); and of a
// result only what decides is kept, so that a listener cannot fill the memory.
package pool
