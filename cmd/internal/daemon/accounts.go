//go:build unix

package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"supervisor/supervise"
	"supervisor/supervise/config"
)

// usersFile is users_file=, as the server needs it. Whoever writes to it takes
// turns; supervisorctl, or a person, may change it at any time.
type usersFile struct{ path string }

func (u usersFile) Read() ([]supervise.Account, error) { return config.ReadAccounts(u.path) }
func (u usersFile) Write(a supervise.Account) error    { return config.WriteAccount(u.path, a) }
func (u usersFile) Remove(a supervise.Account) error   { return config.RemoveAccount(u.path, a) }

// Stamp goes by what changes when a file is written or another one is put in its
// place.
func (u usersFile) Stamp() (string, error) {
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

func (s serverState) Write(name string, data []byte) { s.state.write(s.file(name), data) }

func (s serverState) file(name string) string {
	kind := path.Ext(name)
	return s.ownFile(strings.TrimSuffix(name, kind), kind)
}
