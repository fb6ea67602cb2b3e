//go:build unix

package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"supervisor/supervise"
)

// Client is what supervisorctl reads: the [supervisorctl] section.
type Client struct {
	ServerURL          string
	Username, Password string
	Prompt             string
	HistoryFile        string // absolute; "" keeps no history
	Plugins            []CtlPlugin

	// For those who look for a server in vain.
	HasServerURL bool     // the file has a serverurl=
	Serves       []string // the URLs at which a supervisord of this file listens

	// Ours, for a server that speaks TLS.
	TLSCA          string // a file of authorities to believe beside the system's; absolute, "" for none
	TLSFingerprint string // of the one certificate to believe: 64 hexadecimal digits, "" for any that is signed
}

// CtlPlugin is one [ctlplugin:x] section: a program that is supervisorctl's verb
// x. What the original expects there is Python code, which gets the section read
// and no further.
type CtlPlugin struct {
	Section string
	Name    string
	Command []string // nil when there is nothing but Python code
	Help    string
	Factory string

	File string
	Line int
}

// Where is "FILE:LINE" of the section.
func (p CtlPlugin) Where() string { return position{p.File, p.Line}.String() }

// NewClient gives what supervisorctl uses when there is no configuration file.
func NewClient() *Client {
	return &Client{ServerURL: "http://localhost:9001", Prompt: "supervisor"}
}

// LoadClient reads [supervisorctl] of a file. Files that [include] names are not
// read, and %(ENV_X)s is the caller's own environment, not that of the
// supervisord it will talk to.
func LoadClient(file string, environ []string) (*Client, error) {
	sys, err := newSystem(Options{Environ: environ})
	if err != nil {
		return nil, err
	}
	return loadClient(sys, file)
}

func loadClient(sys system, file string) (*Client, error) {
	l := &loader{file: file, sys: sys, here: filepath.Dir(sys.absolute(file)), env: environVariables(sys.environ)}
	var err error
	if l.doc, err = readDocument(sys, file, isForClient); err != nil {
		return nil, err
	}
	return l.client()
}

// isForClient picks the sections supervisorctl reads. A thousand programs stand
// beside them, which it would hold for nothing.
func isForClient(section string) bool {
	return section == "supervisorctl" || strings.HasPrefix(section, ctlPluginPrefix) ||
		strings.HasPrefix(section, "unix_http_server") || strings.HasPrefix(section, "inet_http_server")
}

func (l *loader) client() (*Client, error) {
	if !l.doc.has("supervisorctl") {
		return nil, fail(position{File: l.sys.join(l.file)}, ".ini file does not include supervisorctl section")
	}
	r := l.reader("supervisorctl", supervisorctlOptions, l.hereVars())
	c := &Client{ServerURL: l.clientURL(r.text("serverurl")), Serves: l.serves()}
	_, c.HasServerURL = l.doc.get("supervisorctl", "serverurl")
	r.vars = l.env
	c.Prompt = r.text("prompt")
	c.Username = r.text("username")
	c.Password = r.text("password")
	r.vars = l.env.with(l.hereVars())
	if file := r.text("history_file"); file != "" {
		c.HistoryFile = l.sys.absolute(file)
	}
	if file := r.text("tls_ca"); file != "" {
		c.TLSCA = l.sys.absolute(file)
	}
	c.TLSFingerprint, _ = readIfSet(r, "tls_fingerprint", fingerprint)
	if r.err != nil {
		return nil, r.err
	}
	for _, section := range l.sectionsOf(ctlPluginPrefix) {
		p, err := l.ctlPlugin(section)
		if err != nil {
			return nil, err
		}
		c.Plugins = append(c.Plugins, p)
	}
	return c, nil
}

// fingerprint reads the SHA-256 of a certificate as supervisord logs it, or as
// openssl prints it.
func fingerprint(text string) (string, error) {
	kind, digits, found := strings.Cut(strings.ToLower(text), ":")
	digits = strings.ReplaceAll(digits, ":", "")
	if raw, err := hex.DecodeString(digits); !found || kind != "sha256" || err != nil || len(raw) != sha256.Size {
		return "", fmt.Errorf("%s is no fingerprint: expected sha256: and 64 hexadecimal digits", supervise.Quote(text))
	}
	return digits, nil
}

const ctlPluginPrefix = "ctlplugin:"

// ctlPlugin reads one section. It must say what to run; the original's
// supervisor.ctl_factory will do, so that a file made for it can be read. Such a
// section may have a command as well, and is then good for both.
func (l *loader) ctlPlugin(section string) (CtlPlugin, error) {
	r := l.reader(section, ctlPluginOptions, l.hereVars())
	at := l.doc.at(section, "")
	p := CtlPlugin{Section: section, Name: section[len(ctlPluginPrefix):], File: at.File, Line: at.Line}
	var python, program bool
	p.Factory, python = r.lookup(ctlFactory)
	p.Command, program = readIfSet(r, "command", pluginCommand)
	p.Help = r.text("help")
	switch {
	case r.err != nil:
	case !python && !program:
		r.failf("", "section [%s] does not specify a %s or a command", section, ctlFactory)
	case program && !isVerb(p.Name):
		r.failf("", "section [%s] cannot be a verb of supervisorctl: those are made of letters, digits and _", section)
	}
	return p, r.err
}

// pluginCommand wants at least the name of a program.
func pluginCommand(text string) ([]string, error) {
	words, err := SplitCommand(text)
	if err == nil && len(words) == 0 {
		err = errors.New("command is empty")
	}
	return words, err
}

// isVerb tells whether supervisorctl would take all of name for a verb.
func isVerb(name string) bool {
	other := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_')
	}
	return name != "" && !strings.ContainsFunc(name, other)
}

// serves lists the URLs of the HTTP servers of this file. One that cannot be made
// out is left out: that is for supervisord to complain of.
func (l *loader) serves() []string {
	var urls []string
	for _, section := range l.sectionsOf("unix_http_server") {
		if file, found := l.reader(section, unixServerOptions, l.hereVars()).lookup("file"); found {
			urls = append(urls, "unix://"+l.sys.absolute(trimSpace(file)))
		}
	}
	for _, section := range l.sectionsOf("inet_http_server") {
		r := l.reader(section, inetServerOptions, nil)
		text, found := r.lookup("port")
		if host, port, err := inetAddress(text); found && err == nil {
			urls = append(urls, inetURL(host, port, r.text("tls_certificate") != ""))
		}
	}
	return urls
}

// clientURL makes the path of a unix socket absolute; other URLs stay.
func (l *loader) clientURL(text string) string {
	path, found := strings.CutPrefix(text, "unix://")
	if !found {
		return text
	}
	return "unix://" + l.sys.absolute(path)
}
