package ctl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/websocket"

	"supervisor/server/wire"
	"supervisor/supervise"
)

// over is told how all processes are, at first and after each change, and tells
// whether that is enough.
type over func(all []processInfo) bool

// pollEvery is the pace of watchByAsking: half a second late is soon enough, and
// costs the original little.
const pollEvery = 500 * time.Millisecond

// watchByAsking asks again and again, for servers that cannot tell.
func watchByAsking(ctx context.Context, cl *client, every time.Duration, enough over) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		var all []processInfo
		if err := cl.call(ctx, &all, "getAllProcessInfo"); err != nil {
			return err
		}
		if enough(all) {
			return nil
		}
	}
}

// errNotLive is met where the server has no /live, as the original, or has no
// place left there.
var errNotLive = errors.New("the server does not tell of changes")

// watchLive listens to the server's own account of its processes, which comes
// when something changes. Nobody asks for anything meanwhile.
func watchLive(ctx context.Context, cl *client, enough over) error {
	conn, err := cl.openLive(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	for _, frame := range []wire.ClientFrame{wire.Hello{V: wire.Version}, wire.Sub{ID: 1, Topic: wire.TopicState}} {
		if err := conn.WriteMessage(websocket.TextMessage, wire.EncodeClient(frame)); err != nil {
			return fmt.Errorf("subscribe to changes: %w", err)
		}
	}
	table := liveTable{}
	for {
		_, text, err := conn.ReadMessage()
		if err != nil {
			return fmt.Errorf("listen to changes: %w", err)
		}
		news, err := table.take(text)
		if err != nil {
			return err
		}
		if news && enough(table.rows) {
			return nil
		}
	}
}

// openLive dials the server's WebSocket, over the same way as the calls.
func (cl *client) openLive(ctx context.Context) (*websocket.Conn, error) {
	dialer := websocket.Dialer{NetDialContext: cl.transport.DialContext, NetDialTLSContext: cl.transport.DialTLSContext}
	scheme := map[string]string{"http": "ws", "https": "wss"}[cl.server.scheme]
	header := http.Header{"User-Agent": {"supervisorctl"}}
	cl.authorize(header)
	conn, response, err := dialer.DialContext(ctx, scheme+"://"+cl.server.host+cl.server.prefix+"/live", header)
	switch {
	case err == nil:
		return conn, nil
	case errors.Is(err, websocket.ErrBadHandshake) && response.StatusCode != http.StatusUnauthorized:
		return nil, errNotLive
	case response != nil:
		return nil, protocolError{response.StatusCode, reason(response)}
	}
	return nil, cause(ctx, err)
}

// liveTable is the processes as frames of /live have told.
type liveTable struct {
	rows []processInfo
	ids  []int // of the rows, in the same order
}

// take applies a frame. news is false for one that completes no account of the
// processes.
func (t *liveTable) take(text []byte) (news bool, err error) {
	var frame struct {
		T string `json:"t"`
		wire.Bye
	}
	if err := json.Unmarshal(text, &frame); err != nil {
		return false, fmt.Errorf("read a frame: %w", err)
	}
	switch frame.T {
	case "snap":
		return t.snap(text)
	case "delta":
		return true, t.delta(text)
	case "bye":
		if frame.Code == websocket.CloseTryAgainLater {
			return false, errNotLive
		}
		return false, errors.New(frame.Why)
	case "err":
		return false, errNotLive
	}
	return false, nil
}

func (t *liveTable) snap(text []byte) (complete bool, err error) {
	var s wire.Snap
	if err := json.Unmarshal(text, &s); err != nil {
		return false, fmt.Errorf("read a snapshot: %w", err)
	}
	if s.Part <= 1 {
		*t = liveTable{}
	}
	return s.Part == s.Of, t.put(s.Rows)
}

func (t *liveTable) delta(text []byte) error {
	var d wire.Delta
	if err := json.Unmarshal(text, &d); err != nil {
		return fmt.Errorf("read a change: %w", err)
	}
	for _, id := range d.Del {
		if at := slices.Index(t.ids, id); at >= 0 {
			t.ids, t.rows = slices.Delete(t.ids, at, at+1), slices.Delete(t.rows, at, at+1)
		}
	}
	return t.put(d.Rows)
}

// put replaces rows and adds new ones.
func (t *liveTable) put(rows []json.RawMessage) error {
	for _, text := range rows {
		var row wire.Process
		if err := json.Unmarshal(text, &row); err != nil {
			return fmt.Errorf("read a process: %w", err)
		}
		at := slices.Index(t.ids, row.ID)
		if at < 0 {
			at = len(t.ids)
			t.ids, t.rows = append(t.ids, row.ID), append(t.rows, processInfo{})
		}
		t.rows[at] = fromRow(row)
	}
	return nil
}

// fromRow is a row as getAllProcessInfo would have told it.
func fromRow(row wire.Process) processInfo {
	state, known := supervise.ParseState(string(row.State))
	if !known {
		state = supervise.StateUnknown
	}
	seen := supervise.ProcessInfo{Group: row.Group, Name: row.Name, State: state, PID: row.PID, SpawnErr: row.Err}
	info := processInfo{Group: row.Group, Name: row.Name, State: int(state), StateName: string(row.State), PID: row.PID}
	if state == supervise.StateFatal {
		info.Description = seen.Description(time.Now())
	}
	return info
}
