package scrape

import (
	"slices"

	"supervisor/supervise"
)

// poolFamily is one metric of a pool of event listeners.
type poolFamily struct {
	name, kind, help string
	of               func(p *supervise.PoolInfo) float64
}

var poolFamilies = [...]poolFamily{
	{"supervisor_pool_events_buffered", "gauge", "Events that wait for a listener of the pool.", func(p *supervise.PoolInfo) float64 { return float64(p.Buffered) }},
	{"supervisor_pool_buffer_size", "gauge", "How many events can wait before the oldest is dropped.", func(p *supervise.PoolInfo) float64 { return float64(p.Size) }},
	{"supervisor_pool_events_accepted_total", "counter", "Events that came for the pool.", func(p *supervise.PoolInfo) float64 { return float64(p.Accepted) }},
	{"supervisor_pool_events_handled_total", "counter", "Events that a listener has answered OK to.", func(p *supervise.PoolInfo) float64 { return float64(p.Handled) }},
	{"supervisor_pool_events_rejected_total", "counter", "Times an event came back: rejected, or its listener broke the protocol or died.", func(p *supervise.PoolInfo) float64 { return float64(p.Rejected) }},
	{"supervisor_pool_events_dropped_total", "counter", "Events that were dropped because the buffer was full.", func(p *supervise.PoolInfo) float64 { return float64(p.Dropped) }},
}

// listenerStates are Supervisor's numbers.
var listenerStates = map[string]float64{"READY": 10, "BUSY": 20, "ACKNOWLEDGED": 30, "UNKNOWN": 40}

// lookAtPools leaves the listeners that may be seen, and the pools that have one; may
// is nil for all of them.
func lookAtPools(pools []supervise.PoolInfo, may func(supervise.NameSpec) bool) []supervise.PoolInfo {
	var seen []supervise.PoolInfo
	for _, p := range pools {
		p.Listeners = slices.DeleteFunc(slices.Clone(p.Listeners), func(l supervise.ListenerInfo) bool {
			return may != nil && !may(l.Name)
		})
		if len(p.Listeners) > 0 {
			seen = append(seen, p)
		}
	}
	return seen
}

// poolPage adds what is told of pools, which is nothing where there are none.
func poolPage(b []byte, pools []supervise.PoolInfo) []byte {
	if len(pools) == 0 {
		return b
	}
	for _, f := range poolFamilies {
		b = head(b, f.name, f.kind, f.help)
		for i := range pools {
			b = line(b, f.name, `{pool="`+label(pools[i].Group)+`"}`, f.of(&pools[i]))
		}
	}
	const state, breaches = "supervisor_listener_state", "supervisor_listener_protocol_errors_total"
	b = head(b, state, "gauge", "Where an event listener is in the protocol: 10 READY, 20 BUSY, 30 ACKNOWLEDGED, 40 UNKNOWN.")
	eachListener(pools, func(l *supervise.ListenerInfo) { b = line(b, state, labels(l.Name), listenerStates[l.State]) })
	b = head(b, breaches, "counter", "Times an event listener has broken the protocol.")
	eachListener(pools, func(l *supervise.ListenerInfo) { b = line(b, breaches, labels(l.Name), float64(l.Breaches)) })
	return b
}

func eachListener(pools []supervise.PoolInfo, do func(*supervise.ListenerInfo)) {
	for _, p := range pools {
		for i := range p.Listeners {
			do(&p.Listeners[i])
		}
	}
}
