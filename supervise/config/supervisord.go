//go:build unix

package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"supervisor/supervise"
)

// Overrides are the values of supervisord's command line, which win over the
// file. The zero value overrides nothing; Set adds one.
type Overrides struct {
	values map[string]string // by option name; checked when set
}

// Set checks a value as the option of that name in [supervisord] demands, and
// keeps it. A flag without a value is set to "true". Relative paths begin in the
// working directory of environ's owner, and ~ is that environment's HOME.
func (o *Overrides) Set(option, value string, opts Options) error {
	sys, err := newSystem(opts)
	if err != nil {
		return err
	}
	fields := supervisordFields(&Supervisord{}, sys)
	i := slices.IndexFunc(fields, func(f field) bool { return f.option == option })
	if i < 0 {
		return fmt.Errorf("[supervisord] has no option %s that a command line may give", option)
	}
	if err := fields[i].set(value); err != nil {
		return err
	}
	if o.values == nil {
		o.values = map[string]string{}
	}
	o.values[option] = value
	return nil
}

// field ties an option to the place its value goes.
type field struct {
	option string
	set    func(text string) error
}

func assign[T any](to *T, parse func(string) (T, error)) func(string) error {
	return func(text string) error {
		value, err := parse(text)
		if err == nil {
			*to = value
		}
		return err
	}
}

func anyText(text string) (string, error) { return text, nil }

// supervisordFields lists the options of [supervisord] that are one value each,
// in the order in which the original reads them: the first error wins.
func supervisordFields(s *Supervisord, sys system) []field {
	unresolved := func(text string) (*User, error) { return &User{Name: text}, nil }
	path := func(text string) (string, error) { return sys.absolute(text), nil }
	return []field{
		{"minfds", assign(&s.MinFDs, integer)},
		{"minprocs", assign(&s.MinProcs, integer)},
		{"directory", assign(&s.Directory, sys.existingDir)},
		{"user", assign(&s.User, unresolved)},
		{"umask", assign(&s.Umask, octal)},
		{"logfile", assign(&s.Logfile, sys.existingParent)},
		{"logfile_maxbytes", assign(&s.LogfileMaxBytes, byteSize)},
		{"logfile_backups", assign(&s.LogfileBackups, integer)},
		{"loglevel", assign(&s.LogLevel, logLevel)},
		{"pidfile", assign(&s.Pidfile, sys.existingParent)},
		{"identifier", assign(&s.Identifier, anyText)},
		{"nodaemon", assign(&s.NoDaemon, boolean)},
		{"silent", assign(&s.Silent, boolean)},
		{"childlogdir", assign(&s.ChildLogDir, sys.existingDir)},
		{"nocleanup", assign(&s.NoCleanup, boolean)},
		{"strip_ansi", assign(&s.StripANSI, boolean)},
		{"statedir", assign(&s.StateDir, path)},
		{"log_ring_maxbytes", assign(&s.LogRingMaxBytes, ringSize)},
		{"child_sigpipe", assign(&s.ChildSigpipeIgnored, sigpipe)},
		{"subreaper", assign(&s.Subreaper, boolean)},
		{"users_file", assign(&s.UsersFile, path)},
		{"session_idle", assign(&s.SessionIdle, supervise.ParseDuration)},
		{"session_lifetime", assign(&s.SessionLifetime, supervise.ParseDuration)},
		{"audit_logfile", assign(&s.Trail.File, trailFile)},
		{"audit_logfile_maxbytes", assign(&s.Trail.MaxBytes, byteSize)},
		{"audit_logfile_backups", assign(&s.Trail.Backups, integer)},
		{"secret_names", assign(&s.SecretNames, patterns)},
		{"metrics_history", assign(&s.MetricsHistory, history)},
	}
}

// trailFile reads audit_logfile=: a file, NONE, or AUTO for one in statedir.
func trailFile(text string) (string, error) {
	switch strings.ToUpper(text) {
	case "NONE":
		return "", nil
	case trailAuto:
		return trailAuto, nil
	}
	return text, nil
}

const trailAuto = "AUTO"

func ringSize(text string) (int64, error) {
	size, err := byteSize(text)
	if err == nil && size < 0 {
		return 0, fmt.Errorf("log_ring_maxbytes is negative: %s", supervise.Quote(text))
	}
	return size, err
}

// supervisord reads [supervisord]. Its environment= becomes known as ENV_X to
// everything that is read later.
func (l *loader) supervisord() error {
	if !l.doc.has("supervisord") {
		return fail(position{File: l.sys.join(l.file)}, ".ini file does not include supervisord section")
	}
	r := l.reader("supervisord", supervisordOptions, l.hereVars())
	for _, f := range supervisordFields(&l.cfg.Supervisord, l.sys) {
		text, found := r.lookup(f.option)
		if !found {
			continue
		}
		if err := f.set(text); err != nil {
			r.fail(f.option, err)
		}
	}
	r.vars["host_node_name"] = textVar(l.host)
	l.cfg.Supervisord.Environment = l.environment(r)
	l.env.addEnvironment(l.cfg.Supervisord.Environment)
	return r.err
}

// environment reads environment=, which errors call by this short name.
func (l *loader) environment(r *reader) Environment {
	text, _ := r.raw("environment")
	text, ok := r.expand("environment", text, "environment")
	if !ok {
		return nil
	}
	pairs, err := environment(text)
	if err != nil {
		r.fail("environment", err)
		return nil
	}
	if name, cut := cutShort(text); cut {
		at := l.doc.at(r.section, "environment")
		l.findings = append(l.findings, Finding{Doubtful, at.File, at.Line, r.section, "environment",
			"the value of " + name + " ends before a character that is not a comma, as it does for Supervisor; to have all of it, put it into quotes"})
	}
	return pairs
}

// override lays the command line over what the file says.
func (l *loader) override(over Overrides) error {
	for _, f := range supervisordFields(&l.cfg.Supervisord, l.sys) {
		text, given := over.values[f.option]
		if !given {
			continue
		}
		if err := f.set(text); err != nil {
			return &Error{Text: err.Error(), Section: "supervisord", Option: f.option, cause: err}
		}
	}
	return nil
}

// settle does what needs the final values: it finds the user, and makes paths
// absolute, so that they still hold after a change of directory.
func (l *loader) settle(over Overrides) error {
	s := &l.cfg.Supervisord
	if s.User != nil {
		user, err := l.sys.user(s.User.Name)
		if err != nil {
			return locate(err, l.userAt(over), "supervisord", "user")
		}
		s.User = &user
	}
	if s.Logfile != Syslog {
		s.Logfile = l.sys.absolute(s.Logfile)
	}
	s.Pidfile = l.sys.absolute(s.Pidfile)
	if s.StateDir == "" {
		s.StateDir = l.sys.stateDir()
	}
	switch {
	case s.Trail.File == trailAuto && s.StateDir == "":
		s.Trail.File = ""
	case s.Trail.File == trailAuto:
		s.Trail.File = filepath.Join(s.StateDir, "audit.log")
	case s.Trail.File != "":
		s.Trail.File = l.sys.absolute(s.Trail.File)
	}
	if s.ChildLogDir != "" {
		return nil
	}
	dir, err := l.sys.tempDir()
	s.ChildLogDir = dir
	return err
}

// userAt is where user= was written: nowhere, if the command line says who.
func (l *loader) userAt(over Overrides) position {
	if _, given := over.values["user"]; given {
		return position{}
	}
	return l.doc.at("supervisord", "user")
}
