package pool

import (
	"fmt"
	"unicode/utf8"

	"supervisor/supervise"
)

// envelope prints an event as a listener reads it: a header line, and the payload
// with nothing after it (process.py _eventEnvelope).
func (o Options) envelope(q queued) []byte {
	text := payload(q.event)
	length := utf8.RuneCountInString(text)
	if o.PayloadBytes {
		length = len(text)
	}
	return fmt.Appendf(nil, "ver:3.0 server:%s serial:%d pool:%s poolserial:%d eventname:%s len:%d\n%s",
		o.Identifier, q.serial, o.Name, q.number, q.event.Type(), length, text)
}

// payload prints what the event tells, byte for byte as the original does
// (events.py).
func payload(event supervise.Event) string {
	switch e := event.(type) {
	case supervise.StateEvent:
		return fmt.Sprintf("processname:%s groupname:%s from_state:%v%s",
			e.Name.Process, e.Name.Group, e.From, stateExtra(e))
	case supervise.LogEvent:
		return fmt.Sprintf("processname:%s groupname:%s pid:%d channel:%v\n%s",
			e.Name.Process, e.Name.Group, e.PID, e.Channel, asText(e.Data))
	case supervise.CommunicationEvent:
		return fmt.Sprintf("processname:%s groupname:%s pid:%d\n%s",
			e.Name.Process, e.Name.Group, e.PID, asText(e.Data))
	case supervise.RemoteEvent:
		return fmt.Sprintf("type:%s\n%s", e.Kind, e.Data)
	case supervise.MoodEvent:
		return ""
	case supervise.TickEvent:
		return fmt.Sprintf("when:%d", e.When.Unix())
	case supervise.GroupEvent:
		return fmt.Sprintf("groupname:%s\n", e.Group)
	case supervise.UpdateEvent, supervise.LifeEvent: // of no type, so no pool wants them
		return ""
	}
	panic(fmt.Sprintf("pool: an Event of no kind: %T", event))
}

// stateExtra is what a state tells besides; FATAL and UNKNOWN tell nothing.
func stateExtra(e supervise.StateEvent) string {
	switch e.To {
	case supervise.StateStarting, supervise.StateBackoff:
		return fmt.Sprintf(" tries:%d", e.Tries)
	case supervise.StateRunning, supervise.StateStopping, supervise.StateStopped:
		return fmt.Sprintf(" pid:%d", e.PID)
	case supervise.StateExited:
		expected := 0
		if e.Expected {
			expected = 1
		}
		return fmt.Sprintf(" expected:%d pid:%d", expected, e.PID)
	default:
		return ""
	}
}

// asText takes output for UTF-8; what is not is shown the way Python shows bytes.
func asText(data []byte) string {
	if utf8.Valid(data) {
		return string(data)
	}
	return "Undecodable: " + supervise.QuoteBytes(data)
}
