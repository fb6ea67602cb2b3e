package server

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/gorilla/websocket"
	"golang.org/x/crypto/bcrypt"

	"supervisor/server/api"
	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// person is somebody who tries every door.
type person struct {
	name   string
	grant  supervise.Grant
	token  bool
	header string // what they send as Authorization
	cookie string
	unseen []string
}

// people are the columns of the tables below, in this order. The link is the
// grant that a link for one program and one action has.
func people() []*person {
	programs := []string{"insider", "mixed"}
	deny := []string{"mixed:canary"}
	narrow := []string{"canary", "elsewhere", "hunter2", "-command"}
	outside := []string{"canary", "insider", "mixed", "hunter2", "-command"}
	return []*person{
		{name: "guest", unseen: append(outside, "elsewhere", "the main log")},
		{name: "viewer", grant: supervise.Grant{Role: supervise.Viewer, Programs: programs, Deny: deny}, unseen: append(narrow[:len(narrow):len(narrow)], "gravedigger")},
		{name: "viewer-outside", grant: supervise.Grant{Role: supervise.Viewer, Programs: []string{"elsewhere"}}, unseen: append(outside[:len(outside):len(outside)], "gravedigger")},
		{name: "operator", grant: supervise.Grant{Role: supervise.Operator, Programs: programs, Deny: deny}, unseen: narrow},
		{name: "operator-outside", grant: supervise.Grant{Role: supervise.Operator, Programs: []string{"elsewhere"}}, unseen: outside},
		{name: "admin", grant: auth.Full, unseen: []string{"hunter2"}},
		{name: "token", token: true, grant: supervise.Grant{Role: supervise.Operator, Programs: []string{"insider", "mixed:api"}}, unseen: narrow},
		{name: "link", token: true, grant: supervise.Grant{
			Role: supervise.Operator, Programs: []string{"insider:api"}, Actions: []supervise.Verb{auth.Restart},
		}, unseen: append(narrow[:len(narrow):len(narrow)], "worker", "mixed", "gravedigger")},
	}
}

// knows tells whether somebody may see a name of a process or of a group.
func (p *person) knows(name string) bool {
	if !strings.Contains(name, ":") {
		name += ":*"
	}
	return p.grant.Allows(auth.View, supervise.ParseNameSpec(name))
}

// town is a server with all of them before it.
type town struct {
	*testing.T
	server *Server
	trail  *audit.Log
	people []*person
}

func newTown(t *testing.T) *town {
	t.Helper()
	town := &town{T: t, people: people()}
	hash, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	options := Options{Endpoints: []Endpoint{{Section: "inet_http_server", Host: "127.0.0.1"}}}
	for _, p := range town.people[1:] {
		account := supervise.Account{Name: p.name, Password: string(hash), Grant: p.grant}
		request, _ := http.NewRequest("GET", "/", nil)
		request.SetBasicAuth(p.name, "secret")
		p.header = request.Header.Get("Authorization")
		if p.token {
			sum := sha256.Sum256([]byte("sup_" + p.name))
			account.Password, account.Token = "", hex.EncodeToString(sum[:])
			p.header = "Bearer sup_" + p.name
		}
		options.Accounts = append(options.Accounts, account)
	}
	options.Users = &usersFile{}
	town.trail = newTrail(t)
	town.server, _ = start(t, options, House{
		Engine: newVillage(t), Metrics: meter{}, History: graveyard{}, Trail: town.trail, Secrets: supervise.Secrets{"*TOKEN*"},
		Files:    papers,
		Static:   fstest.MapFS{"index.html": {Data: []byte(indexHTML)}},
		Problems: func() []supervise.Problem { return []supervise.Problem{{Text: "canary has no disk"}} },
	})
	return town
}

// newTrail keeps a trail that ends with the test. Its line is written when an
// answer comes, however slow the disk is.
func newTrail(t *testing.T) *audit.Log {
	t.Helper()
	trail := audit.New(audit.Options{Path: filepath.Join(t.TempDir(), "audit.log"), Patience: time.Minute})
	t.Cleanup(func() {
		if err := trail.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return trail
}

// usersFile keeps accounts in memory.
type usersFile struct {
	mu       sync.Mutex
	accounts []supervise.Account
	stamp    int
}

func (f *usersFile) Read() ([]supervise.Account, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.accounts), nil
}

func (f *usersFile) Write(account supervise.Account) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	account.Editable = true
	f.accounts = append(f.without(account), account)
	f.stamp++
	return nil
}

func (f *usersFile) Remove(account supervise.Account) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.accounts = f.without(account)
	f.stamp++
	return nil
}

func (f *usersFile) without(account supervise.Account) []supervise.Account {
	return slices.DeleteFunc(slices.Clone(f.accounts), func(a supervise.Account) bool {
		return a.Name == account.Name && a.IsToken() == account.IsToken()
	})
}

func (f *usersFile) Stamp() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strconv.Itoa(f.stamp), nil
}

// got is what somebody got.
type got struct {
	status int
	body   string
	lines  []wire.TrailEntry // that the request left in the trail
}

// ask sends a request, and reads its answer to the end, or if it is a stream
// until it has until in it.
func (town *town) ask(p *person, method, path, body, until, accept string) got {
	town.Helper()
	before := town.written()
	ctx, cancel := context.WithTimeout(town.Context(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, urlOf(town.server, 0)+path, strings.NewReader(body))
	if err != nil {
		town.Fatal(err)
	}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	if p.header != "" {
		r.Header.Set("Authorization", p.header)
	}
	if p.cookie != "" {
		r.Header.Set("Cookie", p.cookie)
		r.Header.Set("Origin", urlOf(town.server, 0)) // as browsers do
	}
	if strings.HasPrefix(path, "/api") && method != "GET" {
		r.Header.Set("Content-Type", "application/json")
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		town.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	var text bytes.Buffer
	for piece := make([]byte, 4096); response.StatusCode != 200 || until == "" || !strings.Contains(text.String(), until); {
		n, err := response.Body.Read(piece)
		text.Write(piece[:n])
		if err == io.EOF {
			break
		}
		if err != nil {
			town.Fatalf("%s %s: %v after %s", method, path, err, text.String())
		}
	}
	return got{response.StatusCode, text.String(), town.since(before)}
}

func (town *town) written() uint64 {
	if page := town.newest(1); len(page) > 0 {
		return page[0].N
	}
	return 0
}

func (town *town) newest(n int) []wire.TrailEntry {
	page, err := town.trail.Query(town.Context(), audit.Query{Limit: n})
	if err != nil {
		town.Fatal(err)
	}
	return page.Entries
}

// since gives the lines after one, but for those that count strangers, which come
// when they come.
func (town *town) since(before uint64) []wire.TrailEntry {
	return slices.DeleteFunc(town.newest(20), func(e wire.TrailEntry) bool { return e.N <= before || e.Count > 0 })
}

// mustNotTell fails if somebody was told what they must not know.
func (town *town) mustNotTell(p *person, what, text string) {
	town.Helper()
	for _, word := range p.unseen {
		if strings.Contains(text, word) {
			town.Errorf("%s: %s reads %q: %s", what, p.name, word, text)
		}
	}
}

// row is one route, asked for by everybody. NAME in its path and body stands for
// a name: each row is tried with one inside, with those that are hidden from all
// but the administrator, and with one that does not exist.
type row struct {
	route  string // as the router knows it
	path   string
	body   string
	want   string // statuses: guest viewer viewer-outside operator operator-outside admin token link
	has    string // in each answer of 2xx
	admins bool   // has is for the administrator alone
	change bool
	quiet  bool // a 404 is no refusal
	stream bool
	accept string
	logsIn bool   // a browser that sends a password gets a session
	user   string // whom the line names, if not who asks
}

var (
	everybody   = "200 200 200 200 200 200 200 200"
	known       = "401 200 200 200 200 200 200 200"
	onlyAdmin   = "401 403 403 403 403 200 403 403"
	onlyAdminOf = "401 403 404 403 404 200 403 403"
	whoSees     = "401 200 404 200 404 200 200 200"
	whoReads    = "401 200 404 200 404 200 200 403"
	whoOrders   = "401 403 404 202 404 202 202 403"
	whoRestart  = "401 403 404 202 404 202 202 202"
)

var rows = []row{
	{route: "GET /ok.html", want: known, has: "OK"},
	{route: "HEAD /ok.html", want: known},
	{route: "POST /ok.html", want: known, has: "OK"},
	{route: "ANY /", want: known, has: "boot"},
	{route: "ANY /", want: everybody, has: "boot", accept: "text/html", logsIn: true},
	{route: "ANY /*", path: "/process/insider:api", want: everybody, has: "boot", accept: "text/html", logsIn: true},
	{route: "ANY /index.html", want: "401 303 303 303 303 303 303 303"},
	{route: "ANY /index.html", path: "/index.html?action=stop&processname=NAME", want: "401 410 410 410 410 410 410 410"},
	{route: "ANY /tail.html", path: "/tail.html?processname=NAME", want: "401 303 303 303 303 303 303 303"},
	{route: "ANY /stylesheets/*", path: "/stylesheets/supervisor.css", want: "401 410 410 410 410 410 410 410"},
	{route: "ANY /images/*", path: "/images/state0.gif", want: "401 410 410 410 410 410 410 410"},
	{route: "ANY /link/*", path: "/link/unknown", want: "404 404 404 404 404 404 404 404", quiet: true},
	{route: "GET /live", want: "401 400 400 400 400 400 400 400"},
	{route: "GET /metrics", want: known, has: "supervisor_info"},
	{route: "GET /metrics", want: known, has: `supervisor_process_cpu_seconds_total{group="canary",name="main"} 1.5`, admins: true},
	{route: "ANY /logtail*", path: "/logtail/NAME", want: whoReads, has: "words of insider api", stream: true},
	{route: "ANY /mainlogtail*", path: "/mainlogtail", want: onlyAdmin, has: "main log", stream: true},

	{route: "GET /api/v1/identity", want: known, has: "the village"},
	{route: "GET /api/v1/identity", want: known, has: "canary has no disk", admins: true},
	{route: "GET /api/v1/processes", want: known, has: `"epoch"`},
	{route: "GET /api/v1/processes/{name}", path: "/api/v1/processes/NAME", want: whoSees, has: `"group":"insider"`},
	{route: "GET /api/v1/processes/{name}/metrics", path: "/api/v1/processes/NAME/metrics", want: whoSees, has: `"cpu":[7]`},
	{route: "GET /api/v1/processes", want: known, has: `"usage"`},
	{route: "GET /api/v1/pools", want: known, has: `{"pools":[`},
	{route: "GET /api/v1/pools", want: known, has: `"said":"'canary-said`, admins: true},
	{route: "GET /api/v1/processes/{name}/settings", path: "/api/v1/processes/NAME/settings", want: onlyAdminOf, has: `{"name":"API_TOKEN","value":"***","hidden":true},{"name":"MODE","value":"fast"}`},
	{route: "GET /api/v1/processes/{name}/settings", path: "/api/v1/processes/NAME/settings", want: onlyAdminOf, has: `{"name":"environment","variable":"API_TOKEN","value":"***","hidden":true,"file":"/etc/village.conf","line":5}`},
	{route: "POST /api/v1/processes/{name}/reveal", path: "/api/v1/processes/NAME/reveal", body: `{"variable":"MODE","reason":"because"}`, want: onlyAdminOf, has: `-command --token=***`, change: true},
	{route: "GET /api/v1/processes/{name}/lives", path: "/api/v1/processes/NAME/lives", want: whoSees, has: `"signal":"SIGSEGV"`},
	{route: "GET /api/v1/processes/{name}/crashes", path: "/api/v1/processes/NAME/crashes", want: whoReads, has: `"crash":1`},
	{route: "GET /api/v1/processes/{name}/crashes/{id}", path: "/api/v1/processes/NAME/crashes/1", want: whoReads, has: "last words of insider api"},
	{route: "GET /api/v1/processes/{name}/crashes/{id}", path: "/api/v1/processes/NAME/crashes/last", want: whoReads, has: `"meaning":{"code":"fault"`},
	{route: "GET /api/v1/log/{name}/{channel}", path: "/api/v1/log/NAME/stdout", want: whoReads, has: "words of insider api"},
	{route: "GET /api/v1/log/{name}/{channel}/raw", path: "/api/v1/log/NAME/stdout/raw", want: whoReads, has: "words of insider api"},
	{route: "GET /api/v1/log/{name}/{channel}/files", path: "/api/v1/log/NAME/stdout/files", want: whoReads, has: `"files":[{`},
	{route: "GET /api/v1/log/{name}/{channel}/search", path: "/api/v1/log/NAME/stdout/search?q=words", want: whoReads, has: "words of insider api"},
	{route: "GET /api/v1/log/{name}/{channel}/filtered", path: "/api/v1/log/NAME/stdout/filtered?q=words", want: whoReads, has: "words of insider api"},
	{route: "GET /api/v1/log/{name}/archive", path: "/api/v1/log/NAME/archive", want: whoReads},
	{route: "GET /api/v1/log/{name}/archive", path: "/api/v1/log/GROUP:*/archive", want: whoReads},
	{route: "GET /api/v1/merged", path: "/api/v1/merged?source=NAME/stdout", want: whoReads, has: "words of insider api"},
	{route: "GET /api/v1/merged", path: "/api/v1/merged?source=NAME/stdout&source=mainlog", want: onlyAdminOf, has: "main log"},
	{route: "GET /api/v1/mainlog/files", want: onlyAdmin, has: `"files":[{`},
	{route: "GET /api/v1/mainlog/search", path: "/api/v1/mainlog/search?q=main", want: onlyAdmin, has: "main log"},
	{route: "GET /api/v1/mainlog/filtered", path: "/api/v1/mainlog/filtered?q=main", want: onlyAdmin, has: "main log"},
	{route: "GET /api/v1/mainlog/archive", want: onlyAdmin},
	{route: "GET /api/v1/mainlog", want: onlyAdmin, has: "main log"},
	{route: "GET /api/v1/mainlog/raw", want: onlyAdmin, has: "main log"},
	{route: "GET /api/v1/activity", want: known, has: `"SUPERVISOR_STATE_CHANGE_RUNNING"`},
	{route: "GET /api/v1/activity", path: "/api/v1/activity?type=state", want: known, has: `"canary"`, admins: true},
	{route: "GET /api/v1/events", path: "/api/v1/events?after=e-0", want: known, has: "SUPERVISOR_STATE_CHANGE_RUNNING", stream: true},
	{route: "GET /api/v1/openapi.json", want: known, has: `"/processes/{name}/restart"`},
	{route: "GET /api/v1/reference", want: known, has: "/processes/{name}/restart"},
	{route: "GET /api/v1/reference.css", want: known, has: "font"},
	{route: "GET /api/v1/audit", want: "401 403 403 200 200 200 200 403", has: "entries"},
	{route: "GET /api/v1/audit/verify", want: onlyAdmin, has: `"ok":true`},

	{route: "POST /api/v1/session", body: `{"user":"viewer","password":"secret"}`, want: everybody, has: `"name":"viewer"`, change: true, user: "viewer"},
	{route: "DELETE /api/v1/session", want: everybody, has: "{}"},
	{route: "GET /api/v1/session", want: known, has: `"caps"`},
	{route: "PUT /api/v1/session/password", body: `{"old":"secret","new":"correct horse"}`, want: "401 409 409 409 409 409 403 403"},
	{route: "GET /api/v1/sessions", want: known, has: "sessions"},
	{route: "GET /api/v1/sessions", path: "/api/v1/sessions?all=1", want: onlyAdmin, has: `"user":"viewer"`},
	{route: "DELETE /api/v1/sessions/{id}", path: "/api/v1/sessions/x", want: "401 404 404 404 404 404 404 404", quiet: true},
	{route: "DELETE /api/v1/sessions", want: known, has: "ended", change: true},
	{route: "GET /api/v1/users", want: onlyAdmin, has: `"operator"`},
	{route: "PUT /api/v1/users/{name}", path: "/api/v1/users/newcomer", body: `{"role":"viewer","programs":["canary"]}`, want: onlyAdmin, has: "newcomer", change: true},
	{route: "DELETE /api/v1/users/{name}", path: "/api/v1/users/newcomer", want: onlyAdmin, has: "{}", change: true},
	{route: "GET /api/v1/tokens", want: onlyAdmin, has: `"link"`},
	{route: "POST /api/v1/tokens", body: `{"name":"robot","role":"viewer","programs":["canary"]}`, want: onlyAdmin, has: "sup_", change: true},
	{route: "DELETE /api/v1/tokens/{name}", path: "/api/v1/tokens/robot", want: onlyAdmin, has: "{}", change: true},

	{route: "GET /api/v1/links", want: known, has: `{"links":[`},
	{route: "GET /api/v1/links", path: "/api/v1/links?all=1", want: onlyAdmin, has: `{"links":[`},
	{route: "POST /api/v1/links", body: `{"programs":["NAME"],"actions":["restart"],"expires":"1h"}`, want: "401 403 403 200 404 200 200 403", has: "/link/", change: true},
	{route: "DELETE /api/v1/links/{id}", path: "/api/v1/links/x", want: "401 404 404 404 404 404 404 404", quiet: true},

	{route: "POST /api/v1/processes/{name}/start", path: "/api/v1/processes/NAME/start", want: whoOrders, has: "seq", change: true},
	{route: "POST /api/v1/processes/{name}/stop", path: "/api/v1/processes/NAME/stop", want: whoOrders, has: "seq", change: true},
	{route: "POST /api/v1/processes/{name}/restart", path: "/api/v1/processes/NAME/restart", want: whoRestart, has: "seq", change: true},
	{route: "POST /api/v1/processes/{name}/signal", path: "/api/v1/processes/NAME/signal", body: `{"signal":"HUP"}`, want: whoOrders, has: "seq", change: true},
	{route: "POST /api/v1/processes/{name}/stdin", path: "/api/v1/processes/NAME/stdin", body: `{"text":"help\n"}`, want: strings.Replace(onlyAdminOf, "200", "202", 1), has: "seq", change: true},
	{route: "POST /api/v1/processes/{name}/clear-logs", path: "/api/v1/processes/NAME/clear-logs", want: whoOrders, has: "seq", change: true},
	{route: "POST /api/v1/groups/{group}/start", path: "/api/v1/groups/GROUP/start", want: whoOrders, has: "insider", change: true},
	{route: "POST /api/v1/groups/{group}/stop", path: "/api/v1/groups/GROUP/stop", want: whoOrders, has: "insider", change: true},
	{route: "POST /api/v1/groups/{group}/restart", path: "/api/v1/groups/GROUP/restart", want: whoRestart, has: "seq", change: true},
	{route: "POST /api/v1/all/start", want: "401 403 403 202 202 202 202 403", has: "results", change: true},
	{route: "POST /api/v1/all/stop", want: "401 403 403 202 202 202 202 403", has: "results", change: true},
	{route: "POST /api/v1/all/restart", want: "401 403 403 202 202 202 202 202", has: "seq", change: true},
	{route: "GET /api/v1/config/preview", want: onlyAdmin, has: "canary-new"},
	{route: "GET /api/v1/config/files", want: onlyAdmin, has: `"verdict":"error","file":"/etc/canary.conf","line":1`},
	{route: "GET /api/v1/plugins", want: onlyAdmin, has: `"plugins":[`},
	{route: "GET /api/v1/about", want: onlyAdmin, has: `"section":"inet_http_server"`},
	{route: "POST /api/v1/config/reread", want: onlyAdmin, has: "canary-new", change: true},
	{route: "POST /api/v1/config/update", body: `{"reason":"because"}`, want: onlyAdmin, has: "canary-new", change: true},
	{route: "POST /api/v1/mainlog/clear", want: strings.Replace(onlyAdmin, "200", "202", 1), has: "seq", change: true},
	{route: "POST /api/v1/shutdown", want: strings.Replace(onlyAdmin, "200", "202", 1), has: "seq", change: true},
	{route: "POST /api/v1/reload", want: strings.Replace(onlyAdmin, "200", "202", 1), has: "seq", change: true},
}

func TestEveryRouteAnswersEverybodyAsTheyMayBeAnswered(t *testing.T) {
	town := newTown(t)
	for _, row := range rows {
		method, path, _ := strings.Cut(row.route, " ")
		if method == "ANY" {
			method = "GET"
		}
		if row.path != "" {
			path = row.path
		}
		t.Run(row.route, func(t *testing.T) {
			town := *town
			town.T = t
			town.tryEverybody(row, method, path)
		})
	}
}

func (town *town) tryEverybody(row row, method, path string) {
	wants := strings.Fields(row.want)
	for i, p := range town.people {
		town.try(row, method, path, p, wants[i])
	}
}

func (town *town) try(row row, method, path string, p *person, want string) {
	named := strings.Contains(path+row.body, "NAME") || strings.Contains(path, "GROUP")
	send := func(name string) got {
		group, _, _ := strings.Cut(name, ":")
		fill := strings.NewReplacer("NAME", name, "GROUP", group)
		until := ""
		if row.stream {
			until = row.has
		}
		answer := town.ask(p, method, fill.Replace(path), fill.Replace(row.body), until, row.accept)
		answer.body = strings.NewReplacer(name, "NAME", group, "GROUP").Replace(answer.body)
		return answer
	}
	name := "insider:api"
	answer := send(name)
	if fmt.Sprint(answer.status) != want {
		town.Errorf("%s: %d, want %s: %s", p.name, answer.status, want, answer.body)
	}
	has := strings.NewReplacer("insider:api", "NAME", "insider", "GROUP").Replace(row.has)
	mayHave := !row.admins || p.name == "admin"
	if answer.status/100 == 2 && strings.Contains(answer.body, has) != mayHave {
		town.Errorf("%s: has %q: %v: %s", p.name, has, !mayHave, answer.body)
	}
	town.mustNotTell(p, "inside", answer.body)
	town.leftLines(row, p, answer)
	if !named || p.name == "guest" {
		return
	}
	unknown := send("nobody:here")
	for _, hidden := range []string{name, "canary:main", "mixed:canary", "elsewhere:x"} {
		asked := hidden
		if strings.Contains(path, "GROUP") {
			asked, _, _ = strings.Cut(hidden, ":")
		}
		if p.knows(asked) {
			continue
		}
		answer := send(hidden)
		if answer.status != unknown.status || answer.body != unknown.body {
			town.Errorf("%s tells %s from what does not exist:\n%d %s\n%d %s", p.name, hidden, answer.status, answer.body, unknown.status, unknown.body)
		}
		town.leftLines(row, p, answer)
	}
	if strings.Contains(path, "GROUP") && p.knows("mixed") { // a group of which one is hidden
		town.mustNotTell(p, "a part of a group", send("mixed:api").body)
	}
}

// leftLines looks at what is in the trail: one line for each change and for each
// attempt that was refused, none for a look.
func (town *town) leftLines(row row, p *person, answer got) {
	town.Helper()
	if p.name == "guest" || row.logsIn {
		return // strangers are counted together
	}
	want := ""
	switch {
	case answer.status == 403, answer.status == 404 && !row.quiet:
		want = "refused"
	case row.change:
		want = "ok"
	}
	if want == "" && len(answer.lines) == 0 {
		return
	}
	if len(answer.lines) != 1 || answer.lines[0].Result != want || answer.lines[0].User != cmp.Or(row.user, p.name) {
		town.Errorf("%s, answered %d, left in the trail: %+v, want one line: %q", p.name, answer.status, answer.lines, want)
		return
	}
	if row.body != "" && strings.Contains(row.body, "because") && answer.lines[0].Reason != "because" {
		town.Errorf("%s: the reason is not in the trail: %+v", p.name, answer.lines)
	}
}

// TestNoRouteIsWithoutARow fails when a route is added that nobody has asked who
// may use it.
func TestNoRouteIsWithoutARow(t *testing.T) {
	town := newTown(t)
	routes, ok := town.server.router(http.NotFoundHandler()).(chi.Routes)
	if !ok {
		t.Fatal("the router cannot be walked")
	}
	methods := map[string][]string{}
	if err := chi.Walk(routes, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		methods[route] = append(methods[route], method)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for route, list := range methods {
		route = strings.ReplaceAll(route, "/*/", "/")
		if slices.Contains(list, "CONNECT") {
			list = []string{"ANY"}
		}
		for _, method := range list {
			found[method+" "+route] = true
		}
	}
	tried := map[string]bool{"ANY /RPC2*": true} // TestEveryMethod...
	for _, row := range rows {
		tried[row.route] = true
	}
	for route := range found {
		if !tried[route] {
			t.Errorf("%s: no row says who may use it", route)
		}
	}
	described := map[string]bool{}
	for _, o := range api.Operations() {
		described[o.Method+" /api/v1"+o.Path] = true
	}
	for route := range found {
		if strings.Contains(route, "/api/v1/") && !described[route] {
			t.Errorf("%s is not among api.Operations, and so not described", route)
		}
	}
	for route := range described {
		if !found[route] {
			t.Errorf("%s is described, and is not there", route)
		}
	}
	for route := range tried {
		if !found[route] {
			t.Errorf("%s is in the table, and nowhere else", route)
		}
	}
}

// call is one method of XML-RPC, asked for by everybody: what they get is ok, or
// the beginning of a fault.
type call struct {
	method string
	args   string // NAME and GROUP as in row; a number, true or a text, blanks between
	want   string // viewer viewer-outside operator operator-outside admin token link
	has    string // as in row
	admins bool
	change bool
}

var (
	allOK      = "ok ok ok ok ok ok ok"
	adminOK    = "FORBIDDEN FORBIDDEN FORBIDDEN FORBIDDEN ok FORBIDDEN FORBIDDEN"
	seesOK     = "ok BAD_NAME ok BAD_NAME ok ok ok"
	readsOK    = "ok BAD_NAME ok BAD_NAME ok ok FORBIDDEN"
	ordersOK   = "FORBIDDEN BAD_NAME ok BAD_NAME ok ok FORBIDDEN"
	ordersAll  = "FORBIDDEN FORBIDDEN ok ok ok ok FORBIDDEN"
	adminSeeOK = "FORBIDDEN BAD_NAME FORBIDDEN BAD_NAME ok FORBIDDEN FORBIDDEN"
)

var calls = []call{
	{method: "supervisor.getAPIVersion", want: allOK},
	{method: "supervisor.getVersion", want: allOK},
	{method: "supervisor.getSupervisorVersion", want: allOK},
	{method: "supervisor.getIdentification", want: allOK, has: "the village"},
	{method: "supervisor.getState", want: allOK, has: "RUNNING"},
	{method: "supervisor.getPID", want: allOK, has: "4711"},
	{method: "supervisor.readLog", args: "0 0", want: adminOK, has: "main log"},
	{method: "supervisor.readMainLog", args: "0 0", want: adminOK, has: "main log"},
	{method: "supervisor.clearLog", want: adminOK, change: true},
	{method: "supervisor.shutdown", want: adminOK, change: true},
	{method: "supervisor.restart", want: adminOK, change: true},
	{method: "supervisor.reloadConfig", want: adminOK, has: "canary-new", change: true},
	{method: "supervisor.addProcessGroup", args: "GROUP", want: adminOK, change: true},
	{method: "supervisor.removeProcessGroup", args: "GROUP", want: adminOK, change: true},
	{method: "supervisor.getAllConfigInfo", want: allOK, has: "-command --token=***", admins: true},
	{method: "supervisor.getAllConfigInfo", want: allOK, has: "startsecs"},
	{method: "supervisor.getProcessInfo", args: "NAME", want: seesOK, has: "uptime"},
	{method: "supervisor.getAllProcessInfo", want: allOK, has: "uptime"},
	{method: "supervisor.startProcess", args: "NAME", want: ordersOK, change: true},
	{method: "supervisor.startProcess", args: "GROUP:*", want: ordersOK, change: true},
	{method: "supervisor.startProcessGroup", args: "GROUP", want: ordersOK, change: true},
	{method: "supervisor.startAllProcesses", want: ordersAll, change: true},
	{method: "supervisor.stopProcess", args: "NAME", want: ordersOK, change: true},
	{method: "supervisor.stopProcess", args: "GROUP:*", want: ordersOK, change: true},
	{method: "supervisor.stopProcessGroup", args: "GROUP", want: ordersOK, change: true},
	{method: "supervisor.stopAllProcesses", want: ordersAll, change: true},
	{method: "supervisor.signalProcess", args: "NAME HUP", want: ordersOK, change: true},
	{method: "supervisor.signalProcess", args: "GROUP:* HUP", want: ordersOK, change: true},
	{method: "supervisor.signalProcessGroup", args: "GROUP HUP", want: ordersOK, change: true},
	{method: "supervisor.signalAllProcesses", args: "HUP", want: ordersAll, change: true},
	{method: "supervisor.readProcessStdoutLog", args: "NAME 0 0", want: readsOK, has: "words of GROUP"},
	{method: "supervisor.readProcessLog", args: "NAME 0 0", want: readsOK, has: "words of GROUP"},
	{method: "supervisor.readProcessStderrLog", args: "NAME 0 0", want: strings.ReplaceAll(readsOK, "ok", "NO_FILE")},
	{method: "supervisor.tailProcessStdoutLog", args: "NAME 0 100", want: readsOK, has: "words of GROUP"},
	{method: "supervisor.tailProcessLog", args: "NAME 0 100", want: readsOK, has: "words of GROUP"},
	{method: "supervisor.tailProcessStderrLog", args: "NAME 0 100", want: readsOK},
	{method: "supervisor.clearProcessLogs", args: "NAME", want: ordersOK, change: true},
	{method: "supervisor.clearProcessLog", args: "NAME", want: ordersOK, change: true},
	{method: "supervisor.clearAllProcessLogs", want: ordersAll, change: true},
	{method: "supervisor.sendProcessStdin", args: "NAME text", want: adminSeeOK, change: true},
	{method: "supervisor.sendRemoteCommEvent", args: "kind data", want: adminOK, change: true},
	{method: "system.listMethods", want: allOK, has: "supervisor.getState"},
	{method: "system.listMethods", want: allOK, has: "supervisor.shutdown", admins: true},
	{method: "system.methodHelp", args: "supervisor.getState", want: allOK, has: "state"},
	{method: "system.methodSignature", args: "supervisor.getState", want: allOK, has: "struct"},
}

// xml writes a call, as Python's client would.
func (c call) xml(name string) string {
	group, _, _ := strings.Cut(name, ":")
	var b strings.Builder
	for _, arg := range strings.Fields(strings.NewReplacer("NAME", name, "GROUP", group).Replace(c.args)) {
		kind := "string"
		if strings.Trim(arg, "0123456789") == "" {
			kind = "int"
		}
		fmt.Fprintf(&b, "<param><value><%s>%s</%s></value></param>", kind, arg, kind)
	}
	return "<methodCall><methodName>" + c.method + "</methodName><params>" + b.String() + "</params></methodCall>"
}

// within writes the same call as the only one of a multicall.
func (c call) within(name string) string {
	single := c.xml(name)
	_, params, _ := strings.Cut(single, "<params>")
	params, _, _ = strings.Cut(params, "</params>")
	params = strings.NewReplacer("<param>", "", "</param>", "").Replace(params)
	return "<methodCall><methodName>system.multicall</methodName><params><param><value><array><data><value><struct>" +
		"<member><name>methodName</name><value><string>" + c.method + "</string></value></member>" +
		"<member><name>params</name><value><array><data>" + params + "</data></array></value></member>" +
		"</struct></value></data></array></value></param></params></methodCall>"
}

// outcome is "ok" or the name of the fault.
func outcome(body string) string {
	_, after, found := strings.Cut(body, "<name>faultString</name>")
	if !found {
		return "ok"
	}
	_, after, _ = strings.Cut(after, "<string>")
	after, _, _ = strings.Cut(after, "</string>")
	after, _, _ = strings.Cut(after, ":")
	return after
}

func TestEveryMethodAnswersEverybodyAsTheyMayBeAnswered(t *testing.T) {
	town := newTown(t)
	for _, c := range calls {
		for _, way := range []struct {
			name  string
			write func(call, string) string
		}{{"", call.xml}, {" in a multicall", call.within}} {
			t.Run(c.method+" "+c.args+way.name, func(t *testing.T) {
				town := *town
				town.T = t
				town.callByEverybody(c, way.write)
			})
		}
	}
}

func (town *town) callByEverybody(c call, write func(call, string) string) {
	if answer := town.ask(town.people[0], "POST", "/RPC2", write(c, "insider:api"), "", ""); answer.status != 401 {
		town.Errorf("a guest is answered %d %s", answer.status, answer.body)
	}
	named := strings.Contains(c.args, "NAME") || strings.Contains(c.args, "GROUP")
	for i, p := range town.people[1:] {
		want := strings.Fields(c.want)[i]
		send := func(name string) got {
			answer := town.ask(p, "POST", "/RPC2", write(c, name), "", "")
			group, _, _ := strings.Cut(name, ":")
			answer.body = strings.NewReplacer(name, "NAME", group, "GROUP").Replace(answer.body)
			return answer
		}
		answer := send("insider:api")
		if answer.status != 200 || outcome(answer.body) != want {
			town.Errorf("%s: %d %s, want %s: %s", p.name, answer.status, outcome(answer.body), want, answer.body)
		}
		mayHave := !c.admins || p.name == "admin"
		if want == "ok" && strings.Contains(answer.body, c.has) != mayHave {
			town.Errorf("%s: has %q: %v: %s", p.name, c.has, !mayHave, answer.body)
		}
		town.mustNotTell(p, c.method, answer.body)
		town.leftLine(c, p, answer)
		if !named || strings.HasSuffix(c.method, "ProcessGroup") && want == "FORBIDDEN" {
			continue
		}
		unknown := send("nobody:here")
		for _, hidden := range []string{"insider:api", "canary:main", "mixed:canary", "elsewhere:x"} {
			asked := hidden
			if strings.Contains(c.args, "GROUP") {
				asked, _, _ = strings.Cut(hidden, ":")
			}
			if p.knows(asked) {
				continue
			}
			answer := send(hidden)
			if answer.status != unknown.status || answer.body != unknown.body {
				town.Errorf("%s tells %s from what does not exist:\n%d %s\n%d %s", p.name, hidden, answer.status, answer.body, unknown.status, unknown.body)
			}
			town.leftLine(c, p, answer)
		}
		if strings.Contains(c.args, "GROUP") && p.knows("mixed") {
			town.mustNotTell(p, "a part of a group", send("mixed:api").body)
		}
	}
}

func (town *town) leftLine(c call, p *person, answer got) {
	town.Helper()
	want := ""
	switch what := outcome(answer.body); {
	case what == "FORBIDDEN", what == "BAD_NAME":
		want = "refused"
	case c.change:
		want = "ok"
	}
	if want == "" && len(answer.lines) == 0 {
		return
	}
	if len(answer.lines) != 1 || answer.lines[0].Result != want || answer.lines[0].User != p.name {
		town.Errorf("%s left in the trail: %+v, want one line: %q", p.name, answer.lines, want)
	}
}

func TestNoMethodIsWithoutARow(t *testing.T) {
	town := newTown(t)
	admin := town.people[5]
	list := town.ask(admin, "POST", "/RPC2", call{method: "system.listMethods"}.xml(""), "", "").body
	tried := map[string]bool{"system.multicall": true} // every call is tried within one
	for _, c := range calls {
		tried[c.method] = true
	}
	for part := range strings.SplitSeq(list, "<string>") {
		method, _, found := strings.Cut(part, "</string>")
		if found && !tried[method] {
			t.Errorf("%s: no row says who may call it", method)
		}
		delete(tried, method)
	}
	for method := range tried {
		t.Errorf("%s is in the table, and nowhere else", method)
	}
}

// topics is what everybody is told over the live socket: ok, or the status of
// the refusal.
var topics = []struct {
	topic wire.Topic
	want  string // viewer viewer-outside operator operator-outside admin token link
	has   string // in the first frame for the administrator
}{
	{wire.TopicState, allOK, `"order":"restart","by":"gravedigger"`},
	{wire.TopicServer, allOK, "canary has no disk"},
	{wire.TopicMetrics, allOK, `"ids":[1,2,3,4,5,6]`},
	{wire.TopicEvents, allOK, `"entries":[]`}, // and see below
	{wire.TopicLog, "ok 404 ok 404 ok ok 403", "words of insider api"},
	{wire.TopicMainLog, "403 403 403 403 ok 403 403", "main log"},
}

func TestEveryTopicTellsEverybodyWhatTheyMayKnow(t *testing.T) {
	town := newTown(t)
	for _, topic := range topics {
		for i, p := range town.people[1:] {
			t.Run(string(topic.topic)+" "+p.name, func(t *testing.T) {
				town := *town
				town.T = t
				want := strings.Fields(topic.want)[i]
				before := town.written()
				frames := town.subscribe(p, topic.topic, "insider:api")
				outcome, told := frames[0], strings.Join(frames, "\n")
				if outcome != want {
					t.Errorf("%s, want %s", outcome, want)
				}
				town.mustNotTell(p, "live", strings.ReplaceAll(told, "insider:api", "NAME"))
				if p.name == "admin" && !strings.Contains(told, topic.has) {
					t.Errorf("the administrator reads %s", told)
				}
				if topic.topic == wire.TopicMetrics {
					town.figuresAreOf(p, frames[2])
				}
				lines := town.since(before)
				if refused := want != "ok"; refused != (len(lines) == 1) || refused && lines[0].Result != "refused" {
					t.Errorf("in the trail: %+v", lines)
				}
				if topic.topic != wire.TopicLog || p.name == "admin" {
					return
				}
				unknown := strings.ReplaceAll(strings.Join(town.subscribe(p, topic.topic, "nobody:here"), "\n"), "nobody:here", "NAME")
				for _, hidden := range []string{"canary:main", "mixed:canary"} {
					told := strings.ReplaceAll(strings.Join(town.subscribe(p, topic.topic, hidden), "\n"), hidden, "NAME")
					if told != unknown {
						t.Errorf("%s is told from what does not exist: %s\n%s", hidden, told, unknown)
					}
				}
			})
		}
	}
	for _, topic := range wire.Topic("").Values() {
		if !slices.ContainsFunc(topics, func(row struct {
			topic wire.Topic
			want  string
			has   string
		}) bool {
			return string(row.topic) == topic
		}) {
			t.Errorf("%s: no row says who may subscribe", topic)
		}
	}
}

// figuresAreOf looks whether a frame has the rows that somebody may see: there are
// no names in it that would tell.
func (town *town) figuresAreOf(p *person, frame string) {
	town.Helper()
	var got struct {
		IDs []int `json:"ids"`
	}
	if err := json.Unmarshal([]byte(frame), &got); err != nil {
		town.Fatal(err)
	}
	var want []int
	for i, name := range villagers {
		if p.knows(name) {
			want = append(want, i+1)
		}
	}
	if !slices.Equal(got.IDs, want) {
		town.Errorf("%s: figures of %v, want %v", p.name, got.IDs, want)
	}
}

// subscribe gives what became of a subscription, "ok" or a status, and the first
// frame it brings.
func (town *town) subscribe(p *person, topic wire.Topic, name string) []string {
	town.Helper()
	return town.follow(p, map[string]any{"topic": topic, "proc": name, "ch": "stdout", "ids": []int{1, 2, 3, 4, 5, 6}})
}

// follow is subscribe for whoever asks for more than a topic.
func (town *town) follow(p *person, asked map[string]any) []string {
	town.Helper()
	address := "ws://" + town.server.Addrs()[0].String() + "/live"
	dialer := websocket.Dialer{Subprotocols: []string{"supervisor.v1"}}
	socket, _, err := dialer.DialContext(town.Context(), address, http.Header{"Authorization": {p.header}})
	if err != nil {
		town.Fatal(err)
	}
	defer socket.Close()
	if err := socket.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		town.Fatal(err)
	}
	say := func(frame map[string]any) {
		if err := socket.WriteJSON(frame); err != nil {
			town.Fatal(err)
		}
	}
	hear := func() (kind string, code int, text string) {
		_, frame, err := socket.ReadMessage()
		if err != nil {
			town.Fatal(err)
		}
		var f struct {
			T    string `json:"t"`
			Code int    `json:"code"`
		}
		if err := json.Unmarshal(frame, &f); err != nil {
			town.Fatalf("%v: %s", err, frame)
		}
		return f.T, f.Code, string(frame)
	}
	say(map[string]any{"t": "hello", "v": wire.Version})
	if kind, _, text := hear(); kind != "welcome" {
		town.Fatalf("not welcome: %s", text)
	}
	asked["t"], asked["id"] = "sub", 1
	say(asked)
	kind, code, text := hear()
	if kind == "err" {
		return []string{fmt.Sprint(code), text}
	}
	_, _, first := hear()
	return []string{"ok", text, first}
}

// What happens is told as it happens by the rules by which it is told afterwards,
// line by line.
func TestTheEventsTellEverybodyWhatTheActivityTellsThem(t *testing.T) {
	town := newTown(t)
	admin := town.who("admin")
	var from wire.Happened
	if err := json.Unmarshal([]byte(town.subscribe(admin, wire.TopicEvents, "")[2]), &from); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		"processes/canary:main/restart", "groups/mixed/stop", "all/restart", "processes/insider:worker/stop", "processes/insider:api/restart", "reload",
	} {
		for _, name := range []string{"admin", "operator", "operator-outside", "link"} {
			town.ask(town.who(name), "POST", "/api/v1/"+path, `{"reason":"the plan"}`, "", "")
		}
	}
	for _, query := range []url.Values{
		{}, {"user": {"operator"}}, {"program": {"insider:*"}}, {"type": {"trouble"}}, {"type": {"state"}}, {"user": {"link"}, "program": {"*:api"}, "type": {"act"}},
	} {
		told := 0
		for _, p := range town.people[1:] {
			query.Set("limit", "1000")
			var past wire.Activity
			answer := town.ask(p, "GET", "/api/v1/activity?"+query.Encode(), "", "", "")
			if err := json.Unmarshal([]byte(answer.body), &past); err != nil {
				t.Fatal(err)
			}
			// The village has always had its changes; the hub has heard of none.
			want := slices.DeleteFunc(past.Entries, func(e wire.ActivityEntry) bool { return e.Act == nil })
			slices.Reverse(want)
			asked := map[string]any{
				"topic": wire.TopicEvents, "from": map[string]any{"epoch": from.Epoch, "seq": from.Seq},
				"program": query.Get("program"), "user": query.Get("user"),
			}
			if kinds := query.Get("type"); kinds != "" {
				asked["types"] = strings.Split(kinds, ",")
			}
			frames := town.follow(p, asked)
			var now wire.Happened
			if err := json.Unmarshal([]byte(frames[2]), &now); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(now.Entries, want) || now.Missed {
				t.Errorf("%v: %s is told %s\nand reads %s", query, p.name, frames[2], answer.body)
			}
			told += len(want)
			town.mustNotTell(p, "events", frames[2])
		}
		if told == 0 != (query.Get("type") == "state") {
			t.Errorf("%v: %d entries for all", query, told)
		}
	}
	for wrong, field := range map[string]any{"program": "[", "types": []string{"weather"}} {
		if frames := town.follow(admin, map[string]any{"topic": wire.TopicEvents, wrong: field}); frames[0] != "400" {
			t.Errorf("%s: %v", wrong, frames)
		}
	}
}

func (town *town) who(name string) *person {
	return town.people[slices.IndexFunc(town.people, func(p *person) bool { return p.name == name })]
}

func TestASecretIsToldToTheAdministratorWhoAsksForItAndThatIsWrittenDown(t *testing.T) {
	town := newTown(t)
	for body, has := range map[string]string{
		`{"variable":"API_TOKEN"}`: `"/bin/insider-command --token=***","directory":"/srv","user":"","environment":[{"name":"API_TOKEN","value":"hunter2"},{"name":"MODE","value":"fast"},{"name":"MY_TOKEN","value":"***","hidden":true}]`,
		``:                         `--token=hunter2`,
	} {
		answer := town.ask(town.who("admin"), "POST", "/api/v1/processes/insider:api/reveal", body, "", "")
		if answer.status != 200 || !strings.Contains(answer.body, has) {
			t.Errorf("%s: %d %s", body, answer.status, answer.body)
		}
		if len(answer.lines) != 1 || answer.lines[0].Verb != "reveal" || answer.lines[0].Target != "insider:api" || strings.Contains(fmt.Sprint(answer.lines), "hunter2") {
			t.Errorf("in the trail: %+v", answer.lines)
		}
	}
	if answer := town.ask(town.who("admin"), "POST", "/api/v1/processes/insider:api/reveal", `{"variable":"X"}`, "", ""); answer.status != 404 {
		t.Errorf("%d %s", answer.status, answer.body)
	}
}

func TestTheTrailTellsOperatorsOfTheirProgramsOnly(t *testing.T) {
	town := newTown(t)
	admin := town.who("admin")
	for _, path := range []string{
		"/api/v1/processes/canary:main/restart", "/api/v1/groups/mixed/stop", "/api/v1/all/restart", "/api/v1/processes/insider:worker/stop", "/api/v1/reload",
	} {
		if answer := town.ask(admin, "POST", path, `{"reason":"the plan"}`, "", ""); answer.status != 202 || len(answer.lines) != 1 || answer.lines[0].Reason != "the plan" {
			t.Fatalf("%s: %d %s %+v", path, answer.status, answer.body, answer.lines)
		}
	}
	for name, want := range map[string]string{
		"admin":            "shutdown supervisord; stop insider:worker; everything 6 programs; stop mixed:*; restart canary:main",
		"operator":         "stop insider:worker; restart everything insider:api insider:worker mixed:api; stop mixed:* mixed:api",
		"operator-outside": "restart everything elsewhere:x",
	} {
		answer := town.ask(town.who(name), "GET", "/api/v1/audit?user=admin", "", "", "")
		town.mustNotTell(town.who(name), "the trail", answer.body)
		var page wire.Trail
		if err := json.Unmarshal([]byte(answer.body), &page); err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, e := range page.Entries {
			words := []string{e.Verb, e.Target}
			switch {
			case name == "admin" && len(e.Programs) > 2:
				words = []string{e.Target, fmt.Sprint(len(e.Programs)), "programs"}
			case name != "admin" && !slices.Equal(e.Programs, []string{e.Target}):
				words = append(words, e.Programs...)
			}
			told = append(told, strings.Join(words, " "))
			if shown := e.Addr != "" && e.Door != ""; shown != (name == "admin") {
				t.Errorf("%s sees where the administrator was: %+v", name, e)
			}
		}
		if got := strings.Join(told, "; "); got != want {
			t.Errorf("%s reads %s\nwant %s", name, got, want)
		}
	}
	minted := town.ask(admin, "POST", "/api/v1/links", `{"programs":["insider:*","canary:main"],"actions":["restart"],"expires":"1h"}`, "", "")
	read := town.ask(town.who("operator"), "GET", "/api/v1/audit?limit=1", "", "", "")
	if minted.status != 200 || !strings.Contains(read.body, `"verb":"link"`) {
		t.Errorf("minted %d, and read %s", minted.status, read.body)
	}
	town.mustNotTell(town.who("operator"), "the trail", read.body)
	if answer := town.ask(admin, "GET", "/api/v1/audit?since=yesterday", "", "", ""); answer.status != 400 {
		t.Errorf("%d %s", answer.status, answer.body)
	}
}

func TestAReasonComesWithTheHeaderToo(t *testing.T) {
	town := newTown(t)
	r, err := http.NewRequestWithContext(t.Context(), "POST", urlOf(town.server, 0)+"/RPC2", strings.NewReader(call{method: "supervisor.stopProcess", args: "NAME"}.within("insider:api")))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", town.who("operator").header)
	r.Header.Set("X-Reason", "deploy 42")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if lines := town.newest(2); len(lines) != 1 || lines[0].Reason != "deploy 42" || lines[0].Before != "RUNNING" {
		t.Errorf("%+v", lines)
	}
}
