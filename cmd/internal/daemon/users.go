//go:build unix

package daemon

import (
	"strconv"
	"sync/atomic"

	"supervisor/supervise/child"
	"supervisor/supervise/config"
)

// systemUsers tells room config who is who, out of what room child knows. While
// there is a host, helpers it may have to run must be the host's.
type systemUsers struct{ known atomic.Pointer[child.Users] }

// ask has lookups run their helpers with run; nil while there is no host.
func (s *systemUsers) ask(run child.Runner) { s.known.Store(child.NewUsers(run)) }

// User finds somebody by name or number.
func (s *systemUsers) User(nameOrID string) (config.User, error) {
	user, err := s.known.Load().User(nameOrID)
	return config.User(user), err
}

// Group finds the number of a group by its name or number.
func (s *systemUsers) Group(nameOrID string) (int, error) { return s.known.Load().Group(nameOrID) }

// loginName gives the name of a user by id, "" for one who has none.
func (s *systemUsers) loginName(uid int) string { return s.known.Load().LoginName(uid) }

// credential is what it takes to become a user.
func (s *systemUsers) credential(user config.User) (*child.Credential, error) {
	credential, err := s.known.Load().Credential(strconv.Itoa(user.UID))
	if err != nil {
		return nil, err
	}
	credential.Name = user.Name
	return &credential, nil
}
