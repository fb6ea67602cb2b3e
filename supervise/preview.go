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
