package listener

import (
	"strconv"
	"strings"
	"time"

	"supervisor/supervise"
)

// Event is one notice of supervisord: what its header says, and its payload.
type Event struct {
	Version    string // of the protocol: 3.0
	Server     string // the identifier of the supervisord
	Serial     int64  // among all events some pool took; a pool may see gaps. From 0
	Pool       string // the name of the [eventlistener:x]
	PoolSerial int64  // among those this pool took, from 0. One that comes back keeps both
	Type       supervise.EventType
	Payload    string
}

// Details is the payload as a value, by the event's Type:
//
//	PROCESS_STATE_*            supervise.StateEvent
//	PROCESS_LOG_*              supervise.LogEvent
//	PROCESS_COMMUNICATION_*    supervise.CommunicationEvent
//	REMOTE_COMMUNICATION       supervise.RemoteEvent
//	SUPERVISOR_STATE_CHANGE_*  supervise.MoodEvent; STOPPING is MoodShutdown also before a restart
//	TICK_*                     supervise.TickEvent
//	PROCESS_GROUP_*            supervise.GroupEvent
//
// It is nil for a type that is none of these, and for a payload that cannot be
// read: a supervisord of another age may say things that are not known here.
// Output that is no UTF-8 arrives as supervisord prints it, and is left so:
// Undecodable: b'\xff'.
func (e Event) Details() supervise.Event {
	if process, found := strings.CutPrefix(string(e.Type), string(supervise.EventProcessState)+"_"); found {
		return e.state(process)
	}
	switch e.Type {
	case supervise.EventProcessLogOut, supervise.EventProcessLogErr:
		return e.log()
	case supervise.EventProcessCommunicationOut:
		return e.communication(supervise.Stdout)
	case supervise.EventProcessCommunicationErr:
		return e.communication(supervise.Stderr)
	case supervise.EventRemoteCommunication:
		return e.remote()
	case supervise.EventSupervisorStateRunning:
		return supervise.MoodEvent{Mood: supervise.MoodRunning}
	case supervise.EventSupervisorStateStopping:
		return supervise.MoodEvent{Mood: supervise.MoodShutdown}
	case supervise.EventTick5:
		return e.tick(5 * time.Second)
	case supervise.EventTick60:
		return e.tick(time.Minute)
	case supervise.EventTick3600:
		return e.tick(time.Hour)
	case supervise.EventProcessGroupAdded:
		return e.group(true)
	case supervise.EventProcessGroupRemoved:
		return e.group(false)
	}
	return nil
}

func (e Event) state(to string) supervise.Event {
	said := tokens(e.Payload)
	state, known := supervise.ParseState(to)
	from, fromKnown := supervise.ParseState(said["from_state"])
	name, named := said.name()
	if !known || !fromKnown || !named {
		return nil
	}
	return supervise.StateEvent{
		Name: name, From: from, To: state,
		PID: said.number("pid"), Tries: said.number("tries"), Expected: said["expected"] == "1",
	}
}

func (e Event) log() supervise.Event {
	about, data, name, ok := e.output()
	channel, known := supervise.ParseChannel(about["channel"])
	if !ok || !known {
		return nil
	}
	return supervise.LogEvent{Name: name, PID: about.number("pid"), Channel: channel, Data: data}
}

func (e Event) communication(channel supervise.Channel) supervise.Event {
	about, data, name, ok := e.output()
	if !ok {
		return nil
	}
	return supervise.CommunicationEvent{Name: name, PID: about.number("pid"), Channel: channel, Data: data}
}

// output is what payloads with a program's output have in common: a line that
// says whose it is, and the output.
func (e Event) output() (about said, data []byte, name supervise.NameSpec, ok bool) {
	line, rest, found := strings.Cut(e.Payload, "\n")
	about = tokens(line)
	name, named := about.name()
	return about, []byte(rest), name, found && named
}

func (e Event) remote() supervise.Event {
	line, data, found := strings.Cut(e.Payload, "\n")
	kind, typed := strings.CutPrefix(line, "type:")
	if !found || !typed {
		return nil
	}
	return supervise.RemoteEvent{Kind: kind, Data: data}
}

func (e Event) tick(period time.Duration) supervise.Event {
	when, err := strconv.ParseInt(tokens(e.Payload)["when"], 10, 64)
	if err != nil {
		return nil
	}
	return supervise.TickEvent{Period: period, When: time.Unix(when, 0)}
}

func (e Event) group(added bool) supervise.Event {
	name, found := tokens(strings.TrimSuffix(e.Payload, "\n"))["groupname"]
	if !found {
		return nil
	}
	return supervise.GroupEvent{Group: name, Added: added}
}

// said is a line of "key:value" words.
type said map[string]string

// tokens reads such a line. A word without a colon goes on with the value before
// it, because an identifier may have blanks in it.
func tokens(line string) said {
	all, last := said{}, ""
	for word := range strings.SplitSeq(line, " ") {
		key, value, found := strings.Cut(word, ":")
		switch {
		case found:
			all[key], last = value, key
		case last != "":
			all[last] += " " + word
		}
	}
	return all
}

// number is 0 for what is not said, or is no number.
func (s said) number(key string) int {
	n, err := strconv.Atoi(s[key])
	if err != nil {
		return 0
	}
	return n
}

func (s said) name() (name supervise.NameSpec, ok bool) {
	process, named := s["processname"]
	group, grouped := s["groupname"]
	return supervise.NameSpec{Group: group, Process: process}, named && grouped
}
