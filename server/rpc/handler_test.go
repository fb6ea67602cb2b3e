package rpc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kolo/xmlrpc"

	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/supervise"
)

// callOf writes a call with the words of an independent client.
func callOf(t *testing.T, method string, args ...any) string {
	t.Helper()
	body, err := xmlrpc.EncodeMethodCall(method, args...)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestWhatIsNoCallIsAnsweredByHTTP(t *testing.T) {
	good := "<m><methodName>supervisor.getPID</methodName></m>"
	for _, tt := range []struct {
		name, method, body string
		length             int64
		status             int
	}{
		{"a call", "POST", good, int64(len(good)), 200},
		{"GET", "GET", "", 0, 400},
		{"PUT", "PUT", good, int64(len(good)), 400},
		{"no length", "POST", good, -1, 411},
		{"no XML", "POST", "hello", 5, 400},
		{"empty", "POST", "", 0, 400},
		{"no method name", "POST", "<methodCall/>", 13, 400},
		{"shorter than it said", "POST", good[:20], int64(len(good)), 400},
		{"too large", "POST", good, maxBody + 1, 413},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, "/RPC2", io.LimitReader(strings.NewReader(tt.body), int64(len(tt.body))))
			r.ContentLength = tt.length
			if tt.length >= 0 {
				r.Header.Set("Content-Length", strconv.FormatInt(tt.length, 10))
			}
			w := httptest.NewRecorder()
			New(newWorld()).ServeHTTP(w, r.WithContext(auth.With(t.Context(), auth.Principal{Grant: auth.Full})))
			if w.Code != tt.status {
				t.Errorf("status %d, want %d: %s", w.Code, tt.status, w.Body)
			}
			if page := strings.Contains(w.Body.String(), "<p>Error code"); page != (tt.status != 200) {
				t.Errorf("page: %v: %s", page, w.Body)
			}
		})
	}
}

func TestWhoIsNobodyIsRefusedEverything(t *testing.T) {
	engine := newWorld()
	h := New(engine)
	for name, m := range h.table {
		args := make([]any, len(m.params))
		for i, kind := range m.params {
			args[i] = map[string]any{"string": "cat", "int": 0, "boolean": true, "array": []any{}}[kind]
		}
		body := postTo(t, h, auth.Principal{Name: "mallory"}, callOf(t, name, args...)).Body.String()
		hidden := m.about == process || m.about == group
		if want := "<string>FORBIDDEN: " + string(m.verb); !hidden && !strings.Contains(body, want) {
			t.Errorf("%s: %s", name, body)
		}
		if want := "<string>BAD_NAME: cat</string>"; hidden && !strings.Contains(body, want) {
			t.Errorf("%s: a process that may not be seen is there: %s", name, body)
		}
		for _, secret := range []string{"golden", "42", "/bin", "hello"} {
			if strings.Contains(body, secret) {
				t.Errorf("%s tells %q: %s", name, secret, body)
			}
		}
	}
	if len(engine.done) > 0 {
		t.Errorf("something was done: %v", engine.done)
	}
}

func TestEveryMethodOfTheTableIsWhole(t *testing.T) {
	for name, m := range newTable() {
		if m.returns == "" || m.help == "" || m.verb == "" || m.run == nil || m.optional > len(m.params) {
			t.Errorf("%s: %+v", name, m)
		}
		if (m.about == process || m.about == group) && (len(m.params) == 0 || m.params[0] != "string" || m.accepts(0)) {
			t.Errorf("%s is about its first argument and has none", name)
		}
		if !slices.Contains(supervise.Verbs[:], m.verb) {
			t.Errorf("%s asks for %q, which is no verb", name, m.verb)
		}
	}
}

func TestSignaturesAndHelpComeFromTheTable(t *testing.T) {
	for method, want := range map[string]string{
		"supervisor.startProcess":        "boolean string boolean",
		"supervisor.getProcessInfo":      "struct string",
		"supervisor.readLog":             "string int int",
		"supervisor.reloadConfig":        "array",
		"supervisor.signalProcess":       "boolean string string",
		"supervisor.clearAllProcessLogs": "array",
		"supervisor.readMainLog":         "string int int",
		"system.multicall":               "array array",
	} {
		w := post(t, newWorld(), callOf(t, "system.methodSignature", method))
		var types []string
		if err := xmlrpc.Response(w.Body.Bytes()).Unmarshal(&types); err != nil || strings.Join(types, " ") != want {
			t.Errorf("%s: %v, %v", method, types, err)
		}
		var help string
		w = post(t, newWorld(), callOf(t, "system.methodHelp", method))
		if err := xmlrpc.Response(w.Body.Bytes()).Unmarshal(&help); err != nil || len(help) < 20 {
			t.Errorf("%s: %q, %v", method, help, err)
		}
	}
}

func TestAnIndependentClientReadsTheAnswers(t *testing.T) {
	var info struct {
		Name        string `xmlrpc:"name"`
		Statename   string `xmlrpc:"statename"`
		PID         int    `xmlrpc:"pid"`
		Description string `xmlrpc:"description"`
	}
	w := post(t, newWorld(), callOf(t, "supervisor.getProcessInfo", "cat"))
	if err := xmlrpc.Response(w.Body.Bytes()).Unmarshal(&info); err != nil || info.Name != "cat" || info.PID != 42 || info.Statename != "RUNNING" {
		t.Errorf("%+v, %v", info, err)
	}
	if !strings.HasPrefix(info.Description, "pid 42, uptime 0:00:") {
		t.Errorf("description %q", info.Description)
	}
	var all []map[string]any
	w = post(t, newWorld(), callOf(t, "supervisor.getAllProcessInfo"))
	if err := xmlrpc.Response(w.Body.Bytes()).Unmarshal(&all); err != nil || len(all) != 7 || all[0]["name"] != "cat" || all[6]["name"] != "web_1" {
		t.Errorf("%v, %v", all, err)
	}
	err := xmlrpc.Response(post(t, newWorld(), callOf(t, "supervisor.startProcess", "cat")).Body.Bytes()).Err()
	var fault xmlrpc.FaultError
	if !errors.As(err, &fault) || fault.Code != 60 || fault.String != "ALREADY_STARTED: cat" {
		t.Errorf("%v", err)
	}
}

func TestALogWithColoursAndBinaryIsStillReadable(t *testing.T) {
	engine := newWorld()
	engine.log.data = []byte("\x1b[31mred\x1b[0m \x00 \xff\xfe </string> ]]> &amp; caf\xc3\xa9 \xef\xbf\xbf\n")
	var got string
	w := post(t, engine, callOf(t, "supervisor.readProcessStdoutLog", "cat", 0, 0))
	if err := xmlrpc.Response(w.Body.Bytes()).Unmarshal(&got); err != nil {
		t.Fatal(err, w.Body)
	}
	if want := "\uFFFD[31mred\uFFFD[0m \uFFFD \uFFFD\uFFFD </string> ]]> &amp; café \uFFFD\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAFileThatIsGoneIsToldByItsName(t *testing.T) {
	engine := newWorld()
	engine.log.gone = true
	for _, call := range []string{
		callOf(t, "supervisor.readProcessStdoutLog", "cat", 0, 5),
		callOf(t, "supervisor.readProcessStdoutLog", "cat", "x", 5), // before numbers that are none
		callOf(t, "supervisor.readLog", 0, 5),
	} {
		if body := post(t, engine, call).Body.String(); !strings.Contains(body, "<string>NO_FILE: /golden/cat.out</string>") {
			t.Errorf("%s\n%s", call, body)
		}
	}
}

func TestALogInMemoryDoesNotExistForThisProtocol(t *testing.T) {
	engine := newWorld()
	engine.log.path = ""
	if body := post(t, engine, callOf(t, "supervisor.readProcessStdoutLog", "cat", 0, 5)).Body.String(); !strings.Contains(body, "<string>NO_FILE</string>") {
		t.Error(body)
	}
	// Of supervisord's own that is so only where it goes to syslog.
	if body := post(t, engine, callOf(t, "supervisor.readLog", 0, 5)).Body.String(); !strings.Contains(body, "<string>NO_FILE: syslog</string>") {
		t.Error(body)
	}
	var tail []any
	w := post(t, engine, callOf(t, "supervisor.tailProcessStdoutLog", "cat", 0, 5))
	err := xmlrpc.Response(w.Body.Bytes()).Unmarshal(&tail)
	if err != nil || !reflect.DeepEqual(tail, []any{nil, int64(0), false}) { // kolo reads an empty text as nil
		t.Errorf("%v, %v", tail, err)
	}
}

// silent waits for a start until it is told, or nobody waits any more.
type silent struct {
	*world
	up       chan struct{}
	waiting  chan struct{}
	released error
}

func (s *silent) Start(ctx context.Context, name supervise.NameSpec, wait bool) (uint64, error) {
	s.note("start " + name.String())
	if !wait {
		return 0, nil
	}
	s.waiting <- struct{}{}
	select {
	case <-s.up:
		return 0, nil
	case <-ctx.Done():
		s.released = ctx.Err()
		return 0, ctx.Err()
	}
}

func TestCallsOfAMulticallWaitForEachOther(t *testing.T) {
	engine := &silent{world: newWorld(), up: make(chan struct{}), waiting: make(chan struct{})}
	answered := make(chan *httptest.ResponseRecorder)
	call := func(name string, args ...any) map[string]any {
		return map[string]any{"methodName": name, "params": args}
	}
	body := callOf(t, "system.multicall", []any{
		call("supervisor.startProcess", "web:web_0"), call("supervisor.signalProcess", "cat", "HUP"), call("supervisor.startProcess", "web:web_1", false),
	})
	go func() { answered <- post(t, engine, body) }()
	<-engine.waiting
	select {
	case <-answered:
		t.Fatal("answered before the start was over")
	default:
	}
	if len(engine.done) != 1 {
		t.Errorf("did not wait: %v", engine.done)
	}
	engine.up <- struct{}{}
	w := <-answered
	if want := []string{"start web:web_0", "signal cat SIGHUP", "start web:web_1"}; !reflect.DeepEqual(engine.done, want) {
		t.Errorf("done %v", engine.done)
	}
	var answers []any
	if err := xmlrpc.Response(w.Body.Bytes()).Unmarshal(&answers); err != nil || !reflect.DeepEqual(answers, []any{true, true, true}) {
		t.Errorf("%v, %v", answers, err)
	}
}

func TestAWaitEndsWhenTheClientGoesAway(t *testing.T) {
	engine := &silent{world: newWorld(), up: make(chan struct{}), waiting: make(chan struct{})}
	var log bytes.Buffer
	ctx, leave := context.WithCancel(t.Context())
	ctx = reply.WithLog(auth.With(ctx, auth.Principal{Grant: auth.Full}), slog.New(slog.NewTextHandler(&log, nil)), "1")
	w := httptest.NewRecorder()
	over := make(chan struct{})
	go func() {
		defer close(over)
		r := httptest.NewRequest("POST", "/RPC2", strings.NewReader(callOf(t, "supervisor.startProcess", "web:web_0")))
		New(engine).ServeHTTP(w, r.WithContext(ctx))
	}()
	<-engine.waiting
	leave()
	<-over
	if engine.released == nil || w.Code != http.StatusServiceUnavailable || log.Len() > 0 {
		t.Errorf("released %v, answered %q, logged %q", engine.released, w.Body, log.String())
	}
}

func TestTooManyCallsAreRefused(t *testing.T) {
	calls := make([]any, maxCalls+1)
	for i := range calls {
		calls[i] = map[string]any{"methodName": "supervisor.getPID"}
	}
	body := post(t, newWorld(), callOf(t, "system.multicall", calls)).Body.String()
	if !strings.Contains(body, "<string>INCORRECT_PARAMETERS</string>") {
		t.Error(body[:200])
	}
}

// broken fails in a way that is ours alone to know.
type broken struct{ *world }

func (broken) Stop(context.Context, supervise.NameSpec, bool) (uint64, error) {
	return 0, errors.New("secret: the disk is on fire")
}

func TestAnInternalErrorIsLoggedAndNotTold(t *testing.T) {
	for _, body := range []string{
		callOf(t, "supervisor.stopProcess", "cat"),
		callOf(t, "system.multicall", []any{map[string]any{"methodName": "supervisor.stopProcess", "params": []any{"cat"}}}),
	} {
		var log bytes.Buffer
		ctx := reply.WithLog(t.Context(), slog.New(slog.NewTextHandler(&log, nil)), "1")
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", "/RPC2", strings.NewReader(body))
		New(broken{newWorld()}).ServeHTTP(w, r.WithContext(auth.With(ctx, auth.Principal{Grant: auth.Full})))
		if strings.Contains(w.Body.String(), "fire") || !strings.Contains(log.String(), "fire") {
			t.Errorf("told %d %s\nlogged %s", w.Code, w.Body, log.String())
		}
		if w.Code != http.StatusInternalServerError && !strings.Contains(w.Body.String(), "<string>FAILED</string>") {
			t.Errorf("told %d %s", w.Code, w.Body)
		}
	}
}

func TestACallThatCannotBeReadIsLoggedInTheOriginalsWords(t *testing.T) {
	for body, want := range map[string]string{
		"<a>\n":                   `XML-RPC request data '<a>\\n' is invalid: unmarshallable"`,
		"<a/>":                    `XML-RPC request data '<a/>' is invalid: no method name`,
		strings.Repeat("x", 5000): "'" + strings.Repeat("x", quoted) + "'",
	} {
		var log bytes.Buffer
		ctx := reply.WithLog(t.Context(), slog.New(slog.NewTextHandler(&log, nil)), "1")
		r := httptest.NewRequest("POST", "/RPC2", strings.NewReader(body))
		New(newWorld()).ServeHTTP(httptest.NewRecorder(), r.WithContext(ctx))
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %s in %s", want, log.String())
		}
	}
}

func TestTheOriginalsLinesAreWrittenAtTrace(t *testing.T) {
	var log bytes.Buffer
	handler := slog.NewTextHandler(&log, &slog.HandlerOptions{Level: reply.LevelTrace})
	ctx := reply.WithLog(auth.With(t.Context(), auth.Principal{Grant: auth.Full}), slog.New(handler), "1")
	h := New(newWorld())
	for _, method := range []string{"supervisor.getPID", "supervisor.nope"} {
		r := httptest.NewRequest("POST", "/RPC2", strings.NewReader(callOf(t, method)))
		h.ServeHTTP(httptest.NewRecorder(), r.WithContext(ctx))
	}
	for _, line := range []string{
		"XML-RPC method called: supervisor.getPID()", "XML-RPC method supervisor.getPID() returned successfully",
		"XML-RPC method supervisor.nope() returned fault: [1] UNKNOWN_METHOD",
	} {
		if !strings.Contains(log.String(), line) {
			t.Errorf("no line %q in\n%s", line, log.String())
		}
	}
}

func TestRowsAreMadeAgainOnlyForWhatChanged(t *testing.T) {
	engine := newWorld()
	h := New(engine)
	listing := func() string {
		return postTo(t, h, auth.Principal{Grant: auth.Full}, callOf(t, "supervisor.getAllProcessInfo")).Body.String()
	}
	listing()
	before := h.infos.Load()
	listing()
	if h.infos.Load() != before {
		t.Error("the page was made again though nothing changed")
	}
	// cat gets another pid, and a new process appears in the middle.
	cat := &engine.processes[2]
	cat.PID = 4711
	engine.processes = append(engine.processes, supervise.ProcessInfo{ID: 9, Group: "egg", Name: "egg"})
	engine.seq++
	if body := listing(); !strings.Contains(body, "pid 4711, uptime") || strings.Contains(body, "pid 42,") || !strings.Contains(body, "<string>egg</string>") {
		t.Errorf("the answer is old: %s", body)
	}
	kept := 0
	for _, r := range h.infos.Load().rows {
		for _, old := range before.rows {
			if r == old {
				kept++
			}
		}
	}
	if kept != len(before.rows)-1 {
		t.Errorf("%d of %d rows kept", kept, len(before.rows))
	}
}

func TestNowAndUptimeMoveWithoutAChange(t *testing.T) {
	began := time.Unix(1000, 900_000_000)
	r := newRow(supervise.ProcessInfo{Group: "a", Name: "a", State: supervise.StateRunning, PID: 7, Start: began})
	early, late := string(r.appendAt(nil, time.Unix(1001, 0))), string(r.appendAt(nil, time.Unix(1000+90061, 0)))
	for _, tt := range []struct{ row, now, uptime string }{
		{early, "<value><int>1001</int>", "pid 7, uptime 0:00:01<"}, // whole seconds of both clocks, as the original subtracts
		{late, "<value><int>91061</int>", "pid 7, uptime 1 day, 1:01:01<"},
	} {
		if !strings.Contains(tt.row, tt.now) || !strings.Contains(tt.row, tt.uptime) {
			t.Errorf("%s\nhas no %s or %s", tt.row, tt.now, tt.uptime)
		}
	}
}

func TestTimesFitTheInteger(t *testing.T) {
	for at, want := range map[time.Time]int64{
		{}:                   0,
		time.Unix(5, 9e8):    5,
		time.Unix(1<<40, 0):  1<<31 - 1,
		time.Unix(-1<<40, 0): -1 << 31,
	} {
		if got := seconds(at); got != want {
			t.Errorf("%v: %d, want %d", at, got, want)
		}
	}
}

// A name that is None is repeated by no fault: Python's RPCError has no extra then.
func TestAFaultAboutNoneRepeatsNothing(t *testing.T) {
	for _, method := range []string{"addProcessGroup", "removeProcessGroup", "startProcessGroup", "stopProcessGroup"} {
		call := "<m><methodName>supervisor." + method + "</methodName><params><param><value><nil/></value></param></params></m>"
		if body := post(t, newWorld(), call).Body.String(); !strings.Contains(body, "<string>BAD_NAME</string>") {
			t.Errorf("%s: %s", method, body)
		}
	}
	call := "<m><methodName>supervisor.sendProcessStdin</methodName><params><param><value>cat</value></param><param><value><nil/></value></param></params></m>"
	if body := post(t, newWorld(), call).Body.String(); !strings.Contains(body, "<string>INCORRECT_PARAMETERS</string>") {
		t.Error(body)
	}
}

func TestTheTailOfAFileThatIsGoneIsEmptyWhateverIsAskedOfIt(t *testing.T) {
	engine := newWorld()
	engine.log.gone = true
	for _, offset := range []any{0, "x", []any{}} {
		body := post(t, engine, callOf(t, "supervisor.tailProcessStdoutLog", "cat", offset, 5)).Body.String()
		if !strings.Contains(body, "<value><string></string></value>\n<value><int>0</int></value>") {
			t.Errorf("offset %v: %s", offset, body)
		}
	}
}

func TestASignalIsLookedAtLast(t *testing.T) {
	for _, tt := range []struct{ call, want string }{
		{callOf(t, "supervisor.signalProcess", "cat", ""), "<string>BAD_SIGNAL: </string>"},
		{callOf(t, "supervisor.signalProcessGroup", "cat", ""), "<string>BAD_SIGNAL: </string>"},
		// Nobody could get it, so nobody looks at it.
		{callOf(t, "supervisor.signalProcessGroup", "web", []any{}), "<value><array><data>\n</data></array></value>"},
		{callOf(t, "supervisor.signalProcessGroup", "nosuch", []any{}), "<string>BAD_NAME: nosuch</string>"},
		{callOf(t, "supervisor.signalProcessGroup", "cat", []any{}), "Error code 500"},
	} {
		if body := post(t, newWorld(), tt.call).Body.String(); !strings.Contains(body, tt.want) {
			t.Errorf("%s\n%s, want %s", tt.call, body, tt.want)
		}
	}
}

// What Python can go through, it takes for the parameters of a call.
func TestParametersWithinAMulticallMayBeOfOtherTypes(t *testing.T) {
	for _, tt := range []struct {
		method string
		params any
		want   string
	}{
		{"supervisor.getIdentification", "", "<string>golden</string>"},
		{"supervisor.getIdentification", "x", "<string>INCORRECT_PARAMETERS</string>"},
		{"supervisor.getIdentification", map[string]any{}, "<string>golden</string>"},
		{"supervisor.getProcessInfo", map[string]any{"cat": 1}, "<name>pid</name>"},
		{"supervisor.getProcessInfo", "c", "<string>BAD_NAME: c</string>"},
		{"supervisor.getIdentification", 5, "<string>INCORRECT_PARAMETERS</string>"},
		{"supervisor.readProcessStdoutLog", []any{"cat", "x", 0},
			"FAILED: &lt;class 'AttributeError'&gt;:type object 'Faults' has no attribute 'invalid literal for int() with base 10: 'x''<"},
		{"supervisor.tailProcessStdoutLog", []any{"cat", "x", 0},
			"FAILED: &lt;class 'ValueError'&gt;:invalid literal for int() with base 10: 'x'<"},
	} {
		call := callOf(t, "system.multicall", []any{map[string]any{"methodName": tt.method, "params": tt.params}})
		if body := post(t, newWorld(), call).Body.String(); !strings.Contains(body, tt.want) {
			t.Errorf("%s(%v): %s, want %s", tt.method, tt.params, body, tt.want)
		}
	}
}

func TestNoCallsAtAllAreAnsweredByNoResults(t *testing.T) {
	for _, none := range []any{[]any{}, ""} {
		body := post(t, newWorld(), callOf(t, "system.multicall", none)).Body.String()
		if !strings.Contains(body, "<value><array><data>\n</data></array></value>") {
			t.Errorf("%q: %s", none, body)
		}
	}
}

func TestWhatMayNotBeDoneToANameThatNothingHasIsAnsweredAsToAHiddenOne(t *testing.T) {
	ann := auth.Principal{Name: "ann", Grant: supervise.Grant{Role: supervise.Operator, Programs: []string{"web", "cat"}, Deny: []string{"web:web_1", "cat"}}}
	for name, want := range map[string]string{
		"web:web_0":  "FORBIDDEN: stdin web:web_0",
		"web:web_1":  "BAD_NAME: web:web_1",
		"web:nosuch": "BAD_NAME: web:nosuch",
		"web:*":      "FORBIDDEN: stdin web:*",
		"cat:*":      "BAD_NAME: cat:*",
		"done":       "BAD_NAME: done",
	} {
		body := postTo(t, New(newWorld()), ann, callOf(t, "supervisor.sendProcessStdin", name, "x")).Body.String()
		if !strings.Contains(body, "<string>"+want+"</string>") {
			t.Errorf("%s: %s, want %s", name, body, want)
		}
	}
}
