//go:build unix

package config

import (
	"cmp"
	"slices"

	"supervisor/supervise"
)

// Infos tells every process of the groups as getAllConfigInfo does, sorted by
// process name. Which groups are in use is for the caller to fill in.
func Infos(groups []Group) []supervise.ConfigInfo {
	infos := []supervise.ConfigInfo{}
	for _, group := range groups {
		for _, process := range group.Processes {
			infos = append(infos, process.info(group))
		}
	}
	slices.SortStableFunc(infos, func(a, b supervise.ConfigInfo) int { return cmp.Compare(a.Name, b.Name) })
	return infos
}

func (p Process) info(group Group) supervise.ConfigInfo {
	return supervise.ConfigInfo{
		Group:         group.Name,
		Name:          p.Name,
		GroupPriority: group.Priority,
		Priority:      p.Priority,
		AutoStart:     p.AutoStart,
		AutoRestart:   p.AutoRestart.info(),
		Command:       p.Command,
		Directory:     orNone(p.Directory),
		UID:           p.User.info(),
		ExitCodes:     slices.Clone(p.ExitCodes),
		StartSecs:     p.StartSecs,
		StartRetries:  p.StartRetries,
		StopSignal:    int(p.StopSignal),
		StopWaitSecs:  p.StopWaitSecs,
		StopAsGroup:   p.StopAsGroup,
		KillAsGroup:   p.KillAsGroup,
		RedirectErr:   p.RedirectStderr,
		ServerURL:     orNone(p.ServerURL),
		Stdout:        p.Stdout.info(),
		Stderr:        p.Stderr.info(),
	}
}

func orNone(text string) string { return cmp.Or(text, "none") }

// info is what autorestart= is on the wire: a boolean, or a word.
func (a AutoRestart) info() any {
	switch a {
	case RestartAlways:
		return true
	case RestartNever:
		return false
	}
	return "unexpected"
}

func (u *User) info() any {
	if u == nil {
		return "none"
	}
	return u.UID
}

func (l Log) info() supervise.ConfigLogInfo {
	return supervise.ConfigLogInfo{
		Logfile:         l.where(),
		MaxBytes:        l.MaxBytes,
		Backups:         l.Backups,
		CaptureMaxBytes: l.CaptureMaxBytes,
		EventsEnabled:   l.EventsEnabled,
		Syslog:          l.Syslog,
	}
}

func (l Log) where() string {
	switch {
	case l.Kind == LogAuto:
		return "auto"
	case l.Kind == LogFile:
		return l.Path
	case l.blank:
		return ""
	}
	return "none"
}
