//go:build unix

package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/child"
	"supervisor/supervise/config"
	"supervisor/supervise/logs"
	"supervisor/supervise/machine"
)

// policy is what the machine needs of a process's configuration.
func policy(conf config.Process) machine.Policy {
	return machine.Policy{
		AutoStart:    conf.AutoStart,
		AutoRestart:  restartPolicies[conf.AutoRestart],
		StartSecs:    time.Duration(conf.StartSecs) * time.Second,
		StartRetries: conf.StartRetries,
		ExitCodes:    conf.ExitCodes,
		StopSignal:   conf.StopSignal,
		StopWait:     time.Duration(conf.StopWaitSecs) * time.Second,
		StopAsGroup:  conf.StopAsGroup,
		KillAsGroup:  conf.KillAsGroup,
	}
}

var restartPolicies = map[config.AutoRestart]machine.RestartPolicy{
	config.RestartUnexpected: machine.RestartUnexpected,
	config.RestartNever:      machine.RestartNever,
	config.RestartAlways:     machine.RestartAlways,
}

// command is what to run, made once and the same for every life of a process.
type command struct {
	text   string
	path   string // PATH to search
	base   child.Spec
	socket *sharedSocket // nil for all but FastCGI programs
	listen string        // where a plug-in is to listen; "" for all others
	user   *config.User  // whose program it is; nil is whoever supervisord is
}

// spec is the command with its file found. The error is a spawnerr text.
func (c command) spec() (child.Spec, error) {
	words, err := config.SplitCommand(c.text)
	switch {
	case err != nil:
		return child.Spec{}, fmt.Errorf("can't parse command %s: %w", supervise.Quote(c.text), err)
	case len(words) == 0:
		return child.Spec{}, errors.New("command is empty")
	}
	file, err := child.FindCommand(words[0], c.path)
	if err != nil {
		return child.Spec{}, err
	}
	spec := c.base
	spec.Path, spec.Argv = file, words
	return spec, nil
}

// check is the fault a start meets if the command cannot be run.
func (c command) check() error {
	_, err := c.spec()
	switch {
	case err == nil:
		return nil
	case errors.Is(err, child.ErrNoCommand):
		return supervise.Fault{Code: supervise.FaultNoFile, Detail: err.Error()}
	default:
		return supervise.Fault{Code: supervise.FaultNotExecutable, Detail: err.Error()}
	}
}

// prepareProcess makes what a process needs before it may be added; see prepare.
func (e *Engine) prepareProcess(
	group config.Group, conf config.Process, live config.Supervisord, sockets map[*config.FastCGISocket]*sharedSocket,
) (preparedProcess, error) {
	credential, err := e.credential(conf.User)
	if err != nil {
		return preparedProcess{}, fmt.Errorf("look up user %s of %s: %w", conf.User.Name, conf.Section, err)
	}
	socket, err := e.shareSocket(conf.Socket, sockets)
	if err != nil {
		return preparedProcess{}, err
	}
	listen, err := e.pluginSocket(group, conf)
	if err != nil {
		return preparedProcess{}, err
	}
	made := preparedProcess{conf: conf, digest: conf.Digest(), owner: new(owner)}
	name := supervise.NameSpec{Group: group.Name, Process: conf.Name}
	for _, ch := range supervise.Channels {
		if ch == supervise.Stderr && conf.RedirectStderr {
			continue
		}
		made.logs[ch], err = e.channel(name, ch, group, conf, live, made.owner)
		if err != nil {
			made.discard()
			return preparedProcess{}, err
		}
	}
	environment := e.environment(group, conf, listen)
	made.command = command{
		text: conf.Command,
		path: lookUpEnv(environment, "PATH"),
		base: child.Spec{
			Env: environment, Dir: conf.Directory, User: credential, Umask: conf.Umask,
			MergeErr: conf.RedirectStderr, SigpipeIgnored: live.ChildSigpipeIgnored,
		},
		socket: socket,
		listen: listen,
		user:   conf.User,
	}
	return made, nil
}

func (e *Engine) credential(user *config.User) (*child.Credential, error) {
	if user == nil {
		return nil, nil
	}
	return e.opts.Credential(*user)
}

// environment is the child's, each layer over the one before: supervisord's own,
// the SUPERVISOR_ variables, what the configuration sets (process.py
// _spawn_as_child).
func (e *Engine) environment(group config.Group, conf config.Process, listen string) []string {
	vars := map[string]string{}
	for _, entry := range e.opts.Environ {
		if name, value, found := strings.Cut(entry, "="); found {
			vars[name] = value
		}
	}
	vars["SUPERVISOR_ENABLED"] = "1"
	if url := serverURL(conf, e.opts.ServerURL); url != "" {
		vars["SUPERVISOR_SERVER_URL"] = url
	}
	vars["SUPERVISOR_PROCESS_NAME"] = conf.Name
	vars["SUPERVISOR_GROUP_NAME"] = group.Name
	// Ours; what a supervisord above this one said was about another's.
	delete(vars, "SUPERVISOR_PAYLOAD_LENGTH")
	if group.Listener != nil && group.Listener.PayloadBytes {
		vars["SUPERVISOR_PAYLOAD_LENGTH"] = "bytes"
	}
	delete(vars, pluginSocketVariable)
	if listen != "" {
		vars[pluginSocketVariable] = listen
	}
	for _, v := range conf.Environment {
		vars[v.Name] = v.Value
	}
	environment := make([]string, 0, len(vars))
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		environment = append(environment, name+"="+vars[name])
	}
	return environment
}

func serverURL(conf config.Process, known string) string {
	if conf.ServerURL != "" {
		return conf.ServerURL
	}
	return known
}

func lookUpEnv(environment []string, name string) string {
	for _, entry := range environment {
		if value, found := strings.CutPrefix(entry, name+"="); found {
			return value
		}
	}
	return ""
}

func logConf(conf config.Process, ch supervise.Channel) config.Log {
	if ch == supervise.Stderr {
		return conf.Stderr
	}
	return conf.Stdout
}

// noting adds to what is called with events of a log a line about each capture
// (dispatchers.py toggle_capturemode). Like the pumps, it is not in the loop.
func (e *Engine) noting(name supervise.NameSpec, ch supervise.Channel, tell func(supervise.Event)) func(supervise.Event) {
	return func(event supervise.Event) {
		tell(event)
		if _, captured := event.(supervise.CommunicationEvent); captured {
			e.note(supervise.LevelDebug, fmt.Sprintf("%s %v emitted a comm event", supervise.Quote(name.Process), ch))
		}
	}
}

// channel makes the log of one stream; an automatic one gets its file now.
func (e *Engine) channel(
	name supervise.NameSpec, ch supervise.Channel, group config.Group, conf config.Process, live config.Supervisord,
	by *owner,
) (*logs.Channel, error) {
	log := logConf(conf, ch)
	opts := logs.Options{
		Process: name, Channel: ch,
		MaxBytes: log.MaxBytes, Backups: log.Backups, Syslog: log.Syslog,
		StripANSI: live.StripANSI, CaptureMaxBytes: log.CaptureMaxBytes, Events: log.EventsEnabled,
		RingMaxBytes: live.LogRingMaxBytes,
		OnEvent:      e.poster(by, ch),
		Trouble:      func(text string) { e.note(supervise.LevelWarn, text) },
	}
	if ch == supervise.Stdout && group.Kind == config.EventListener {
		opts.Listener = true
		by.flow = make(chan struct{}, earFlow)
		opts.OnOutput = func(data []byte) { e.listenerSays(by, data) }
	}
	if live.LogLevel <= config.LevelDebug {
		opts.Debug = func(data []byte) {
			e.note(supervise.LevelDebug, logs.DebugText(name.Process, ch, opts.Listener, data))
		}
		opts.OnEvent = e.noting(name, ch, opts.OnEvent)
	}
	switch log.Kind {
	case config.LogFile:
		opts.Path = log.Path
	case config.LogAuto:
		path, err := logs.AutoName(live.ChildLogDir, conf.Name, ch, live.Identifier)
		if err != nil {
			return nil, fmt.Errorf("make the automatic %s log of %s: %w", ch, name, err)
		}
		opts.Path, opts.Mode = path, 0o600
	}
	return logs.NewChannel(opts, e.gate), nil
}
