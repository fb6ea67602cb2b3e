package supervise

import "time"

// Event is something that happened, in Supervisor's terms. The set is sealed:
// the structs of this file and no others.
type Event interface {
	// Type is the node of the event tree, or "" for what only our own
	// readers hear of (UpdateEvent, LifeEvent).
	Type() EventType
	event()
}

// StateEvent says that a process moved. Tries, PID and Expected are frozen at
// the moment it happened, as the original freezes them.
type StateEvent struct {
	Name     NameSpec
	From, To State
	PID      int  // the living or just buried child; 0 for none
	Tries    int  // the backoff counter, told by STARTING and BACKOFF
	Expected bool // told by EXITED: the exit was one of exitcodes
}

// LogEvent carries output of a program whose *_events_enabled is on.
type LogEvent struct {
	Name    NameSpec
	PID     int
	Channel Channel
	Data    []byte
}

// CommunicationEvent carries what a program wrote between the capture tokens.
type CommunicationEvent struct {
	Name    NameSpec
	PID     int
	Channel Channel
	Data    []byte
}

// RemoteEvent was sent by a client with sendRemoteCommEvent.
type RemoteEvent struct {
	Kind string
	Data string
}

// MoodEvent says that supervisord itself changed: RUNNING once it is up,
// STOPPING when a shutdown or restart begins.
type MoodEvent struct{ Mood Mood }

// TickEvent marks the turn of a time slice. When is a multiple of Period.
type TickEvent struct {
	Period time.Duration // 5 s, 60 s or 1 h
	When   time.Time
}

// GroupEvent says that a group joined or left the running configuration.
type GroupEvent struct {
	Group string
	Added bool
}

// UpdateEvent says that something a viewer sees of a process changed while its
// state did not (its pid became known, its log was cleared). Ours alone: no
// event listener hears of it.
type UpdateEvent struct{ Name NameSpec }

// LifeEvent says that a life of a process is over, after the moves that its end
// led to. Ours alone, as UpdateEvent is.
type LifeEvent struct {
	Name NameSpec
	Life Life
}

func (e StateEvent) Type() EventType { return EventProcessState + "_" + EventType(e.To.String()) }
func (e LogEvent) Type() EventType {
	if e.Channel == Stderr {
		return EventProcessLogErr
	}
	return EventProcessLogOut
}
func (e CommunicationEvent) Type() EventType {
	if e.Channel == Stderr {
		return EventProcessCommunicationErr
	}
	return EventProcessCommunicationOut
}
func (RemoteEvent) Type() EventType { return EventRemoteCommunication }
func (e MoodEvent) Type() EventType {
	if e.Mood == MoodRunning {
		return EventSupervisorStateRunning
	}
	return EventSupervisorStateStopping
}
func (e TickEvent) Type() EventType {
	switch e.Period {
	case 5 * time.Second:
		return EventTick5
	case time.Minute:
		return EventTick60
	default:
		return EventTick3600
	}
}
func (e GroupEvent) Type() EventType {
	if e.Added {
		return EventProcessGroupAdded
	}
	return EventProcessGroupRemoved
}
func (UpdateEvent) Type() EventType { return "" }
func (LifeEvent) Type() EventType   { return "" }

func (StateEvent) event()         {}
func (LogEvent) event()           {}
func (CommunicationEvent) event() {}
func (RemoteEvent) event()        {}
func (MoodEvent) event()          {}
func (TickEvent) event()          {}
func (GroupEvent) event()         {}
func (UpdateEvent) event()        {}
func (LifeEvent) event()          {}
