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
	told := Settings{Command: secrets.Mask(s.Command), Directory: s.Directory, User: s.User, Environment: []Variable{}}
	for _, v := range s.Environment {
		value := secrets.Value(v.Name, v.Value)
		told.Environment = append(told.Environment, Variable{Name: v.Name, Value: value, Hidden: value != v.Value})
	}
	return told
}
