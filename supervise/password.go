package supervise

import (
	"slices"
	"strings"
)

// IsBcrypt tells a bcrypt hash from other texts, by how it begins.
func IsBcrypt(text string) bool {
	return slices.ContainsFunc([]string{"$2a$", "$2b$", "$2y$"}, func(p string) bool { return strings.HasPrefix(text, p) })
}

// Weakness tells what is wrong with how a password is written, which may be as the
// original has it: PasswordPlain, which whoever reads the file learns, PasswordSHA,
// which they can guess at leisure, or "" for neither.
func Weakness(secret string) ProblemCode {
	switch {
	case strings.HasPrefix(secret, "{SHA}"):
		return PasswordSHA
	case IsBcrypt(strings.TrimPrefix(secret, "{bcrypt}")):
		return ""
	}
	return PasswordPlain
}

// Doorway is what decides whether a server asks who comes.
type Doorway struct {
	Unix     bool // it is a socket, which its mode guards
	Password bool // the section has one
	MapUsers bool
	Accounts bool // there are some, or a users file is promised
}

// Open tells whether a server lets in who does not say who they are. Over a
// network that is only while there are no accounts at all.
func (d Doorway) Open() bool { return !d.Password && !d.MapUsers && (d.Unix || !d.Accounts) }
