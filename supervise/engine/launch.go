//go:build unix

package engine

import (
	"errors"
	"sync"

	"supervisor/supervise/child"
	"supervisor/supervise/logs"
	"supervisor/supervise/machine"
)

// birth is one spawn on its way to the host.
type birth struct {
	key         child.Key
	incarnation child.Incarnation
	name        string
	command     command
	channel     [2]*logs.Channel
}

// launcher makes everything ready that a child needs and that may touch the
// disk: the command is found, the logs and the shared socket opened. It is one
// goroutine, so children are born in the order the loop asked for.
type launcher struct {
	host   child.Host
	failed func(child.SpawnFailed)
	ended  chan struct{}

	mu     sync.Mutex // guards the fields below
	queue  []birth
	wake   chan struct{} // holds a token when queue may have grown
	closed bool
}

// newLauncher starts the launcher's goroutine; close ends it.
func newLauncher(host child.Host, failed func(child.SpawnFailed)) *launcher {
	l := &launcher{host: host, failed: failed, ended: make(chan struct{}), wake: make(chan struct{}, 1)}
	go l.work()
	return l
}

// push queues a birth; it never waits.
func (l *launcher) push(b birth) {
	l.mu.Lock()
	l.queue = append(l.queue, b)
	l.mu.Unlock()
	l.nudge()
}

func (l *launcher) close() {
	l.mu.Lock()
	l.closed = true
	l.queue = nil
	l.mu.Unlock()
	l.nudge()
	<-l.ended
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
		births, closed := l.take()
		for _, b := range births {
			if err := l.launch(b); err != nil {
				l.failed(child.SpawnFailed{Key: b.key, Incarnation: b.incarnation, Text: err.Error()})
			}
		}
		if closed {
			return
		}
	}
}

func (l *launcher) take() ([]birth, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	births := l.queue
	l.queue = nil
	return births, l.closed
}

// launch gives the birth to the host, or the spawnerr text why it cannot.
func (l *launcher) launch(b birth) error {
	spec, err := b.command.spec()
	if err != nil {
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
	if spec.Stdin0, err = b.command.socket.acquire(); err != nil {
		return errors.New(child.DispatchersText(b.name, err))
	}
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
		e.step(p, machine.SpawnFailed{Text: m.report.Text})
	}
}

// postBirth tells the loop, from the launcher's goroutine, that a birth failed.
func (e *Engine) postBirth(report child.SpawnFailed) {
	e.postFromHelper(notLaunched{report})
}
