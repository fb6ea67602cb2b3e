package wire

// Reason says in a word why something was refused, where the name of a Fault says
// too little: pages in other languages have their own sentence for each.
type Reason string

// The reasons there are.
const (
	ReasonTaken       Reason = "name-taken"
	ReasonChanged     Reason = "changed"
	ReasonYourself    Reason = "yourself"
	ReasonLastAdmin   Reason = "last-admin"
	ReasonNoUsersFile Reason = "no-users-file"
	ReasonReadOnly    Reason = "read-only"
	ReasonNoAccount   Reason = "no-account"
	ReasonBadPassword Reason = "bad-password"
	ReasonBadName     Reason = "bad-name"
	ReasonBadPattern  Reason = "bad-pattern"
	ReasonBadComment  Reason = "bad-comment"
	ReasonBadExpiry   Reason = "bad-expiry"
	ReasonNoMinter    Reason = "no-minter"
	ReasonNoPage      Reason = "no-page"
	ReasonTooMany     Reason = "too-many-links"
)

// Values lists every reason, for the generated types.
func (Reason) Values() []string {
	return []string{
		string(ReasonTaken), string(ReasonChanged), string(ReasonYourself), string(ReasonLastAdmin), string(ReasonNoUsersFile),
		string(ReasonReadOnly), string(ReasonNoAccount), string(ReasonBadPassword), string(ReasonBadName), string(ReasonBadPattern),
		string(ReasonBadComment), string(ReasonBadExpiry), string(ReasonNoMinter), string(ReasonNoPage), string(ReasonTooMany),
	}
}
