package supervise

import "context"

type restartKey struct{}

// WithRestart marks what is ordered under ctx as part of a restart that a client
// makes of several orders: first it stops, then it starts. All of them have the
// same id, and those of no other restart. What clients of the processes reach
// them by is kept open until they are started again, or until nothing more is
// heard of that restart.
func WithRestart(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, restartKey{}, id)
}

// RestartOf is the id of the restart that an order is part of, "" for none.
func RestartOf(ctx context.Context) string {
	id, _ := ctx.Value(restartKey{}).(string)
	return id
}
