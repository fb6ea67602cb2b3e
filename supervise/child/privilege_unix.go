//go:build unix

package child

import (
	"fmt"
	"os"
	"syscall"
)

// privilegeError is a refusal in the original's words (options.py
// drop_privileges).
type privilegeError struct {
	text string
	err  error // the system's, nil when it was not asked
}

func (e *privilegeError) Error() string { return e.text }
func (e *privilegeError) Unwrap() error { return e.err }

// DropPrivileges makes this process run as c, for supervisord's own user=. It
// does nothing when it does already, so that one without privileges may name
// itself. The error's text is what the original prints before it exits.
func DropPrivileges(c Credential) error { return c.become() }

func (c *Credential) become() error {
	switch uid := os.Getuid(); uid {
	case int(c.UID):
		return nil
	case 0:
	default:
		return &privilegeError{text: "Can't drop privilege as nonroot user"}
	}
	groups := make([]int, len(c.Groups))
	for i, gid := range c.Groups {
		groups[i] = int(gid)
	}
	if err := syscall.Setgroups(groups); err != nil {
		return &privilegeError{"Could not set groups of effective user", err}
	}
	if err := syscall.Setgid(int(c.GID)); err != nil {
		return &privilegeError{"Could not set group id of effective user", err}
	}
	if err := syscall.Setuid(int(c.UID)); err != nil {
		return fmt.Errorf("set the user id to %d: %w", c.UID, err)
	}
	return nil
}
