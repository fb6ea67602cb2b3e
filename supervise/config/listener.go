//go:build unix

package config

import (
	"errors"
	"slices"
	"strings"

	"supervisor/supervise"
)

// DefaultResultHandler is the one result_handler there is: a result of OK
// accepts an event, anything else rejects it.
const DefaultResultHandler = "supervisor.dispatchers:default_handler"

// pool reads an [eventlistener:x] into the group its processes form. Its name is
// the section's, untrimmed.
func (l *loader) pool(section string, _ map[string]bool) (Group, error) {
	_, name, _ := strings.Cut(section, ":")
	r := l.reader(section, listenerOptions, l.hereVars())
	group := Group{Name: name, Kind: EventListener, Priority: read(r, "priority", integer), origins: l.originsOf(section)}
	group.Listener = &Listener{
		BufferSize:    l.bufferSize(r),
		ResultHandler: resultHandler(r),
		PayloadBytes:  read(r, "payload_length", lengthInBytes),
		Events:        listenerEvents(r),

		RestartOnProtocolError: read(r, "restart_on_protocol_error", boolean),
	}
	if read(r, "redirect_stderr", boolean) {
		r.failf("redirect_stderr", "[%s] section sets redirect_stderr=true but this is not allowed because it will interfere with the eventlistener protocol", section)
	}
	if r.err != nil {
		return Group{}, r.err
	}
	var err error
	group.Processes, err = l.processes(section, name)
	return group, err
}

func (l *loader) bufferSize(r *reader) int {
	size := read(r, "buffer_size", integer)
	if size < 1 {
		r.failf("buffer_size", "[%s] section sets invalid buffer_size (%d)", r.section, size)
	}
	return size
}

// resultHandler takes the default only: others are Python code.
func resultHandler(r *reader) string {
	handler := r.text("result_handler")
	if handler != DefaultResultHandler {
		r.failf("result_handler", "%s cannot be resolved within [%s]: result handlers in Python cannot be loaded, only %s is built in; leave result_handler out, and let the listener answer OK or FAIL by itself",
			handler, r.section, DefaultResultHandler)
	}
	return handler
}

func listenerEvents(r *reader) []supervise.EventType {
	names := read(r, "events", stringList)
	if len(names) == 0 {
		r.fail("events", errors.New("["+r.section+`] section requires an "events" line`))
	}
	var events []supervise.EventType
	for _, name := range names {
		event, known := supervise.ParseEventType(name)
		if !known {
			r.failf("events", "Unknown event type %s in [%s] events", strings.ToUpper(name), r.section)
		}
		events = append(events, event)
	}
	slices.Sort(events)
	return slices.Compact(events)
}
