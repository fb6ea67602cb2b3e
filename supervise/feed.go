package supervise

import "time"

// Change is one event as it was published: numbered, timed, and with the rows
// it touched as they are after it.
type Change struct {
	Seq   uint64 // one more than the change before it
	At    time.Time
	Event Event
	// Rows are the processes whose sight changed: one for a StateEvent or an
	// UpdateEvent, all of the group's for a GroupEvent (for a removed group, as
	// they last were), none for the others.
	Rows []ProcessInfo
	// Group is set for a GroupEvent that adds.
	Group *GroupInfo
}

// Snapshot is everything at one moment: the state after change number Seq.
type Snapshot struct {
	Epoch     string // random, new each time supervisord starts
	Seq       uint64
	At        time.Time
	Mood      Mood
	Groups    []GroupInfo   // in the order they start: priority, then age
	Processes []ProcessInfo // grouped as Groups, within each in the order of the configuration
}

// Feed is how a reader keeps up. It gets either a Snapshot (Fresh) or, when it
// came back in time, just the changes it Missed; and then every later change on
// Changes, which the bus closes when the reader has fallen too far behind or
// the engine ends. The reader must call Close when done.
type Feed struct {
	Fresh    bool
	Snapshot Snapshot // if Fresh
	Missed   []Change // if not Fresh
	Changes  <-chan Change
	Close    func()
}
