package rpc

import (
	"context"

	"supervisor/supervise"
)

// Fault is a fault as a client of XML-RPC reads it.
type Fault struct {
	Code supervise.FaultCode
	Text string
}

func (f Fault) Error() string { return f.Text }

// Call makes a call for another room, with arguments that are texts: the checks
// and the words are those of a call that comes over the wire, but it is not
// logged as one. The result is dropped. The error is a Fault, unless it is ours
// alone to know.
func (h *Handler) Call(ctx context.Context, name string, args ...string) error {
	params := make([]value, len(args))
	for i, arg := range args {
		params[i] = text(arg)
	}
	_, err := h.call(ctx, name, params)
	if f, ok := asFault(err); ok {
		return Fault{f.code, f.text}
	}
	return err
}
