package server

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// front is what a listener shows to the web: by which names it may be called,
// and under which path.
type front struct {
	section string
	local   bool   // a unix socket, which no browser reaches
	base    string // "/" or "/prefix/"
	sign    wire.Sign
	hosts   []string     // patterns, in lower case
	proof   *certificate // nil without TLS
}

func newFront(e Endpoint, proof *certificate) *front {
	f := &front{proof: proof, section: e.Section, local: e.Unix, base: cmp.Or(e.BasePath, "/"), sign: wire.Sign{Label: e.Label, Colour: wire.Colour(e.Colour)}, hosts: append([]string{"localhost"}, machineNames()...)}
	for _, name := range append(slices.Clone(e.TrustedHosts), strings.Trim(e.Host, "[]")) {
		if name != "" && (name != "*" || slices.Contains(e.TrustedHosts, "*")) {
			f.hosts = append(f.hosts, strings.ToLower(name))
		}
	}
	return f
}

// machineNames are those the machine knows itself by: its host name, and the
// first part of it.
func machineNames() []string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return nil // then it has none to be called by
	}
	short, _, _ := strings.Cut(name, ".")
	return []string{strings.ToLower(name), strings.ToLower(short)}
}

type frontKey struct{}

func withFront(ctx context.Context, f *front) context.Context {
	return context.WithValue(ctx, frontKey{}, f)
}

// frontOf gives the front that a request came to. Where there is none, no name
// is known.
func frontOf(r *http.Request) *front {
	if f, ok := r.Context().Value(frontKey{}).(*front); ok {
		return f
	}
	return &front{base: "/"}
}

// baseOf is where browsers see the page, with its last slash.
func baseOf(r *http.Request) string { return frontOf(r).base }

// signOf is by what the page is told from those of other environments.
func signOf(r *http.Request) wire.Sign { return frontOf(r).sign }

// atFront comes before all else that is decided about a request: it refuses what
// browsers send under a name that is not ours, and gives the others the host and
// the path that those behind it go by.
func (s *Server) atFront(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := frontOf(r)
		forwarded := forwardedHosts(r)
		if name, ok := f.misdirected(r, forwarded); ok {
			f.turnAway(w, r, name)
			s.refused(r, audit.Misdirected, "Host: "+name)
			return
		}
		if r.TLS != nil && f.proof != nil && f.proof.strict(time.Now()) {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		if r.URL.Path == strings.TrimSuffix(f.base, "/") && f.base != "/" {
			http.Redirect(w, r, f.base+query(r), http.StatusPermanentRedirect)
			return
		}
		next.ServeHTTP(w, f.inside(r, forwarded))
	})
}

func query(r *http.Request) string {
	if r.URL.RawQuery == "" {
		return ""
	}
	return "?" + r.URL.RawQuery
}

// inside gives a request as it would be without a proxy and without a prefix.
// Some proxies take the prefix off the path and others leave it; and programs,
// which come without a proxy, use the original's addresses.
func (f *front) inside(r *http.Request, forwarded []string) *http.Request {
	path, prefixed := strings.CutPrefix(r.URL.Path, strings.TrimSuffix(f.base, "/")+"/")
	if len(forwarded) == 0 && (f.base == "/" || !prefixed) {
		return r
	}
	changed := r.Clone(r.Context())
	if len(forwarded) > 0 {
		changed.Host = forwarded[len(forwarded)-1]
	}
	if prefixed {
		changed.URL.Path = "/" + path
		changed.URL.RawPath = ""
		if raw, found := strings.CutPrefix(r.URL.RawPath, f.base); found {
			changed.URL.RawPath = "/" + raw
		}
	}
	return changed
}

// forwardedHosts gives the names under which proxies say they were called, none
// if no proxy that is trusted sends any.
func forwardedHosts(r *http.Request) []string {
	values := r.Header.Values("X-Forwarded-Host")
	if len(values) == 0 || !auth.ViaProxy(r) {
		return nil
	}
	hosts := strings.Split(strings.Join(values, ","), ",")
	for i := range hosts {
		hosts[i] = strings.TrimSpace(hosts[i])
	}
	return hosts
}

// misdirected tells whether a browser sent r under a name that is not ours, and
// which. A page of any site can have its own name lead to our address ("DNS
// rebinding"), and is then, as far as the browser knows, of the same origin as
// we: only the name tells it from ours. Behind a proxy every name counts that it
// passes on, because a browser on the proxy's machine is not told from it.
//
// A program calls us by whatever name it has for us, and is no danger: nobody
// else tells it what to send.
func (f *front) misdirected(r *http.Request, forwarded []string) (string, bool) {
	if f.local || !fromBrowser(r) {
		return "", false
	}
	for _, host := range append([]string{r.Host}, forwarded...) {
		if !f.known(host) {
			return host, true
		}
	}
	return "", false
}

// fromBrowser tells whether r could come from a browser. Over plain HTTP a
// browser says neither Origin nor Sec-Fetch-Site when a page reads from its own
// site, but it always says which languages it would like, and no page can take
// that away; programs have no reason to.
func fromBrowser(r *http.Request) bool {
	for _, header := range []string{"Accept-Language", "Origin", "Cookie", "Referer", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest"} {
		if _, sent := r.Header[header]; sent {
			return true
		}
	}
	return strings.HasPrefix(r.UserAgent(), "Mozilla/") || auth.IsScript(r)
}

// known tells whether a Host is an address or a name we go by. No name leads to
// an address that is written out.
func (f *front) known(host string) bool {
	name := hostName(host)
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return slices.ContainsFunc(f.hosts, func(pattern string) bool { return supervise.MatchGlob(pattern, name) })
}

// hostName gives the name in a Host, without port, brackets and last dot.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

// turnAway says to people who mean well what to write, and where.
func (f *front) turnAway(w http.ResponseWriter, r *http.Request, host string) {
	reply.Log(r.Context()).Warn("a browser came under a name that is not trusted", "host", host, "section", f.section)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	reply.Text(w, http.StatusMisdirectedRequest, "This supervisord does not go by the name "+strconv.QuoteToASCII(hostName(host))+".\n"+
		"If it should, have its administrator add the name to trusted_hosts= in ["+f.section+"]; otherwise use its address.\n")
}
