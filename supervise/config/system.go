//go:build unix

package config

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"supervisor/supervise"
)

// system is what the machine is asked while a configuration is read: who is
// who, what exists, and where relative paths begin.
type system struct {
	dir     string // absolute
	environ []string
	users   Users
}

func newSystem(opts Options) (system, error) {
	dir := opts.Dir
	if dir == "" {
		var err error
		if dir, err = os.Getwd(); err != nil {
			return system{}, err
		}
	}
	users := opts.Users
	if users == nil {
		users = nobody{}
	}
	return system{dir, opts.Environ, users}, nil
}

// nobody answers for a caller that names no users.
type nobody struct{}

var errNobody = errors.New("no users are known")

func (nobody) User(string) (User, error) { return User{}, errNobody }
func (nobody) Group(string) (int, error) { return 0, errNobody }

// getenv answers as os.Getenv would with that environment. A later line wins.
func (s system) getenv(name string) string {
	for _, line := range slices.Backward(s.environ) {
		if value, found := strings.CutPrefix(line, name+"="); found {
			return value
		}
	}
	return ""
}

// expandHome replaces a ~ or ~user at the beginning, where it can.
func (s system) expandHome(path string) string {
	if !strings.HasPrefix(path, "~") {
		return path
	}
	name, rest, slash := strings.Cut(path[1:], "/")
	if slash {
		rest = "/" + rest
	}
	home := s.getenv("HOME")
	if name != "" || home == "" {
		user, err := s.users.User(cmp.Or(name, strconv.Itoa(os.Getuid())))
		if err != nil || isNumber(name) {
			return path
		}
		home = user.Home
	}
	return cmp.Or(strings.TrimRight(home, "/")+rest, "/")
}

func isNumber(text string) bool {
	_, err := integer(text)
	return err == nil
}

// absolute gives the path without a ~, from the root, and clean.
func (s system) absolute(path string) string {
	return s.join(s.expandHome(path))
}

func (s system) join(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(s.dir, path)
}

func (s system) isDir(path string) bool {
	info, err := os.Stat(s.join(path))
	return err == nil && info.IsDir()
}

// existingDir reads a directory that must exist, and makes it absolute.
func (s system) existingDir(text string) (string, error) {
	path := s.expandHome(text)
	if path == "" || !s.isDir(path) {
		return "", fail(position{}, "%s is not an existing directory", text)
	}
	return s.join(path), nil
}

// existingParent reads the path of a file in a directory that must exist. It is
// left relative when it is.
func (s system) existingParent(text string) (string, error) {
	path := s.expandHome(text)
	slash := strings.LastIndexByte(path, '/')
	if slash >= 0 && !s.isDir(path[:slash+1]) {
		return "", fail(position{}, "The directory named as part of the path %s does not exist", text)
	}
	return path, nil
}

// user finds somebody by name or number.
func (s system) user(text string) (User, error) {
	what, nameOrID := "name", text
	if uid, err := integer(text); err == nil {
		what, nameOrID = "id", strconv.Itoa(uid)
	}
	user, err := s.users.User(nameOrID)
	if err != nil {
		return User{}, wrap(position{}, err, "Invalid user %s %s", what, text)
	}
	user.Name = text
	return user, nil
}

func (s system) userPointer(text string) (*User, error) {
	user, err := s.user(text)
	if err != nil {
		return nil, err
	}
	return &user, nil
}

// owner reads user or user:group.
func (s system) owner(text string) (*Owner, error) {
	name, group, both := strings.Cut(text, ":")
	user, err := s.user(name)
	if err != nil {
		return nil, err
	}
	if !both {
		return &Owner{user.UID, -1}, nil
	}
	if gid, err := integer(group); err == nil {
		group = strconv.Itoa(gid)
	}
	gid, err := s.users.Group(group)
	if err != nil {
		return nil, err
	}
	return &Owner{user.UID, gid}, nil
}

// tempDir is where Python puts temporary files, the default of childlogdir: the
// first directory of a list that can be written to.
func (s system) tempDir() (string, error) {
	candidates := []string{s.getenv("TMPDIR"), s.getenv("TEMP"), s.getenv("TMP"), "/tmp", "/var/tmp", "/usr/tmp", s.dir}
	for _, dir := range candidates {
		if dir != "" && s.isDir(dir) && unix.Access(s.join(dir), unix.W_OK|unix.X_OK) == nil {
			return s.join(dir), nil
		}
	}
	return "", fail(position{}, "No usable temporary directory found in ['/tmp', '/var/tmp', '/usr/tmp', %s]", supervise.Quote(s.dir))
}

// stateDir is the default of statedir=.
func (s system) stateDir() string {
	if os.Geteuid() == 0 {
		return "/var/lib/supervisor"
	}
	if dir := s.getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "supervisor")
	}
	if home := s.expandHome("~"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local/state/supervisor")
	}
	return ""
}
