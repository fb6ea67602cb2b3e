package wire

// PluginState is how the process behind a plug-in answers.
type PluginState string

// The states of a plug-in.
const (
	PluginUnasked PluginState = "unasked" // nobody has asked it for anything yet
	PluginAnswers PluginState = "answers"
	PluginSilent  PluginState = "silent"
)

// Values lists every state, for the generated types.
func (PluginState) Values() []string {
	return []string{string(PluginUnasked), string(PluginAnswers), string(PluginSilent)}
}

// Plugin is a namespace of XML-RPC beside the built-in ones.
type Plugin struct {
	// What stands before the point of its methods.
	Name string `json:"name"`
	// The least role that may call them.
	Role Role `json:"role"`
	// Where it answers; empty for code of this server itself.
	Address string `json:"address,omitempty"`
	// The process that answers, if supervisord runs it.
	Process string      `json:"process,omitempty"`
	State   PluginState `json:"state"`
	// When it began to answer, or stopped.
	Since int64 `json:"since,omitempty"`
	// Why it does not answer.
	Why string `json:"why,omitempty"`
	// How many methods it has; -1 if it does not say.
	Methods int   `json:"methods"`
	Calls   int64 `json:"calls"`
	// Calls that were answered by a fault, or not at all.
	Errors int64 `json:"errors"`
}

// Plugins answers GET /api/v1/plugins, by name.
type Plugins struct {
	Plugins []Plugin `json:"plugins"`
}
