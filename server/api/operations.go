package api

import (
	"slices"

	"supervisor/server/wire"
)

// Operation is one thing that can be asked of the interface, as its description
// tells it. The description is generated from these (cmd/wirets), and a test of
// package server holds them against the routes there are.
type Operation struct {
	Method, Path string // as the router knows it, behind /api/v1
	About        string // the group it is shown in
	Summary      string
	Query        []Parameter
	Body         any    // nil for none
	Answer       any    // nil for what is no JSON
	Status       int    // of a success; 0 stands for 200
	Kind         string // of an answer that is no JSON
}

// Parameter is one of a query.
type Parameter struct {
	Name, Meaning string
	Needed        bool
}

var (
	since = Parameter{Name: "since", Meaning: "not before then: a time (2026-01-31T12:00:00Z), a date, or how long ago (36h)"}
	until = Parameter{Name: "until", Meaning: "before then, in the words of since"}
	limit = Parameter{Name: "limit", Meaning: "how many at most"}

	direction = Parameter{Name: "dir", Meaning: "forward or back"}
	epoch     = Parameter{Name: "epoch", Meaning: "of which life of supervisord the offsets are; of another one the answer is 410"}

	trailQuery = []Parameter{
		since, until,
		{Name: "user", Meaning: "who did it"},
		{Name: "program", Meaning: "to what: a name, or a pattern such as web:*"},
		{Name: "before", Meaning: "next of the page before"},
		limit,
	}
	kinds = Parameter{Name: "type", Meaning: "of which kinds, commas between: state, group, supervisord, act, trouble"}
	heard = Parameter{Name: "type", Meaning: "of which kinds, commas between: state, group, supervisord, trouble"}

	pageQuery = []Parameter{
		{Name: "before", Meaning: "the page that ends at this offset"},
		{Name: "after", Meaning: "the page that begins at this offset"},
		{Name: "around", Meaning: "the page with this offset in its middle"},
		{Name: "tail", Meaning: "the last so many bytes"},
		{Name: "at", Meaning: "the page that begins with what came at a time: 14:03, a time, how long ago, or Unix milliseconds"},
		{Name: "max", Meaning: "bytes at most"},
		epoch,
	}
	rawQuery = []Parameter{
		{Name: "from", Meaning: "the offset to begin at"},
		{Name: "to", Meaning: "the offset to end before"},
		{Name: "file", Meaning: "one file as it is: 0 is the newest"},
		epoch,
	}
	linesQuery = []Parameter{
		{Name: "q", Meaning: "what to look for", Needed: true},
		{Name: "regex", Meaning: "1: q is a regular expression"},
		{Name: "case", Meaning: "1: letters of either case differ"},
		{Name: "invert", Meaning: "1: lines without it"},
		{Name: "from", Meaning: "the offset to begin at"},
		{Name: "to", Meaning: "the offset to end before"},
		direction, epoch,
	}
	searchQuery = append(slices.Clone(linesQuery), limit,
		Parameter{Name: "budget", Meaning: "milliseconds it may take"})
	allOfThem = Parameter{Name: "all", Meaning: "1: everybody's, for administrators"}
)

type nothing struct{}

const (
	bytesOf    = "application/octet-stream"
	archive    = "application/gzip"
	plainText  = "text/plain"
	jsonLines  = "application/x-ndjson"
	eventLines = "text/event-stream"
)

// Operations lists all there is, in the order in which it is shown.
func Operations() []Operation {
	all := []Operation{
		{Method: "GET", Path: "/identity", About: "supervisord", Summary: "Who this supervisord is, and what an administrator should look into", Answer: wire.Identity{}},
		{Method: "GET", Path: "/about", About: "supervisord", Summary: "What it takes and allows: listeners, limits, memory", Answer: wire.About{}},
		{Method: "GET", Path: "/plugins", About: "supervisord", Summary: "The namespaces of XML-RPC that plug-ins bring, and whether they answer", Answer: wire.Plugins{}},
		{Method: "POST", Path: "/shutdown", About: "supervisord", Summary: "End all programs and supervisord", Body: wire.OrderRequest{}, Answer: wire.Accepted{}, Status: 202},
		{Method: "POST", Path: "/reload", About: "supervisord", Summary: "End all programs, read the configuration and start again", Body: wire.OrderRequest{}, Answer: wire.Accepted{}, Status: 202},

		{Method: "GET", Path: "/processes", About: "processes", Summary: "All processes one may see", Answer: wire.ProcessList{}},
		{Method: "GET", Path: "/processes/{name}", About: "processes", Summary: "One process", Answer: wire.ProcessDetail{}},
		{Method: "GET", Path: "/pools", About: "processes", Summary: "The pools of event listeners: what waits for them, what was dropped, and where each listener is", Answer: wire.Pools{}},
	}
	for _, p := range processOrders {
		o := Operation{Method: "POST", Path: "/processes/{name}/" + p.name, About: "processes", Summary: orderSummaries[p.name] + " a process", Body: wire.OrderRequest{}, Answer: wire.Accepted{}, Status: 202}
		switch p.name {
		case "signal":
			o.Body = wire.SignalRequest{}
		case "stdin":
			o.Body = wire.InputRequest{}
		}
		all = append(all, o)
	}
	all = append(all,
		Operation{Method: "GET", Path: "/processes/{name}/settings", About: "processes", Summary: "What a process runs with, and where each value is written", Answer: wire.Settings{}},
		Operation{Method: "POST", Path: "/processes/{name}/reveal", About: "processes", Summary: "The same with its secrets; it leaves a line in the trail", Body: wire.RevealRequest{}, Answer: wire.Settings{}},
		Operation{Method: "GET", Path: "/processes/{name}/metrics", About: "processes", Summary: "What a process uses, now and in the last hour", Query: []Parameter{since}, Answer: wire.ProcessMetrics{}},
		Operation{Method: "GET", Path: "/processes/{name}/lives", About: "processes", Summary: "Its last lives, and how they ended", Answer: wire.Lives{}},
		Operation{Method: "GET", Path: "/processes/{name}/crashes", About: "processes", Summary: "The crashes of which there is a snapshot", Answer: wire.Crashes{}},
		Operation{Method: "GET", Path: "/processes/{name}/crashes/{id}", About: "processes", Summary: "One of them; its number, or last", Answer: wire.Crash{}},
	)
	for _, m := range manyOrders {
		all = append(all,
			Operation{Method: "POST", Path: "/groups/{group}/" + m.name, About: "groups", Summary: orderSummaries[m.name] + " the processes of a group", Body: wire.OrderRequest{}, Answer: wire.Accepted{}, Status: 202},
			Operation{Method: "POST", Path: "/all/" + m.name, About: "groups", Summary: orderSummaries[m.name] + " all processes one may", Body: wire.OrderRequest{}, Answer: wire.Accepted{}, Status: 202})
	}
	return slices.Concat(all, logOperations(), otherOperations())
}

var orderSummaries = map[string]string{
	"start": "Start", "stop": "Stop", "restart": "Restart", "signal": "Send a signal to", "clear-logs": "Empty the logs of", "stdin": "Write to the stdin of",
}

// logOperations are those on logs: of a process, then supervisord's own.
func logOperations() []Operation {
	var all []Operation
	for _, of := range []struct{ path, archive, whose string }{
		{"/log/{name}/{channel}", "/log/{name}/archive", "a log"},
		{"/mainlog", "/mainlog/archive", "the main log"},
	} {
		all = append(all,
			Operation{Method: "GET", Path: of.path, About: "logs", Summary: "A page of " + of.whose, Query: pageQuery, Answer: wire.LogPage{}},
			Operation{Method: "GET", Path: of.path + "/files", About: "logs", Summary: "The files of " + of.whose, Query: []Parameter{epoch}, Answer: wire.LogFiles{}},
			Operation{Method: "GET", Path: of.path + "/raw", About: "logs", Summary: "Bytes of " + of.whose + ", with Range", Query: rawQuery, Kind: bytesOf},
			Operation{Method: "GET", Path: of.path + "/search", About: "logs", Summary: "Search all files of " + of.whose + ": a JSON object a line, while they are found", Query: searchQuery, Answer: wire.SearchLine{}, Kind: jsonLines},
			Operation{Method: "GET", Path: of.path + "/filtered", About: "logs", Summary: "The lines that match, as a file", Query: linesQuery, Kind: plainText},
			Operation{Method: "GET", Path: of.archive, About: "logs", Summary: "All files of " + of.whose + " as .tar.gz", Query: []Parameter{epoch}, Kind: archive},
		)
	}
	all = append(all, Operation{Method: "POST", Path: "/mainlog/clear", About: "logs", Summary: "Empty the main log; its rotated files stay", Body: wire.OrderRequest{}, Answer: wire.Accepted{}, Status: 202})
	return append(all, Operation{Method: "GET", Path: "/merged", About: "logs", Summary: "Several logs as one, in the order of time", Query: []Parameter{
		{Name: "source", Meaning: "NAME/CHANNEL, or mainlog; with @OFFSET to go on there; as often as there are logs", Needed: true},
		direction,
		{Name: "at", Meaning: "a time to begin at"},
		{Name: "max", Meaning: "bytes at most"},
		epoch,
	}, Answer: wire.MergedPage{}})
}

func otherOperations() []Operation {
	return []Operation{
		{Method: "GET", Path: "/config/files", About: "configuration", Summary: "The files on the disk without their secrets, and what is wrong with them", Answer: wire.ConfigFiles{}},
		{Method: "GET", Path: "/config/preview", About: "configuration", Summary: "What an update would do; nothing is changed by asking", Answer: wire.Preview{}},
		{Method: "POST", Path: "/config/reread", About: "configuration", Summary: "Read the configuration; what runs stays as it is", Body: wire.OrderRequest{}, Answer: wire.Plan{}},
		{Method: "POST", Path: "/config/update", About: "configuration", Summary: "Read it and bring what runs in line with it; answers when that is done", Body: wire.UpdateRequest{}, Answer: wire.Update{}},

		{Method: "GET", Path: "/events", About: "activity", Summary: "Changes of state as server-sent events, while they happen; Last-Event-ID goes on where one was", Query: []Parameter{
			{Name: "program", Meaning: "of which programs: a name, or a pattern such as web:*"}, heard,
			{Name: "after", Meaning: "as Last-Event-ID, for those who cannot set a header"},
		}, Answer: wire.Event{}, Kind: eventLines},
		{Method: "GET", Path: "/activity", About: "activity", Summary: "What people did and what became of programs, the newest first", Query: append(slices.Clone(trailQuery), kinds), Answer: wire.Activity{}},
		{Method: "GET", Path: "/audit", About: "activity", Summary: "The trail: who did what, the newest first", Query: trailQuery, Answer: wire.Trail{}},
		{Method: "GET", Path: "/audit/verify", About: "activity", Summary: "Whether every line of the trail is as it was written", Answer: wire.TrailCheck{}},

		{Method: "POST", Path: "/session", About: "people", Summary: "Log in", Body: wire.LogIn{}, Answer: wire.WhoAmI{}},
		{Method: "GET", Path: "/session", About: "people", Summary: "Whom the server takes one for", Answer: wire.WhoAmI{}},
		{Method: "DELETE", Path: "/session", About: "people", Summary: "Log out", Answer: nothing{}},
		{Method: "PUT", Path: "/session/password", About: "people", Summary: "Another password for oneself", Body: wire.PasswordChange{}, Answer: nothing{}},
		{Method: "GET", Path: "/sessions", About: "people", Summary: "Where one is logged in", Query: []Parameter{allOfThem}, Answer: wire.Sessions{}},
		{Method: "DELETE", Path: "/sessions", About: "people", Summary: "Log out everywhere", Answer: wire.Ended{}},
		{Method: "DELETE", Path: "/sessions/{id}", About: "people", Summary: "End one session", Answer: nothing{}},
		{Method: "GET", Path: "/users", About: "people", Summary: "All accounts", Answer: wire.Accounts{}},
		{Method: "PUT", Path: "/users/{name}", About: "people", Summary: "Make or change an account", Body: wire.AccountRequest{}, Answer: wire.Account{}},
		{Method: "DELETE", Path: "/users/{name}", About: "people", Summary: "Remove an account", Body: wire.OrderRequest{}, Answer: nothing{}},
		{Method: "GET", Path: "/tokens", About: "people", Summary: "All tokens", Answer: wire.Accounts{}},
		{Method: "POST", Path: "/tokens", About: "people", Summary: "Make a token, which is shown this once", Body: wire.TokenRequest{}, Answer: wire.NewToken{}},
		{Method: "DELETE", Path: "/tokens/{name}", About: "people", Summary: "Remove a token", Body: wire.OrderRequest{}, Answer: nothing{}},
		{Method: "GET", Path: "/links", About: "people", Summary: "The links one has made", Query: []Parameter{allOfThem}, Answer: wire.Links{}},
		{Method: "POST", Path: "/links", About: "people", Summary: "Make a link by which others may do some of what one may", Body: wire.LinkRequest{}, Answer: wire.NewLink{}},
		{Method: "DELETE", Path: "/links/{id}", About: "people", Summary: "Revoke a link", Body: wire.OrderRequest{}, Answer: nothing{}},

		{Method: "GET", Path: "/openapi.json", About: "reference", Summary: "This description, for programs", Kind: "application/json"},
		{Method: "GET", Path: "/reference", About: "reference", Summary: "This description, for people", Kind: "text/html"},
		{Method: "GET", Path: "/reference.css", About: "reference", Summary: "How it looks", Kind: "text/css"},
	}
}
