// Package listener is for those who write event listeners in Go: programs of an
// [eventlistener:x] section, to which supervisord tells what happens. It speaks
// the protocol on stdin and stdout; what is left to write is a Handler.
//
//	func main() {
//		err := listener.Run(context.Background(), func(ctx context.Context, event listener.Event) error {
//			move, ok := event.Details().(supervise.StateEvent)
//			if ok && move.To == supervise.StateFatal {
//				return tellSomebody(ctx, move.Name)
//			}
//			return nil
//		})
//		if err != nil {
//			log.Fatal(err)
//		}
//	}
//
// It works under Supervisor and under this supervisord alike. docs/events.md
// tells which events there are and how the section is written;
// examples/listeners/httpcheck is a whole program.
//
// # What a Handler answers
//
// nil accepts the event. An error rejects it, and supervisord gives it to the
// next listener of the pool that is ready; it is also told on Options.Log, unless
// it is ErrReject or wraps it. After a rejection the listener waits before it asks
// again, a second at first and then twice as long, 30 seconds at most, until an
// event is accepted: while a service it depends on is down, it neither spins nor
// loses the event. So return an error for what may work later; what will never
// work is to be told to somebody and accepted, or it comes back for ever.
//
// A panic rejects the event and goes on its way: the program dies of it,
// supervisord keeps the trace as it keeps all that is written to stderr, and
// starts the program again.
//
// # Stdout
//
// It belongs to the protocol, and one stray word on it makes supervisord give the
// listener up. While Run runs, os.Stdout is therefore os.Stderr: what a handler
// prints, or a command it gives os.Stdout to, goes to the log of stderr. What is
// printed before Run is not saved.
//
// # The end
//
// When supervisord closes stdin, or the context is over, Run finishes the event it
// has and returns nil. A pause after a rejection is cut short by the context, and
// not by stdin. An event that was under way when a listener dies goes back to the
// pool.
//
// One listener handles one event at a time. For more at once, say numprocs in
// its section.
package listener
