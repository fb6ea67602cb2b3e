//go:build unix

package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"time"

	webui "supervisor"
	"supervisor/server"
	"supervisor/supervise"
	"supervisor/supervise/child"
	"supervisor/supervise/config"
	"supervisor/supervise/engine"
	"supervisor/supervise/logs"
	"supervisor/supervise/pool"
)

// stopWithin bounds how long the doors may take to close behind the last
// answer, and the host to let go of its pipes.
const stopWithin = 5 * time.Second

// daemon is one supervisord, through all its restarts.
type daemon struct {
	inv     invocation
	source  config.Options
	users   systemUsers
	version string
	std     Streams

	log     *slog.Logger
	mainLog *logs.MainLog
	gate    *logs.Gate
	serials *pool.Serials
	state   *stateDir
	started time.Time
	begun   bool // has been through a start already: no more daemonizing, users or limits
}

// run builds, runs and takes down the house, again for as long as it ends in a
// restart.
func (d *daemon) run(ctx context.Context, conf *config.Config) error {
	d.serials = pool.NewSerials()
	d.started = time.Now()
	for {
		outcome, err := d.once(ctx, conf)
		if err != nil || !outcome.Restart {
			return err
		}
		conf = outcome.Config
	}
}

// once is one life between two restarts.
func (d *daemon) once(ctx context.Context, conf *config.Config) (outcome engine.Outcome, err error) {
	var undo cleanups
	defer func() { err = errors.Join(err, undo.run()) }()

	pidfile, err := lockPidfile(conf.Supervisord.Pidfile)
	if err != nil {
		return outcome, usageError{err}
	}
	undo.add("remove the pidfile", pidfile.remove)

	srv, err := d.openDoors(conf)
	if err != nil {
		return outcome, usageError{err}
	}
	undo.add("close the doors", func() error { return within(stopWithin, srv.Stop) })

	lines, err := d.settleIn(conf)
	if err != nil {
		return outcome, usageError{err}
	}
	if err := d.openMainLog(conf); err != nil {
		return outcome, err
	}
	undo.add("close the main log", func() error { d.mainLog.Close(); return nil })
	d.writeFirstLines(conf, lines)

	eng, closeHost, err := d.makeEngine(conf)
	if err != nil {
		return outcome, usageError{err}
	}
	undo.add("close the host", closeHost)
	d.announceDoors(conf)

	if err := d.leaveTerminal(conf); err != nil {
		return outcome, err
	}
	if err := pidfile.write(os.Getpid()); err != nil {
		d.say(logs.LevelCritical, "could not write pidfile "+conf.Supervisord.Pidfile)
	}
	d.say(logs.LevelInfo, fmt.Sprintf("supervisord started with pid %d", os.Getpid()))

	stopSignals := d.listenToSignals(eng)
	defer stopSignals()
	stopSurvivors := d.rememberChildren(eng)
	defer stopSurvivors()
	if err := srv.Start(d.house(conf, eng)); err != nil {
		return outcome, err
	}
	if err := letGoOfParent(); err != nil {
		return outcome, fmt.Errorf("tell who started supervisord that it runs: %w", err)
	}
	d.begun = true
	return eng.Run(ctx)
}

// settleIn becomes user= and raises the limits, once. It returns lines for the
// main log, which is opened afterwards, as the user supervisord then is.
func (d *daemon) settleIn(conf *config.Config) (lines []logLine, err error) {
	if d.begun {
		return nil, nil
	}
	user := conf.Supervisord.User
	switch {
	case user != nil:
		credential, err := d.users.credential(*user)
		if err != nil {
			return nil, err
		}
		if err := child.DropPrivileges(*credential); err != nil {
			return nil, err
		}
		lines = append(lines, logLine{logs.LevelInfo, fmt.Sprintf("Set uid to user %d succeeded", user.UID)})
	case os.Getuid() == 0:
		lines = append(lines, logLine{logs.LevelCritical, "Supervisor is running as root.  Privileges were not dropped because no user is specified in the config file.  If you intend to run as root, you can set user=root in the config file to avoid this message."})
	}
	raised, err := child.RaiseLimits(conf.Supervisord.MinFDs, conf.Supervisord.MinProcs)
	if err != nil {
		return nil, err
	}
	for _, text := range raised {
		lines = append(lines, logLine{logs.LevelInfo, text})
	}
	return lines, nil
}

// logLine is something to be logged once there is a log.
type logLine struct {
	level slog.Level
	text  string
}

func (d *daemon) openMainLog(conf *config.Config) error {
	s := conf.Supervisord
	opts := logs.MainOptions{
		Path: s.Logfile, MaxBytes: s.LogfileMaxBytes, Backups: s.LogfileBackups,
		Level: levels[s.LogLevel], RingMaxBytes: s.LogRingMaxBytes,
	}
	if s.Logfile == config.Syslog {
		opts.Path, opts.Syslog = "", true
	}
	if s.NoDaemon && !s.Silent && !sameFile(s.Logfile, d.std.Out) {
		opts.Echo = d.std.Out
	}
	d.gate = logs.NewGate()
	d.mainLog = logs.NewMainLog(opts, d.gate)
	if err := d.mainLog.Open(); err != nil {
		return fmt.Errorf("open the main log %s: %w", s.Logfile, err)
	}
	d.log = slog.New(d.mainLog)
	return nil
}

var levels = map[config.LogLevel]slog.Level{
	config.LevelBlather:  logs.LevelBlather,
	config.LevelTrace:    logs.LevelTrace,
	config.LevelDebug:    logs.LevelDebug,
	config.LevelInfo:     logs.LevelInfo,
	config.LevelWarn:     logs.LevelWarn,
	config.LevelError:    logs.LevelError,
	config.LevelCritical: logs.LevelCritical,
}

// writeFirstLines says what reading the configuration and settling in had to
// say: criticals, warnings, infos, in that order, as the original does. Then the
// logs of an earlier run are swept out.
func (d *daemon) writeFirstLines(conf *config.Config, lines []logLine) {
	for _, text := range conf.Criticals {
		lines = append(lines, logLine{logs.LevelCritical, text})
	}
	for _, text := range conf.Warnings {
		lines = append(lines, logLine{logs.LevelWarn, text})
	}
	for _, text := range conf.Infos {
		lines = append(lines, logLine{logs.LevelInfo, text})
	}
	for _, level := range []slog.Level{logs.LevelCritical, logs.LevelWarn, logs.LevelInfo} {
		for _, l := range lines {
			if l.level == level {
				d.say(l.level, l.text)
			}
		}
	}
	if conf.Supervisord.NoCleanup {
		return
	}
	for _, text := range logs.CleanAuto(conf.Supervisord.ChildLogDir, conf.Supervisord.Identifier) {
		d.say(logs.LevelWarn, text)
	}
}

func (d *daemon) say(level slog.Level, text string) {
	d.log.Log(context.Background(), level, text)
}

// makeEngine gives the engine its operating system, and closeHost to take it
// away again.
func (d *daemon) makeEngine(conf *config.Config) (eng *engine.Engine, closeHost func() error, err error) {
	d.state = newStateDir(conf.Supervisord.StateDir, func(text string) { d.say(logs.LevelWarn, text) })
	if conf.Supervisord.Subreaper {
		if err := child.BecomeSubreaper(); err != nil {
			d.say(logs.LevelWarn, "subreaper=true cannot be had here: "+err.Error())
		}
	}
	reports, done := make(chan child.Report, 1024), make(chan struct{})
	host, err := child.New(child.Options{Reports: reports, Done: done})
	if err != nil {
		return nil, nil, err
	}
	d.users.ask(host.Output)
	closeHost = func() error {
		close(done)
		d.users.ask(nil)
		return within(stopWithin, host.Close)
	}
	eng, err = engine.New(engine.Options{
		Config: conf, Load: d.load, Host: host, Reports: reports,
		Log: d.log, MainLog: d.mainLog, Gate: d.gate, Credential: d.users.credential,
		Environ: environ(), ServerURL: conf.ServerURL(),
		Identity: d.identity(conf), Serials: d.serials,
	})
	if err != nil {
		return nil, nil, errors.Join(err, closeHost())
	}
	return eng, closeHost, nil
}

func (d *daemon) identity(conf *config.Config) supervise.Identity {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return supervise.Identity{
		Identifier: conf.Supervisord.Identifier, Version: d.version, PID: os.Getpid(),
		ConfigFile: conf.File, Host: host, Started: d.started,
	}
}

// openDoors binds every listener of the configuration. Nothing is served yet.
func (d *daemon) openDoors(conf *config.Config) (*server.Server, error) {
	opts := server.Options{Stderr: d.std.Err}
	for _, s := range conf.HTTPServers {
		opts.Endpoints = append(opts.Endpoints, endpoint(s))
	}
	srv, err := server.New(opts)
	if err != nil {
		return nil, err
	}
	return srv, srv.Listen()
}

// house is what is served behind the doors.
func (d *daemon) house(conf *config.Config, eng *engine.Engine) server.House {
	h := server.House{Engine: eng, Static: webui.WebUI(), Logger: d.log, Problems: d.problems}
	for _, r := range conf.RPCInterfaces {
		h.Namespaces = append(h.Namespaces, r.Name)
	}
	return h
}

// problems is what an operator should know of supervisord itself.
func (d *daemon) problems() []string {
	var all []string
	for _, text := range []string{d.state.trouble(), d.mainLog.Trouble()} {
		if text != "" {
			all = append(all, text)
		}
	}
	return all
}

func endpoint(s config.HTTPServer) server.Endpoint {
	e := server.Endpoint{
		Section: s.Section, Unix: s.Unix, Path: s.Path, Host: s.Host, Port: s.Port,
		Mode: s.Chmod, UID: -1, GID: -1,
		Username: s.Username, Password: s.Password, HasAuth: s.HasAuth,
	}
	if s.Owner != nil {
		e.UID, e.GID = s.Owner.UID, s.Owner.GID
	}
	return e
}

// announceDoors logs, as the original does once for each door, that XML-RPC is
// ready and where nobody asks for a password.
func (d *daemon) announceDoors(conf *config.Config) {
	for _, s := range conf.HTTPServers {
		for _, r := range conf.RPCInterfaces {
			d.say(logs.LevelInfo, fmt.Sprintf("RPC interface '%s' initialized", r.Name))
		}
		if !s.HasAuth {
			d.say(logs.LevelCritical, fmt.Sprintf("Server '%s' running without any HTTP authentication checking", s.Section))
		}
	}
}

// leaveTerminal takes the daemon's directory and umask, and, unless it stays in
// the foreground, cuts it off from the terminal.
func (d *daemon) leaveTerminal(conf *config.Config) error {
	if d.begun {
		return nil
	}
	s := conf.Supervisord
	if !s.NoDaemon {
		d.say(logs.LevelInfo, "daemonizing the supervisord process")
	}
	if s.Directory != "" {
		if err := os.Chdir(s.Directory); err != nil {
			d.say(logs.LevelCritical, fmt.Sprintf("can't chdir into %s: %v", supervise.Quote(s.Directory), err))
		} else {
			d.say(logs.LevelInfo, "set current directory: "+supervise.Quote(s.Directory))
		}
	}
	syscall.Umask(s.Umask)
	if s.NoDaemon {
		return nil
	}
	return letGoOfTerminal()
}

// within calls end with a context that lasts so long.
func within(limit time.Duration, end func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return end(ctx)
}

// cleanups are undone in the reverse order of how they were added.
type cleanups []cleanup

type cleanup struct {
	name string
	do   func() error
}

func (c *cleanups) add(name string, do func() error) { *c = append(*c, cleanup{name, do}) }

func (c *cleanups) run() error {
	var errs []error
	for at := len(*c) - 1; at >= 0; at-- {
		if err := (*c)[at].do(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", (*c)[at].name, err))
		}
	}
	return errors.Join(errs...)
}

// sameFile tells whether path is what out already writes to, as with
// logfile=/dev/stdout in the foreground: echoing would print each line twice.
func sameFile(path string, out io.Writer) bool {
	file, isFile := out.(*os.File)
	if !isFile {
		return false
	}
	there, err := os.Stat(path)
	if err != nil {
		return false
	}
	here, err := file.Stat()
	return err == nil && os.SameFile(there, here) && here.Mode()&fs.ModeType != fs.ModeDir
}

func joinComma(words []string) string { return strings.Join(words, ", ") }
