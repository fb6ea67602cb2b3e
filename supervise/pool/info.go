package pool

import (
	"unicode/utf8"

	"supervisor/supervise"
)

// Info is the pool as others see it. What is known of the processes, and of the last
// hour, is the engine's to add.
func (p *Pool) Info() supervise.PoolInfo {
	info := supervise.PoolInfo{
		Group: p.options.Name, Events: make([]string, len(p.options.Events)),
		Buffered: p.Len(), Size: p.options.BufferSize, FullSince: p.fullSince,
		Accepted: p.counts.Accepted, Handled: p.counts.Handled, Rejected: p.counts.Rejected, Dropped: p.counts.Dropped,
		Listeners: make([]supervise.ListenerInfo, len(p.listeners)),
	}
	for i, event := range p.options.Events {
		info.Events[i] = string(event)
	}
	for i, l := range p.listeners {
		info.Listeners[i] = l.info(p.options.Name)
	}
	return info
}

func (l *listener) info(group string) supervise.ListenerInfo {
	info := supervise.ListenerInfo{
		Name:  supervise.NameSpec{Group: group, Process: l.process},
		State: l.state.String(), Since: l.since, Breaches: l.breaches,
	}
	if l.breaches > 0 {
		info.Said = quoted(l.said)
	}
	if l.event != nil {
		info.Event, info.Serial = l.event.event.Type(), l.event.serial
	}
	return info
}

// quoted makes text of what may be anything.
func quoted(data []byte) string {
	if utf8.Valid(data) {
		return supervise.Quote(string(data))
	}
	return supervise.QuoteBytes(data)
}
