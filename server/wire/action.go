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

// SignalRequest is the body of POST .../signal.
type SignalRequest struct {
	// A name such as "HUP" or "SIGHUP", or a number as text.
	Signal string `json:"signal"`
}

// Error is the body of every answer that is not a success.
type Error struct {
	// A fault of Supervisor (BAD_NAME, NOT_RUNNING ...) or one of UNAUTHORIZED,
	// FORBIDDEN, NOT_FOUND, BAD_REQUEST, TOO_MANY, INTERNAL.
	Code string `json:"code"`
	// What went wrong, for people.
	Message string `json:"message"`
	// Finds the request in the server's log.
	RequestID string `json:"requestId,omitempty"`
}
