//go:build unix

package config

import (
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	"supervisor/supervise"
)

// fastCGIGroup is the group that an [fcgi-program:x] makes by itself.
func (l *loader) fastCGIGroup(section string, _ map[string]bool) (Group, error) {
	name, err := l.groupName(section)
	if err != nil {
		return Group{}, err
	}
	r := l.reader(section, programOptions, l.hereVars())
	group := Group{Name: name, Kind: FastCGI, Priority: read(r, "priority", integer)}
	if r.err != nil {
		return Group{}, r.err
	}
	socket, err := l.fastCGISocket(section)
	if err != nil {
		return Group{}, err
	}
	group.Processes, err = l.processes(section, name)
	for i := range group.Processes {
		group.Processes[i].Socket = socket
	}
	return group, err
}

// fastCGISocket reads the socket that the processes of an [fcgi-program:x] share.
func (l *loader) fastCGISocket(section string) (*FastCGISocket, error) {
	name, err := l.groupName(section)
	if err != nil {
		return nil, err
	}
	r := l.reader(section, slices.Concat(fastCGIOptions, programOptions), l.hereVars())
	s := &FastCGISocket{}
	user, _ := readIfSet(r, "user", l.sys.userPointer)
	s.Backlog = l.backlog(r)
	owner, ownerSet := readOrRefuse(r, "socket_owner", l.sys.owner)
	mode, _ := readOrRefuse(r, "socket_mode", octal)
	r.vars["program_name"] = textVar(name)
	text := r.text("socket")
	if text == "" {
		r.failf("socket", `[%s] section requires a "socket" line`, section)
	}
	if r.err != nil {
		return nil, r.err
	}
	_, modeSet := l.doc.get(section, "socket_mode")
	if err := s.parse(text, l.sys, ownerSet || modeSet); err != nil {
		r.failf("socket", "%w in [%s] socket", err, section)
		return nil, r.err
	}
	if !s.Unix {
		return s, nil
	}
	s.Owner, s.Mode = owner, fs.FileMode(mode)
	if !ownerSet && user != nil && user.UID != os.Getuid() {
		s.Owner = &Owner{user.UID, user.GID}
	}
	return s, nil
}

func (l *loader) backlog(r *reader) int {
	backlog, found := readIfSet(r, "socket_backlog", integer)
	if found && (backlog < 1 || backlog > 65535) {
		r.failf("socket_backlog", "Invalid socket_backlog value %d", backlog)
	}
	return backlog
}

// readOrRefuse is readIfSet for the options whose errors say no more than that
// the value is invalid.
func readOrRefuse[T any](r *reader, option string, parse func(string) (T, error)) (value T, found bool) {
	return readIfSet(r, option, func(text string) (T, error) {
		value, err := parse(text)
		if err != nil {
			return value, wrap(position{}, err, "Invalid %s value %s", option, text)
		}
		return value, nil
	})
}

var tcpSocket = regexp.MustCompile(`^tcp://([^\s:]+):(\d+)\n?$`)

// parse reads socket=. Two of the original's errors come out as Python prints a
// pair, and are told so here, since people search for them.
func (s *FastCGISocket) parse(text string, sys system, fileOptions bool) error {
	if path, found := strings.CutPrefix(text, "unix://"); found {
		if !strings.HasPrefix(path, "/") {
			return fail(position{}, "('Unix socket path %%s is not an absolute path', %s)", supervise.Quote(path))
		}
		s.Unix, s.Path = true, sys.absolute(path)
		s.URL = "unix://" + s.Path
		return nil
	}
	if fileOptions {
		return fmt.Errorf("socket_owner and socket_mode params should only be used with a Unix domain socket")
	}
	match := tcpSocket.FindStringSubmatch(text)
	if match == nil {
		return fail(position{}, "('Bad socket format %%s', %s)", supervise.Quote(text))
	}
	port, err := portNumber(match[2])
	if err != nil {
		return err
	}
	s.Host, s.Port = strings.ToLower(match[1]), port
	s.URL = fmt.Sprintf("tcp://%s:%d", s.Host, s.Port)
	return nil
}
