//go:build unix

package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"supervisor/server/rpc"
	"supervisor/supervise"
	"supervisor/supervise/config"
)

// maxSocketPath is what every system takes as the path of a unix socket.
const maxSocketPath = 103

// pluginSockets are the places where the plug-ins of one life listen: a directory for
// each, in one that others may pass through and see nothing of.
type pluginSockets struct {
	mu  sync.Mutex // guards dir
	dir string     // "" until somebody needs it
}

// Make gives a path in a directory that belongs to user alone.
func (s *pluginSockets) Make(plugin string, user *config.User) (string, error) {
	path, err := s.path(plugin)
	if err != nil {
		return "", err
	}
	dir := filepath.Dir(path)
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	if user == nil || user.UID == os.Geteuid() {
		return path, nil
	}
	return path, os.Chown(dir, user.UID, user.GID)
}

// Clear takes away the socket of a process that has ended.
func (*pluginSockets) Clear(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// path is where a plug-in is to listen.
func (s *pluginSockets) path(plugin string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "supervisor-")
		if err != nil {
			return "", err
		}
		s.dir = dir
		if err := os.Chmod(dir, 0o711); err != nil {
			return "", err
		}
	}
	path := filepath.Join(s.dir, plugin, "rpc.sock")
	if len(path) > maxSocketPath {
		return "", fmt.Errorf("the path %s is too long for a socket: TMPDIR of supervisord names a shorter directory", path)
	}
	return path, nil
}

// remove takes all of it away.
func (s *pluginSockets) remove() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir == "" {
		return nil
	}
	return os.RemoveAll(s.dir)
}

// plugins are those of the configuration, as the server offers them.
func (l *life) plugins() ([]rpc.Plugin, error) {
	var all []rpc.Plugin
	for _, r := range l.conf.RPCInterfaces {
		if !r.IsPlugin() {
			continue
		}
		p, err := l.plugin(r)
		if err != nil {
			return nil, fmt.Errorf("[%s]: %w", r.Section, err)
		}
		all = append(all, p)
	}
	return all, nil
}

func (l *life) plugin(r config.RPCInterface) (rpc.Plugin, error) {
	p := rpc.Plugin{Name: r.Name, Role: r.Role, Address: r.URL}
	if r.Command {
		socket, err := l.sockets.path(r.Name)
		if err != nil {
			return rpc.Plugin{}, err
		}
		p.Address, p.Program = "unix://"+socket, supervise.PluginName(r.Name)
	}
	p.Namespace = rpc.NewForwarder(rpc.ForwardOptions{Name: r.Name, URL: p.Address, Timeout: r.Timeout, Say: l.say})
	return p, nil
}

// unloadable are the sections of Python code, whose methods are missing.
func unloadable(interfaces []config.RPCInterface) []supervise.Problem {
	var all []supervise.Problem
	for _, r := range interfaces {
		if instead, missing := r.Missing(); missing {
			all = append(all, supervise.Problem{
				Code: supervise.PluginIsPython, Name: r.Section, Place: r.Where(), Why: r.Factory,
				Text: fmt.Sprintf("[%s] in %s: %s is Python code, which cannot be loaded; its methods are missing: %s", r.Section, r.Where(), r.Factory, instead),
			})
		}
	}
	return all
}
