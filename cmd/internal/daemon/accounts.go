//go:build unix

package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"supervisor/supervise"
	"supervisor/supervise/config"
)

// usersFile is users_file=, as the server needs it. Whoever writes to it takes
// turns; supervisorctl, or a person, may change it at any time. A file that has
// never been there stands for no accounts. One that was there and is gone cannot be
// read: an editor may be about to put another one in its place, or a disk is away,
// and nobody shall lose their sessions by that, nor all other accounts by a change
// of one.
type usersFile struct {
	path string
	was  atomic.Bool // there, once
}

func (u *usersFile) Read() ([]supervise.Account, error) {
	accounts, err := config.ReadAccounts(u.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, u.gone()
	}
	u.was.Store(true)
	return accounts, err
}

func (u *usersFile) Write(a supervise.Account) error {
	if _, err := os.Stat(u.path); errors.Is(err, fs.ErrNotExist) && u.gone() != nil {
		return u.gone()
	}
	return config.WriteAccount(u.path, a)
}

func (u *usersFile) Remove(a supervise.Account) error { return config.RemoveAccount(u.path, a) }

// gone is what is wrong with a file that is not there: nothing, if it never was.
func (u *usersFile) gone() error {
	if !u.was.Load() {
		return nil
	}
	return fmt.Errorf("%s was there and is gone: put it back, or an empty file if nobody is to be in it", u.path)
}

// Stamp goes by what changes when a file is written or another one is put in its
// place.
func (u *usersFile) Stamp() (string, error) {
	var info unix.Stat_t
	err := unix.Stat(u.path, &info)
	if errors.Is(err, fs.ErrNotExist) {
		return "no file", nil
	}
	if err != nil {
		return "", fmt.Errorf("look at %s: %w", u.path, err)
	}
	return fmt.Sprintf("%d %d %v %v", info.Ino, info.Size, info.Mtim, info.Ctim), nil
}

// serverState is statedir= as the server needs it.
type serverState struct{ *life }

func (s serverState) Read(name string) []byte { return s.state.read(s.file(name)) }

func (s serverState) Write(name string, data []byte) error { return s.state.write(s.file(name), data) }

func (s serverState) file(name string) string {
	kind := path.Ext(name)
	return s.ownFile(strings.TrimSuffix(name, kind), kind)
}
