// Package bus numbers every published change and hands it to those who listen.
//
// It owns the sequence and the fan-out, and nothing else: what a change means is
// the engine's business, who may see it the server's. Publish and Subscribe are
// called by the engine's loop only, so that a snapshot and the changes after it
// fit together without a gap: the loop takes the snapshot and joins the reader
// in one turn.
//
// A publisher never waits. Each reader has a bounded channel; one that falls
// behind is cut off (its channel is closed) and comes back with the number of
// the last change it saw. If the history still holds what came after, it gets
// just that; else a new snapshot.
//
// Listener pools are not readers of the bus. They live inside the engine's turn,
// because their serials belong to the same timeline as the states.
package bus
