//go:build unix

package config

import (
	"path/filepath"
	"strings"
)

// Client is what supervisorctl reads: the [supervisorctl] section.
type Client struct {
	ServerURL          string
	Username, Password string
	Prompt             string
	HistoryFile        string // absolute; "" keeps no history
	Plugins            []CtlPlugin
}

// CtlPlugin is one [ctlplugin:x] section.
type CtlPlugin plugin

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
	l := &loader{file: file, sys: sys, here: filepath.Dir(sys.absolute(file)), env: environVariables(environ)}
	if l.doc, err = readDocument(sys, file); err != nil {
		return nil, err
	}
	return l.client()
}

func (l *loader) client() (*Client, error) {
	if !l.doc.has("supervisorctl") {
		return nil, fail(position{File: l.sys.join(l.file)}, ".ini file does not include supervisorctl section")
	}
	r := l.reader("supervisorctl", supervisorctlOptions, l.hereVars())
	c := &Client{ServerURL: l.clientURL(r.text("serverurl"))}
	r.vars = l.env
	c.Prompt = r.text("prompt")
	c.Username = r.text("username")
	c.Password = r.text("password")
	r.vars = l.env.with(l.hereVars())
	if file := r.text("history_file"); file != "" {
		c.HistoryFile = l.sys.absolute(file)
	}
	if r.err != nil {
		return nil, r.err
	}
	plugins, err := l.plugins("ctlplugin:", ctlPluginOptions)
	for _, p := range plugins {
		c.Plugins = append(c.Plugins, CtlPlugin(p))
	}
	return c, err
}

// clientURL makes the path of a unix socket absolute; other URLs stay.
func (l *loader) clientURL(text string) string {
	path, found := strings.CutPrefix(text, "unix://")
	if !found {
		return text
	}
	return "unix://" + l.sys.absolute(path)
}
