//go:build unix

package preflight

import (
	"strconv"
	"sync/atomic"

	"supervisor/supervise/child"
	"supervisor/supervise/config"
)

// Users tells room config who is who, out of what room child knows. While
// there is a host, helpers it may have to run must be the host's.
type Users struct{ known atomic.Pointer[child.Users] }

// Ask has lookups run their helpers with run; nil while there is no host. It has to
// be called before the first lookup.
func (s *Users) Ask(run child.Runner) { s.known.Store(child.NewUsers(run)) }

// User finds somebody by name or number.
func (s *Users) User(nameOrID string) (config.User, error) {
	user, err := s.known.Load().User(nameOrID)
	return config.User(user), err
}

// Group finds the number of a group by its name or number.
func (s *Users) Group(nameOrID string) (int, error) { return s.known.Load().Group(nameOrID) }

// LoginName gives the name of a user by id, "" for one who has none.
func (s *Users) LoginName(uid int) string { return s.known.Load().LoginName(uid) }

// Credential is what it takes to become a user.
func (s *Users) Credential(user config.User) (*child.Credential, error) {
	credential, err := s.known.Load().Credential(strconv.Itoa(user.UID))
	if err != nil {
		return nil, err
	}
	credential.Name = user.Name
	return &credential, nil
}
