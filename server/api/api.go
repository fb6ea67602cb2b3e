package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"runtime"
	"sync/atomic"

	"github.com/go-chi/chi/v5"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// maxBody is how much a request may bring.
const maxBody = 64 << 10

// Options of the interface.
type Options struct {
	Engine Engine
	// Metrics measures what processes use; nil for nobody.
	Metrics Metrics
	// History remembers lives and crashes; nil where nobody does.
	History History
	// Problems says what an admin should look into; nil for nothing.
	Problems func() []supervise.Problem
	// Secrets are the variables whose values are not shown unless asked for.
	Secrets supervise.Secrets
	// Files gives the configuration as it stands on the disk; nil where nobody reads
	// it.
	Files func() (supervise.ConfigView, error)
	// About tells what the server takes and allows; nil where nobody does.
	About func() wire.About
	// Plugins tells of the namespaces of XML-RPC beside the built-in ones; nil where
	// nobody does.
	Plugins func(context.Context) wire.Plugins
	// Trail is told of orders, and of what is refused; nil for none.
	Trail *audit.Log
	// Auth keeps accounts and sessions.
	Auth *auth.Authenticator
	// Address gives where browsers reach the page, with a slash at the end, for those
	// whose request does not tell; "" or nil for nowhere.
	Address func() string
	// Sign gives by what the page of the server a request came to is told from
	// others; nil for nothing.
	Sign func(*http.Request) wire.Sign
}

// api is what the handlers share.
type api struct {
	engine     Engine
	metrics    Metrics
	history    History
	trail      *audit.Log
	secrets    supervise.Secrets
	auth       *auth.Authenticator
	problems   func() []supervise.Problem
	config     func() (supervise.ConfigView, error)
	about      func() wire.About
	plugins    func(context.Context) wire.Plugins
	address    func() string
	sign       func(*http.Request) wire.Sign
	orders     *orders
	epoch      atomic.Pointer[string] // of the engine, once known
	updating   chan struct{}          // holds one token while an update is at work
	previewing chan struct{}          // likewise, of a preview
	searches   *slots
	downloads  *slots
}

// API is the interface, in parts that the caller mounts at /api/v1, each behind
// what it names. They share what is counted and remembered: places, orders.
type API struct{ *api }

// New makes the interface.
func New(o Options) API {
	a := &api{engine: o.Engine, history: o.History, metrics: o.Metrics, auth: o.Auth, trail: o.Trail, secrets: o.Secrets, problems: o.Problems, config: o.Files, about: o.About, plugins: o.Plugins, address: o.Address, orders: newOrders(o.Trail), updating: make(chan struct{}, 1), previewing: make(chan struct{}, 1)}
	if a.history == nil {
		a.history = oblivion{}
	}
	a.searches = newSlots("a search", max(2, runtime.GOMAXPROCS(0)/2), searchGrace)
	a.downloads = newSlots("a download", 4, searchGrace)
	if a.problems == nil {
		a.problems = func() []supervise.Problem { return nil }
	}
	if a.sign = o.Sign; a.sign == nil {
		a.sign = func(*http.Request) wire.Sign { return wire.Sign{} }
	}
	if a.address == nil {
		a.address = func() string { return "" }
	}
	return API{a}
}

// Routes puts on r most of the interface. It belongs behind auth.Require.
func (a *api) Routes(r chi.Router) {
	r.Use(neverStored)
	r.NotFound(reply.Handler(notFound).ServeHTTP)
	r.MethodNotAllowed(reply.Handler(notAllowed).ServeHTTP)

	get := func(path string, serve func(http.ResponseWriter, *http.Request) error) {
		r.Method(http.MethodGet, path, reply.Handler(a.noted(serve)))
	}
	get("/identity", a.identity)
	get("/processes", a.processes)
	get("/processes/{name}", a.process)
	get("/pools", a.pools)
	get("/processes/{name}/settings", a.settings)
	get("/processes/{name}/metrics", a.processMetrics)
	get("/processes/{name}/lives", a.lives)
	get("/processes/{name}/crashes", a.crashes)
	get("/processes/{name}/crashes/{id}", a.crash)
	get("/log/{name}/{channel}", a.logPage)
	get("/log/{name}/{channel}/raw", a.logRaw)
	get("/config/preview", a.preview)
	get("/config/files", a.configFiles)
	get("/about", a.tellAbout)
	get("/plugins", a.tellPlugins)
	get("/mainlog", a.mainLogPage)
	get("/mainlog/raw", a.mainLogRaw)
	get("/log/{name}/{channel}/files", a.logFiles)
	get("/mainlog/files", a.mainLogFiles)
	get("/merged", a.merged)
	get("/activity", a.activity)
	get("/audit", a.readTrail)
	get("/audit/verify", a.verifyTrail)

	post := func(path string, status int, act order) {
		r.Method(http.MethodPost, path, reply.Handler(a.orders.handler(status, act)))
	}
	for _, p := range processOrders {
		post("/processes/{name}/"+p.name, http.StatusAccepted, a.onProcess(p))
	}
	post("/processes/{name}/reveal", http.StatusOK, a.reveal)
	for _, m := range manyOrders {
		post("/groups/{group}/"+m.name, http.StatusAccepted, a.onGroup(m))
		post("/all/"+m.name, http.StatusAccepted, a.onAll(m))
	}
	post("/mainlog/clear", http.StatusAccepted, a.clearMainLog)
	post("/config/reread", http.StatusOK, a.reread)
	post("/config/update", http.StatusOK, a.update)

	reference(r)

	// Who is there, and who may be.
	get("/session", a.whoAmI)
	r.Method(http.MethodPut, "/session/password", reply.Handler(a.noted(a.ownPassword)))
	get("/sessions", a.sessions)
	r.Method(http.MethodDelete, "/sessions", reply.Handler(a.noted(a.endSessions)))
	r.Method(http.MethodDelete, "/sessions/{id}", reply.Handler(a.noted(a.endSession)))
	get("/users", a.users)
	get("/tokens", a.tokens)
	get("/links", a.links)
	change := func(method, path string, act order) {
		r.Method(method, path, reply.Handler(a.orders.handler(http.StatusOK, act)))
	}
	change(http.MethodPut, "/users/{name}", a.putUser)
	change(http.MethodDelete, "/users/{name}", a.removeUser)
	change(http.MethodPost, "/tokens", a.makeToken)
	change(http.MethodDelete, "/tokens/{name}", a.removeToken)
	change(http.MethodPost, "/links", a.mintLink)
	change(http.MethodDelete, "/links/{id}", a.revokeLink)

	post("/shutdown", http.StatusAccepted, a.shutdown)
	post("/reload", http.StatusAccepted, a.reload)
}

// Streams puts on r what is long to answer. It belongs behind auth.Require, and
// behind what ends the contexts of its requests with the server.
func (a *api) Streams(r chi.Router) {
	r.Use(neverStored)
	get := func(path string, serve func(http.ResponseWriter, *http.Request) error) {
		r.Method(http.MethodGet, path, reply.Handler(a.noted(serve)))
	}
	get("/log/{name}/{channel}/search", a.searchLog)
	get("/log/{name}/{channel}/filtered", a.filteredLog)
	get("/log/{name}/archive", a.archiveLogs)
	get("/mainlog/search", a.searchMainLog)
	get("/mainlog/filtered", a.filteredMainLog)
	get("/mainlog/archive", a.archiveMainLog)
}

// Feeds puts on r what goes on for as long as somebody listens. It belongs where
// Streams does, and behind what counts them.
func (a *api) Feeds(r chi.Router) {
	r.Use(neverStored)
	r.Method(http.MethodGet, "/events", reply.Handler(a.noted(a.events)))
}

// neverStored keeps answers out of every cache: they are private and soon old.
func neverStored(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func notFound(http.ResponseWriter, *http.Request) error {
	return reply.Problem{Status: http.StatusNotFound, Text: "there is nothing here"}
}

func notAllowed(_ http.ResponseWriter, r *http.Request) error {
	return reply.Problem{Status: http.StatusMethodNotAllowed, Text: "not by " + r.Method}
}

// deliberate refuses an order that another site's page could have sent.
func deliberate(r *http.Request) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && kind == "application/json" || r.Header.Get("X-CSRF") != "" {
		return nil
	}
	return reply.Problem{Status: http.StatusUnsupportedMediaType, Text: "send application/json, or the header X-CSRF"}
}

// body reads the JSON of a request into v; no body at all leaves v as it is.
func body(r *http.Request, v any) error {
	err := json.NewDecoder(r.Body).Decode(v)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return nil
	case errors.As(err, &tooLarge):
		return err
	}
	return reply.BadRequest("the body is not the JSON it should be: %v", err)
}

// param gives a part of the path as it was meant: chi matches the escaped path
// when there is one, for the sake of names with a slash.
func param(r *http.Request, name string) string {
	text := chi.URLParam(r, name)
	if r.URL.RawPath == "" {
		return text
	}
	plain, err := url.PathUnescape(text)
	if err != nil { // cannot be: the request would not have parsed
		return text
	}
	return plain
}

func badName(name supervise.NameSpec) error {
	return supervise.Fault{Code: supervise.FaultBadName, Detail: name.String()}
}

// knownEpoch gives the epoch of the engine, which never changes while it runs.
func (a *api) knownEpoch(ctx context.Context) (string, error) {
	if epoch := a.epoch.Load(); epoch != nil {
		return *epoch, nil
	}
	snapshot, err := a.engine.Snapshot(ctx)
	if err != nil {
		return "", err
	}
	a.epoch.Store(&snapshot.Epoch)
	return snapshot.Epoch, nil
}

func (a *api) identity(w http.ResponseWriter, r *http.Request) error {
	epoch, err := a.knownEpoch(r.Context())
	if err != nil {
		return err
	}
	identity := wire.FromIdentity(a.engine.Identity())
	identity.Mood = wire.FromMood(a.engine.Mood())
	identity.Epoch = epoch
	identity.Sign = a.sign(r)
	who := auth.From(r.Context())
	identity.User = auth.User(who)
	if auth.Can(who, auth.Config, auth.Supervisord) {
		identity.Problems = wire.FromProblems(a.problems())
	} else {
		identity.ConfigFile = ""
	}
	return reply.JSON(w, identity)
}
