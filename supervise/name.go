package supervise

import "strings"

// NameSpec names one process or a whole group, the way supervisorctl and
// XML-RPC clients write it.
type NameSpec struct {
	Group   string
	Process string // "" where the whole group is meant

	whole bool // not told by Process: a program may be called "*", a name be empty
	self  bool // supervisord itself, which has no name that a program could not have too
}

// Itself stands for supervisord where a name is asked for.
var Itself = NameSpec{self: true}

// AllOf names every process of a group.
func AllOf(group string) NameSpec { return NameSpec{Group: group, whole: true} }

// ParseNameSpec reads "group:process", "group:*", "group:" and "name", the last
// being short for name:name, also where it is "*" (options.py split_namespec).
// It never fails: a name that does not exist is found out by whoever looks it up.
func ParseNameSpec(text string) NameSpec {
	group, process, found := strings.Cut(text, ":")
	switch {
	case !found:
		return NameSpec{Group: text, Process: text}
	case process == "" || process == "*":
		return AllOf(group)
	}
	return NameSpec{Group: group, Process: process}
}

// WholeGroup tells whether the name means every process of its group.
func (n NameSpec) WholeGroup() bool { return n.whole }

// String prints "group:*" for a whole group, the short form where group and
// process share a name, else "group:process".
func (n NameSpec) String() string {
	switch {
	case n.self:
		return "supervisord"
	case n.whole:
		return n.Group + ":*"
	case n.Group == n.Process:
		return n.Process
	}
	return n.Group + ":" + n.Process
}

// Channel is one of the two streams a process writes to.
type Channel int

const (
	Stdout Channel = iota
	Stderr
)

// Channels lists both, for those who treat them alike.
var Channels = [...]Channel{Stdout, Stderr}

// String gives "stdout" or "stderr".
func (c Channel) String() string {
	if c == Stderr {
		return "stderr"
	}
	return "stdout"
}

// ParseChannel reads "stdout" or "stderr", in any case.
func ParseChannel(text string) (Channel, bool) {
	switch strings.ToLower(text) {
	case "stdout":
		return Stdout, true
	case "stderr":
		return Stderr, true
	}
	return 0, false
}

// Selection is several processes at once: those of one group, or all.
type Selection struct {
	All   bool
	Group string // when not All
	// May narrows it to the processes it answers true for; nil leaves all. It is
	// asked at the moment of acting, so that nothing slips in between, and a group
	// it leaves nothing of is one that does not exist.
	May func(NameSpec) bool
}
