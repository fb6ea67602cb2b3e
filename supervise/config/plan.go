//go:build unix

package config

import (
	"fmt"
	"slices"

	"supervisor/supervise"
)

// Diff tells what changes from the groups that run to those of a configuration
// just read, by name, in the order of the groups: by priority, then name. Of two
// groups of one name the later one stands for it, as in the original
// (options.py diff_to_active).
func Diff(running, staged []Group) supervise.Plan {
	now, then := byName(staged), byName(running)
	var plan supervise.Plan
	for _, group := range staged {
		before, runs := then[group.Name]
		switch {
		case !runs:
			plan.Added = append(plan.Added, group.Name)
		case !group.Equal(before):
			plan.Changed = append(plan.Changed, group.Name)
		}
	}
	for _, group := range running {
		if _, stays := now[group.Name]; !stays {
			plan.Removed = append(plan.Removed, group.Name)
		}
	}
	return plan
}

// WaitForReload tells, a sentence each, which plug-ins of a configuration just read are
// other ones than those that methods go to now. Neither Diff nor an update has to do
// with that: where a plug-in answers, and who may call it, is settled at the start.
func WaitForReload(running, staged []RPCInterface) []string {
	var told []string
	for _, r := range staged {
		at := slices.IndexFunc(running, func(other RPCInterface) bool { return other.Name == r.Name })
		switch {
		case at < 0 && r.IsPlugin():
			told = append(told, fmt.Sprintf("[%s] in %s is new and waits for a reload", r.Section, r.Where()))
		case at >= 0 && (r.IsPlugin() || running[at].IsPlugin()) && !r.callsAlike(running[at]):
			told = append(told, fmt.Sprintf("[%s] in %s differs in where its methods are or who may call them, which waits for a reload", r.Section, r.Where()))
		}
	}
	for _, r := range running {
		if r.IsPlugin() && !slices.ContainsFunc(staged, func(other RPCInterface) bool { return other.Name == r.Name }) {
			told = append(told, fmt.Sprintf("[%s] is gone, but its methods wait for a reload", r.Section))
		}
	}
	return told
}

// callsAlike: what the program of a plug-in is run with is its group's matter.
func (r RPCInterface) callsAlike(other RPCInterface) bool {
	return r.URL == other.URL && r.Command == other.Command && r.Role == other.Role && r.Timeout == other.Timeout
}

func byName(groups []Group) map[string]Group {
	names := make(map[string]Group, len(groups))
	for _, group := range groups {
		names[group.Name] = group
	}
	return names
}

// Equal tells whether two groups would behave alike. Where they were written
// down does not count. Beyond the original, an explicit log file that became
// AUTO counts, and so do the owner, the mode and the backlog of a FastCGI socket.
func (g Group) Equal(other Group) bool {
	return g.Name == other.Name &&
		g.Priority == other.Priority &&
		(g.Kind == EventListener) == (other.Kind == EventListener) &&
		(g.Kind == Plugin) == (other.Kind == Plugin) &&
		g.Listener.equal(other.Listener) &&
		slices.EqualFunc(g.Processes, other.Processes, Process.equal)
}

func (l *Listener) equal(other *Listener) bool {
	if l == nil || other == nil {
		return l == other
	}
	return l.BufferSize == other.BufferSize &&
		l.ResultHandler == other.ResultHandler &&
		l.PayloadBytes == other.PayloadBytes &&
		l.RestartOnProtocolError == other.RestartOnProtocolError &&
		slices.Equal(l.Events, other.Events)
}

func (p Process) equal(other Process) bool {
	return p.Name == other.Name &&
		p.Command == other.Command &&
		p.Directory == other.Directory &&
		p.Environment.equal(other.Environment) &&
		p.Priority == other.Priority &&
		p.AutoStart == other.AutoStart &&
		p.AutoRestart == other.AutoRestart &&
		p.StartSecs == other.StartSecs &&
		p.StartRetries == other.StartRetries &&
		slices.Equal(p.ExitCodes, other.ExitCodes) &&
		p.StopSignal == other.StopSignal &&
		p.StopWaitSecs == other.StopWaitSecs &&
		p.StopAsGroup == other.StopAsGroup &&
		p.KillAsGroup == other.KillAsGroup &&
		p.User.equal(other.User) &&
		p.RedirectStderr == other.RedirectStderr &&
		p.Stdout == other.Stdout &&
		p.Stderr == other.Stderr &&
		p.Umask == other.Umask &&
		p.ServerURL == other.ServerURL &&
		p.Socket.equal(other.Socket)
}

// equal: the same user by another name is the same user.
func (u *User) equal(other *User) bool {
	if u == nil || other == nil {
		return u == other
	}
	return u.UID == other.UID
}

func (s *FastCGISocket) equal(other *FastCGISocket) bool {
	if s == nil || other == nil {
		return s == other
	}
	return s.URL == other.URL && s.Mode == other.Mode && s.Backlog == other.Backlog && s.Owner.equal(other.Owner)
}

func (o *Owner) equal(other *Owner) bool {
	if o == nil || other == nil {
		return o == other
	}
	return *o == *other
}
