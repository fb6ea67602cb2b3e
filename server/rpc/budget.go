package rpc

import (
	"context"
	"fmt"

	"supervisor/supervise"
)

// Answers with the text of logs are held in memory whole, for the protocol wants
// their length first. So only a few requests at a time may read logs, and one
// request, with all the calls of its multicall, no more than so much.
const (
	readersAtOnce = 2
	maxLogText    = 64 << 20
)

// budget is what one request has used of it.
type budget struct {
	readers chan struct{} // of the handler: holds a token for each request that reads
	reading bool
	text    int // bytes of logs in the answer so far
}

type budgetKey struct{}

// withBudget gives a request its budget, and settle, to be called when the
// answer has been sent.
func (h *Handler) withBudget(ctx context.Context) (_ context.Context, settle func()) {
	b := &budget{readers: h.readers}
	return context.WithValue(ctx, budgetKey{}, b), func() {
		if b.reading {
			<-b.readers
		}
	}
}

// readLog has read get text of a log, when it is this request's turn. What read
// gives is counted.
func readLog(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	b, _ := ctx.Value(budgetKey{}).(*budget)
	if b == nil { // a caller of our own, which holds what it asks for itself
		return read()
	}
	if !b.reading {
		select {
		case b.readers <- struct{}{}:
			b.reading = true
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	data, err := read()
	b.text += len(data)
	if b.text > maxLogText {
		return nil, supervise.Fault{Code: supervise.FaultFailed, Detail: fmt.Sprintf("the logs asked for are more than one answer may hold (%d bytes): read them in parts", maxLogText)}
	}
	return data, err
}

// textRead is how much text of logs the request has been given so far.
func textRead(ctx context.Context) int {
	if b, _ := ctx.Value(budgetKey{}).(*budget); b != nil {
		return b.text
	}
	return 0
}
