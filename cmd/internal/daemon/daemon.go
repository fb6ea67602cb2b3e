//go:build unix

package daemon

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	webui "supervisor"
	"supervisor/cmd/internal/preflight"
	"supervisor/server"
	"supervisor/server/audit"
	"supervisor/supervise"
	"supervisor/supervise/child"
	"supervisor/supervise/config"
	"supervisor/supervise/crash"
	"supervisor/supervise/engine"
	"supervisor/supervise/logs"
	"supervisor/supervise/metrics"
	"supervisor/supervise/pool"
)

// stopWithin bounds how long the doors may take to close behind the last
// answer, and the host to let go of its pipes.
const stopWithin = 5 * time.Second

// tidyAfter is when memory that only the start needed is given back to the
// system, at once and not bit by bit: an idle supervisord has no reason to wake.
const tidyAfter = 2 * time.Second

// daemon is one supervisord, through all its restarts.
type daemon struct {
	inv     invocation
	source  config.Options
	users   preflight.Users
	version string
	std     Streams

	serials *pool.Serials
	started time.Time
	begun   bool // has been through a start already: no more daemonizing or limits
	signals *signals

	crashes  *crash.Keeper
	crashDir string
	voice    atomic.Pointer[func(supervise.Level, string)] // into the main log of the present life
}

// run builds, runs and takes down the house, again for as long as it ends in a
// restart and nobody has asked for an end meanwhile.
func (d *daemon) run(ctx context.Context, conf *config.Config) error {
	d.serials = pool.NewSerials()
	d.started = time.Now()
	d.signals = catchSignals()
	defer d.signals.release()
	defer d.closeKeeper()
	for {
		outcome, err := d.once(ctx, conf)
		if err != nil || !outcome.Restart || d.signals.endAsked() {
			return err
		}
		conf = outcome.Config
	}
}

// life is what supervisord holds open between two restarts.
type life struct {
	*daemon
	conf    *config.Config
	pidfile *pidfile
	doors   *server.Server
	gate    *logs.Gate
	mainLog *logs.MainLog
	log     *slog.Logger
	trail   *audit.Log
	state   *stateDir
	host    *child.OSHost
	deaf    chan struct{} // closed when nobody hears the host any more
	engine  *engine.Engine
	metrics *metrics.Sampler
	sockets pluginSockets
}

// once is one life.
func (d *daemon) once(ctx context.Context, conf *config.Config) (engine.Outcome, error) {
	l := &life{daemon: d, conf: conf}
	defer l.end()
	if err := l.open(); err != nil {
		return engine.Outcome{}, err
	}
	if err := l.serve(); err != nil {
		return engine.Outcome{}, err
	}
	d.begun = true
	stopObeying := d.signals.obey(l)
	defer stopObeying()
	forget := l.rememberChildren()
	hearOut := l.followLives()
	tidy := time.AfterFunc(tidyAfter, debug.FreeOSMemory) // what only the start needed
	defer tidy.Stop()
	outcome, err := l.engine.Run(ctx)
	forget(err == nil)
	hearOut()
	return outcome, err
}

// open takes everything that may be refused, and writes nothing before it has
// it: a second supervisord must leave no trace in what belongs to the first.
func (l *life) open() error {
	l.state = newStateDir(l.conf.Supervisord.StateDir, func(text string) { l.say(supervise.LevelWarn, text) })
	lines, err := l.settleIn()
	if err != nil {
		return usageError{err}
	}
	if l.pidfile, err = lockPidfile(l.conf.Supervisord.Pidfile); err != nil {
		return usageError{err}
	}
	if l.doors, err = l.openDoors(); err != nil {
		return usageError{err}
	}
	if err := l.openMainLog(); err != nil {
		return err
	}
	l.writeFirstLines(lines)
	trail := l.conf.Supervisord.Trail
	l.trail = audit.New(audit.Options{Path: trail.File, MaxBytes: trail.MaxBytes, Backups: trail.Backups, Say: l.say})
	if err := l.makeEngine(); err != nil {
		return usageError{err}
	}
	l.announceDoors()
	return nil
}

// serve is the last of the start: from here on supervisord is there for others.
func (l *life) serve() error {
	l.changePlace()
	if err := l.pidfile.write(os.Getpid()); err != nil {
		l.say(supervise.LevelCritical, "could not write pidfile "+l.conf.Supervisord.Pidfile)
	}
	l.say(supervise.LevelInfo, fmt.Sprintf("supervisord started with pid %d", os.Getpid()))
	house, err := l.house()
	if err != nil {
		return err
	}
	if err := l.doors.Start(house); err != nil {
		return err
	}
	if l.begun || l.conf.Supervisord.NoDaemon {
		return nil
	}
	return letGo()
}

// end gives everything back, the latest first. What goes wrong with that is
// worth a line and no more: it must not cost a restart.
func (l *life) end() {
	var troubles []string
	try := func(doing string, err error) {
		if err != nil {
			troubles = append(troubles, doing+": "+err.Error())
		}
	}
	if l.doors != nil {
		try("close the doors", within(stopWithin, l.doors.Stop))
	}
	if l.state != nil {
		try("write the state", within(stopWithin, l.state.close))
	}
	try("close the trail", within(stopWithin, l.trail.Close))
	if l.metrics != nil {
		l.metrics.Close()
	}
	if l.engine != nil {
		l.engine.Close()
	}
	if l.host != nil {
		close(l.deaf)
		l.users.Ask(nil)
		try("close the host", within(stopWithin, l.host.Close))
	}
	if l.pidfile != nil {
		try("remove the pidfile", l.pidfile.remove())
	}
	try("remove the sockets of plug-ins", l.sockets.remove())
	l.closeMainLog(troubles)
}

// closeMainLog writes the last lines, if the log takes them in time: its disk may
// hang, or nobody read the terminal it is repeated on.
func (l *life) closeMainLog(lastLines []string) {
	if l.mainLog == nil {
		for _, text := range lastLines {
			fmt.Fprintln(l.std.Err, "supervisord: "+text)
		}
		return
	}
	closed := make(chan struct{})
	go func() { // ends when the log lets it
		defer close(closed)
		for _, text := range lastLines {
			l.log.Warn(text)
		}
		l.mainLog.Close()
		l.gate.SettleTimes()
	}()
	select {
	case <-closed:
	case <-time.After(stopWithin):
	}
}

// say writes a line to the main log: through the engine while there is one, so
// that it neither waits nor overtakes the engine's own lines.
func (l *life) say(level supervise.Level, text string) {
	if l.engine != nil {
		l.engine.Note(level, text)
		return
	}
	l.log.Log(context.Background(), slogLevels[level], text)
}

var slogLevels = map[supervise.Level]slog.Level{
	supervise.LevelDebug:    logs.LevelDebug,
	supervise.LevelInfo:     logs.LevelInfo,
	supervise.LevelWarn:     logs.LevelWarn,
	supervise.LevelError:    logs.LevelError,
	supervise.LevelCritical: logs.LevelCritical,
}

// settleIn becomes user= and raises the limits, these only once. It returns lines
// for the main log, which is opened afterwards, as the user supervisord then is.
func (l *life) settleIn() (lines []supervise.Note, err error) {
	line, err := l.become()
	if err != nil {
		return nil, err
	}
	if line.Text != "" {
		lines = append(lines, line)
	}
	if l.begun {
		return lines, nil
	}
	raised, err := child.RaiseLimits(l.conf.Supervisord.MinFDs, l.conf.Supervisord.MinProcs)
	if err != nil {
		return nil, err
	}
	for _, text := range raised {
		lines = append(lines, supervise.Note{Level: supervise.LevelInfo, Text: text})
	}
	return lines, nil
}

// become becomes user=, and gives the line that says so (options.py
// set_uid_or_exit). After a reload a user that cannot be become any more is only
// complained of: the original ends then, and its programs with it.
func (l *life) become() (supervise.Note, error) {
	user := l.conf.Supervisord.User
	switch {
	case user == nil && os.Getuid() == 0:
		return supervise.Note{Level: supervise.LevelCritical, Text: "Supervisor is running as root.  Privileges were not dropped because no user is specified in the config file.  If you intend to run as root, you can set user=root in the config file to avoid this message."}, nil
	case user == nil:
		return supervise.Note{}, nil
	}
	err := l.dropTo(*user)
	switch {
	case err == nil:
		return supervise.Note{Level: supervise.LevelInfo, Text: fmt.Sprintf("Set uid to user %d succeeded", user.UID)}, nil
	case l.begun:
		return supervise.Note{Level: supervise.LevelCritical, Text: fmt.Sprintf("user=%s of [supervisord] is not in effect: %s", user.Name, err)}, nil
	}
	return supervise.Note{}, err
}

func (l *life) dropTo(user config.User) error {
	credential, err := l.users.Credential(user)
	if err != nil {
		return err
	}
	l.state.giveTo(user.UID, user.GID)
	return child.DropPrivileges(*credential)
}

func (l *life) openMainLog() error {
	s := l.conf.Supervisord
	opts := logs.MainOptions{
		Path: s.Logfile, MaxBytes: s.LogfileMaxBytes, Backups: s.LogfileBackups,
		Level: levels[s.LogLevel], RingMaxBytes: s.LogRingMaxBytes,
	}
	if s.Logfile == config.Syslog {
		opts.Path, opts.Syslog = "", true
	}
	if s.NoDaemon && !s.Silent && !sameFile(s.Logfile, l.std.Out) {
		opts.Echo = l.std.Out
	}
	l.gate = logs.NewGate()
	if s.StateDir != "" {
		// Not through say: it is asked while the engine is being made.
		l.gate.KeepTimes(filepath.Join(s.StateDir, "log-times"), func(text string) { l.log.Warn(text) })
	}
	l.mainLog = logs.NewMainLog(opts, l.gate)
	l.log = slog.New(l.mainLog)
	if err := l.mainLog.Open(); err != nil {
		return fmt.Errorf("open the main log %s: %w", s.Logfile, err)
	}
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

// writeFirstLines says what reading the configuration and then settling in had to
// say: criticals, warnings, infos, in that order, as the original does. Then the
// logs of an earlier run are swept out.
func (l *life) writeFirstLines(settled []supervise.Note) {
	var lines []supervise.Note
	add := func(level supervise.Level, texts []string) {
		for _, text := range texts {
			lines = append(lines, supervise.Note{Level: level, Text: text})
		}
	}
	add(supervise.LevelCritical, l.conf.Criticals)
	add(supervise.LevelWarn, l.conf.Warnings)
	add(supervise.LevelInfo, l.conf.Infos)
	lines = append(lines, settled...)
	for _, level := range []supervise.Level{supervise.LevelCritical, supervise.LevelWarn, supervise.LevelInfo} {
		for _, line := range lines {
			if line.Level == level {
				l.say(line.Level, line.Text)
			}
		}
	}
	if l.conf.Supervisord.NoCleanup {
		return
	}
	for _, text := range logs.CleanAuto(l.conf.Supervisord.ChildLogDir, l.conf.Supervisord.Identifier) {
		l.say(supervise.LevelWarn, text)
	}
}

// makeEngine gives the engine its operating system.
func (l *life) makeEngine() error {
	if l.conf.Supervisord.Subreaper {
		if err := child.BecomeSubreaper(); err != nil {
			l.say(supervise.LevelWarn, "subreaper=true cannot be had here: "+err.Error())
		}
	}
	reports := make(chan child.Report, 1024)
	l.deaf = make(chan struct{})
	host, err := child.New(child.Options{Reports: reports, Done: l.deaf})
	if err != nil {
		return err
	}
	l.host = host
	l.keepLives()
	l.users.Ask(host.Output)
	eng, err := engine.New(engine.Options{
		Config: l.conf, Load: l.load, Host: host, Reports: reports,
		Log: l.log, MainLog: l.mainLog, Gate: l.gate, Credential: l.users.Credential,
		Environ: environ(), ServerURL: l.conf.ServerURL(),
		Identity: l.identity(), Serials: l.serials, Restarts: l.crashes.Restarts,
		Plugins: &l.sockets,
	})
	if err != nil {
		return err
	}
	l.engine = eng
	l.metrics = metrics.New(metrics.Options{Engine: eng, Keep: l.conf.Supervisord.MetricsHistory, Log: l.log})
	l.speak(eng.Note)
	return nil
}

func (l *life) identity() supervise.Identity {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return supervise.Identity{
		Identifier: l.conf.Supervisord.Identifier, Version: l.version, PID: os.Getpid(),
		ConfigFile: l.conf.File, Host: host, Started: l.started,
	}
}

// openDoors binds every listener of the configuration. Nothing is served yet.
func (l *life) openDoors() (*server.Server, error) {
	s := l.conf.Supervisord
	opts := server.Options{
		Stderr: l.std.Err, MaxConnections: maxConnections(l.conf), Accounts: l.conf.Accounts, LoginName: l.users.LoginName,
		SessionIdle: s.SessionIdle, SessionLifetime: s.SessionLifetime,
	}
	if s.UsersFile != "" {
		opts.Users = newPatientStore(&usersFile{path: s.UsersFile}, s.UsersFile, storeWithin)
	}
	if s.StateDir != "" {
		opts.State = serverState{l}
	}
	for _, s := range l.conf.HTTPServers {
		opts.Endpoints = append(opts.Endpoints, endpoint(s))
	}
	doors, err := server.New(opts)
	if err != nil {
		return nil, err
	}
	return doors, doors.Listen()
}

// house is what is served behind the doors.
func (l *life) house() (server.House, error) {
	h := server.House{Engine: l.engine, Metrics: l.metrics, History: l.crashes, Static: webui.WebUI(), Logger: l.log, Problems: l.problems, Trail: l.trail, Secrets: l.conf.Supervisord.SecretNames}
	h.Files = func() (supervise.ConfigView, error) {
		return config.Show(l.inv.configFile, l.source, l.conf.Supervisord.SecretNames)
	}
	h.OpenFiles = child.OpenFiles
	for _, r := range l.conf.RPCInterfaces {
		h.Namespaces = append(h.Namespaces, r.Name)
	}
	var err error
	h.Plugins, err = l.plugins()
	return h, err
}

// problems is what an operator should know of supervisord itself.
func (l *life) problems() []supervise.Problem {
	all := append(l.state.problems(), l.trail.Problems()...)
	if why := l.mainLog.Trouble(); why != "" {
		all = append(all, supervise.Problem{Code: supervise.MainLogTrouble, Why: why, Text: "the main log: " + why})
	}
	all = append(all, l.logTroubles()...)
	if why := l.crashes.Trouble(); why != "" {
		all = append(all, supervise.Problem{Code: supervise.CrashesUnkept, Why: why, Text: why})
	}
	all = append(all, unloadable(l.conf.RPCInterfaces)...)
	return append(all, exposures(l.conf.HTTPServers)...)
}

func endpoint(s config.HTTPServer) server.Endpoint {
	e := server.Endpoint{
		Section: s.Section, Unix: s.Unix, Path: s.Path, Host: s.Host, Port: s.Port,
		Mode: s.Chmod, UID: -1, GID: -1,
		Username: s.Username, Password: s.Password, HasAuth: s.HasAuth, File: s.File, Line: s.Line,
		MapUsers: s.MapUsers, TrustedHosts: s.TrustedHosts, TrustedProxies: s.TrustedProxies, ForwardAuthHeader: s.ForwardAuthHeader, BasePath: s.BasePath,
		Label: s.Label, Colour: s.Colour,
		LegacyActions: s.LegacyActions,
	}
	if s.TLSCertificate == config.TLSAuto {
		e.TLSSelfSigned = true
	} else {
		e.TLSCertificate, e.TLSKey = s.TLSCertificate, s.TLSKey
	}
	if s.Owner != nil {
		e.UID, e.GID = s.Owner.UID, s.Owner.GID
	}
	return e
}

// announceDoors logs, as the original does once for each door, that XML-RPC is
// ready and where nobody asks for a password.
func (l *life) announceDoors() {
	for _, s := range l.conf.HTTPServers {
		for _, r := range l.conf.RPCInterfaces {
			if _, missing := r.Missing(); !missing {
				l.say(supervise.LevelInfo, fmt.Sprintf("RPC interface '%s' initialized", r.Name))
			}
		}
		if l.conf.LetsEverybodyIn(s) {
			l.say(supervise.LevelCritical, fmt.Sprintf("Server '%s' running without any HTTP authentication checking", s.Section))
		}
		if problem, is := overheard(s); is {
			l.say(supervise.LevelWarn, problem.Text)
		}
	}
}

// changePlace takes the daemon's directory and umask.
func (l *life) changePlace() {
	if l.begun {
		return
	}
	s := l.conf.Supervisord
	if !s.NoDaemon {
		l.say(supervise.LevelInfo, "daemonizing the supervisord process")
	}
	if s.Directory != "" {
		if err := os.Chdir(s.Directory); err != nil {
			l.say(supervise.LevelCritical, fmt.Sprintf("can't chdir into %s: %v", supervise.Quote(s.Directory), err))
		} else {
			l.say(supervise.LevelInfo, "set current directory: "+supervise.Quote(s.Directory))
		}
	}
	syscall.Umask(s.Umask)
}

// within calls end with a context that lasts so long.
func within(limit time.Duration, end func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return end(ctx)
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
	return err == nil && os.SameFile(there, here)
}
