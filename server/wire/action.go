package wire

// Accepted answers an action with status 202: it was taken, and whatever comes
// of it has a change number above Seq.
type Accepted struct {
	Seq uint64 `json:"seq"`
	// For actions on several processes: what each answered at once. A process
	// already in the wanted state has no line.
	Results []Result `json:"results,omitempty"`
}

// Result is one process of an action on several.
type Result struct {
	Group string `json:"group"`
	Name  string `json:"name"`
	// SUCCESS, or the name of the fault it met.
	Code string `json:"code"`
	// "OK", or the text of the fault.
	Message string `json:"message"`
}

// OrderRequest is the body of every order; those that need more have it too.
type OrderRequest struct {
	// Why, for the trail: up to 500 characters.
	Reason string `json:"reason,omitempty"`
}

// SignalRequest is the body of POST .../signal.
type SignalRequest struct {
	// Why, for the trail: up to 500 characters.
	Reason string `json:"reason,omitempty"`
	// A name such as "HUP" or "SIGHUP", or a number as text.
	Signal string `json:"signal"`
}

// InputRequest is the body of POST .../stdin.
type InputRequest struct {
	// Why, for the trail: up to 500 characters.
	Reason string `json:"reason,omitempty"`
	// What is written, to the byte: a line ends with its newline.
	Text string `json:"text"`
}

// Failure is the body of every answer that is not a success.
type Failure struct {
	Error Fault `json:"error"`
}

// Fault says what went wrong.
type Fault struct {
	// Number of the XML-RPC fault; 0 for an error of HTTP.
	Code int `json:"code"`
	// A fault of Supervisor (BAD_NAME, NOT_RUNNING, FORBIDDEN ...) or the name of
	// the HTTP status (NOT_FOUND, BAD_REQUEST, INTERNAL_SERVER_ERROR ...).
	Name string `json:"name"`
	// What it is about: the program, the option, the reason.
	Detail string `json:"detail,omitempty"`
	// Why, in a word; absent where the name says enough.
	Reason Reason `json:"reason,omitempty"`
}
