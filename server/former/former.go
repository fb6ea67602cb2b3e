package former

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/supervise"
)

// caller makes the calls of XML-RPC: the original's page did everything by them
// too. Its errors are supervise.Faults in the words of the wire, unless they are
// for nobody but us to know.
type caller interface {
	Call(ctx context.Context, method string, args ...string) error
}

// processes says whether there is a process of a name.
type processes interface {
	Process(ctx context.Context, name supervise.NameSpec) (supervise.ProcessInfo, error)
}

// Options of the room; all of them are needed, but for Trail.
type Options struct {
	Calls   caller
	Engine  processes
	Trail   *audit.Log                 // is told by Calls of what is done, and from here of what is refused
	Page    http.Handler               // of today
	Base    func(*http.Request) string // where browsers see the page, with its last slash
	Closing context.Context            // done once the server stops
}

// Pages are the addresses. New makes them.
type Pages struct{ Options }

// New makes the room. Whoever its requests come from has passed room auth.
func New(options Options) *Pages { return &Pages{options} }

// order is a value of action= that changes something.
type order struct {
	all   bool        // done to everything; else to processname=
	verbs []auth.Verb // what one must be allowed to do
	calls []string    // of XML-RPC, one after another
	// heedless goes on after a fault, and tells of none, as the original's
	// restarts do: what is not running need not be stopped.
	heedless bool
	done     string // the original's words for it, about the name or the time

	asked string // what the address wants, in the words of the page that refuses it
	ctl   string // the command of supervisorctl
}

var orders = map[string]order{
	"start": {
		verbs: []auth.Verb{auth.Start}, calls: []string{"supervisor.startProcess"},
		done: "Process %s started", asked: "start", ctl: "start",
	},
	"stop": {
		verbs: []auth.Verb{auth.Stop}, calls: []string{"supervisor.stopProcess"},
		done: "Process %s stopped", asked: "stop", ctl: "stop",
	},
	"restart": {
		verbs: []auth.Verb{auth.Stop, auth.Start}, calls: []string{"supervisor.stopProcess", "supervisor.startProcess"}, heedless: true,
		done: "Process %s restarted", asked: "restart", ctl: "restart",
	},
	"clearlog": {
		verbs: []auth.Verb{auth.ClearLogs}, calls: []string{"supervisor.clearProcessLogs"},
		done: "Log for %s cleared", asked: "clear the logs of", ctl: "clear",
	},
	"stopall": {
		all: true, verbs: []auth.Verb{auth.Stop}, calls: []string{"supervisor.stopAllProcesses"},
		done: "All stopped at %s", asked: "stop", ctl: "stop",
	},
	"restartall": {
		all: true, verbs: []auth.Verb{auth.Stop, auth.Start}, calls: []string{"supervisor.stopAllProcesses", "supervisor.startAllProcesses"}, heedless: true,
		done: "All restarted at %s", asked: "restart", ctl: "restart",
	},
}

// Index answers at / and at /index.html. Of / the page of today has the rest.
func (p *Pages) Index(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
		p.Page.ServeHTTP(w, r) // knows how to refuse it
		return nil
	}
	form, err := formOf(r)
	if err != nil {
		return err
	}
	action, name, legacy := form["action"], form["processname"], obeyed(r.Context())
	switch {
	case action != "" && legacy && r.Method != http.MethodHead:
		return p.act(w, r, action, name)
	case action != "" && action != "refresh":
		p.refuse(w, r, http.StatusGone, action, name)
	case legacy && form["message"] != "" && r.URL.Path != "/":
		redirect(w, http.StatusSeeOther, p.withMessage(r, form["message"]))
	case r.URL.Path == "/" && r.Method != http.MethodPost && action == "" && (legacy || form["message"] == ""):
		p.Page.ServeHTTP(w, r)
	default:
		redirect(w, http.StatusSeeOther, p.placeOf(r, name, ""))
	}
	return nil
}

// Tail answers at /tail.html, which showed the end of a log. How much of it was
// asked for does not matter: the page shows all there is.
func (p *Pages) Tail(w http.ResponseWriter, r *http.Request) error {
	form, err := formOf(r)
	if err == nil {
		redirect(w, http.StatusSeeOther, p.placeOf(r, form["processname"], "/log"))
	}
	return err
}

// formOf reads what the original read: of the query the first value of a name,
// and over it of the body of a POST the last one. Empty values do not count
// (web.py continue_request).
func formOf(r *http.Request) (map[string]string, error) {
	// The body by itself: of a query that is badly escaped, what could be read counts.
	posted, address := *r, *r.URL
	address.RawQuery = ""
	posted.URL = &address
	if err := posted.ParseForm(); err != nil {
		return nil, reply.BadRequest("read the form: %v", err)
	}
	form := map[string]string{}
	for name, values := range r.URL.Query() {
		if i := slices.IndexFunc(values, func(value string) bool { return value != "" }); i >= 0 {
			form[name] = values[i]
		}
	}
	for name, values := range posted.PostForm {
		for _, value := range values {
			if value != "" {
				form[name] = value
			}
		}
	}
	return form, nil
}

// placeOf is the address of a process in the page, or of the list where the name
// is of none; tab is what comes behind it.
func (p *Pages) placeOf(r *http.Request, name, tab string) string {
	base, spec := p.Base(r), supervise.ParseNameSpec(name)
	switch {
	case name == "":
		return base
	case spec.WholeGroup():
		return base + "?q=" + url.QueryEscape("group:"+spec.Group)
	}
	return base + "process/" + url.PathEscape(spec.Group) + "/" + url.PathEscape(spec.Process) + tab
}

// withMessage is the address of the list with something to tell, escaped as the
// original does.
func (p *Pages) withMessage(r *http.Request, text string) string {
	return p.Base(r) + "?message=" + strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(text))
}

// redirect sends a client elsewhere, this time only.
func redirect(w http.ResponseWriter, status int, location string) {
	w.Header().Set("Location", location)
	w.Header().Set("Cache-Control", "no-store")
	reply.Page(w, status)
}

// act does what an address asks for and says so in a message, in the words and
// with the status of the original. The parts of an action belong together: they
// are done even if who asked is gone, but not if the server stops.
func (p *Pages) act(w http.ResponseWriter, r *http.Request, action, name string) error {
	if foreign(r) {
		p.refuse(w, r, http.StatusForbidden, action, name)
		return nil
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	defer context.AfterFunc(p.Closing, cancel)()
	message, err := p.obey(ctx, action, name)
	switch {
	case errors.Is(err, errNoAction):
		reply.Page(w, http.StatusBadRequest)
	case ctx.Err() != nil:
		reply.Page(w, http.StatusServiceUnavailable)
	case err != nil:
		return err
	default:
		redirect(w, http.StatusMovedPermanently, p.withMessage(r, message))
	}
	return nil
}

var errNoAction = errors.New("no such action, or no process named for it")

// obey carries out an action and gives the words for how it went (web.py
// make_callback). The order of the checks is the original's.
func (p *Pages) obey(ctx context.Context, action, name string) (message string, err error) {
	a, known := orders[action]
	switch {
	case action == "refresh":
		return "Page refreshed at " + now(), nil
	case known && a.all:
		return p.carryOut(ctx, a, auth.Everything, nil, now)
	case name == "":
		return "", errNoAction
	}
	var fault supervise.Fault
	err = p.find(ctx, name)
	switch isFault := errors.As(err, &fault); {
	case isFault && fault.Code == supervise.FaultBadName:
		return "No such process named " + name, nil
	case err != nil && !isFault:
		return "", err
	case !known:
		return "", errNoAction
	}
	// Another fault is one that the action will meet itself.
	return p.carryOut(ctx, a, supervise.ParseNameSpec(name), []string{name}, func() string { return name })
}

// now is the time in the form of C's ctime, without its end of line.
func now() string { return time.Now().Format(time.ANSIC) }

// find asks for a process of that name. One that may not be seen does not exist.
func (p *Pages) find(ctx context.Context, name string) error {
	spec := supervise.ParseNameSpec(name)
	if spec.WholeGroup() || !auth.Can(auth.From(ctx), auth.View, spec) {
		return supervise.Fault{Code: supervise.FaultBadName, Detail: name}
	}
	_, err := p.Engine.Process(ctx, spec)
	return err
}

// carryOut makes the calls of an action, once all of it is allowed. What to call
// the object of it is asked for at the end, because it may be the time.
func (p *Pages) carryOut(ctx context.Context, a order, about supervise.NameSpec, args []string, object func() string) (string, error) {
	for _, verb := range a.verbs {
		if err := auth.Check(ctx, verb, about); err != nil {
			p.Trail.Refused(ctx, err)
			return "", err
		}
	}
	for _, call := range a.calls {
		err := p.Calls.Call(ctx, call, args...)
		var fault supervise.Fault
		switch {
		case err == nil || a.heedless && errors.As(err, &fault):
		case errors.As(err, &fault) && a.ctl == "start":
			return "ERROR: Process " + object() + ": " + startFault(fault), nil
		case errors.As(err, &fault):
			return unexpected(fault), nil
		default:
			return "", err
		}
	}
	return fmt.Sprintf(a.done, object()), nil
}

func startFault(fault supervise.Fault) string {
	switch fault.Code {
	case supervise.FaultNoFile:
		return "no such file"
	case supervise.FaultNotExecutable:
		return "file not executable"
	case supervise.FaultAlreadyStarted:
		return "already started"
	case supervise.FaultSpawnError:
		return "spawn error"
	case supervise.FaultAbnormalTermination:
		return "abnormal termination"
	}
	return unexpected(fault)
}

func unexpected(fault supervise.Fault) string {
	return fmt.Sprintf("unexpected rpc fault [%d] %s", fault.Code, fault.Error())
}

// foreign tells whether the browser says that another site sent it here. It
// does so over TLS and on this machine; elsewhere nobody can tell, and that is
// what legacy_actions=true puts up with.
func foreign(r *http.Request) bool {
	post := r.WithContext(r.Context())
	post.Method = http.MethodPost // what it is, whatever it is called
	return http.NewCrossOriginProtection().Check(post) != nil
}

type obeyKey struct{}

// Obey has the addresses that change something obeyed. It is for the connections
// of a listener with legacy_actions=true.
func Obey(ctx context.Context) context.Context {
	return context.WithValue(ctx, obeyKey{}, true)
}

func obeyed(ctx context.Context) bool {
	obeyed, _ := ctx.Value(obeyKey{}).(bool)
	return obeyed
}

// Part answers for the style sheet and the pictures of the original's page.
func Part(w http.ResponseWriter, _ *http.Request) { reply.Page(w, http.StatusGone) }
