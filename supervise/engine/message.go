//go:build unix

package engine

import (
	"context"

	"supervisor/supervise/child"
)

// message is what the loop takes. The set is sealed; each says in handle what
// it does in a turn.
type message interface{ handle(e *Engine) }

// begin opens the engine's life: supervisord is RUNNING, and what is configured
// to start by itself does.
type begin struct{}

// reported carries what the host had to say.
type reported struct{ report child.Report }

// query reads something off the loop's state.
type query[T any] struct {
	read   func(*Engine) (T, error)
	answer chan<- answer[T]
}

type answer[T any] struct {
	value T
	err   error
}

func (q query[T]) handle(e *Engine) {
	value, err := q.read(e)
	q.answer <- answer[T]{value, err} // buffered by ask: never waits
}

// ask has the loop run read in a turn of its own and gives what it answered.
func ask[T any](ctx context.Context, e *Engine, read func(*Engine) (T, error)) (T, error) {
	answers := make(chan answer[T], 1)
	var none T
	if err := e.post(ctx, query[T]{read, answers}); err != nil {
		return none, err
	}
	select {
	case a := <-answers:
		return a.value, a.err
	case <-ctx.Done():
		return none, ctx.Err()
	case <-e.done:
		select { // answered in the loop's last turn
		case a := <-answers:
			return a.value, a.err
		default:
			return none, ErrEnded
		}
	}
}

// post sends a message, waiting for room until ctx is done or the loop ends.
func (e *Engine) post(ctx context.Context, m message) error {
	select {
	case e.inbox <- m:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-e.done:
		return ErrEnded
	}
}

// postFromHelper is for the engine's own helpers, who wait for room as long as
// the loop lives and have nobody to tell when it has ended.
func (e *Engine) postFromHelper(m message) {
	select {
	case e.inbox <- m:
	case <-e.done:
	}
}
