package supervise

// Preview says what an update would do, group by group and in its order: groups
// that go, that change, that come.
type Preview []GroupPreview

// PlannedAction is what an update would do to a group.
type PlannedAction string

// The actions, in the order an update takes them.
const (
	PlanRemove PlannedAction = "removed"
	PlanChange PlannedAction = "changed" // stopped, removed and added again
	PlanAdd    PlannedAction = "added"
)

// GroupPreview is what an update would do to one group. Processes are called by
// their names within it.
type GroupPreview struct {
	Group   string
	Action  PlannedAction
	Options []OptionChange
	Stops   []string // processes that are up now
	Starts  []string // processes that would be started, by autostart
	Gone    []string // processes that a changed group would no longer have
	New     []string // processes that it does not have yet
}

// OptionChange is an option that differs, in the words of the configuration.
type OptionChange struct {
	Option   string
	Variable string  // of environment=; "" for every other option
	Old, New *string // nil for one that is not set
	// Hidden says that what might be a secret was left out of Old and New.
	Hidden bool
	// Processes that differ so; none when it is all of those that stay.
	Processes []string
}

// ConfigView is the configuration as it stands in its files, without its secrets.
type ConfigView struct {
	Files    []ConfigFile // the main one first, then those it includes, in that order
	Findings []ConfigFinding
}

// ConfigFile is one file. Its lines are numbered as on the disk.
type ConfigFile struct {
	Path string
	Text string
	// Trouble is why it cannot be read, or is no configuration; "" for nothing.
	Trouble string
}

// ConfigFinding is something to say about a place in a configuration.
type ConfigFinding struct {
	Verdict         string // error, ignored, warning, differs, new
	File            string
	Line            int
	Section, Option string // "" when it is about none
	Text            string
}
