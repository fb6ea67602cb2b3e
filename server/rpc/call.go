package rpc

import "context"

// Call makes a call for another room, with arguments that are texts: the checks
// and the words are those of a call that comes over the wire, but it is not
// logged as one, and it does not matter what Offer leaves to clients. The result
// is dropped. The error is a supervise.Fault whose text is what a client of
// XML-RPC would read, unless it is ours alone to know.
func (h *Handler) Call(ctx context.Context, name string, args ...string) error {
	params := make([]value, len(args))
	for i, arg := range args {
		params[i] = text(arg)
	}
	_, err := h.make(ctx, h.methods[name], params)
	return plainFault(err)
}
