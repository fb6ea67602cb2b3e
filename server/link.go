package server

import (
	"html"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/supervise"
)

// links shows what a delegation link is, and opens it. Programs that preview what
// is written in a chat follow links; so a GET uses nothing up, and only a person
// who presses the button opens one. A link that is over, was opened often enough
// or never was gets the same answer.
func links(w http.ResponseWriter, r *http.Request) {
	secret := chi.URLParam(r, "*")
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		showLink(w, r, secret)
	case http.MethodPost:
		if auth.LoggedIn(r) == "" && !auth.OpenLink(w, r, secret) {
			linkPage(w, http.StatusNotFound, noLink)
			return
		}
		enterPage(w)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		reply.Page(w, http.StatusMethodNotAllowed)
	}
}

func showLink(w http.ResponseWriter, r *http.Request, secret string) {
	link, opened, found := auth.LookAtLink(r, secret)
	switch name := auth.LoggedIn(r); {
	case !found:
		linkPage(w, http.StatusNotFound, noLink)
	case name != "":
		linkPage(w, http.StatusOK, strings.NewReplacer("{name}", html.EscapeString(name)).Replace(ownRights))
	case opened:
		enterPage(w)
	default:
		linkPage(w, http.StatusOK, confirm(link))
	}
}

// enterPage sends a browser on to the page itself, wherever a proxy has put it.
func enterPage(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Location", "../")
	w.WriteHeader(http.StatusSeeOther)
}

// inWords are the actions that a link can have, as people are told them.
var inWords = map[auth.Verb]string{
	auth.View: "see their state", auth.Logs: "read their logs", auth.Start: "start them", auth.Stop: "stop them",
	auth.Restart: "restart them", auth.Signal: "send them signals", auth.Stdin: "write to their standard input",
	auth.ClearLogs: "clear their logs",
}

// confirm says what a link is for, with the button that opens it.
func confirm(link auth.Link) string {
	uses := "It may be opened as often as you like until then."
	if link.Uses > 0 {
		uses = "It may be opened " + strconv.Itoa(link.Uses-link.Used) + " more times."
		if link.Uses-link.Used == 1 {
			uses = "It may be opened once, in one browser."
		}
	}
	actions := []string{inWords[auth.View]}
	for _, action := range link.Actions {
		if words, known := inWords[action]; known && !slices.Contains(actions, words) {
			actions = append(actions, words)
		}
	}
	return strings.NewReplacer(
		"{minter}", html.EscapeString(link.Minter.String()),
		"{actions}", html.EscapeString(strings.Join(actions, "\n")),
		"{programs}", html.EscapeString(strings.Join(link.Programs, "\n")),
		"{expires}", link.Expires.UTC().Format(time.RFC3339),
		"{until}", link.Expires.Local().Format("2 January 2006, 15:04 MST"),
		"{uses}", uses,
	).Replace(confirmation)
}

// linkPage sends a small page that works without scripts.
func linkPage(w http.ResponseWriter, status int, main string) {
	w.Header().Set("Cache-Control", "no-store")
	reply.Small(w, status, "'self'", strings.Replace(linkFrame, "{main}", main, 1))
}

// pageAddress gives where browsers reach the page, as far as the configuration
// tells, with a slash at the end: by TLS if some listener speaks it, else by the
// first one; "" if there are unix sockets only. A name that a listener is to be
// trusted with is how people call it; where proxies are trusted too, it is theirs,
// and they are taken to speak TLS at its usual port.
func (s *Server) pageAddress() string {
	best := -1
	for i, o := range s.open {
		if !s.options.Endpoints[i].Unix && (best < 0 || o.proof != nil && s.open[best].proof == nil) {
			best = i
		}
	}
	if best < 0 {
		return ""
	}
	e, base := s.options.Endpoints[best], strings.TrimSuffix(s.options.Endpoints[best].BasePath, "/")+"/"
	scheme, name := "http", calledName(e)
	if s.open[best].proof != nil {
		scheme = "https"
	}
	if slices.Contains(e.TrustedHosts, name) && len(e.TrustedProxies) > 0 {
		return "https://" + name + base
	}
	_, port, err := net.SplitHostPort(s.open[best].listener.Addr().String())
	if err != nil { // cannot be: it is bound to a port
		return ""
	}
	return scheme + "://" + net.JoinHostPort(name, port) + base
}

// calledName is the name or address by which others reach a listener.
func calledName(e Endpoint) string {
	for _, pattern := range e.TrustedHosts {
		if !supervise.IsGlob(pattern) {
			return pattern
		}
	}
	host := strings.Trim(e.Host, "[]")
	if addr, err := netip.ParseAddr(host); host != "" && host != "*" && (err != nil || !addr.IsUnspecified()) {
		return host
	}
	if names := machineNames(); len(names) > 0 {
		return names[0]
	}
	return "localhost"
}

const linkFrame = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Supervisor</title>
<style>{style}</style>
</head>
<body>
<main>
{main}</main>
</body>
</html>
`

const confirmation = `<h1>A link to some programs</h1>
<p class="wish">{minter} lets you do a few things.</p>
<h2>What</h2>
<pre>{actions}</pre>
<h2>With which programs</h2>
<pre>{programs}</pre>
<p>It ends at <time datetime="{expires}">{until}</time>. {uses} What you do is written down.</p>
<form method="post"><button class="go">Open</button></form>
`

const noLink = `<h1>This link does not work</h1>
<p>It may have ended, have been opened as often as it could be, or have been revoked, or a part of it was lost on the way. Ask whoever sent it for another one.</p>
`

const ownRights = `<h1>You are logged in</h1>
<p>In this browser you are {name}, and what you may do yourself counts. Log out to use the link; nothing of it has been used up.</p>
<p><a class="go" href="../">Go on as {name}</a></p>
`
