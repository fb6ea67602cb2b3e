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
	Sign     Sign      `json:"sign"`
}

// Sign tells the page of one environment from those of others ([inet_http_server]
// label=, colour=). Both may be empty.
type Sign struct {
	Label  string `json:"label"`
	Colour Colour `json:"colour"`
}

// Colour is the name of a colour.
type Colour string

// Values lists every colour, for the generated types.
func (Colour) Values() []string {
	return []string{"", "red", "orange", "yellow", "green", "blue", "purple", "grey"}
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
	// The account, or the section of the configuration; or programs.
	Name string `json:"name,omitempty"`
	// How many programs there are besides those that name tells.
	More int `json:"more,omitempty"`
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
	Sign Sign  `json:"sign"`
}

// Plan answers POST /api/v1/config/reread: the names of groups by which the
// configuration on disk differs from the one that runs.
type Plan struct {
	Added   []string `json:"added"`
	Changed []string `json:"changed"`
	Removed []string `json:"removed"`
}

// ConfigFiles answers GET /api/v1/config/files: the configuration as it stands on
// the disk, which need not be what runs. Secrets read "***".
type ConfigFiles struct {
	// The main file first, then those it includes.
	Files    []ConfigFile    `json:"files"`
	Findings []ConfigFinding `json:"findings"`
}

// ConfigFile is one file, line for line.
type ConfigFile struct {
	Path string `json:"path"`
	Text string `json:"text"`
	// Why it cannot be read, or is no configuration.
	Trouble string `json:"trouble,omitempty"`
}

// Verdict is what kind of finding one is.
type Verdict string

// Values lists every kind, for the generated types.
func (Verdict) Values() []string { return []string{"error", "ignored", "warning", "differs", "new"} }

// ConfigFinding is something to say about a place in a configuration, as
// supervisord --check does. With an error in it, nothing would be applied.
type ConfigFinding struct {
	Verdict Verdict `json:"verdict"`
	File    string  `json:"file"`
	// 0 for the file as a whole.
	Line    int    `json:"line"`
	Section string `json:"section,omitempty"`
	Option  string `json:"option,omitempty"`
	Text    string `json:"text"`
}

// About answers GET /api/v1/about: what supervisord itself takes and allows,
// beside its identity.
type About struct {
	Listeners []Listener `json:"listeners"`
	// Descriptors it may open; -1 for any number.
	OpenFiles int64 `json:"openFiles"`
	// Connections that are open, and how many may be.
	Connections    int `json:"connections"`
	MaxConnections int `json:"maxConnections"`
	// Bytes of memory it holds, and how much work goes on at once in it.
	Memory     int64 `json:"memory"`
	Goroutines int   `json:"goroutines"`
}

// Listener is an address at which supervisord answers.
type Listener struct {
	// Of the configuration.
	Section string `json:"section"`
	// A path, or "host:port".
	Address string `json:"address"`
	Unix    bool   `json:"unix,omitempty"`
	TLS     bool   `json:"tls,omitempty"`
	// Whoever comes is asked who they are.
	Asks bool `json:"asks,omitempty"`
}

// Preview answers GET /api/v1/config/preview: what an update would do, in its
// order.
type Preview struct {
	// What was seen, for an update that is to do this and nothing else.
	Seen   string         `json:"seen"`
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
	// Of the preview that was looked at: if an update would do something else by
	// now, it does nothing and is answered 412. Absent to do whatever there is.
	Seen string `json:"seen,omitempty"`
}
