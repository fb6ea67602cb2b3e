package wire

import "supervisor/supervise"

// Mood is the state of supervisord itself.
type Mood string

// Values lists every mood, for the generated types.
func (Mood) Values() []string { return []string{"RUNNING", "RESTARTING", "SHUTDOWN", "FATAL"} }

// User is who is asking.
type User struct {
	// Empty for a guest of a server without a password.
	Name string `json:"name"`
	// What the user may do to supervisord itself: bits of CAPS.
	Caps Caps `json:"caps"`
	// Whether they came by a delegation link, and not by a name of their own.
	Link bool `json:"link,omitempty"`
}

// Identity answers GET /api/v1/identity.
type Identity struct {
	Identifier string `json:"identifier"`
	// Version of this program.
	Version string `json:"version"`
	// Version of the original this program stands in for.
	Supervisor string `json:"supervisor"`
	Host       string `json:"host"`
	PID        int    `json:"pid"`
	ConfigFile string `json:"configFile"`
	Started    int64  `json:"started"`
	Mood       Mood   `json:"mood"`
	// Changes whenever supervisord starts.
	Epoch string `json:"epoch"`
	User  User   `json:"user"`
	// What an admin should look into.
	Problems []Problem `json:"problems"`
}

// ProblemCode tells kinds of problems apart.
type ProblemCode string

// Values lists every kind, for the generated types.
func (ProblemCode) Values() []string {
	all := supervise.ProblemCodes()
	values := make([]string, len(all))
	for i, code := range all {
		values[i] = string(code)
	}
	return values
}

// Problem is something about supervisord itself that an admin should look into.
// What the facts mean depends on the code.
type Problem struct {
	Code ProblemCode `json:"code"`
	// The account, or the section of the configuration.
	Name string `json:"name,omitempty"`
	// A file, "file:line", or an address that is listened on.
	Place string `json:"place,omitempty"`
	// The cause, in the words of the system.
	Why string `json:"why,omitempty"`
	// When it began, or will.
	At int64 `json:"at,omitempty"`
	// All of it in English, as the main log has it.
	Text string `json:"text"`
}

// Boot is what index.html carries in <script type="application/json" id="boot">.
type Boot struct {
	Version string `json:"version"`
	// Where the page is mounted: "/" or "/prefix/".
	Base       string `json:"base"`
	Identifier string `json:"identifier"`
	Host       string `json:"host"`
	// Null before anybody has logged in.
	User *User `json:"user"`
}

// Plan answers POST /api/v1/config/reread: the names of groups by which the
// configuration on disk differs from the one that runs.
type Plan struct {
	Added   []string `json:"added"`
	Changed []string `json:"changed"`
	Removed []string `json:"removed"`
}

// Preview answers GET /api/v1/config/preview: what an update would do, in its
// order.
type Preview struct {
	Groups []GroupPreview `json:"groups"`
}

// GroupPreview is what an update would do to one group. Processes are called by
// their names within it.
type GroupPreview struct {
	Group  string       `json:"group"`
	Action UpdateAction `json:"action"`
	// Options by which a changed group differs.
	Options []OptionChange `json:"options"`
	// Processes that are up, and would be stopped.
	Stops []string `json:"stops"`
	// Processes that would be started.
	Starts []string `json:"starts"`
	// Processes that a changed group would lose, and get.
	Gone []string `json:"gone"`
	New  []string `json:"new"`
}

// OptionChange is an option that differs, in the words of the configuration.
type OptionChange struct {
	Option string `json:"option"`
	// Of environment=: which variable.
	Variable string `json:"variable,omitempty"`
	// Null if it is not set.
	Old *string `json:"old"`
	New *string `json:"new"`
	// Whether what might be a secret was left out.
	Hidden bool `json:"hidden,omitempty"`
	// Which processes differ so; absent for all that stay.
	Processes []string `json:"processes,omitempty"`
}

// UpdateAction is what became of one group.
type UpdateAction string

// The actions of an update.
const (
	UpdateAdded   UpdateAction = "added"
	UpdateChanged UpdateAction = "changed"
	UpdateRemoved UpdateAction = "removed"
)

// Values lists every action, for the generated types.
func (UpdateAction) Values() []string {
	return []string{string(UpdateAdded), string(UpdateChanged), string(UpdateRemoved)}
}

// UpdateStep is one group of an update.
type UpdateStep struct {
	Group  string       `json:"group"`
	Action UpdateAction `json:"action"`
	// Why it failed; absent if it did not.
	Error *Fault `json:"error,omitempty"`
}

// Update answers POST /api/v1/config/update.
type Update struct {
	Steps []UpdateStep `json:"steps"`
}

// UpdateRequest is the body of POST /api/v1/config/update.
type UpdateRequest struct {
	// Why, for the trail: up to 500 characters.
	Reason string `json:"reason,omitempty"`
	// Only these groups; absent for all.
	Groups []string `json:"groups,omitempty"`
}
