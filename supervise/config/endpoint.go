//go:build unix

package config

import (
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"supervisor/supervise"
)

// inetServers reads every section whose name begins with inet_http_server.
func (l *loader) inetServers() error {
	for _, section := range l.sectionsOf("inet_http_server") {
		r := l.reader(section, inetServerOptions, nil)
		server := HTTPServer{Section: section}
		server.authentication(r)
		text, found := r.lookup("port")
		if !found {
			r.failf("", "section [%s] has no port value", section)
		}
		if r.err == nil {
			var err error
			if server.Host, server.Port, err = inetAddress(text); err != nil {
				r.fail("port", err)
			}
		}
		server.walls(r, l.sys)
		l.legacyActions(&server, r)
		if r.err != nil {
			return r.err
		}
		l.cfg.HTTPServers = append(l.cfg.HTTPServers, server)
	}
	return nil
}

// walls reads what an inet server has beyond the original: TLS, and whom to
// believe.
func (s *HTTPServer) walls(r *reader, sys system) {
	file := func(text string) (string, error) { return sys.absolute(text), nil }
	certificate := func(text string) (string, error) {
		if text == TLSAuto || text == "" {
			return text, nil
		}
		return file(text)
	}
	s.TLSCertificate = read(r, "tls_certificate", certificate)
	s.TLSKey = read(r, "tls_key", file)
	s.Insecure = read(r, "insecure", boolean)
	s.TrustedHosts = read(r, "trusted_hosts", patterns)
	s.TrustedProxies = read(r, "trusted_proxies", networks)
	s.ForwardAuthHeader = r.text("forward_auth_header")
	s.BasePath = read(r, "base_path", basePath)
	s.Label = read(r, "label", label)
	s.Colour = read(r, "colour", colour)
	switch {
	case s.TLSCertificate == TLSAuto && s.TLSKey != "":
		r.failf("tls_key", "section [%s]: tls_certificate=auto makes its own key, so tls_key must not be set", r.section)
	case s.TLSCertificate != TLSAuto && (s.TLSCertificate == "") != (s.TLSKey == ""):
		r.failf("tls_certificate", "section [%s]: tls_certificate and tls_key go together", r.section)
	case s.ForwardAuthHeader != "" && len(s.TrustedProxies) == 0:
		r.failf("forward_auth_header", "section [%s]: forward_auth_header needs trusted_proxies: without, anybody could send it", r.section)
	case s.ForwardAuthHeader != "" && s.TrustsStrangers():
		r.failf("trusted_proxies", "section [%s]: forward_auth_header is believed from the addresses in trusted_proxies, and among these are so many that "+
			"anybody could send it: name the addresses of the proxies", r.section)
	}
}

// TrustsStrangers tells whether trusted_proxies has a network that is no one's own:
// a part of the internet so large that more than proxies are in it.
func (s HTTPServer) TrustsStrangers() bool { return slices.ContainsFunc(s.TrustedProxies, ofStrangers) }

// ofStrangers: private networks have up to 24 bits of hosts, or of IPv6 121; the
// largest that a provider of proxies has are smaller than a /8, and a /16 of IPv6.
func ofStrangers(network netip.Prefix) bool {
	address, bits, least := network.Addr(), network.Bits(), 16
	if address.Is4In6() {
		address, bits = address.Unmap(), bits-96
	}
	if address.Is4() {
		least = 8
	}
	private := address.IsPrivate() && (address.Is4() || bits >= 7)
	return bits < least && !private
}

// networks reads addresses and networks: 10.0.0.7, 192.168.0.0/16, ::1.
func networks(text string) ([]netip.Prefix, error) {
	list, err := patterns(text)
	if err != nil {
		return nil, err
	}
	var networks []netip.Prefix
	for _, word := range list {
		if address, err := netip.ParseAddr(word); err == nil {
			networks = append(networks, netip.PrefixFrom(address, address.BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(word)
		if err != nil {
			return nil, fmt.Errorf("%s is no address or network: expected one like 10.0.0.7 or 192.168.0.0/16", supervise.Quote(word))
		}
		networks = append(networks, network.Masked())
	}
	return networks, nil
}

// maxLabel is how many characters fit into the bar of a phone.
const maxLabel = 24

// label reads what an environment is called.
func label(text string) (string, error) {
	if utf8.RuneCountInString(text) > maxLabel {
		return "", fmt.Errorf("%s is no label: it has at most %d characters", supervise.Quote(text), maxLabel)
	}
	return text, nil
}

// colour reads the name of a colour. Others than those of Colours are not taken:
// what stands on them could not be read.
func colour(text string) (string, error) {
	name := strings.ToLower(text)
	if name != "" && !slices.Contains(Colours, name) {
		return "", fmt.Errorf("%s is no colour: expected one of %s", supervise.Quote(text), strings.Join(Colours, ", "))
	}
	return name, nil
}

// basePath reads the path under which a proxy shows the server: it begins with a
// slash, and is given one at its end.
func basePath(text string) (string, error) {
	if !strings.HasPrefix(text, "/") || path.Clean(text) != strings.TrimSuffix(text, "/") && text != "/" || strings.ContainsAny(text, "?#%\\") {
		return "", fmt.Errorf("%s is no base path: expected one like /supervisor", supervise.Quote(text))
	}
	return strings.TrimSuffix(text, "/") + "/", nil
}

// unixServers reads every section whose name begins with unix_http_server.
func (l *loader) unixServers() error {
	for _, section := range l.sectionsOf("unix_http_server") {
		server, err := l.unixServer(section)
		if err != nil {
			return err
		}
		l.cfg.HTTPServers = append(l.cfg.HTTPServers, server)
	}
	return nil
}

func (l *loader) unixServer(section string) (HTTPServer, error) {
	r := l.reader(section, unixServerOptions, l.hereVars())
	file, found := r.lookup("file")
	if !found {
		r.failf("", "section [%s] has no file value", section)
	}
	// Only file= knows %(here)s.
	r.vars = l.env
	server := HTTPServer{Section: section, Unix: true, Path: l.sys.absolute(trimSpace(file))}
	server.authentication(r)
	server.MapUsers = read(r, "map_users", boolean)
	server.Owner, _ = readIfSet(r, "chown", func(text string) (*Owner, error) {
		owner, err := l.sys.owner(text)
		if err != nil {
			return nil, wrap(position{}, err, "Invalid sockchown value %s", text)
		}
		return owner, nil
	})
	mode, _ := readOrRefuse(r, "chmod", octal)
	server.Chmod = fs.FileMode(mode)
	l.legacyActions(&server, r)
	return server, r.err
}

// legacyActions reads legacy_actions=, after everything the original reads.
func (l *loader) legacyActions(s *HTTPServer, r *reader) {
	if s.LegacyActions = read(r, "legacy_actions", boolean); s.LegacyActions {
		l.warnf(s.Section, "legacy_actions", "Server '%s' obeys the addresses of the old page that start and stop things: "+
			"any page on the web can send a browser there (legacy_actions)", s.Section)
	}
}

// authentication reads username= and password=, of which there must be both or
// none. A username that is empty leaves the server open.
func (s *HTTPServer) authentication(r *reader) {
	username, hasUsername := r.lookup("username")
	password, hasPassword := r.lookup("password")
	if hasUsername != hasPassword {
		r.failf("", "Section [%s] contains incomplete authentication: If a username or a password is specified, both the username and password must be specified", r.section)
	}
	s.Username, s.Password, s.HasAuth = username, password, username != ""
	at := r.doc.at(r.section, "password")
	s.File, s.Line = at.File, at.Line
}

// weakPasswords looks for passwords that whoever reads the file learns, or can
// guess at leisure. They are the original's, and work; each has a line that can
// take its place.
func (l *loader) weakPasswords() {
	for _, s := range l.cfg.HTTPServers {
		if !s.HasAuth || supervise.Weakness(s.Password) == "" {
			continue
		}
		how := "is in plain text"
		if supervise.Weakness(s.Password) == supervise.PasswordSHA {
			how = "is an unsalted SHA-1, which is quickly guessed"
		}
		l.findings = append(l.findings, Finding{Doubtful, s.File, s.Line, s.Section, "password",
			how + ": put the line in its place that `supervisorctl passwd " + s.Username + "` prints"})
	}
}

// ServerURL is what the programs find in SUPERVISOR_SERVER_URL unless they have a
// serverurl= of their own: the first unix server, else the first inet one, else
// "", and then the variable is not set.
func (c *Config) ServerURL() string {
	inet := ""
	for _, s := range c.HTTPServers {
		if s.Unix {
			return "unix://" + s.Path
		}
		if inet == "" {
			inet = inetURL(s.Host, s.Port, s.TLSCertificate != "")
		}
	}
	return inet
}

func inetURL(host string, port int, secure bool) string {
	scheme := "http://"
	if secure {
		scheme = "https://"
	}
	return scheme + urlHost(host) + ":" + strconv.Itoa(port)
}

// urlHost is the host to call a listener by.
func urlHost(host string) string {
	switch {
	case host == "" || host == "::":
		return "localhost"
	case strings.Contains(host, ":"):
		return "[" + host + "]"
	}
	return host
}

// strangers looks for servers that let everybody in who can reach them over a
// network. A configuration that Supervisor could run as well still starts, with
// a warning; one that uses what is ours has to say that it is meant.
func (l *loader) strangers() error {
	for i, s := range l.cfg.HTTPServers {
		if s.Unix || s.Insecure || s.Loopback() || !l.cfg.LetsEverybodyIn(s) {
			continue
		}
		const remedy = "add a [user:NAME] section or username= and password=, listen on 127.0.0.1, or write insecure=true if this is meant"
		if l.modern() {
			return locate(fmt.Errorf("section [%s]: everybody who reaches %s could start and stop programs: %s",
				s.Section, net.JoinHostPort(s.Host, strconv.Itoa(s.Port)), remedy), l.doc.at(s.Section, "port"), s.Section, "port")
		}
		// The log has the original's own line about it.
		l.cfg.HTTPServers[i].Exposed = true
		at := l.doc.at(s.Section, "port")
		l.findings = append(l.findings, Finding{Doubtful, at.File, at.Line, s.Section, "port", "lets everybody in who reaches it: " + remedy})
	}
	return nil
}

// LetsEverybodyIn tells whether a server asks nobody who they are. A users file that
// is promised counts as accounts.
func (c *Config) LetsEverybodyIn(s HTTPServer) bool {
	accounts := len(c.Accounts) > 0 || c.Supervisord.UsersFile != ""
	return supervise.Doorway{Unix: s.Unix, Password: s.HasAuth, MapUsers: s.MapUsers, Accounts: accounts}.Open()
}

// modern tells whether the files use any option about who may come in that
// Supervisor does not know. Others of ours say nothing: who adds statedir= to an old
// file has not thought about its servers.
func (l *loader) modern() bool {
	for _, section := range l.doc.sections() {
		spec, known := specOf(section)
		if !known {
			continue
		}
		for _, name := range l.doc.own(section) {
			if option, known := optionOf(spec.options, name); known && option.access {
				return true
			}
		}
	}
	return false
}

// Loopback tells whether only this machine can reach an inet server.
func (s HTTPServer) Loopback() bool {
	if s.Host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(s.Host)
	return err == nil && address.IsLoopback()
}
