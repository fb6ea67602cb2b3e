package ctl

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"supervisor/server/wire"
	"supervisor/supervise"
)

// happen makes the next change come true.
func (f *fakeServer) happen() {
	if len(f.soon) == 0 {
		if f.idle++; f.idle > 1 && f.quiet != nil { // whoever asks again has seen the last answer
			f.quiet()
		}
		return
	}
	f.idle = 0
	next := f.soon[0]
	f.soon = f.soon[1:]
	p := f.find(next.name)
	if next.state == "gone" {
		f.processes = slices.DeleteFunc(f.processes, func(each *fakeProcess) bool { return each == p })
		return
	}
	p.state, _ = supervise.ParseState(next.state)
}

// limit stands in for a time limit: time is up when nothing is left to happen.
func (f *fakeServer) limit(ctx context.Context, _ time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.quiet = cancel
	return ctx, cancel
}

// serveLive tells of the processes as our supervisord does: all, in two parts, and
// then every change there is to come.
func (f *fakeServer) serveLive(w http.ResponseWriter, r *http.Request) {
	if !f.live {
		http.NotFound(w, r)
		return
	}
	conn, err := new(websocket.Upgrader).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	send := func(frame wire.ServerFrame) { conn.WriteMessage(websocket.TextMessage, wire.Encode(frame)) }
	_, hello, _ := conn.ReadMessage()
	_, sub, _ := conn.ReadMessage()
	if !bytes.Contains(hello, []byte(`"t":"hello","v":1`)) || !bytes.Contains(sub, []byte(`"topic":"state"`)) {
		send(wire.Bye{Code: 4400, Why: "not what was expected: " + string(hello) + string(sub)})
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	send(wire.Welcome{V: wire.Version})
	send(wire.OK{ID: 1})
	half := len(f.processes) / 2
	send(wire.Snap{ID: 1, Rows: f.rows(f.processes[:half]), Part: 1, Of: 2})
	send(wire.Snap{ID: 1, Rows: f.rows(f.processes[half:]), Part: 2, Of: 2})
	for len(f.soon) > 0 {
		p, gone := f.find(f.soon[0].name), f.soon[0].state == "gone"
		f.happen()
		if gone {
			send(wire.Delta{ID: 1, Del: []int{f.idOf(p)}})
			continue
		}
		send(wire.Delta{ID: 1, Rows: f.rows([]*fakeProcess{p})})
	}
	if f.closing {
		send(wire.Bye{Code: 1012, Why: "the server is stopping"})
		return
	}
	quiet := f.quiet
	conn.SetPongHandler(func(string) error { // the client has read all that came before
		if quiet != nil {
			quiet()
		}
		return nil
	})
	conn.WriteMessage(websocket.PingMessage, nil)
	conn.ReadMessage() // until the client leaves
}

// preview is what an update would do, where the server can tell.
func (f *fakeServer) preview(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, password, _ := r.BasicAuth()
	status, answer := http.StatusOK, any(f.previewed())
	switch {
	case !f.live:
		http.NotFound(w, r)
		return
	case password != f.password:
		w.WriteHeader(http.StatusUnauthorized)
		return
	case f.closing:
		status, answer = http.StatusServiceUnavailable, refusal(supervise.FaultShutdownState, "")
	case f.lastRead != nil:
		status, answer = http.StatusUnprocessableEntity, refusal(supervise.FaultCantReread, f.lastRead.Error())
	}
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer)
}

func refusal(code supervise.FaultCode, detail string) wire.Failure {
	return wire.Failure{Error: wire.FromFault(supervise.Fault{Code: code, Detail: detail})}
}

// previewed has something of everything, unless nothing is planned.
func (f *fakeServer) previewed() wire.Preview {
	text := func(s string) *string { return &s }
	if len(f.plan[0].([]any)) == 0 {
		return wire.Preview{Groups: []wire.GroupPreview{}}
	}
	return wire.FromPreview(supervise.Preview{
		{Group: "lost", Action: supervise.PlanRemove, Stops: []string{"lost"}},
		{Group: "g", Action: supervise.PlanChange, Options: []supervise.OptionChange{
			{Option: "command", Old: text("/bin/a --x"), New: text("/bin/a\n--y")},
			{Option: "directory", New: text("/srv")},
			{Option: "stdout_logfile", Old: text(""), New: text("AUTO"), Processes: []string{"a"}},
			{Option: "environment", Variable: "API_TOKEN", Old: text("***"), New: text("***"), Hidden: true},
		}, Stops: []string{"a"}, Starts: []string{"a", "c"}, Gone: []string{"b"}, New: []string{"c"}},
		{Group: "cat", Action: supervise.PlanChange, Options: []supervise.OptionChange{{Option: "startsecs", Old: text("1"), New: text("5")}}},
		{Group: "many", Action: supervise.PlanAdd, Starts: strings.Fields("0 1 2 3 4 5 6 7 8")},
		{Group: "new", Action: supervise.PlanAdd, Starts: []string{"new"}},
	})
}

func (f *fakeServer) rows(processes []*fakeProcess) []json.RawMessage {
	rows := []json.RawMessage{}
	for _, p := range processes {
		info := supervise.ProcessInfo{ID: f.idOf(p), Group: p.group, Name: p.name, State: p.state, PID: p.pid}
		if p.state == supervise.StateFatal {
			info.SpawnErr = "Exited too quickly (process log may have details)"
		}
		rows = append(rows, wire.NewRow(info).For(0))
	}
	return rows
}

// idOf is a number that stays with a process.
func (f *fakeServer) idOf(p *fakeProcess) int {
	at := slices.Index(f.ids, p)
	if at < 0 {
		at = len(f.ids)
		f.ids = append(f.ids, p)
	}
	return at + 1
}

func TestAWaitAsksOnceWhereTheServerTells(t *testing.T) {
	for _, test := range []struct {
		live  bool
		looks func(int) bool
		want  string
	}{
		{true, func(n int) bool { return n == 1 }, "one"},
		{false, func(n int) bool { return n == 4 }, "one at first and one for each change"},
	} {
		server := newFakeServer(t)
		server.live = test.live
		server.soon = []change{{"g:b", "STARTING"}, {"g:b", "BACKOFF"}, {"g:b", "RUNNING"}}
		var out, errout bytes.Buffer
		args := []string{"supervisorctl", "-s", server.URL, "wait", "g:*"}
		status := runWithoutTerminal(args, strings.NewReader(""), &out, &errout)
		if status != 0 || out.String() != "g:a: RUNNING\ng:b: RUNNING\n" {
			t.Errorf("live %v: status %d, %q, %q", test.live, status, out.String(), errout.String())
		}
		if !test.looks(server.looks) {
			t.Errorf("live %v: %d looks at the processes, want %s", test.live, server.looks, test.want)
		}
	}
}
