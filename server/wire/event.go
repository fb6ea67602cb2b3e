package wire

import (
	"strings"

	"supervisor/supervise"
)

// EventKind is what an event, or an entry of the activity, is about.
type EventKind string

// The kinds. Trouble is none of its own: it is what others ask for who want to
// see only what went wrong.
const (
	EventState       EventKind = "state"
	EventGroup       EventKind = "group"
	EventSupervisord EventKind = "supervisord"
	EventAct         EventKind = "act"
	EventTrouble     EventKind = "trouble"
)

// Values lists every kind, for the generated types.
func (EventKind) Values() []string {
	return []string{string(EventState), string(EventGroup), string(EventSupervisord), string(EventAct), string(EventTrouble)}
}

// Event is a change of state: the data of each event of GET /api/v1/events, and
// of an entry of GET /api/v1/activity.
type Event struct {
	Kind EventKind `json:"kind"`
	// Its number; higher ones came later. Numbers that are missing are of what the
	// reader may not see, or of what is no change of state.
	Seq uint64 `json:"seq"`
	At  int64  `json:"at"`
	// In Supervisor's words: PROCESS_STATE_EXITED, PROCESS_GROUP_ADDED,
	// SUPERVISOR_STATE_CHANGE_STOPPING ...
	Type string `json:"type"`
	// Of the process; of the group, if that is what came or went.
	Group string `json:"group,omitempty"`
	Name  string `json:"name,omitempty"`
	// States of the process, before and after.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	PID  int    `json:"pid,omitempty"`
	// Failed starts in a row, told by STARTING and BACKOFF.
	Tries int `json:"tries,omitempty"`
	// Told by EXITED: the status or the signal, and whether it was one of exitcodes.
	Exit     *int   `json:"exit,omitempty"`
	Signal   string `json:"signal,omitempty"`
	Expected bool   `json:"expected,omitempty"`
	// Told by BACKOFF and FATAL: why it did not start.
	Error string `json:"error,omitempty"`
}

// EventGap is the data of an event "gap": so much has happened since what the
// reader names that it is no longer known. Ask for the processes anew.
type EventGap struct {
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

// Activity answers GET /api/v1/activity: what people did, and what became of
// processes, the newest first.
type Activity struct {
	Epoch   string          `json:"epoch"`
	Entries []ActivityEntry `json:"entries"`
	// To be sent as before= for what is older; absent if nothing is. A page may
	// be short, or empty, and yet not be the last.
	Next string `json:"next,omitempty"`
	// When the oldest change of state happened that is still known; those before
	// it are not kept. 0 if there was none.
	Since int64 `json:"since"`
}

// ActivityEntry is either an event or an act.
type ActivityEntry struct {
	At    int64       `json:"at"`
	Event *Event      `json:"event,omitempty"`
	Act   *TrailEntry `json:"act,omitempty"`
}

// FromChange gives a change of state; false if the change is none.
func FromChange(c supervise.Change) (Event, bool) {
	told := Event{Seq: c.Seq, At: Millis(c.At), Type: string(c.Event.Type())}
	switch event := c.Event.(type) {
	case supervise.StateEvent:
		told.Kind, told.Group, told.Name = EventState, event.Name.Group, event.Name.Process
		told.From, told.To, told.PID = event.From.String(), event.To.String(), event.PID
		told.explain(event, c.Rows)
	case supervise.GroupEvent:
		told.Kind, told.Group = EventGroup, event.Group
	case supervise.MoodEvent:
		told.Kind = EventSupervisord
	default:
		return told, false
	}
	return told, true
}

// explain adds what only some states have to tell. rows are the process as it was
// after the change.
func (e *Event) explain(event supervise.StateEvent, rows []supervise.ProcessInfo) {
	switch event.To {
	case supervise.StateStarting:
		e.Tries = event.Tries
	case supervise.StateBackoff, supervise.StateFatal:
		e.Tries = event.Tries
		if len(rows) == 1 {
			e.Error = rows[0].SpawnErr
		}
	case supervise.StateExited:
		e.Expected = event.Expected
		if len(rows) != 1 {
			return
		}
		if rows[0].ExitSignal != 0 {
			e.Signal = rows[0].ExitSignal.String()
			return
		}
		status := rows[0].ExitStatus
		e.Exit = &status
	case supervise.StateStopped, supervise.StateRunning, supervise.StateStopping, supervise.StateUnknown:
	}
}

// Trouble tells whether the event is one that somebody should look at.
func (e Event) Trouble() bool {
	return e.To == "FATAL" || e.To == "BACKOFF" || e.To == "UNKNOWN" || e.To == "EXITED" && !e.Expected
}

// Trouble tells whether what was tried did not come about.
func (e TrailEntry) Trouble() bool { return !strings.EqualFold(e.Result, "ok") }
