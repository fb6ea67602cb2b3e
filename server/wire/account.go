package wire

import "supervisor/supervise"

// Role is what somebody is.
type Role string

// Values lists every role, for the generated types.
func (Role) Values() []string { return supervise.RoleNames() }

// LogIn is the body of POST /api/v1/session.
type LogIn struct {
	User     string `json:"user"`
	Password string `json:"password"`
	// Keep them logged in when the browser is closed, and however long they do nothing.
	Keep bool `json:"keep,omitempty"`
}

// PasswordChange is the body of PUT /api/v1/session/password: of one's own.
type PasswordChange struct {
	Old string `json:"old"`
	New string `json:"new"`
}

// WhoAmI answers GET and POST /api/v1/session.
type WhoAmI struct {
	User User `json:"user"`
	// How they came in: open, basic, session, token, link, peer or proxy.
	Via string `json:"via"`
	// Absent if they came in without one.
	Session *Session `json:"session,omitempty"`
	// The link they came in by; absent for none.
	Link *Link `json:"link,omitempty"`
}

// Session is one login in a browser.
type Session struct {
	ID   string `json:"id"`
	User string `json:"user"`
	// Where it began; empty for a unix socket.
	Addr string `json:"addr"`
	// What the browser said of itself.
	Agent string `json:"agent"`
	Keep  bool   `json:"keep"`
	Began int64  `json:"began"`
	// When it was last used.
	Seen int64 `json:"seen"`
	// When it ends if it is not used again.
	Expires int64 `json:"expires"`
	// The one this question came with.
	Current bool `json:"current"`
}

// Sessions answers GET /api/v1/sessions.
type Sessions struct {
	Sessions []Session `json:"sessions"`
}

// Ended answers DELETE /api/v1/sessions: how many there were.
type Ended struct {
	Ended int `json:"ended"`
}

// Account is somebody who may come in, as GET /api/v1/users lists people and GET
// /api/v1/tokens tokens.
type Account struct {
	Name     string   `json:"name"`
	Role     Role     `json:"role"`
	Programs []string `json:"programs"`
	Deny     []string `json:"deny"`
	// Empty for those of the role.
	Actions   []string `json:"actions"`
	Disabled  bool     `json:"disabled"`
	Comment   string   `json:"comment"`
	UnixUsers []string `json:"unixUsers"`
	// Whether there is one.
	Password bool `json:"password"`
	// Of a token; 0 for never.
	Expires int64 `json:"expires"`
	// When they were last here since supervisord started; 0 for not yet.
	Seen int64 `json:"seen"`
	// Whether it can be changed here: it is in the users file.
	Editable bool `json:"editable"`
	// Where it is written: "file:line".
	Source string `json:"source"`
	// Whether it is who asks.
	Self bool `json:"self"`
	// Another one after each change of what is told here, but for when they were
	// last here: for AccountRequest.
	Edition string `json:"edition"`
}

// Accounts answers GET /api/v1/users and /api/v1/tokens.
type Accounts struct {
	Accounts []Account `json:"accounts"`
	// Whether accounts can be added here: there is a users file.
	Editable bool `json:"editable"`
}

// AccountRequest is the body of PUT /api/v1/users/{name}. What is absent stays as
// it is; an empty list or text is said as such. Somebody new has what is absent
// empty, and an admin no lists in any case: they may do everything.
type AccountRequest struct {
	Password  string   `json:"password,omitempty"`
	Role      Role     `json:"role,omitempty"`
	Programs  []string `json:"programs,omitzero"`
	Deny      []string `json:"deny,omitzero"`
	Actions   []string `json:"actions,omitzero"`
	Disabled  *bool    `json:"disabled,omitempty"`
	Comment   *string  `json:"comment,omitempty"`
	UnixUsers []string `json:"unixUsers,omitzero"`
	// Whether it has to be somebody new: if not, nothing is changed (409).
	New bool `json:"new,omitempty"`
	// What Account.Edition was when somebody looked: if it is another by now,
	// nothing is changed (409). Absent for whatever it is.
	Edition string `json:"edition,omitempty"`
}

// TokenRequest is the body of POST /api/v1/tokens.
type TokenRequest struct {
	Name     string   `json:"name"`
	Role     Role     `json:"role"`
	Programs []string `json:"programs,omitempty"`
	Deny     []string `json:"deny,omitempty"`
	Actions  []string `json:"actions,omitempty"`
	// A time, a date, or how long from now: "2027-01-31", "90d". Absent for never.
	Expires string `json:"expires,omitempty"`
	Comment string `json:"comment,omitempty"`
}

// NewToken answers POST /api/v1/tokens. The token is told this once only.
type NewToken struct {
	Token   string  `json:"token"`
	Account Account `json:"account"`
}

// Link is a delegation link: whoever opens it may do some of what its minter may.
type Link struct {
	// Names it; it opens nothing.
	ID       string   `json:"id"`
	Minter   string   `json:"minter"`
	Programs []string `json:"programs"`
	Actions  []string `json:"actions"`
	Comment  string   `json:"comment"`
	Minted   int64    `json:"minted"`
	Expires  int64    `json:"expires"`
	// How often it may be opened; 0 for as often as people like.
	Uses int `json:"uses"`
	Used int `json:"used"`
	// When it was opened last; 0 for not yet.
	Opened int64 `json:"opened"`
	// How many browsers may still use it.
	Open int `json:"open"`
	// Whether it is of who asks.
	Mine bool `json:"mine"`
}

// Links answers GET /api/v1/links.
type Links struct {
	Links []Link `json:"links"`
}

// LinkRequest is the body of POST /api/v1/links.
type LinkRequest struct {
	// Patterns over group:process, as of an account.
	Programs []string `json:"programs"`
	// Of those that whoever asks may do; seeing the programs is always one.
	Actions []string `json:"actions"`
	// A time, a date, or how long from now, 30 days at most: "2027-01-31", "8h".
	Expires string `json:"expires"`
	// How often it may be opened; 0 for as often as people like.
	Uses    int    `json:"uses,omitempty"`
	Comment string `json:"comment,omitempty"`
}

// NewLink answers POST /api/v1/links. The address is told this once only.
type NewLink struct {
	ID   string `json:"id"`
	URL  string `json:"url"`
	Link Link   `json:"link"`
}
