package pool

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"supervisor/supervise"
)

// envelope prints an event as a listener reads it: a header line, and the payload
// with nothing after it (process.py _eventEnvelope).
func (o Options) envelope(q queued) []byte {
	text := payload(q.event)
	length := len(text)
	if !o.PayloadBytes {
		length = utf8.RuneCount(text)
	}
	b := make([]byte, 0, maxHeader+len(o.Identifier)+len(o.Name)+len(text))
	b = append(append(b, "ver:3.0 server:"...), o.Identifier...)
	b = strconv.AppendInt(append(b, " serial:"...), q.serial, 10)
	b = append(append(b, " pool:"...), o.Name...)
	b = strconv.AppendInt(append(b, " poolserial:"...), q.number, 10)
	b = append(append(b, " eventname:"...), q.event.Type()...)
	b = strconv.AppendInt(append(b, " len:"...), int64(length), 10)
	return append(append(b, '\n'), text...)
}

// maxHeader is what a header takes at most besides the names in it.
const maxHeader = 200

// payload prints what the event tells, byte for byte as the original does
// (events.py).
func payload(event supervise.Event) []byte {
	switch e := event.(type) {
	case supervise.StateEvent:
		return fmt.Appendf(nil, "processname:%s groupname:%s from_state:%v%s",
			e.Name.Process, e.Name.Group, e.From, stateExtra(e))
	case supervise.LogEvent:
		b := appendSpeaker(make([]byte, 0, maxHeader+len(e.Data)), e.Name, e.PID)
		b = append(append(b, " channel:"...), e.Channel.String()...)
		return appendText(append(b, '\n'), e.Data)
	case supervise.CommunicationEvent:
		b := appendSpeaker(make([]byte, 0, maxHeader+len(e.Data)), e.Name, e.PID)
		return appendText(append(b, '\n'), e.Data)
	case supervise.RemoteEvent:
		return fmt.Appendf(nil, "type:%s\n%s", e.Kind, e.Data)
	case supervise.MoodEvent:
		return nil
	case supervise.TickEvent:
		return fmt.Appendf(nil, "when:%d", e.When.Unix())
	case supervise.GroupEvent:
		return fmt.Appendf(nil, "groupname:%s\n", e.Group)
	case supervise.UpdateEvent, supervise.LifeEvent: // of no type, so no pool wants them
		return nil
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

// appendSpeaker adds who has written something.
func appendSpeaker(b []byte, name supervise.NameSpec, pid int) []byte {
	b = append(append(b, "processname:"...), name.Process...)
	b = append(append(b, " groupname:"...), name.Group...)
	return strconv.AppendInt(append(b, " pid:"...), int64(pid), 10)
}

// appendText adds output, taking it for UTF-8; what is not is shown the way Python
// shows bytes.
func appendText(b, data []byte) []byte {
	if utf8.Valid(data) {
		return append(b, data...)
	}
	return append(append(b, "Undecodable: "...), supervise.QuoteBytes(data)...)
}

// asText is output as appendText adds it.
func asText(data []byte) string { return string(appendText(nil, data)) }
