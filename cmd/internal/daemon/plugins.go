//go:build unix

package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"supervisor/server/rpc"
	"supervisor/supervise"
	"supervisor/supervise/config"
)

// maxSocketPath is what every system takes as the path of a unix socket.
const maxSocketPath = 103

const (
	pluginHomes = "supervisor-" // what the names of their directories begin with
	homeMode    = 0o711
	homeLock    = ".lock" // in each; no plug-in can have that name
)

// pluginSockets are the places where the plug-ins of one life listen: a directory for
// each, in one that others may pass through and see nothing of.
type pluginSockets struct {
	mu   sync.Mutex // guards the fields below, and what is on the disk
	dir  string     // "" until somebody needs it
	lock *os.File   // held as long as the directory is of use, nil where it cannot be
}

// Path is where a plug-in is to listen.
func (s *pluginSockets) Path(plugin string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir == "" {
		removeStaleHomes()
		dir, err := os.MkdirTemp("", pluginHomes)
		if err != nil {
			return "", err
		}
		s.dir = dir
		if err := s.furnish(); err != nil {
			return "", err
		}
	}
	path := filepath.Join(s.dir, plugin, "rpc.sock")
	if len(path) > maxSocketPath {
		return "", fmt.Errorf("the path %s is too long for a socket: TMPDIR of supervisord names a shorter directory", path)
	}
	return path, nil
}

// Ready makes the directory of a path anew, for user alone. Whatever a process has
// left there goes, whoever it ran as; where /tmp has been cleaned up, all is made
// again.
func (s *pluginSockets) Ready(path string, user *config.User) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.settle(); err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if user == nil || user.UID == os.Geteuid() {
		return nil
	}
	return os.Lchown(dir, user.UID, user.GID)
}

// settle makes sure of the directory of all of them. The lock is held.
func (s *pluginSockets) settle() error {
	info, err := os.Lstat(s.dir)
	switch {
	case err == nil:
		return ourHome(s.dir, info)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := os.Mkdir(s.dir, 0o700); err != nil {
		return err
	}
	return s.furnish()
}

// furnish lets others pass through a new directory, and locks it. The lock is held.
func (s *pluginSockets) furnish() error {
	if err := os.Chmod(s.dir, homeMode); err != nil {
		return err
	}
	s.unlock()
	file, err := os.OpenFile(filepath.Join(s.dir, homeLock), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	s.lock = file
	_ = tryLock(file) // without locks, a directory that is left behind is left for good
	return nil
}

func (s *pluginSockets) unlock() {
	if s.lock != nil {
		_ = s.lock.Close() // nothing has been written to it
		s.lock = nil
	}
}

// trust is an error if what is at the paths may have been put there by others than
// the plug-ins: in a /tmp that has been cleaned up, anybody could make a directory of
// the same name.
func (s *pluginSockets) trust() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	info, err := os.Lstat(s.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // nobody listens there
	case err != nil:
		return err
	}
	return ourHome(s.dir, info)
}

// ourHome is nil if only we can have put something into a directory.
func ourHome(dir string, info fs.FileInfo) error {
	of, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(of.Uid) != os.Geteuid() || info.Mode().Perm() != homeMode {
		return fmt.Errorf("%s is not the directory that supervisord has made", dir)
	}
	return nil
}

// removeStaleHomes takes away what a supervisord that was killed could not. The ones
// that are in use are locked.
func removeStaleHomes() {
	all, _ := filepath.Glob(filepath.Join(os.TempDir(), pluginHomes+"*")) // a bad pattern finds none
	for _, dir := range all {
		if stale(dir) {
			_ = os.RemoveAll(dir) // what stays does no harm
		}
	}
}

// stale tells whether a directory is of a supervisord of ours that is no more.
func stale(dir string) bool {
	info, err := os.Lstat(dir)
	if err != nil || ourHome(dir, info) != nil {
		return false
	}
	file, err := os.OpenFile(filepath.Join(dir, homeLock), os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer file.Close()
	return tryLock(file) == nil
}

// remove takes all of it away.
func (s *pluginSockets) remove() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir == "" {
		return nil
	}
	defer s.unlock()
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
	opts := rpc.ForwardOptions{Name: r.Name, Timeout: r.Timeout, Say: l.say}
	if r.Command {
		socket, err := l.sockets.Path(r.Name)
		if err != nil {
			return rpc.Plugin{}, err
		}
		p.Address, p.Program = "unix://"+socket, supervise.PluginName(r.Name)
		opts.Trust = l.sockets.trust
	}
	opts.URL = p.Address
	p.Namespace = rpc.NewForwarder(opts)
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
