//go:build unix

package engine

import (
	"fmt"
	"sync"

	"supervisor/supervise"
	"supervisor/supervise/child"
	"supervisor/supervise/config"
)

// sharedSocket is the listening socket of the processes of one FastCGI program.
// It is open while any of them lives or is being born (socket_manager.py); the
// launcher acquires and releases it. A nil one belongs to a program
// that has none.
type sharedSocket struct {
	open func() (*child.Socket, error)
	note func(text string)
	url  string

	mu     sync.Mutex // guards the fields below
	users  int
	socket *child.Socket
}

// shareSocket gives the socket that all processes of one section share, trying
// once whether it can be bound, as the original does when a group is made.
func (e *Engine) shareSocket(conf *config.FastCGISocket, made map[*config.FastCGISocket]*sharedSocket) (*sharedSocket, error) {
	if conf == nil || made[conf] != nil {
		return made[conf], nil
	}
	s := &sharedSocket{
		url:  conf.URL,
		open: func() (*child.Socket, error) { return child.OpenSocket(socketSpec(conf)) },
		note: func(text string) { e.note(supervise.LevelInfo, text) },
	}
	if _, err := s.acquire(); err != nil {
		//lint:ignore ST1005 the original's words
		return nil, fmt.Errorf("Could not create FastCGI socket %s: %w", conf.URL, err)
	}
	s.release()
	made[conf] = s
	return s, nil
}

// acquire opens the socket for one more user and gives its descriptor.
func (s *sharedSocket) acquire() (*int, error) {
	if s == nil {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.socket == nil {
		socket, err := s.open()
		if err != nil {
			return nil, err
		}
		s.socket = socket
		s.note("Creating socket " + s.url)
	}
	s.users++
	fd := s.socket.FD()
	return &fd, nil
}

// release closes the socket with its last user.
func (s *sharedSocket) release() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.users > 0 {
		return
	}
	s.note("Closing socket " + s.url)
	// What could go wrong is of no consequence to a socket nobody uses.
	_ = s.socket.Close()
	s.socket = nil
}

func socketSpec(conf *config.FastCGISocket) child.SocketSpec {
	spec := child.SocketSpec{
		Unix: conf.Unix, Path: conf.Path, Host: conf.Host, Port: conf.Port,
		Backlog: conf.Backlog, Mode: conf.Mode,
	}
	if conf.Owner != nil {
		spec.Owner = &child.SocketOwner{UID: conf.Owner.UID, GID: conf.Owner.GID}
	}
	return spec
}
