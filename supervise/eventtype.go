package supervise

import "strings"

// EventType is a node in Supervisor's tree of events. Who subscribes to a parent
// gets every child (events.py EventTypes).
type EventType string

const (
	EventAny                     EventType = "EVENT"
	EventProcessState            EventType = "PROCESS_STATE"
	EventProcessStateStopped     EventType = "PROCESS_STATE_STOPPED"
	EventProcessStateExited      EventType = "PROCESS_STATE_EXITED"
	EventProcessStateStarting    EventType = "PROCESS_STATE_STARTING"
	EventProcessStateStopping    EventType = "PROCESS_STATE_STOPPING"
	EventProcessStateBackoff     EventType = "PROCESS_STATE_BACKOFF"
	EventProcessStateFatal       EventType = "PROCESS_STATE_FATAL"
	EventProcessStateRunning     EventType = "PROCESS_STATE_RUNNING"
	EventProcessStateUnknown     EventType = "PROCESS_STATE_UNKNOWN"
	EventProcessCommunication    EventType = "PROCESS_COMMUNICATION"
	EventProcessCommunicationOut EventType = "PROCESS_COMMUNICATION_STDOUT"
	EventProcessCommunicationErr EventType = "PROCESS_COMMUNICATION_STDERR"
	EventProcessLog              EventType = "PROCESS_LOG"
	EventProcessLogOut           EventType = "PROCESS_LOG_STDOUT"
	EventProcessLogErr           EventType = "PROCESS_LOG_STDERR"
	EventRemoteCommunication     EventType = "REMOTE_COMMUNICATION"
	EventSupervisorState         EventType = "SUPERVISOR_STATE_CHANGE"
	EventSupervisorStateRunning  EventType = "SUPERVISOR_STATE_CHANGE_RUNNING"
	EventSupervisorStateStopping EventType = "SUPERVISOR_STATE_CHANGE_STOPPING"
	EventTick                    EventType = "TICK"
	EventTick5                   EventType = "TICK_5"
	EventTick60                  EventType = "TICK_60"
	EventTick3600                EventType = "TICK_3600"
	EventProcessGroup            EventType = "PROCESS_GROUP"
	EventProcessGroupAdded       EventType = "PROCESS_GROUP_ADDED"
	EventProcessGroupRemoved     EventType = "PROCESS_GROUP_REMOVED"
)

// EventTypes lists every node of the tree, parents before children.
var EventTypes = [...]EventType{
	EventAny,
	EventProcessState,
	EventProcessStateStopped, EventProcessStateExited, EventProcessStateStarting,
	EventProcessStateStopping, EventProcessStateBackoff, EventProcessStateFatal,
	EventProcessStateRunning, EventProcessStateUnknown,
	EventProcessCommunication, EventProcessCommunicationOut, EventProcessCommunicationErr,
	EventProcessLog, EventProcessLogOut, EventProcessLogErr,
	EventRemoteCommunication,
	EventSupervisorState, EventSupervisorStateRunning, EventSupervisorStateStopping,
	EventTick, EventTick5, EventTick60, EventTick3600,
	EventProcessGroup, EventProcessGroupAdded, EventProcessGroupRemoved,
}

// ParseEventType reads a name in any case; false if the tree has no such node.
func ParseEventType(text string) (EventType, bool) {
	upper := EventType(strings.ToUpper(text))
	for _, t := range EventTypes {
		if t == upper {
			return t, true
		}
	}
	return "", false
}

// Matches tells whether an event of type t is delivered to a subscriber of want:
// the same node, or a node above it. The tree is spelled in the names, each
// child being its parent, an underscore and a word.
func (t EventType) Matches(want EventType) bool {
	if t == "" {
		return false
	}
	return want == EventAny || t == want || strings.HasPrefix(string(t), string(want)+"_")
}
