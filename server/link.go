package server

import (
	"html"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

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
	secret, speak := chi.URLParam(r, "*"), languageOf(r)
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		showLink(w, r, secret, speak)
	case http.MethodPost:
		if auth.LoggedIn(r) == "" && !auth.OpenLink(w, r, secret) {
			linkPage(w, http.StatusNotFound, speak, speak.noLink)
			return
		}
		enterPage(w)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		reply.Page(w, http.StatusMethodNotAllowed)
	}
}

func showLink(w http.ResponseWriter, r *http.Request, secret string, speak *language) {
	link, opened, found := auth.LookAtLink(r, secret)
	switch name := auth.LoggedIn(r); {
	case !found:
		linkPage(w, http.StatusNotFound, speak, speak.noLink)
	case name != "":
		linkPage(w, http.StatusOK, speak, strings.ReplaceAll(speak.ownRights, "{name}", html.EscapeString(name)))
	case opened:
		enterPage(w)
	default:
		linkPage(w, http.StatusOK, speak, speak.confirm(link))
	}
}

// enterPage sends a browser on to the page itself, wherever a proxy has put it.
func enterPage(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Location", "../")
	w.WriteHeader(http.StatusSeeOther)
}

// linkPage sends a small page that works without scripts.
func linkPage(w http.ResponseWriter, status int, speak *language, main string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Vary", "Accept-Language, Cookie")
	reply.Small(w, status, reply.SmallPage{Lang: speak.tag, Title: "Supervisor", Main: main, Forms: "'self'"})
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
