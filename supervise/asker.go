package supervise

import "context"

type askerKey struct{}

// WithAsker gives ctx the name of who is asking, for those who remember it and do
// not decide by it.
func WithAsker(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, askerKey{}, name)
}

// Asker is the name of who is asking, "" if it was not said.
func Asker(ctx context.Context) string {
	name, _ := ctx.Value(askerKey{}).(string)
	return name
}
