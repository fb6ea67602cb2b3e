package wire

import "supervisor/supervise"

// Settings answers GET /api/v1/processes/{name}/settings: what a process is
// started with. Secrets read "***".
type Settings struct {
	Command string `json:"command"`
	// Empty for supervisord's own.
	Directory   string     `json:"directory"`
	User        string     `json:"user"`
	Environment []Variable `json:"environment"`
	// The section of the configuration that the program is in, and where that
	// begins.
	Section string `json:"section"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	// Every option that is in effect, with defaults.
	Options []Option `json:"options"`
}

// Option is an option in effect, and where its value comes from.
type Option struct {
	Name string `json:"name"`
	// Of environment=: which variable.
	Variable string `json:"variable,omitempty"`
	// As it was understood, after expansion; null if it is not set.
	Value *string `json:"value"`
	// What might be a secret was left out of the value.
	Hidden bool `json:"hidden,omitempty"`
	// Where the value is written; absent for a default.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

// Variable is one that the configuration sets.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// A secret was left out of the value; POST .../reveal tells it.
	Hidden bool `json:"hidden,omitempty"`
}

// RevealRequest is the body of POST /api/v1/processes/{name}/reveal, which
// answers with Settings. It leaves a line in the trail.
type RevealRequest struct {
	// Why, for the trail: up to 500 characters.
	Reason string `json:"reason,omitempty"`
	// Only the value of this variable; absent for all, and those in the command.
	Variable string `json:"variable,omitempty"`
}

// FromSettings gives settings with what is secret in them left out.
func FromSettings(s supervise.Settings, secrets supervise.Secrets) Settings {
	told := Settings{
		Command: secrets.Mask(s.Command), Directory: s.Directory, User: s.User, Environment: []Variable{},
		Section: s.Section, File: s.File, Line: s.Line, Options: make([]Option, len(s.Options)),
	}
	for _, v := range s.Environment {
		value := secrets.Value(v.Name, v.Value)
		told.Environment = append(told.Environment, Variable{Name: v.Name, Value: value, Hidden: value != v.Value})
	}
	for i, o := range s.Options {
		told.Options[i] = fromOption(o, secrets)
	}
	return told
}

func fromOption(o supervise.Option, secrets supervise.Secrets) Option {
	told := Option{Name: o.Name, Variable: o.Variable, File: o.File, Line: o.Line}
	if o.Value == nil {
		return told
	}
	value := secrets.Mask(*o.Value)
	if o.Variable != "" {
		value = secrets.Value(o.Variable, *o.Value)
	}
	told.Value, told.Hidden = &value, value != *o.Value
	return told
}
