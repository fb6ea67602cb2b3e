//go:build unix

package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"supervisor/supervise"
	"supervisor/supervise/child"
	"supervisor/supervise/config"
)

// sharedSocket is the listening socket of the processes of one FastCGI program.
// It is open while any of them has a share in it.
type sharedSocket struct {
	open func(left fs.FileInfo) (*child.Socket, error)
	note func(text string)
	url  string

	mu     sync.Mutex // guards the fields below, and the shares
	users  int
	socket *child.Socket
	left   fs.FileInfo // the file of a unix socket as it was bound last, nil for none
}

// share is the part of one process in a socket. A process has one from the moment
// its first start is asked for until it is down for good: not only while it lives,
// as in the original (socket_manager.py), but also from a death to the start that
// follows it. Clients that come meanwhile wait in the backlog, and are not refused.
type share struct {
	socket *sharedSocket
	held   bool
	given  bool // up, for ever
}

var errSocketGivenUp = errors.New("the process has gone")

// shareSocket gives the socket that all processes of one section share, trying
// once whether it can be bound, as the original does when a group is made.
func (e *Engine) shareSocket(conf *config.FastCGISocket, made map[*config.FastCGISocket]*sharedSocket) (*sharedSocket, error) {
	if conf == nil || made[conf] != nil {
		return made[conf], nil
	}
	s := &sharedSocket{
		url:  conf.URL,
		open: func(left fs.FileInfo) (*child.Socket, error) { return child.OpenSocket(socketSpec(conf, left)) },
		note: func(text string) { e.note(supervise.LevelInfo, text) },
	}
	trial := &share{socket: s}
	if _, err := trial.take(); err != nil {
		return nil, err
	}
	trial.giveUp()
	made[conf] = s
	return s, nil
}

// take opens the socket, if this is the first share, and gives its descriptor. A
// share that is held already gives it again. The error is a spawnerr text.
func (s *share) take() (*int, error) {
	if s == nil {
		return nil, nil
	}
	shared := s.socket
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if s.given {
		return nil, errSocketGivenUp
	}
	if err := shared.ensure(); err != nil {
		return nil, err
	}
	if !s.held {
		s.held = true
		shared.users++
	}
	fd := shared.socket.FD()
	return &fd, nil
}

// ensure opens the socket if nobody has. The lock is held.
func (s *sharedSocket) ensure() error {
	if s.socket != nil {
		return nil
	}
	s.note("Creating socket " + s.url)
	socket, err := s.open(s.left)
	if err != nil {
		//lint:ignore ST1005 the original's words
		return fmt.Errorf("Could not create FastCGI socket %s: %w", s.url, err)
	}
	s.socket, s.left = socket, socket.File()
	return nil
}

// giveUp ends a share; the last one closes the socket.
func (s *share) giveUp() {
	s.socket.mu.Lock()
	s.drop()
}

// giveUpNow is giveUp for who must not wait. It is false, and nothing is done, if
// the socket is being opened at this moment.
func (s *share) giveUpNow() bool {
	if !s.socket.mu.TryLock() {
		return false
	}
	s.drop()
	return true
}

// drop ends a share with the lock held, and frees the lock.
func (s *share) drop() {
	shared := s.socket
	defer shared.mu.Unlock()
	s.given = true
	if !s.held {
		return
	}
	s.held = false
	if shared.users--; shared.users > 0 {
		return
	}
	shared.note("Closing socket " + shared.url)
	// What could go wrong is of no consequence to a socket nobody uses.
	_ = shared.socket.Close()
	shared.socket = nil
}

// The rest is the loop's.

// takeShare gives a process that is about to be born a share, if its program has
// a socket. The launcher takes what the share is for.
func (p *process) takeShare() *share {
	if p.share == nil && p.command.socket != nil {
		p.share = &share{socket: p.command.socket}
	}
	return p.share
}

// settleShare gives up the share of a process that is down for good.
func (e *Engine) settleShare(p *process) {
	if p.share != nil && !e.wantsShare(p) {
		e.giveUpShare(p)
	}
}

// wantsShare tells whether a process has a child, or will have one again. One
// that is UNKNOWN may have.
func (e *Engine) wantsShare(p *process) bool {
	return !p.machine.State().Stopped() || p.machine.State() == supervise.StateUnknown ||
		p.restart != nil && e.up() == nil
}

// giveUpShare closes the socket before anybody is told that the process is down,
// if it was the last one. Should the socket just be opened for another process,
// the launcher does it when that is done.
func (e *Engine) giveUpShare(p *process) {
	if p.share != nil && !p.share.giveUpNow() {
		e.launch.giveUp(p.share)
	}
	p.share = nil
}

func socketSpec(conf *config.FastCGISocket, left fs.FileInfo) child.SocketSpec {
	spec := child.SocketSpec{
		Unix: conf.Unix, Path: conf.Path, Host: conf.Host, Port: conf.Port,
		Backlog: conf.Backlog, Mode: conf.Mode, Left: left,
	}
	if conf.Owner != nil {
		spec.Owner = &child.SocketOwner{UID: conf.Owner.UID, GID: conf.Owner.GID}
	}
	return spec
}
