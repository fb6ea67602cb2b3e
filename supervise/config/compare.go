//go:build unix

package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"supervisor/supervise"
)

// Compare tells what an update from the groups that run to those of a
// configuration just read would do, and by which options a changed group differs.
// It finds a group changed exactly when Diff does, and leaves out the values of
// secrets. Which processes are up is for the caller to fill in.
func Compare(running, staged []Group, secrets supervise.Secrets) supervise.Preview {
	plan := Diff(running, staged)
	now, then := byName(staged), byName(running)
	preview := supervise.Preview{}
	for _, name := range plan.Removed {
		preview = append(preview, supervise.GroupPreview{Group: name, Action: supervise.PlanRemove})
	}
	for _, name := range plan.Changed {
		preview = append(preview, changeOf(then[name], now[name], secrets))
	}
	for _, name := range plan.Added {
		preview = append(preview, supervise.GroupPreview{
			Group: name, Action: supervise.PlanAdd, Starts: autostarted(now[name]),
		})
	}
	return preview
}

func autostarted(g Group) []string {
	var names []string
	for _, p := range g.Processes {
		if p.AutoStart {
			names = append(names, p.Name)
		}
	}
	return names
}

// changeOf describes how one group becomes another.
func changeOf(before, after Group, secrets supervise.Secrets) supervise.GroupPreview {
	c := supervise.GroupPreview{Group: after.Name, Action: supervise.PlanChange, Starts: autostarted(after)}
	c.Options = differing(before.settings(), after.settings(), secrets)
	old, fresh := processesByName(before), processesByName(after)
	var stay []string
	for _, p := range before.Processes {
		if _, stays := fresh[p.Name]; !stays {
			c.Gone = append(c.Gone, p.Name)
		}
	}
	for _, p := range after.Processes {
		if _, known := old[p.Name]; !known {
			c.New = append(c.New, p.Name)
			continue
		}
		stay = append(stay, p.Name)
		for _, d := range differing(old[p.Name].settings(before), p.settings(after), secrets) {
			c.Options = gather(c.Options, d, p.Name)
		}
	}
	if len(c.Gone)+len(c.New) == 0 {
		c.Options = append(c.Options, order(before, after)...)
	}
	for i := range c.Options {
		if len(c.Options[i].Processes) == len(stay) {
			c.Options[i].Processes = nil
		}
	}
	return c
}

func processesByName(g Group) map[string]Process {
	names := make(map[string]Process, len(g.Processes))
	for _, p := range g.Processes {
		names[p.Name] = p
	}
	return names
}

// gather adds a difference, or the process to one that others have as well.
func gather(all []supervise.OptionChange, d supervise.OptionChange, process string) []supervise.OptionChange {
	same := func(other supervise.OptionChange) bool {
		return other.Processes != nil && other.Option == d.Option && other.Variable == d.Variable &&
			other.Hidden == d.Hidden && sameText(other.Old, d.Old) && sameText(other.New, d.New)
	}
	if at := slices.IndexFunc(all, same); at >= 0 {
		all[at].Processes = append(all[at].Processes, process)
		return all
	}
	d.Processes = []string{process}
	return append(all, d)
}

func sameText(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }

// order is the one difference between groups of equal processes.
func order(before, after Group) []supervise.OptionChange {
	then, now := processNames(before), processNames(after)
	if then == now {
		return nil
	}
	return []supervise.OptionChange{{Option: "programs", Old: &then, New: &now}}
}

func processNames(g Group) string {
	names := make([]string, len(g.Processes))
	for i, p := range g.Processes {
		names[i] = p.Name
	}
	return strings.Join(names, ",")
}

// setting is an option of a group or process, as one would write it.
type setting struct {
	option, variable string
	text             string
	key              string // what is compared, when it is not the text
	unset            bool
}

func (s setting) same(other setting) bool {
	return s.option == other.option && s.variable == other.variable
}

func (s setting) equal(other setting) bool {
	return s.unset == other.unset && cmp.Or(s.key, s.text) == cmp.Or(other.key, other.text)
}

// differing lists the settings that are not alike. One that is missing on a side
// is not set there.
func differing(before, after []setting, secrets supervise.Secrets) []supervise.OptionChange {
	var changes []supervise.OptionChange
	for _, a := range after {
		b := setting{unset: true}
		if at := slices.IndexFunc(before, a.same); at >= 0 {
			b = before[at]
		}
		if !a.equal(b) {
			changes = append(changes, change(a, b, a, secrets))
		}
	}
	for _, b := range before {
		if !slices.ContainsFunc(after, b.same) && !b.unset {
			changes = append(changes, change(b, b, setting{unset: true}, secrets))
		}
	}
	return changes
}

func change(about, before, after setting, secrets supervise.Secrets) supervise.OptionChange {
	c := supervise.OptionChange{Option: about.option, Variable: about.variable}
	var hiddenBefore, hiddenAfter bool
	c.Old, hiddenBefore = before.shown(secrets)
	c.New, hiddenAfter = after.shown(secrets)
	c.Hidden = hiddenBefore || hiddenAfter
	return c
}

// shown is the text of a setting without what is secret in it; nil if it is not
// set.
func (s setting) shown(secrets supervise.Secrets) (text *string, hidden bool) {
	if s.unset {
		return nil, false
	}
	value := secrets.Mask(s.text)
	if s.variable != "" {
		value = secrets.Value(s.variable, s.text)
	}
	return &value, value != s.text
}

// settings are those of the group itself.
func (g Group) settings() []setting {
	section := "program"
	list := []setting{{option: "priority", text: strconv.Itoa(g.Priority)}}
	if g.Kind == Homogeneous || g.Kind == FastCGI || g.Kind == Plugin {
		list = nil // that of its processes
		if len(g.Processes) == 0 || g.Processes[0].Priority != g.Priority {
			list = []setting{{option: "group priority", text: strconv.Itoa(g.Priority)}}
		}
	}
	switch g.Kind {
	case EventListener:
		section = "eventlistener"
	case Plugin:
		section = "rpcinterface"
	case Homogeneous, Heterogeneous, FastCGI:
	}
	list = append(list, setting{option: "section", text: section})
	if l := g.Listener; l != nil {
		unit := "characters"
		if l.PayloadBytes {
			unit = "bytes"
		}
		list = append(list,
			setting{option: "buffer_size", text: strconv.Itoa(l.BufferSize)},
			setting{option: "events", text: joined(l.Events)},
			setting{option: "result_handler", text: l.ResultHandler},
			setting{option: "payload_length", text: unit},
			setting{option: "restart_on_protocol_error", text: strconv.FormatBool(l.RestartOnProtocolError)})
	}
	return list
}

// settings are those of a process in group g, whose own priority has another name
// where the group is a listener's: both are written in the one line there.
func (p Process) settings(g Group) []setting {
	priority := "priority"
	if g.Kind == EventListener || g.Kind == Heterogeneous {
		priority = "process priority"
	}
	list := []setting{
		{option: "command", text: p.Command},
		{option: "directory", text: p.Directory, unset: p.Directory == ""},
		{option: priority, text: strconv.Itoa(p.Priority)},
		{option: "autostart", text: strconv.FormatBool(p.AutoStart)},
		{option: "autorestart", text: fmt.Sprint(p.AutoRestart.info())},
		{option: "startsecs", text: strconv.Itoa(p.StartSecs)},
		{option: "startretries", text: strconv.Itoa(p.StartRetries)},
		{option: "exitcodes", text: joined(p.ExitCodes)},
		{option: "stopsignal", text: strings.TrimPrefix(p.StopSignal.String(), "SIG")},
		{option: "stopwaitsecs", text: strconv.Itoa(p.StopWaitSecs)},
		{option: "stopasgroup", text: strconv.FormatBool(p.StopAsGroup)},
		{option: "killasgroup", text: strconv.FormatBool(p.KillAsGroup)},
		userSetting(p.User),
		{option: "redirect_stderr", text: strconv.FormatBool(p.RedirectStderr)},
		{option: "umask", text: fmt.Sprintf("%03o", p.Umask), unset: p.Umask < 0},
		{option: "serverurl", text: cmp.Or(p.ServerURL, "AUTO")},
	}
	list = append(list, p.Stdout.settings("stdout")...)
	list = append(list, p.Stderr.settings("stderr")...)
	list = append(list, p.Socket.settings()...)
	for _, v := range p.Environment {
		list = append(list, setting{option: "environment", variable: v.Name, text: v.Value})
	}
	return list
}

func userSetting(u *User) setting {
	if u == nil {
		return setting{option: "user", unset: true}
	}
	return setting{option: "user", text: u.Name, key: strconv.Itoa(u.UID)}
}

func (l Log) settings(channel string) []setting {
	file := l.where()
	if l.Kind != LogFile && file != "" {
		file = strings.ToUpper(file)
	}
	return []setting{
		{option: channel + "_logfile", text: file},
		{option: channel + "_logfile_maxbytes", text: size(l.MaxBytes)},
		{option: channel + "_logfile_backups", text: strconv.Itoa(l.Backups)},
		{option: channel + "_capture_maxbytes", text: size(l.CaptureMaxBytes)},
		{option: channel + "_events_enabled", text: strconv.FormatBool(l.EventsEnabled)},
		{option: channel + "_syslog", text: strconv.FormatBool(l.Syslog)},
	}
}

func (s *FastCGISocket) settings() []setting {
	if s == nil {
		return nil
	}
	list := []setting{
		{option: "socket", text: s.URL},
		{option: "socket_mode", text: fmt.Sprintf("%04o", uint32(s.Mode)), unset: !s.Unix},
		{option: "socket_backlog", text: strconv.Itoa(s.Backlog), unset: s.Backlog == 0},
	}
	if s.Owner != nil {
		list = append(list, setting{option: "socket_owner", text: fmt.Sprintf("%d:%d", s.Owner.UID, s.Owner.GID)})
	}
	return list
}

// size writes a number of bytes with the largest unit that fits.
func size(n int64) string {
	for _, unit := range []struct {
		name  string
		bytes int64
	}{{"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}} {
		if n != 0 && n%unit.bytes == 0 {
			return strconv.FormatInt(n/unit.bytes, 10) + unit.name
		}
	}
	return strconv.FormatInt(n, 10)
}

// joined writes a list as it stands in a configuration.
func joined[T any](values []T) string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = fmt.Sprint(value)
	}
	return strings.Join(texts, ",")
}
