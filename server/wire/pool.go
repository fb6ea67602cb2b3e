package wire

import "supervisor/supervise"

// ListenerState is where an event listener is in the protocol.
type ListenerState string

// Values lists every state, for the generated types.
func (ListenerState) Values() []string {
	return []string{"READY", "BUSY", "ACKNOWLEDGED", "UNKNOWN"}
}

// EventListener is where an event listener is in the protocol.
type EventListener struct {
	State ListenerState `json:"state"`
	// When it entered the state.
	Since int64 `json:"since"`
	// The event it works on while it is BUSY: its type and its serial.
	Event  string `json:"event,omitempty"`
	Serial int64  `json:"serial,omitempty"`
	// Whether it lives and is UNKNOWN: it gets no events until it is started again.
	Broken bool `json:"broken,omitempty"`
	// How often it has broken the protocol.
	Breaches int `json:"breaches,omitempty"`
	// The beginning of what it said when it did so last, as Python prints text or
	// bytes; for those who may read its log.
	Said string `json:"said,omitempty"`
}

// PoolCounts is how much waits for the listeners of a pool, and what has become of
// its events since supervisord was started or its group was added.
type PoolCounts struct {
	// How many events wait, of how many that can: then the oldest is dropped.
	Buffered int `json:"buffered"`
	Size     int `json:"size"`
	// Since when the buffer is full; 0 while there is room.
	FullSince int64 `json:"fullSince,omitempty"`
	// Events that came; that a listener answered OK to; that found no room; and how
	// often one came back, because a listener rejected it, broke the protocol or died.
	Accepted uint64 `json:"accepted"`
	Handled  uint64 `json:"handled"`
	Dropped  uint64 `json:"dropped"`
	Rejected uint64 `json:"rejected"`
	// Those that were dropped in the last hour, counted by five minutes.
	DroppedHour int `json:"droppedHour"`
}

// Pool is a pool of event listeners.
type Pool struct {
	Group string `json:"group"`
	// What it subscribes to.
	Events []string   `json:"events"`
	Counts PoolCounts `json:"counts"`
	// Whether a listener that breaks the protocol is started again.
	Restarts  bool           `json:"restarts,omitempty"`
	Listeners []PoolListener `json:"listeners"`
}

// PoolListener is one of the listeners of a pool.
type PoolListener struct {
	Name string `json:"name"`
	// Of its process.
	Process  ProcState     `json:"process"`
	Listener EventListener `json:"listener"`
}

// Pools answers GET /api/v1/pools.
type Pools struct {
	// In the order in which they start; those with a listener one may see, and of
	// them only such.
	Pools []Pool `json:"pools"`
}

// ListenerDetail is what is told of an event listener beside its process.
type ListenerDetail struct {
	EventListener
	// What its pool subscribes to.
	Events []string   `json:"events"`
	Pool   PoolCounts `json:"pool"`
	// Whether a listener that breaks the protocol is started again.
	Restarts bool `json:"restarts,omitempty"`
}

// FromEventListener gives where a listener is; reads is for those who may read its
// log.
func FromEventListener(l supervise.ListenerInfo, reads bool) EventListener {
	out := EventListener{
		State: ListenerState(l.State), Since: Millis(l.Since), Event: string(l.Event), Serial: l.Serial,
		Broken: l.Broken, Breaches: l.Breaches,
	}
	if reads {
		out.Said = l.Said
	}
	return out
}

// FromListener gives what is told of a listener with its pool; reads is for those who
// may read its log.
func FromListener(l supervise.ListenerInfo, p supervise.PoolInfo, reads bool) *ListenerDetail {
	return &ListenerDetail{EventListener: FromEventListener(l, reads), Events: p.Events, Pool: fromCounts(p), Restarts: p.Restarts}
}

// FromPool gives a pool without its listeners, which not everybody may see.
func FromPool(p supervise.PoolInfo) Pool {
	return Pool{Group: p.Group, Events: p.Events, Counts: fromCounts(p), Restarts: p.Restarts, Listeners: []PoolListener{}}
}

// AddListener adds one to the pool; reads is for those who may read its log.
func (p *Pool) AddListener(l supervise.ListenerInfo, reads bool) {
	p.Listeners = append(p.Listeners, PoolListener{
		Name: l.Name.Process, Process: ProcState(l.Process.String()), Listener: FromEventListener(l, reads),
	})
}

func fromCounts(p supervise.PoolInfo) PoolCounts {
	return PoolCounts{
		Buffered: p.Buffered, Size: p.Size, FullSince: Millis(p.FullSince),
		Accepted: p.Accepted, Handled: p.Handled, Dropped: p.Dropped, Rejected: p.Rejected, DroppedHour: p.DroppedHour,
	}
}
