//go:build unix

package config

import (
	"os"
	"path/filepath"
)

// loader carries what the reading of one configuration needs in many places.
type loader struct {
	file string // as given
	doc  *document
	sys  system
	here string
	host string    // %(host_node_name)s
	env  variables // ENV_X: supervisord's own environment, then [supervisord]'s
	cfg  *Config

	findings []Finding // the warnings of cfg, with their places
}

// Load reads a configuration file and what it includes. Everything that can be
// wrong with it is found here, before anything is started or changed. The text
// of an error is what the original prints after "Error: ", and errors.As finds
// an *Error that says where.
func Load(file string, opts Options) (*Config, error) {
	l, err := open(file, opts)
	if err != nil {
		return nil, err
	}
	return l.load(opts.Overrides)
}

// open reads the files without looking at what they mean. With an error it
// answers a loader all the same if there is a document to look at.
func open(file string, opts Options) (*loader, error) {
	sys, err := newSystem(opts)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	path := sys.join(file)
	l := &loader{
		file: file,
		sys:  sys,
		here: filepath.Dir(path),
		host: host,
		env:  environVariables(opts.Environ),
		cfg:  &Config{File: path, Here: filepath.Dir(path)},
	}
	if l.doc, err = readDocument(sys, file, nil); err != nil {
		return nil, err
	}
	return l, l.include()
}

// load makes the types, in the original's order of evaluation
// (options.py ServerOptions.read_config, then realize).
func (l *loader) load(over Overrides) (*Config, error) {
	steps := []func() error{
		l.supervisord,
		l.rpcInterfaces,
		func() error { l.ctlPlugins(); return nil },
		l.groups,
		l.accounts,
		l.inetServers,
		l.unixServers,
		l.strangers,
		func() error { l.weakPasswords(); return nil },
		func() error { return l.override(over) },
		func() error { return l.settle(over) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return l.cfg, nil
}

// reader reads a section with the variables given and ENV_X.
func (l *loader) reader(section string, options []optionSpec, vars variables) *reader {
	return &reader{doc: l.doc, section: section, options: options, vars: l.env.with(vars)}
}

// hereVars is %(here)s alone.
func (l *loader) hereVars() variables { return variables{"here": textVar(l.here)} }
