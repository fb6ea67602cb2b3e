package former

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"supervisor/server/rpc"
	"supervisor/supervise"
)

// ledger is an engine that notes what it was told to do. It has the processes
// "cat", which runs, "web:it's & <b>", which does not, and one for each fault of
// a start.
type ledger struct {
	rpc.Engine // what an order does not need

	mu   sync.Mutex
	done []string

	stopping chan struct{} // a stop of "slow" has arrived
	stopped  chan struct{} // and may end
}

func newLedger() *ledger {
	return &ledger{stopping: make(chan struct{}, 1), stopped: make(chan struct{})}
}

func (*ledger) Mood() supervise.Mood { return supervise.MoodRunning }

func (l *ledger) note(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done = append(l.done, what)
}

// took gives what was done since it was last asked.
func (l *ledger) took() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	done := strings.Join(l.done, ", ")
	l.done = nil
	return done
}

var faultOfStart = map[string]supervise.FaultCode{
	"nofile": supervise.FaultNoFile, "noexec": supervise.FaultNotExecutable, "spawn": supervise.FaultSpawnError,
	"ended": supervise.FaultAbnormalTermination, "failed": supervise.FaultFailed, "running": supervise.FaultAlreadyStarted,
}

func (l *ledger) Process(_ context.Context, name supervise.NameSpec) (supervise.ProcessInfo, error) {
	_, faulty := faultOfStart[name.String()]
	if !faulty && !slices.Contains([]string{"cat", "slow", "web:it's & <b>"}, name.String()) {
		return supervise.ProcessInfo{}, supervise.Fault{Code: supervise.FaultBadName, Detail: name.String()}
	}
	return supervise.ProcessInfo{Group: name.Group, Name: name.Process}, nil
}

func (l *ledger) Start(ctx context.Context, name supervise.NameSpec, wait bool) (uint64, error) {
	l.note(fmt.Sprintf("start %s %v", name, wait))
	if code, faulty := faultOfStart[name.String()]; faulty {
		return 0, supervise.Fault{Code: code, Detail: name.String()}
	}
	return 0, ctx.Err()
}

func (l *ledger) Stop(ctx context.Context, name supervise.NameSpec, wait bool) (uint64, error) {
	l.note(fmt.Sprintf("stop %s %v", name, wait))
	switch name.String() {
	case "web:it's & <b>":
		return 0, supervise.Fault{Code: supervise.FaultNotRunning, Detail: name.String()}
	case "slow":
		l.stopping <- struct{}{}
		select {
		case <-l.stopped:
		case <-ctx.Done():
		}
	}
	return 0, ctx.Err()
}

func (l *ledger) StartMany(_ context.Context, which supervise.Selection, wait bool) ([]supervise.Result, error) {
	l.note(fmt.Sprintf("start %+v %v", which, wait))
	return nil, nil
}

func (l *ledger) StopMany(_ context.Context, which supervise.Selection, wait bool) ([]supervise.Result, error) {
	l.note(fmt.Sprintf("stop %+v %v", which, wait))
	return nil, nil
}

func (l *ledger) ClearLogs(_ context.Context, name supervise.NameSpec) error {
	l.note("clear " + name.String())
	return nil
}

func TestTheFormerAddressesThatShowedSomethingLeadIntoThePage(t *testing.T) {
	engine := newLedger()
	s := open(t, engine, false)
	for _, tt := range []struct {
		method, address string
		status          int
		location        string
	}{
		{"GET", "/index.html", 303, "/"},
		{"HEAD", "/index.html", 303, "/"},
		{"POST", "/index.html", 303, "/"},
		{"POST", "/", 303, "/"},
		{"GET", "/tail.html?processname=cat&limit=%zz", 303, "/process/cat/cat/log"},
		{"POST", "/tail.html?processname=cat&limit=%zz", 303, "/process/cat/cat/log"},
		{"GET", "/?action=refresh", 303, "/"},
		{"GET", "/index.html?action=refresh", 303, "/"},
		{"GET", "/?message=Call+this+number", 303, "/"},
		{"GET", "/index.html?message=Call+this+number", 303, "/"},
		{"GET", "/index.html?processname=web:api-0", 303, "/process/web/api-0"},
		{"GET", "/tail.html", 303, "/"},
		{"GET", "/tail.html?processname=", 303, "/"},
		{"GET", "/tail.html?processname=cat&limit=1024", 303, "/process/cat/cat/log"},
		{"POST", "/tail.html?processname=cat", 303, "/process/cat/cat/log"},
		{"GET", "/tail.html?processname=web%3Aapi-0", 303, "/process/web/api-0/log"},
		{"GET", "/tail.html?processname=web:a:b", 303, "/process/web/a:b/log"},
		{"GET", "/tail.html?processname=*", 303, "/process/%2A/%2A/log"},
		{"GET", "/tail.html?processname=%2F%2Fevil.example:x", 303, "/process/%2F%2Fevil.example/x/log"},
		{"GET", "/tail.html?processname=a%20b%3F%23%25%22%3C%0D%0A:%D1%8F", 303, "/process/a%20b%3F%23%25%22%3C%0D%0A/%D1%8F/log"},
		{"GET", "/tail.html?processname=web:*", 303, "/?q=group%3Aweb"},
		{"GET", "/", 200, ""},
		{"GET", "/?q=web&state=FATAL", 200, ""},
		{"HEAD", "/", 200, ""},
		{"GET", "/stylesheets/supervisor.css", 410, ""},
		{"GET", "/images/state0.gif", 410, ""},
		{"PUT", "/index.html", 405, ""},
		{"DELETE", "/", 405, ""},
		{"PUT", "/index.html?action=stopall", 405, ""},
	} {
		status, location, _, header := lead(t, tt.method, s.url+tt.address, "")
		if status != tt.status || location != tt.location {
			t.Errorf("%s %s: %d to %q, want %d to %q", tt.method, tt.address, status, location, tt.status, tt.location)
		}
		if location != "" && header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s: a browser may keep that it was sent elsewhere", tt.method, tt.address)
		}
	}
	if done := engine.took(); done != "" {
		t.Error("was done:", done)
	}
}

func TestTheFormerAddressesThatChangedSomethingDoNothingAndSaySo(t *testing.T) {
	engine := newLedger()
	s := open(t, engine, false)
	for _, tt := range []struct {
		query string
		has   []string
	}{
		{"action=stopall", []string{"asked to stop all processes.", "supervisorctl stop all", "supervisor.stopAllProcesses()", ` href="/">`}},
		{"action=restartall", []string{"asked to restart all processes.", "supervisorctl restart all", "supervisor.stopAllProcesses()\nsupervisor.startAllProcesses()"}},
		{"processname=cat&action=start", []string{"asked to start cat.", "supervisorctl start cat", "supervisor.startProcess(&#39;cat&#39;)", ` href="/process/cat/cat">Open cat<`}},
		{"processname=cat&action=stop", []string{"asked to stop cat.", "supervisorctl stop cat", "supervisor.stopProcess(&#39;cat&#39;)"}},
		{"processname=cat&action=restart", []string{"asked to restart cat.", "supervisor.stopProcess(&#39;cat&#39;)\nsupervisor.startProcess(&#39;cat&#39;)"}},
		{"processname=cat&action=clearlog", []string{"asked to clear the logs of cat.", "supervisorctl clear cat", "supervisor.clearProcessLogs(&#39;cat&#39;)"}},
		{"processname=web:it%27s+%26+%3Cb%3E&action=stop", []string{
			"asked to stop web:it&#39;s &amp; &lt;b&gt;.", `supervisorctl stop &#39;web:it&#39;\&#39;&#39;s &amp; &lt;b&gt;&#39;`, `/process/web/it%27s%20&amp;%20%3Cb%3E`}},
		{"processname=evil&action=stop", []string{"asked to stop a process.", "supervisorctl stop NAME", ` href="/">`}},
		{"processname=web:*&action=stop", []string{"asked to stop a process."}},
		{"processname=evil&action=evil", []string{"asked for something that nobody knows."}},
	} {
		for _, address := range []string{"/index.html?" + tt.query, "/?" + tt.query} {
			for _, method := range []string{"GET", "POST"} {
				status, _, page, header := lead(t, method, s.url+address, "", "Accept", "text/html,*/*;q=0.8")
				if status != 410 || header.Get("Content-Type") != "text/html; charset=utf-8" || header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s %s: %d %v", method, address, status, header)
				}
				for _, part := range append(tt.has, "<h1>Nothing was done</h1>", "legacy_actions=true", "[inet_http_server]") {
					if !strings.Contains(page, part) {
						t.Errorf("%s %s: no %s in\n%s", method, address, part, page)
					}
				}
				if strings.Contains(page, "evil") || strings.Contains(page, "<b>") || strings.Contains(page, "<script") {
					t.Errorf("%s %s has the page say\n%s", method, address, page)
				}
			}
		}
	}
	status, _, text, header := lead(t, "GET", s.url+"/?processname=cat&action=restart", "")
	if status != 410 || header.Get("Content-Type") != "text/plain" || !strings.Contains(text, "Nothing was done") || !strings.Contains(text, "supervisorctl restart cat\n") {
		t.Errorf("a script reads %d %s", status, text)
	}
	if status, _, body, _ := lead(t, "HEAD", s.url+"/?action=stopall", ""); status != 410 || body != "" {
		t.Errorf("the head alone: %d %q", status, body)
	}
	status, _, _, _ = lead(t, "POST", s.url+"/index.html", "action=stop&processname=cat", "Content-Type", "application/x-www-form-urlencoded")
	if status != 410 {
		t.Errorf("a form: %d", status)
	}
	if done := engine.took(); done != "" {
		t.Error("was done:", done)
	}
	if !strings.Contains(s.logged(), "an address of the former page was not obeyed") {
		t.Error("the log does not tell")
	}
}

func TestTheRefusalIsStyledByItsPolicyAlone(t *testing.T) {
	s := open(t, newLedger(), false)
	_, _, page, header := lead(t, "GET", s.url+"/?action=stopall", "", "Accept", "text/html")
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(page)
	if style == nil {
		t.Fatal("no style in", page)
	}
	sum := sha256.Sum256([]byte(style[1]))
	policy := header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("no %s in %s", part, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "script") {
		t.Error(policy)
	}
}

const aTime = `[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}`

func TestALegacyListenerActsAsTheOriginalDid(t *testing.T) {
	engine := newLedger()
	s := open(t, engine, true)
	for _, tt := range []struct {
		query, message, done string
	}{
		{"action=refresh", "Page refreshed at " + aTime, ""},
		{"action=stopall", "All stopped at " + aTime, "stop {All:true Group: May:<nil>} true"},
		{"action=restartall", "All restarted at " + aTime, "stop {All:true Group: May:<nil>} true, start {All:true Group: May:<nil>} true"},
		{"processname=cat&action=start", "Process cat started", "start cat true"},
		{"processname=cat:cat&action=stop", "Process cat:cat stopped", "stop cat true"},
		{"processname=cat&action=restart", "Process cat restarted", "stop cat true, start cat true"},
		{"processname=cat&action=clearlog", "Log for cat cleared", "clear cat"},
		{"processname=web:it%27s+%26+%3Cb%3E&action=stop", `unexpected rpc fault \[70\] NOT_RUNNING: web:it's & <b>`, "stop web:it's & <b> true"},
		{"processname=web:it%27s+%26+%3Cb%3E&action=restart", "Process web:it's & <b> restarted", "stop web:it's & <b> true, start web:it's & <b> true"},
		{"processname=nofile&action=start", "ERROR: Process nofile: no such file", "start nofile true"},
		{"processname=noexec&action=start", "ERROR: Process noexec: file not executable", "start noexec true"},
		{"processname=running&action=start", "ERROR: Process running: already started", "start running true"},
		{"processname=spawn&action=start", "ERROR: Process spawn: spawn error", "start spawn true"},
		{"processname=ended&action=start", "ERROR: Process ended: abnormal termination", "start ended true"},
		{"processname=failed:failed&action=start", `ERROR: Process failed:failed: unexpected rpc fault \[30\] FAILED: failed:failed`, "start failed true"},
		{"processname=nofile&action=restart", "Process nofile restarted", "stop nofile true, start nofile true"},
		{"processname=nobody&action=start", "No such process named nobody", ""},
		{"processname=nobody&action=dance", "No such process named nobody", ""},
		{"processname=cat:*&action=stop", `No such process named cat:\*`, ""},
	} {
		for _, address := range []string{"/index.html?" + tt.query, "/?" + tt.query} {
			status, location, _, header := lead(t, "GET", s.url+address, "")
			to, err := url.Parse(location)
			if err != nil || status != 301 || header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %d %v, %v", address, status, header, err)
				continue
			}
			if message := to.Query().Get("message"); to.Path != "/" || !regexp.MustCompile("^"+tt.message+"$").MatchString(message) {
				t.Errorf("%s: %s, want %s", address, location, tt.message)
			}
			if strings.Contains(location, "+") {
				t.Errorf("%s: the original writes blanks as %%20: %s", address, location)
			}
			if done := engine.took(); done != tt.done {
				t.Errorf("%s: did %q, want %q", address, done, tt.done)
			}
		}
	}
	status, _, _, _ := lead(t, "POST", s.url+"/index.html", "action=stop&processname=cat", "Content-Type", "application/x-www-form-urlencoded")
	if done := engine.took(); status != 301 || done != "stop cat true" {
		t.Errorf("a form: %d, did %q", status, done)
	}
}

func TestALegacyListenerRefusesWhatItMust(t *testing.T) {
	engine := newLedger()
	s := open(t, engine, true)
	const stop = "/index.html?processname=cat&action=stop"
	for _, tt := range []struct {
		name, method, address string
		headers               []string
		status                int
	}{
		{"another site's page", "GET", stop, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"another port's page", "GET", stop, []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"another site's script", "GET", stop, []string{"Origin", "http://evil.example"}, 403},
		{"who only wants the head", "HEAD", stop, nil, 410},
		{"an unknown action", "GET", "/?action=dance&processname=cat", nil, 400},
		{"an action without a process", "GET", "/?action=start", nil, 400},
	} {
		status, _, _, _ := lead(t, tt.method, s.url+tt.address, "", tt.headers...)
		if done := engine.took(); status != tt.status || done != "" {
			t.Errorf("%s: %d, want %d; did %q", tt.name, status, tt.status, done)
		}
	}
	_, _, page, _ := lead(t, "GET", s.url+stop, "", "Sec-Fetch-Site", "cross-site", "Accept", "text/html")
	if !strings.Contains(page, "A page of another site has sent your browser here") || strings.Contains(page, "legacy_actions") {
		t.Error("the one sent by another site reads", page)
	}
	for _, site := range []string{"same-origin", "none"} { // a link of ours, a bookmark
		if status, _, _, _ := lead(t, "GET", s.url+stop, "", "Sec-Fetch-Site", site); status != 301 || engine.took() == "" {
			t.Errorf("%s: %d", site, status)
		}
	}
}

func TestALegacyListenerHandsTheMessageToThePage(t *testing.T) {
	s := open(t, newLedger(), true)
	for address, want := range map[string]string{
		"/?message=Process%20cat%20started": "200 ", "/index.html?message=a%20b/c%26d": "303 /?message=a%20b/c%26d", "/index.html": "303 /",
	} {
		status, location, _, _ := lead(t, "GET", s.url+address, "")
		if got := fmt.Sprintf("%d %s", status, location); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

func TestALegacyRestartIsWholeAlsoWhenItsClientLeaves(t *testing.T) {
	engine := newLedger()
	s := open(t, engine, true)
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		r, err := http.NewRequestWithContext(ctx, "GET", s.url+"/?processname=slow&action=restart", nil)
		if err != nil {
			t.Error(err)
			return
		}
		if response, err := http.DefaultClient.Do(r); err == nil {
			response.Body.Close()
			t.Error("it was answered", response.StatusCode)
		}
	}()
	<-engine.stopping
	leave()
	<-gone
	close(engine.stopped)
	s.requests.Wait()
	if done := engine.took(); done != "stop slow true, start slow true" {
		t.Errorf("did %q", done)
	}
}

func TestALegacyActionDoesNotHoldUpTheEnd(t *testing.T) {
	engine := newLedger()
	s := open(t, engine, true)
	answered := make(chan int, 1)
	go func() {
		r, err := http.NewRequestWithContext(t.Context(), "GET", s.url+"/?processname=slow&action=stop", nil)
		if err != nil {
			t.Error(err)
			return
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Error(err)
			answered <- 0
			return
		}
		response.Body.Close()
		answered <- response.StatusCode
	}()
	<-engine.stopping
	s.stop()
	if status := <-answered; status != http.StatusServiceUnavailable {
		t.Errorf("answered %d", status)
	}
}
