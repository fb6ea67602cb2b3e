package wire

import (
	"bytes"
	"encoding/json"

	"supervisor/supervise"
)

// ProcState is the state of a process, in Supervisor's words.
type ProcState string

// Values lists every state, for the generated types.
func (ProcState) Values() []string {
	return []string{"STOPPED", "STARTING", "RUNNING", "BACKOFF", "STOPPING", "EXITED", "FATAL", "UNKNOWN"}
}

// Process is one row of the table.
type Process struct {
	// Stable while the epoch lasts and never reused.
	ID    int       `json:"id"`
	Group string    `json:"group"`
	Name  string    `json:"name"`
	State ProcState `json:"state"`
	// 0 when there is no child.
	PID int `json:"pid"`
	// When the state was entered.
	Since int64 `json:"since"`
	// When the last child was started; 0 if never.
	Start int64 `json:"start"`
	// When the last child ended; 0 if never.
	Stop int64 `json:"stop"`
	// Status of the last exit, one within startsecs too; -1 for a death by signal.
	Exit int `json:"exit"`
	// Name of the signal that killed it last, such as SIGKILL.
	Signal string `json:"signal,omitempty"`
	// Whether the last exit was one of exitcodes.
	Expected bool `json:"expected"`
	// Why the last start failed, in Supervisor's words; empty if it did not.
	Err string `json:"err"`
	// Failed starts in this series, of Max (startretries) before FATAL.
	Tries int `json:"tries"`
	Max   int `json:"max"`
	// When supervisord acts next by itself (retry, RUNNING, KILL); 0 for never.
	Next int64 `json:"next"`
	// Times it was started again without anybody asking.
	Restarts int `json:"restarts"`
	// How many of these there were in the last 24 hours, counted by the quarter of
	// an hour, those before the present supervisord included as far as they are
	// known.
	RestartsDay int `json:"restartsDay,omitempty"`
	// Likewise in the last hour, counted by five minutes.
	RestartsHour int `json:"restartsHour,omitempty"`
	// Of an event listener: it has broken the protocol, and gets no events until it is
	// started again.
	Broken bool `json:"broken,omitempty"`
	// Of an event listener's pool: its buffer is full, and has been for a second or
	// more; and how many events it has dropped in the last hour, counted by five
	// minutes and told once a second.
	PoolFull    bool `json:"poolFull,omitempty"`
	PoolDropped int  `json:"poolDropped,omitempty"`
	// What somebody has ordered that has not come true yet; and who, for those who
	// may read the trail of the process, where it is known.
	Order OrderKind `json:"order,omitempty"`
	By    string    `json:"by,omitempty"`
	// What the asking user may do with it: bits of CAPS.
	Caps Caps `json:"caps"`
}

// OrderKind is an order to a process that takes its time.
type OrderKind string

// Values lists every order, for the generated types.
func (OrderKind) Values() []string {
	return []string{string(supervise.OrderStart), string(supervise.OrderStop), string(supervise.OrderRestart)}
}

// ProcessDetail answers GET /api/v1/processes/{name}.
type ProcessDetail struct {
	Process Process `json:"process"`
	// What it uses, if that is at hand: null when nobody watches.
	Usage *Usage `json:"usage"`
	// Paths of the current log files; empty where output is not kept in a file.
	StdoutLog string `json:"stdoutLog"`
	StderrLog string `json:"stderrLog"`
	// Of an event listener; null for any other process.
	Listener *ListenerDetail `json:"listener"`
}

// Group is a group of processes.
type Group struct {
	Name     string `json:"name"`
	Priority int    `json:"priority"`
	// Whether it is a pool of event listeners.
	Listener bool `json:"listener,omitempty"`
}

// ProcessList answers GET /api/v1/processes: everything at change number Seq.
type ProcessList struct {
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
	At    int64  `json:"at"`
	Mood  Mood   `json:"mood"`
	// In the order they start.
	Groups []Group `json:"groups"`
	// In the order of the groups, then of the configuration.
	Processes []ListedProcess `json:"processes"`
}

// ListedProcess is a row of ProcessList.
type ListedProcess struct {
	Process
	// What it uses, if that is at hand: null when nobody watches, as the list itself
	// has nothing measured.
	Usage *Usage `json:"usage"`
}

// Row is a Process encoded once for every reader: all but the caps, which
// differ from one user to the next, and, for those who may not know it, the name of
// whoever has given an order.
type Row struct{ head, nameless []byte }

// For gives the row as a user with these caps sees it.
func (r Row) For(caps Caps) json.RawMessage {
	head := r.head
	if r.nameless != nil && !caps.Has(supervise.VerbTrail) {
		head = r.nameless
	}
	out := make([]byte, 0, len(head)+6)
	out = append(out, head...)
	out = appendUint(out, uint64(caps))
	return append(out, '}')
}

// Equal tells whether both rows say the same.
func (r Row) Equal(other Row) bool { return bytes.Equal(r.head, other.head) }
