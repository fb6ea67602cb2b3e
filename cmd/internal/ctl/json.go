package ctl

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/kolo/xmlrpc"

	"supervisor/supervise"
)

// answer is what a command says when it was asked with --json: one object on one
// line, and nothing else. Exit statuses are those of the text. The shapes are in
// docs/supervisorctl.md: fields may be added to them and never change their
// meaning.
type answer struct {
	fields   []field
	failures []failure
}

type field struct {
	name  string
	value any
}

// failure is one thing that went wrong.
type failure struct {
	Message string   `json:"message"`
	Name    string   `json:"name,omitempty"`  // the word of the command it is about
	Fault   string   `json:"fault,omitempty"` // of XML-RPC: BAD_NAME, CANT_REREAD ...
	Code    int      `json:"code,omitempty"`  // its number
	URL     string   `json:"url,omitempty"`   // of a server that could not be reached
	Hints   []string `json:"hints,omitempty"` // what to look at
}

// set gives a field its value; the order of the first mention is kept.
func (a *answer) set(name string, value any) {
	at := slices.IndexFunc(a.fields, func(f field) bool { return f.name == name })
	if at < 0 {
		a.fields = append(a.fields, field{name, value})
		return
	}
	a.fields[at].value = value
}

// line is the object. "errors" is there only when something went wrong.
func (a *answer) line() string {
	fields := a.fields
	if len(a.failures) > 0 {
		fields = append(slices.Clone(fields), field{"errors", a.failures})
	}
	var b bytes.Buffer
	for i, f := range fields {
		b.WriteByte("{,"[min(i, 1)])
		b.Write(encodeJSON(f.name))
		b.WriteByte(':')
		b.Write(encodeJSON(f.value))
	}
	if len(fields) == 0 {
		b.WriteByte('{')
	}
	return b.String() + "}"
}

// encodeJSON leaves "<" and "&" as they are, since nothing here is a web page.
func encodeJSON(value any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil { // cannot be: texts, numbers and lists of them
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// cutWord takes a word out of the line behind a command, wherever it stands.
func cutWord(arg, word string) (rest string, found bool) {
	words := strings.Fields(arg)
	if !slices.Contains(words, word) {
		return arg, false
	}
	is := func(w string) bool { return w == word }
	return strings.Join(slices.DeleteFunc(words, is), " "), true
}

// problem tells what went wrong: a line of text, or a failure of the answer.
func (c *controller) problem(line string, f failure) {
	if c.json != nil {
		c.json.failures = append(c.json.failures, f)
		return
	}
	c.out.Line(line)
}

// noSuch prints that a name means nothing.
func (c *controller) noSuch(name, what string) {
	c.problem(name+": ERROR ("+what+")", failure{Name: name, Message: what})
}

// failureOf is an error as a failure: what a fault says, or what the error is.
func failureOf(err error) failure {
	var fault xmlrpc.FaultError
	if errors.As(err, &fault) {
		return failure{Message: fault.String, Code: fault.Code, Fault: supervise.FaultCode(fault.Code).String()}
	}
	if unauthorized(err) {
		return failure{Message: "Server requires authentication"}
	}
	_, text := classify(err)
	return failure{Message: text}
}

// processAnswer is one process of "status --json": what getProcessInfo tells,
// under the same names, and what is easier to have than to work out.
type processAnswer struct {
	Namespec    string  `json:"namespec"`
	Group       string  `json:"group"`
	Name        string  `json:"name"`
	State       int     `json:"state"`
	StateName   string  `json:"statename"`
	Description string  `json:"description"`
	PID         int     `json:"pid"`
	Start       int     `json:"start"`
	StartTime   *string `json:"start_time"`
	Stop        int     `json:"stop"`
	StopTime    *string `json:"stop_time"`
	Uptime      int     `json:"uptime"`
	ExitStatus  int     `json:"exitstatus"`
	SpawnErr    string  `json:"spawnerr"`
	StdoutLog   string  `json:"stdout_logfile"`
	StderrLog   string  `json:"stderr_logfile"`
}

func processAnswers(infos []processInfo) []processAnswer {
	answers := make([]processAnswer, len(infos))
	for i, p := range infos {
		answers[i] = processAnswer{
			Namespec: p.namespec(), Group: p.Group, Name: p.Name,
			State: p.State, StateName: p.StateName, Description: p.Description, PID: p.PID,
			Start: p.Start, StartTime: moment(p.Start), Stop: p.Stop, StopTime: moment(p.Stop),
			ExitStatus: p.ExitStatus, SpawnErr: p.SpawnErr, StdoutLog: p.StdoutLog, StderrLog: p.StderrLog,
		}
		if p.running() {
			answers[i].Uptime = max(p.Now-p.Start, 0)
		}
	}
	return answers
}

// moment is a time of XML-RPC, in seconds since 1970, as RFC 3339 in UTC; nil for
// 0, which stands for never.
func moment(seconds int) *string {
	if seconds == 0 {
		return nil
	}
	text := time.Unix(int64(seconds), 0).UTC().Format(time.RFC3339)
	return &text
}

// pidAnswer is one process of "pid --json".
type pidAnswer struct {
	Namespec string `json:"namespec"`
	PID      int    `json:"pid"`
}

// configAnswer is one process of "avail --json", under the names of
// getAllConfigInfo.
type configAnswer struct {
	Namespec      string `json:"namespec"`
	Group         string `json:"group"`
	Name          string `json:"name"`
	InUse         bool   `json:"inuse"`
	AutoStart     bool   `json:"autostart"`
	GroupPriority int    `json:"group_prio"`
	Priority      int    `json:"process_prio"`
}

func configAnswers(infos []configInfo) []configAnswer {
	answers := make([]configAnswer, len(infos))
	for i, info := range infos {
		answers[i] = configAnswer{
			Namespec: namespec(info.Group, info.Name), Group: info.Group, Name: info.Name, InUse: info.InUse,
			AutoStart: info.AutoStart, GroupPriority: info.GroupPriority, Priority: info.Priority,
		}
	}
	return answers
}

// setPlan gives the lists of "reread" and "update", of which none is missing.
func (a *answer) setPlan(p plan) {
	a.set("added", append([]string{}, p.added...))
	a.set("changed", append([]string{}, p.changed...))
	a.set("removed", append([]string{}, p.removed...))
}
