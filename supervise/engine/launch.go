//go:build unix

package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"supervisor/supervise/child"
	"supervisor/supervise/logs"
)

// birth is one spawn on its way to the host.
type birth struct {
	key         child.Key
	incarnation child.Incarnation
	name        string
	command     command
	channel     [2]*logs.Channel
	share       *share // in the socket of a FastCGI program, nil for none
	life        *lifetime
}

// launcher makes everything ready that a child needs and that may touch the
// disk: the command is found, the logs and the shared socket opened. It is one
// goroutine, so children are born in the order the loop asked for.
type launcher struct {
	host   child.Host
	ready  func(command) error // makes a place for the socket of a plug-in
	failed func(child.SpawnFailed)
	flight chan struct{} // holds a token for each birth the host has not answered yet
	quit   chan struct{} // closed when there will be no more births
	ended  chan struct{}

	mu     sync.Mutex // guards the fields below
	queue  []task
	wake   chan struct{} // holds a token when queue may have grown
	closed bool
}

// task is a birth to launch, or something to give back: a share in a socket, the
// logs of a birth that the host could not bring about. They are done in the order
// asked.
type task struct {
	birth *birth
	share *share
	logs  [2]*logs.Channel
}

// inFlight is how many births the host may be given ahead of its answers. It has
// to have work at hand; but what is opened for a birth that waits is not there
// for the one before it, where descriptors are few.
const inFlight = 4

// newLauncher starts the launcher's goroutine; close ends it.
func newLauncher(host child.Host, ready func(command) error, failed func(child.SpawnFailed)) *launcher {
	l := &launcher{
		host: host, ready: ready, failed: failed, flight: make(chan struct{}, inFlight),
		quit: make(chan struct{}), ended: make(chan struct{}), wake: make(chan struct{}, 1),
	}
	go l.work()
	return l
}

// push queues a birth; it never waits.
func (l *launcher) push(b birth) { l.queueUp(task{birth: &b}) }

// giveUp queues the giving up of a share in a socket; it never waits.
func (l *launcher) giveUp(s *share) { l.queueUp(task{share: s}) }

// landed is called by the loop for each birth that the host has answered.
func (l *launcher) landed() { <-l.flight }

// shut queues the closing of logs that were opened for nobody: whoever has run
// out of descriptors must not hold on to those. It never waits.
func (l *launcher) shut(channels [2]*logs.Channel) { l.queueUp(task{logs: channels}) }

func (l *launcher) queueUp(t task) {
	l.mu.Lock()
	l.queue = append(l.queue, t)
	l.mu.Unlock()
	l.nudge()
}

// close ends the launcher once it has given up what it was asked to; births that
// wait are forgotten. ctx bounds the wait: a birth may hang on a disk.
func (l *launcher) close(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	l.queue = slices.DeleteFunc(l.queue, func(t task) bool { return t.birth != nil })
	l.mu.Unlock()
	close(l.quit)
	l.nudge()
	select {
	case <-l.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the launcher: %w", ctx.Err())
	}
}

func (l *launcher) nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *launcher) work() {
	defer close(l.ended)
	for range l.wake {
		tasks, closed := l.take()
		for _, t := range tasks {
			if t.share != nil {
				t.share.giveUp()
			}
			if t.birth == nil {
				shutLogs(t.logs)
				continue
			}
			if !l.clear() {
				continue
			}
			if err := l.launch(*t.birth); err != nil {
				<-l.flight
				shutLogs(t.birth.channel)
				l.failed(child.SpawnFailed{Key: t.birth.key, Incarnation: t.birth.incarnation, Text: err.Error()})
			}
		}
		if closed {
			return
		}
	}
}

// clear waits until one more birth may be begun; false if none may any more.
func (l *launcher) clear() bool {
	select {
	case l.flight <- struct{}{}:
		return true
	case <-l.quit:
		return false
	}
}

// shutLogs ends an incarnation that never wrote; a log that is not open is left
// as it is.
func shutLogs(channels [2]*logs.Channel) {
	for _, log := range channels {
		if log != nil {
			log.Flush()
		}
	}
}

func (l *launcher) take() ([]task, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	tasks := l.queue
	l.queue = nil
	return tasks, l.closed
}

// launch gives the birth to the host, or the spawnerr text why it cannot.
func (l *launcher) launch(b birth) error {
	spec, err := b.command.spec()
	if err != nil {
		return err
	}
	if err := l.ready(b.command); err != nil {
		return err
	}
	for _, log := range b.channel {
		if log == nil {
			continue
		}
		if err := log.Open(); err != nil {
			return errors.New(child.DispatchersText(b.name, err))
		}
	}
	if spec.Stdin0, err = b.share.take(); err != nil {
		return err
	}
	b.life.launching(b.channel)
	spec.Key, spec.Incarnation, spec.Name = b.key, b.incarnation, b.name
	spec.Stdout = sink(b.channel[0])
	spec.Stderr = sink(b.channel[1])
	l.host.Spawn(spec)
	return nil
}

// sink keeps a missing channel a nil interface.
func sink(log *logs.Channel) child.Sink {
	if log == nil {
		return nil
	}
	return log
}

// notLaunched is a birth that came to nothing before the host heard of it.
type notLaunched struct{ report child.SpawnFailed }

func (m notLaunched) handle(e *Engine) {
	if p := e.ours(m.report.Key, m.report.Incarnation); p != nil && !p.born {
		e.stillborn(p, m.report.Text)
	}
}

// postBirth tells the loop, from the launcher's goroutine, that a birth failed.
func (e *Engine) postBirth(report child.SpawnFailed) {
	e.postFromHelper(notLaunched{report})
}
