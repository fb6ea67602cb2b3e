//go:build unix

package config

import (
	"io/fs"
	"strconv"
	"strings"
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
		l.legacyActions(&server, r)
		if r.err != nil {
			return r.err
		}
		l.cfg.HTTPServers = append(l.cfg.HTTPServers, server)
	}
	return nil
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
			inet = inetURL(s.Host, s.Port)
		}
	}
	return inet
}

func inetURL(host string, port int) string {
	return "http://" + urlHost(host) + ":" + strconv.Itoa(port)
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
