package rpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/supervise"
)

// speaker is a plug-in of another process, as far as HTTP tells.
type speaker struct {
	*httptest.Server
	mu    sync.Mutex
	heard []string // methods, with the user and the role that asked
	last  string   // the body
	serve map[string]func(w http.ResponseWriter, r *http.Request)
}

// newSpeaker serves answers, which are XML by method; it lists those of cache.
func newSpeaker(t *testing.T, answers map[string]string) *speaker {
	t.Helper()
	s := &speaker{serve: map[string]func(http.ResponseWriter, *http.Request){}}
	names := ""
	for method, xml := range answers {
		names += "<value><string>" + method + "</string></value>"
		s.serve[method] = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, xml) }
	}
	if s.serve["system.listMethods"] == nil {
		s.serve["system.listMethods"] = func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, answered("<array><data>"+names+"</data></array>"))
		}
	}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// answered is the answer of a call that succeeded.
func answered(xml string) string {
	return "<methodResponse><params><param><value>" + xml + "</value></param></params></methodResponse>"
}

func faulted(code, text string) string {
	return "<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>" + code +
		"</int></value></member><member><name>faultString</name><value><string>" + text + "</string></value></member></struct></value></fault></methodResponse>"
}

func (s *speaker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller went away
	}
	c, err := decodeRare(strings.NewReader(string(body)))
	if err != nil {
		http.Error(w, err.Error(), http.StatusTeapot)
		return
	}
	s.mu.Lock()
	s.heard = append(s.heard, strings.TrimSpace(c.method+" "+r.Header.Get("X-Supervisor-User")+" "+r.Header.Get("X-Supervisor-Role")))
	s.last = string(body)
	serve := s.serve[c.method]
	s.mu.Unlock()
	if serve == nil {
		fmt.Fprint(w, faulted("1", "no such method"))
		return
	}
	serve(w, r)
}

// calls are what was asked of it, but for the list of its methods.
func (s *speaker) calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.heard), func(call string) bool { return strings.HasPrefix(call, "system.listMethods") })
}

// withPlugin is a handler with one plug-in, cache.
func withPlugin(t *testing.T, role supervise.Role, n Namespace) *Handler {
	t.Helper()
	h := New(newWorld())
	if err := h.Extend(Plugin{Name: "cache", Role: role, Namespace: n}); err != nil {
		t.Fatal(err)
	}
	return h
}

func forwardTo(s *speaker) *Forwarder {
	return NewForwarder(ForwardOptions{Name: "cache", URL: s.URL})
}

var admin = auth.Principal{Name: "ann", Grant: auth.Full}

// ask makes a call whose arguments are XML, and gives what stands in the answer.
func ask(t *testing.T, h *Handler, who auth.Principal, method string, args ...string) string {
	t.Helper()
	body := "<methodCall><methodName>" + method + "</methodName><params>"
	for _, arg := range args {
		body += "<param><value>" + arg + "</value></param>"
	}
	w := postTo(t, h, who, body+"</params></methodCall>")
	if w.Code != http.StatusOK {
		t.Fatalf("%s: HTTP %d: %s", method, w.Code, w.Body)
	}
	return strings.NewReplacer(answerOpen, "", answerClose, "", faultOpen, "fault ", faultClose, "").Replace(w.Body.String())
}

func isTold(t *testing.T, answer, code, text string) {
	t.Helper()
	want := "<name>faultCode</name>\n<value><int>" + code + "</int></value>\n</member>\n<member>\n<name>faultString</name>\n<value><string>" + text
	if !strings.Contains(answer, want) {
		t.Errorf("told %s, want fault %s %s", answer, code, text)
	}
}

func TestAPluginsMethodsAreCalledByTheirFullNames(t *testing.T) {
	cache := newSpeaker(t, map[string]string{"cache.get": answered("<string>it</string>"), "other.get": ""})
	h := withPlugin(t, 0, forwardTo(cache))
	if got := ask(t, h, admin, "cache.get", "<string>key</string>"); got != "<value><string>it</string></value>\n" {
		t.Errorf("answered %q", got)
	}
	if got := cache.calls(); !slices.Equal(got, []string{"cache.get ann admin"}) {
		t.Errorf("the plug-in heard %q", got)
	}
}

func TestValuesGoThroughAsTheyCame(t *testing.T) {
	for _, xml := range []string{
		"<int>-5</int>", "<i8>9223372036854775807</i8>", "<boolean>1</boolean>", "<double>1.5</double>", "<nil/>", "<string>&lt;é&gt;</string>",
		"<base64>\n/w==\n</base64>", "<dateTime.iso8601>20260131T12:34:56</dateTime.iso8601>",
		"<array><data>\n<value><int>1</int></value>\n<value><array><data>\n</data></array></value>\n</data></array>",
		"<struct>\n<member>\n<name>b</name>\n<value><i8>1</i8></value>\n</member>\n<member>\n<name>a</name>\n<value><base64>\n/w==\n</base64></value>\n</member>\n</struct>",
	} {
		cache := newSpeaker(t, map[string]string{"cache.echo": answered(xml)})
		h := withPlugin(t, 0, forwardTo(cache))
		end := "\n"
		if xml == "<nil/>" {
			end = ""
		}
		want := "<value>" + xml + "</value>" + end
		if got := ask(t, h, admin, "cache.echo", xml); got != want {
			t.Errorf("%s: answered %q", xml, got)
		}
		if !strings.Contains(cache.last, "<param>\n"+want+"</param>") {
			t.Errorf("%s: the plug-in was sent %q", xml, cache.last)
		}
		call := "<struct><member><name>methodName</name><value>cache.echo</value></member><member><name>params</name><value><array><data><value>" + xml + "</value></data></array></value></member></struct>"
		if got := ask(t, h, admin, "system.multicall", "<array><data><value>"+call+"</value></data></array>"); got != arrayOpen+want+arrayClose {
			t.Errorf("%s: in a multicall answered %q", xml, got)
		}
	}
}

func TestATypeNobodyKnowsIsAnError(t *testing.T) {
	cache := newSpeaker(t, map[string]string{"cache.get": answered("<bigdecimal>1</bigdecimal>")})
	h := withPlugin(t, 0, forwardTo(cache))
	isTold(t, ask(t, h, admin, "cache.get"), "30", "FAILED: no good answer from plug-in cache: XML-RPC has no type 'bigdecimal'")
	isTold(t, ask(t, h, admin, "cache.get", "<array><data><value><ex:i1>1</ex:i1></value></data></array>"), "2", "INCORRECT_PARAMETERS: XML-RPC has no type")
}

// The methods of ours read i8, base64 and unknown types as the original does.
func TestOurOwnMethodsStillReadWhatTheOriginalReads(t *testing.T) {
	h := withPlugin(t, 0, Functions{})
	for _, arg := range []string{"<base64>Y2F0</base64>", "<name>cat</name>"} {
		if got := ask(t, h, admin, "supervisor.getProcessInfo", arg); !strings.Contains(got, "<string>cat</string>") {
			t.Errorf("%s: %s", arg, got)
		}
		call := "<struct><member><name>methodName</name><value>supervisor.getProcessInfo</value></member><member><name>params</name><value><array><data><value>" + arg + "</value></data></array></value></member></struct>"
		if got := ask(t, h, admin, "system.multicall", "<array><data><value>"+call+"</value></data></array>"); !strings.Contains(got, "<string>cat</string>") {
			t.Errorf("%s in a multicall: %s", arg, got)
		}
	}
	w := postTo(t, h, admin, "<m><methodName>supervisor.getProcessInfo</methodName><params><param><value><base64>/w==</base64></value></param></params></m>")
	if w.Code != http.StatusBadRequest {
		t.Errorf("bytes for a name: HTTP %d", w.Code)
	}
}

// The original reads all of a request before it does any of it, and gives up at bytes
// that are no text. Those that a plug-in is called with are its own.
func TestBytesForAMethodOfOursRefuseTheWholeMulticall(t *testing.T) {
	const bytes = "<base64>/w==</base64>"
	call := func(method, arg string) string {
		return "<value><struct><member><name>methodName</name><value>" + method + "</value></member><member><name>params</name><value><array><data><value>" + arg + "</value></data></array></value></member></struct></value>"
	}
	list := func(calls string) string { return "<array><data>" + calls + "</data></array>" }
	start := call("supervisor.startProcess", "web:web_0")
	for _, tt := range []struct {
		name, arg string
		status    int
	}{
		{"a name", list(start + call("supervisor.getProcessInfo", bytes)), http.StatusBadRequest},
		{"within an array", list(start + call("supervisor.getProcessInfo", list("<value>"+bytes+"</value>"))), http.StatusBadRequest},
		{"the name of the method", list(start + call(bytes, "")), http.StatusBadRequest},
		{"in the place of a call", list(start + "<value>" + bytes + "</value>"), http.StatusBadRequest},
		{"in the place of all calls", bytes, http.StatusBadRequest},
		{"in a multicall within", list(start + call("system.multicall", bytes)), http.StatusBadRequest},
		{"of a method that there is not", list(start + call("mail.get", bytes)), http.StatusBadRequest},
		{"of a plug-in beside ours", list(call("cache.echo", bytes) + call("supervisor.getProcessInfo", bytes)), http.StatusBadRequest},
		{"of a plug-in", list(start + call("cache.echo", bytes)), http.StatusOK},
		{"of a plug-in whose name is base64", list(start + call("<base64>Y2FjaGUuZWNobw==</base64>", bytes)), http.StatusOK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			echoed := 0
			engine := newWorld()
			h := New(engine)
			echo := Function{Run: func(_ context.Context, args []any) (any, error) { echoed++; return args[0], nil }}
			if err := h.Extend(Plugin{Name: "cache", Namespace: Functions{"echo": echo}}); err != nil {
				t.Fatal(err)
			}
			w := postTo(t, h, admin, "<m><methodName>system.multicall</methodName><params><param><value>"+tt.arg+"</value></param></params></m>")
			if w.Code != tt.status {
				t.Errorf("HTTP %d: %s", w.Code, w.Body)
			}
			if done := len(engine.done) > 0; done != (tt.status == http.StatusOK) {
				t.Errorf("done: %q", engine.done)
			}
			if tt.status == http.StatusOK && echoed != 1 || tt.status != http.StatusOK && echoed != 0 {
				t.Errorf("the plug-in was called %d times", echoed)
			}
		})
	}
}

func TestAFaultGoesThroughAsItIs(t *testing.T) {
	cache := newSpeaker(t, map[string]string{"cache.get": faulted("-32000", "not &lt;here&gt;")})
	isTold(t, ask(t, withPlugin(t, 0, forwardTo(cache)), admin, "cache.get"), "-32000", "not &lt;here&gt;</string>")
}

func TestMethodsOfPluginsAreListedAmongTheOthers(t *testing.T) {
	cache := newSpeaker(t, map[string]string{
		"cache.get": "", "cache.drop": "", "cache._private": "", "cache.a.b": "", "other": "",
		"system.methodHelp":      answered("<string>Gets it</string>"),
		"system.methodSignature": answered("<array><data><value><array><data><value>string</value><value>string</value></data></array></value></data></array>"),
	})
	h := withPlugin(t, supervise.Operator, forwardTo(cache))
	got := ask(t, h, admin, "system.listMethods")
	for _, wanted := range []string{"<string>cache.drop</string></value>\n<value><string>cache.get</string></value>\n<value><string>supervisor.addProcessGroup</string>", "<string>system.multicall</string>"} {
		if !strings.Contains(got, wanted) {
			t.Errorf("no %s in %s", wanted, got)
		}
	}
	for _, unwanted := range []string{"_private", "cache.a.b", "other"} {
		if strings.Contains(got, unwanted) {
			t.Errorf("%s is listed", unwanted)
		}
	}
	if got := ask(t, h, admin, "system.methodHelp", "cache.get"); got != "<value><string>Gets it</string></value>\n" {
		t.Errorf("help %q", got)
	}
	if got := ask(t, h, admin, "system.methodSignature", "cache.get"); got != string(texts([]string{"string", "string"}).encode(nil)) {
		t.Errorf("signature %q", got)
	}
	isTold(t, ask(t, h, admin, "system.methodHelp", "cache.none"), "4", "SIGNATURE_UNSUPPORTED")
	viewer := auth.Principal{Name: "eve", Grant: supervise.Grant{Role: supervise.Viewer, Programs: []string{"*"}}}
	if got := ask(t, h, viewer, "system.listMethods"); strings.Contains(got, "cache.") {
		t.Errorf("a viewer is told of %s", got)
	}
	isTold(t, ask(t, h, viewer, "system.methodHelp", "cache.get"), "4", "SIGNATURE_UNSUPPORTED")
}

func TestAMethodThatThereIsNotIsUnknown(t *testing.T) {
	cache := newSpeaker(t, map[string]string{"cache.get": answered("<nil/>")})
	h := withPlugin(t, 0, forwardTo(cache))
	for _, method := range []string{"cache.put", "cache._get", "cache.get.it", "cache", "cache.", "other.get"} {
		isTold(t, ask(t, h, admin, method), "1", "UNKNOWN_METHOD</string>")
	}
	if heard := cache.calls(); len(heard) > 0 {
		t.Errorf("the plug-in heard %q", heard)
	}
}

func TestOnePluginThatDoesNotTellItsMethodsIsAskedForAny(t *testing.T) {
	for name, told := range map[string]string{
		"a fault": faulted("1", "no"), "a text": answered("<string>cache.get</string>"), "nothing": answered("<nil/>"),
		"a struct": answered("<struct><member><name>cache.get</name><value><int>1</int></value></member></struct>"),
	} {
		t.Run(name, func(t *testing.T) {
			cache := newSpeaker(t, map[string]string{"cache.get": answered("<int>1</int>"), "system.listMethods": told})
			h := withPlugin(t, 0, forwardTo(cache))
			if got := ask(t, h, admin, "cache.get"); got != "<value><int>1</int></value>\n" {
				t.Errorf("answered %q", got)
			}
			if got := h.Plugins(t.Context())[0].Methods; got != -1 {
				t.Errorf("it has %d methods", got)
			}
		})
	}
}

func TestAnEmptyListOfMethodsIsAList(t *testing.T) {
	h := withPlugin(t, 0, forwardTo(newSpeaker(t, nil)))
	isTold(t, ask(t, h, admin, "cache.get"), "1", "UNKNOWN_METHOD")
	if got := h.Plugins(t.Context())[0].Methods; got != 0 {
		t.Errorf("it has %d methods", got)
	}
}

// Those who may not call are refused, whatever the method; the plug-in does not
// hear of them.
func TestWhoMayNotCallAPluginIsNotHeardThere(t *testing.T) {
	grant := func(role supervise.Role, programs string, actions ...supervise.Verb) supervise.Grant {
		return supervise.Grant{Role: role, Programs: strings.Fields(programs), Actions: actions}
	}
	for _, tt := range []struct {
		name  string
		role  supervise.Role
		grant supervise.Grant
		may   bool
	}{
		{"an admin", 0, auth.Full, true},
		{"an operator", 0, grant(supervise.Operator, "*"), false},
		{"an operator of one that is open to them", supervise.Operator, grant(supervise.Operator, "*"), true},
		{"a viewer of it", supervise.Operator, grant(supervise.Viewer, "*"), false},
		{"an operator of other programs", supervise.Operator, grant(supervise.Operator, "web:*"), false},
		{"an operator of it among others", supervise.Operator, grant(supervise.Operator, "web:* cache"), true},
		{"an operator to whom it is denied", supervise.Operator, supervise.Grant{Role: supervise.Operator, Programs: []string{"*"}, Deny: []string{"cache"}}, false},
		{"a token for starting", supervise.Operator, grant(supervise.Operator, "*", supervise.VerbStart), false},
		{"a token for calling", 0, grant(supervise.Viewer, "cache", supervise.VerbCall), true},
		{"a token for calling another", 0, grant(supervise.Viewer, "mail", supervise.VerbCall), false},
		{"nobody", supervise.Viewer, supervise.Grant{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cache := newSpeaker(t, map[string]string{"cache.get": answered("<int>1</int>")})
			h := withPlugin(t, tt.role, forwardTo(cache))
			got := ask(t, h, auth.Principal{Name: "bob", Grant: tt.grant}, "cache.get")
			if tt.may {
				if got != "<value><int>1</int></value>\n" {
					t.Errorf("answered %q", got)
				}
				return
			}
			isTold(t, got, "403", "FORBIDDEN: call cache</string>")
			isTold(t, ask(t, h, auth.Principal{Name: "bob", Grant: tt.grant}, "cache.none"), "403", "FORBIDDEN: call cache</string>")
			cache.mu.Lock()
			defer cache.mu.Unlock()
			if len(cache.heard) > 0 {
				t.Errorf("the plug-in heard %q", cache.heard)
			}
		})
	}
}

func TestOneThatIsDownIsAClearFault(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "none.sock")
	var said []string
	f := NewForwarder(ForwardOptions{Name: "cache", URL: "unix://" + gone, Say: func(_ supervise.Level, text string) { said = append(said, text) }})
	h := withPlugin(t, 0, f)
	for range 3 {
		isTold(t, ask(t, h, admin, "cache.get"), "30", "FAILED: no good answer from plug-in cache: connect: no such file or directory")
	}
	if !slices.Equal(said, []string{"plug-in cache does not answer: connect: no such file or directory"}) {
		t.Errorf("the log was told %q", said)
	}
	if got := ask(t, h, admin, "system.listMethods"); strings.Contains(got, "cache.") || !strings.Contains(got, "supervisor.getPID") {
		t.Errorf("listed %s", got)
	}
	status := h.Plugins(t.Context())[0]
	if status.Health.Answers || status.Health.Why != "connect: no such file or directory" || status.Calls != 3 || status.Failed != 3 || status.Methods != -1 {
		t.Errorf("status %+v", status)
	}
}

func TestASocketThatIsNotTrustedIsNotConnectedTo(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	f := NewForwarder(ForwardOptions{Name: "cache", URL: "unix://" + socket, Trust: func() error { return errors.New("it is a stranger's") }})
	isTold(t, ask(t, withPlugin(t, 0, f), admin, "cache.get"), "30", "FAILED: no good answer from plug-in cache: it is a stranger's")
}

// It answers garbage, too much, nothing at all, or closes: each is a fault, soon.
func TestWhateverAPluginAnswersIsBounded(t *testing.T) {
	hijack := func(then func(net.Conn)) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			then(conn)
		}
	}
	text := func(s string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, s) }
	}
	endless := func(w http.ResponseWriter, _ *http.Request) {
		for piece := strings.Repeat("<value>", 1000); ; {
			if _, err := io.WriteString(w, piece); err != nil {
				return
			}
		}
	}
	for name, tt := range map[string]struct {
		serve func(http.ResponseWriter, *http.Request)
		why   string
	}{
		"garbage":      {text("hello"), "what it answered is no XML-RPC"},
		"half of it":   {text(answered("<int>1</int>")[:40]), "what it answered is no XML-RPC"},
		"no value":     {text("<methodResponse/>"), "what it answered is no XML-RPC: neither a value nor a fault"},
		"two values":   {text(strings.Replace(answered("<int>1</int>"), "<param>", "<param><value>2</value></param><param>", 1)), "what it answered is no XML-RPC"},
		"an odd fault": {text("<methodResponse><fault><value>no</value></fault></methodResponse>"), "what it answered is no XML-RPC: a fault without its code or its text"},
		"a page":       {text("<html><body>hi<br></body></html>"), "what it answered is no XML-RPC"},
		"entities":     {text(`<!DOCTYPE x [<!ENTITY a "b">]>` + answered("<string>&a;</string>")), "what it answered is no XML-RPC: a document type is not accepted"},
		"too deep":     {text(answered(strings.Repeat("<array><data><value>", 50))), "what it answered is no XML-RPC: more than 64 levels"},
		"an error":     {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", 500) }, "it answered HTTP 500"},
		"elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/RPC3", http.StatusTemporaryRedirect)
		}, "it answered HTTP 307"},
		"endless": {endless, "its answer is longer than 4194304 bytes"},
		"never":   {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "it did not answer within "},
		"closes":  {hijack(func(net.Conn) {}), "it closed the connection without an answer"},
		"slowly": {func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "<methodResponse>")
			_ = http.NewResponseController(w).Flush() // the caller's trouble
			<-r.Context().Done()
		}, "it did not answer within "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cache := newSpeaker(t, map[string]string{"cache.get": ""})
			cache.serve["cache.get"] = tt.serve
			h := withPlugin(t, 0, NewForwarder(ForwardOptions{Name: "cache", URL: cache.URL, Timeout: 3 * time.Second}))
			isTold(t, ask(t, h, admin, "cache.get"), "30", "FAILED: no good answer from plug-in cache: "+tt.why)
		})
	}
}

func TestOnlySoManyCallsWaitForAPluginAtOnce(t *testing.T) {
	begun, release := make(chan bool, callsAtOnce), make(chan bool)
	cache := newSpeaker(t, map[string]string{"cache.get": ""})
	cache.serve["cache.get"] = func(w http.ResponseWriter, _ *http.Request) {
		begun <- true
		<-release
		fmt.Fprint(w, answered("<int>1</int>"))
	}
	f := forwardTo(cache)
	h := withPlugin(t, 0, f)
	var all sync.WaitGroup
	for range callsAtOnce {
		all.Go(func() {
			if _, err := f.Call(t.Context(), "get", nil); err != nil {
				t.Error(err)
			}
		})
	}
	for range callsAtOnce {
		<-begun
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := f.inTurn(ctx, "cache.get", nil); err == nil || err.Error() != "8 calls before this one have not been answered" {
		t.Errorf("one more: %v", err)
	}
	// The methods of ours, and the list of all, do not wait for any of it.
	if got := ask(t, h, admin, "system.listMethods"); !strings.Contains(got, "cache.get") {
		t.Errorf("listed %s", got)
	}
	close(release)
	all.Wait()
}

// untilTold is a context whose time is over when that is said.
type untilTold struct {
	context.Context
	over chan struct{}
}

func (c untilTold) Done() <-chan struct{} { return c.over }

func (c untilTold) Err() error {
	select {
	case <-c.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

func TestAMethodThatFailsSaysNothingOfThePluginBesideOneThatDoesNot(t *testing.T) {
	begun := make(chan bool, 1)
	for name, serve := range map[string]func(http.ResponseWriter, *http.Request){
		"too slow":   func(_ http.ResponseWriter, r *http.Request) { begun <- true; <-r.Context().Done() },
		"closes":     func(http.ResponseWriter, *http.Request) { begun <- true; panic(http.ErrAbortHandler) },
		"an error":   func(w http.ResponseWriter, _ *http.Request) { begun <- true; http.Error(w, "no", 500) },
		"no XML-RPC": func(w http.ResponseWriter, _ *http.Request) { begun <- true; fmt.Fprint(w, "no") },
	} {
		t.Run(name, func(t *testing.T) {
			cache := newSpeaker(t, map[string]string{"cache.get": answered("<int>1</int>"), "cache.bad": ""})
			cache.serve["cache.bad"] = serve
			said := 0
			f := NewForwarder(ForwardOptions{Name: "cache", URL: cache.URL, Say: func(supervise.Level, string) { said++ }})
			for range 3 {
				if v, err := f.Call(t.Context(), "get", nil); v != 1 || err != nil {
					t.Fatalf("get: %v, %v", v, err)
				}
				before := f.Health()
				ctx := untilTold{t.Context(), make(chan struct{})}
				if name == "too slow" {
					go func() { <-begun; close(ctx.over) }()
				}
				if _, err := f.Call(ctx, "bad", nil); err == nil {
					t.Fatal("bad was answered")
				}
				if name != "too slow" {
					<-begun
				}
				if health := f.Health(); health != before || !health.Answers {
					t.Errorf("health %+v, before %+v", health, before)
				}
			}
			if said > 0 {
				t.Errorf("the log was told %d times", said)
			}
		})
	}
}

// What a failed call leaves open is asked at the next occasion, not after a minute.
func TestOneThatHasFailedACallIsAskedWhetherItAnswersAnything(t *testing.T) {
	broken := func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", 500) }
	cache := newSpeaker(t, map[string]string{"cache.get": ""})
	cache.serve["cache.get"] = broken
	var said []string
	f := NewForwarder(ForwardOptions{Name: "cache", URL: cache.URL, Say: func(_ supervise.Level, text string) { said = append(said, text) }})
	if _, err := f.Call(t.Context(), "get", nil); err == nil || !f.Health().Answers {
		t.Fatalf("%v, health %+v", err, f.Health())
	}
	cache.mu.Lock()
	cache.serve["system.listMethods"] = broken
	cache.mu.Unlock()
	f.mu.Lock()
	f.asked = f.asked.Add(-retryAfter)
	f.mu.Unlock()
	if names, err := f.Names(t.Context()); !slices.Equal(names, []string{"get"}) || err != nil {
		t.Errorf("it forgot its names: %q, %v", names, err)
	}
	if health := f.Health(); health.Answers || health.Why != "it answered HTTP 500" {
		t.Errorf("health %+v", health)
	}
	if !slices.Equal(said, []string{"plug-in cache does not answer: it answered HTTP 500"}) {
		t.Errorf("the log was told %q", said)
	}
}

func TestAnotherCallerGoesAwayWithoutBlameOfThePlugin(t *testing.T) {
	begun := make(chan bool, 1)
	cache := newSpeaker(t, map[string]string{"cache.get": ""})
	cache.serve["cache.get"] = func(_ http.ResponseWriter, r *http.Request) {
		begun <- true
		<-r.Context().Done()
	}
	f := forwardTo(cache)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-begun; cancel() }()
	if _, err := f.Call(ctx, "get", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if !f.Health().Answers {
		t.Errorf("health %+v", f.Health())
	}
}

func TestOneThatComesBackIsAskedForItsMethodsAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.sock")
	f := NewForwarder(ForwardOptions{Name: "cache", URL: "unix://" + path})
	h := withPlugin(t, 0, f)
	isTold(t, ask(t, h, admin, "cache.get"), "30", "FAILED")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	cache := newSpeaker(t, map[string]string{"cache.get": answered("<int>1</int>")})
	server := &http.Server{Handler: cache}
	go func() { _ = server.Serve(listener) }() // ended by Close
	t.Cleanup(func() { server.Close(); os.Remove(path) })
	if got := ask(t, h, admin, "cache.get"); got != "<value><int>1</int></value>\n" {
		t.Errorf("answered %s", got)
	}
	if health := f.Health(); !health.Answers || health.Why != "" {
		t.Errorf("health %+v", health)
	}
}

func TestGoFunctionsAreANamespaceToo(t *testing.T) {
	greet := Function{
		Description: Description{Help: "Greets", Signature: []string{"struct", "string"}},
		Run: func(ctx context.Context, args []any) (any, error) {
			if args[0] == "fault" {
				return nil, Fault{Code: 42, Text: "as you wished"}
			}
			return map[string]any{"to": args[0], "by": auth.From(ctx).Name, "again": []any{int64(1), I8(2), nil, 1.5, []string{"x"}}}, nil
		},
	}
	h := withPlugin(t, supervise.Viewer, Functions{"greet": greet})
	want := object{
		{"again", array{integer(1), long{2, "2"}, null{}, double(1.5), array{text("x")}}}, {"by", text("ann")}, {"to", text("world")},
	}
	if got := ask(t, h, admin, "cache.greet", "world"); got != string(want.encode(nil)) {
		t.Errorf("answered %s", got)
	}
	isTold(t, ask(t, h, admin, "cache.greet", "fault"), "42", "as you wished")
	isTold(t, ask(t, h, admin, "cache.greet"), "2", "INCORRECT_PARAMETERS")
	isTold(t, ask(t, h, admin, "cache.other"), "1", "UNKNOWN_METHOD")
	if got := ask(t, h, admin, "system.methodHelp", "cache.greet"); got != "<value><string>Greets</string></value>\n" {
		t.Errorf("help %s", got)
	}
}

// panicky is a namespace that fails by panicking where it is asked aside of a call.
type panicky struct {
	Functions
	names, health bool
}

func (p panicky) Names(ctx context.Context) ([]string, error) {
	if p.names {
		panic("no names today")
	}
	return p.Functions.Names(ctx)
}

func (p panicky) Health() Health {
	if p.health {
		panic("no health today")
	}
	return Health{Asked: true, Answers: true}
}

func TestANamespaceThatPanicsEndsNothing(t *testing.T) {
	get := Functions{"get": {Run: func(context.Context, []any) (any, error) { return 1, nil }}}
	for _, tt := range []struct {
		name    string
		broken  panicky
		listed  bool
		methods int
		why     string
	}{
		{"asked for its names", panicky{Functions: get, names: true}, false, -1, "it panicked: no names today"},
		{"asked how it is", panicky{Functions: get, health: true}, true, 1, "it panicked: no health today"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := withPlugin(t, 0, tt.broken)
			if err := h.Extend(Plugin{Name: "mail", Namespace: get}); err != nil {
				t.Fatal(err)
			}
			got := ask(t, h, admin, "system.listMethods")
			if !strings.Contains(got, "mail.get") || !strings.Contains(got, "supervisor.getPID") || strings.Contains(got, "cache.get") != tt.listed {
				t.Errorf("listed %s", got)
			}
			var log strings.Builder
			ctx := reply.WithLog(t.Context(), slog.New(slog.NewTextHandler(&log, nil)), "1")
			status := h.Plugins(ctx)
			if got := status[0]; got.Health.Answers || got.Health.Why != tt.why || got.Methods != tt.methods {
				t.Errorf("cache: %+v", got)
			}
			if got := status[1]; !got.Health.Answers || got.Methods != 1 {
				t.Errorf("mail: %+v", got)
			}
			if !strings.Contains(log.String(), `msg="a plug-in panicked"`) || !strings.Contains(log.String(), "plugin=cache") {
				t.Errorf("the log has %q", log.String())
			}
			if got := ask(t, h, admin, "cache.get"); got != "<value><int>1</int></value>\n" {
				t.Errorf("answered %q", got)
			}
		})
	}
}

func TestANameThatIsTakenIsRefused(t *testing.T) {
	h := New(newWorld())
	for _, name := range []string{"supervisor", "system", "", "a.b", "a b"} {
		if err := h.Extend(Plugin{Name: name, Namespace: Functions{}}); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
	twice := Plugin{Name: "cache", Namespace: Functions{}}
	if err := h.Extend(twice, twice); err == nil {
		t.Error("two of one name")
	}
}
