//go:build unix

package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"supervisor/supervise"
)

// description prints a configuration in the words of testdata/original.py, line
// by line: the form in which the two are compared, and in which golden files
// keep results.
type description struct {
	t     *testing.T
	lines []string
}

func describe(t *testing.T, c *Config) []string {
	t.Helper()
	d := &description{t: t}
	d.supervisord(c)
	for _, server := range c.HTTPServers {
		d.server(server)
	}
	for _, r := range c.RPCInterfaces {
		if r.IsPlugin() {
			d.say("plug-in", r.Name, map[string]any{"url": r.URL, "command": r.Command, "role": r.Role.String(), "timeout": r.Timeout.String()})
			continue
		}
		d.say("rpcinterface", r.Name, r.Options)
	}
	for i, group := range c.Groups {
		d.group(fmt.Sprintf("group %d", i), group)
	}
	for i, info := range Infos(c.Groups) {
		d.info(fmt.Sprintf("info %d", i), info)
	}
	return d.lines
}

func (d *description) say(subject, option string, value any) {
	d.t.Helper()
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		d.t.Fatal(err)
	}
	d.lines = append(d.lines, fmt.Sprintf("%s %s = %s", subject, option, bytes.TrimSpace(b.Bytes())))
}

func (d *description) supervisord(c *Config) {
	s := c.Supervisord
	d.say("supervisord", "logfile", s.Logfile)
	d.say("supervisord", "pidfile", s.Pidfile)
	d.say("supervisord", "logfile_maxbytes", s.LogfileMaxBytes)
	d.say("supervisord", "logfile_backups", s.LogfileBackups)
	d.say("supervisord", "loglevel", s.LogLevel)
	d.say("supervisord", "umask", s.Umask)
	d.say("supervisord", "minfds", s.MinFDs)
	d.say("supervisord", "minprocs", s.MinProcs)
	d.say("supervisord", "identifier", s.Identifier)
	d.say("supervisord", "nodaemon", s.NoDaemon)
	d.say("supervisord", "silent", s.Silent)
	d.say("supervisord", "nocleanup", s.NoCleanup)
	d.say("supervisord", "strip_ansi", s.StripANSI)
	d.say("supervisord", "childlogdir", s.ChildLogDir)
	d.say("supervisord", "directory", orNull(s.Directory))
	d.say("supervisord", "user", uid(s.User))
	d.say("supervisord", "environment", asMap(s.Environment))
	d.say("supervisord", "serverurl", orNull(c.ServerURL()))
	for _, text := range c.Criticals {
		d.say("log", "critical", text)
	}
	for _, text := range c.Warnings {
		d.say("log", "warning", text)
	}
	for _, text := range c.Infos {
		d.say("log", "info", text)
	}
}

func (d *description) server(s HTTPServer) {
	subject := "[" + s.Section + "]"
	if s.Unix {
		d.say(subject, "file", s.Path)
		d.say(subject, "chmod", int(s.Chmod))
		d.say(subject, "chown", ids(s.Owner, []int{-1, -1}))
	} else {
		d.say(subject, "host", s.Host)
		d.say(subject, "port", s.Port)
	}
	d.say(subject, "username", s.Username)
	d.say(subject, "password", s.Password)
}

func (d *description) group(subject string, g Group) {
	d.say(subject, "name", g.Name)
	d.say(subject, "priority", g.Priority)
	if g.Listener != nil {
		d.say(subject, "buffer_size", g.Listener.BufferSize)
		d.say(subject, "events", g.Listener.Events)
	}
	if g.Kind == FastCGI && len(g.Processes) > 0 {
		d.socket(subject, g.Processes[0].Socket)
	}
	for i, process := range g.Processes {
		d.process(fmt.Sprintf("%s process %d", subject, i), process)
	}
}

func (d *description) socket(subject string, s *FastCGISocket) {
	d.say(subject, "socket", s.URL)
	d.say(subject, "socket_backlog", s.Backlog)
	if s.Unix {
		d.say(subject, "socket_mode", int(s.Mode))
		d.say(subject, "socket_owner", ids(s.Owner, nil))
	}
}

func (d *description) process(subject string, p Process) {
	d.say(subject, "name", p.Name)
	d.say(subject, "command", p.Command)
	d.say(subject, "directory", orNull(p.Directory))
	var umask any
	if p.Umask >= 0 {
		umask = p.Umask
	}
	d.say(subject, "umask", umask)
	d.say(subject, "priority", p.Priority)
	d.say(subject, "autostart", p.AutoStart)
	d.say(subject, "autorestart", map[AutoRestart]any{RestartAlways: "always", RestartNever: false, RestartUnexpected: "unexpected"}[p.AutoRestart])
	d.say(subject, "startsecs", p.StartSecs)
	d.say(subject, "startretries", p.StartRetries)
	d.say(subject, "stopwaitsecs", p.StopWaitSecs)
	d.say(subject, "stopasgroup", p.StopAsGroup)
	d.say(subject, "killasgroup", p.KillAsGroup)
	d.say(subject, "exitcodes", p.ExitCodes)
	d.say(subject, "redirect_stderr", p.RedirectStderr)
	d.say(subject, "serverurl", orNull(p.ServerURL))
	d.say(subject, "environment", asMap(p.Environment))
	d.say(subject, "uid", uid(p.User))
	d.say(subject, "stopsignal", int(p.StopSignal))
	d.channel(subject, "stdout", p.Stdout)
	d.channel(subject, "stderr", p.Stderr)
}

func (d *description) channel(subject, name string, l Log) {
	var file any = l.where()
	if l.Kind == LogNone && !l.blank {
		file = nil
	}
	d.say(subject, name+"_logfile", file)
	d.say(subject, name+"_logfile_maxbytes", l.MaxBytes)
	d.say(subject, name+"_logfile_backups", l.Backups)
	d.say(subject, name+"_capture_maxbytes", l.CaptureMaxBytes)
	d.say(subject, name+"_events_enabled", l.EventsEnabled)
	d.say(subject, name+"_syslog", l.Syslog)
}

// info prints in the order of the keys.
func (d *description) info(subject string, i supervise.ConfigInfo) {
	d.say(subject, "autostart", i.AutoStart)
	d.say(subject, "command", i.Command)
	d.say(subject, "directory", i.Directory)
	d.say(subject, "exitcodes", i.ExitCodes)
	d.say(subject, "group", i.Group)
	d.say(subject, "group_prio", i.GroupPriority)
	d.say(subject, "inuse", i.InUse)
	d.say(subject, "killasgroup", i.KillAsGroup)
	d.say(subject, "name", i.Name)
	d.say(subject, "process_prio", i.Priority)
	d.say(subject, "redirect_stderr", i.RedirectErr)
	d.say(subject, "serverurl", i.ServerURL)
	d.say(subject, "startretries", i.StartRetries)
	d.say(subject, "startsecs", i.StartSecs)
	for _, c := range []struct {
		name string
		log  supervise.ConfigLogInfo
	}{{"stderr", i.Stderr}, {"stdout", i.Stdout}} {
		d.say(subject, c.name+"_capture_maxbytes", c.log.CaptureMaxBytes)
		d.say(subject, c.name+"_events_enabled", c.log.EventsEnabled)
		d.say(subject, c.name+"_logfile", c.log.Logfile)
		d.say(subject, c.name+"_logfile_backups", c.log.Backups)
		d.say(subject, c.name+"_logfile_maxbytes", c.log.MaxBytes)
		d.say(subject, c.name+"_syslog", c.log.Syslog)
	}
	d.say(subject, "stopsignal", i.StopSignal)
	d.say(subject, "stopwaitsecs", i.StopWaitSecs)
	d.say(subject, "uid", i.UID)
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func uid(u *User) any {
	if u == nil {
		return nil
	}
	return u.UID
}

func ids(o *Owner, none any) any {
	if o == nil {
		return none
	}
	return []int{o.UID, o.GID}
}
