package ctl

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"supervisor/server/wire"
)

// The options of "users add", "users set" and "token add".
var (
	grantOptions   = []string{"--role", "--programs", "--deny", "--actions", "--comment"}
	userOptions    = append(grantOptions[:len(grantOptions):len(grantOptions)], "--unix-users")
	tokenOptions   = append(grantOptions[:len(grantOptions):len(grantOptions)], "--expires")
	userSwitches   = []string{"--disabled", "--enabled"}
	newbieSwitches = append(userSwitches[:2:2], "--no-password")
)

// part is what a command does where a word of its own follows it: "users add".
type part struct {
	name     string
	names    int  // how many must follow: 0, 1 or many
	role     bool // --role must be said
	valued   []string
	switches []string
	do       func(ctx context.Context, c *controller, name string, s spoken) error
}

// many stands for one name or more.
const many = -1

// inParts does the part that the first word names; the first of parts if none does.
func (c *controller) inParts(ctx context.Context, command, arg string, parts []part) error {
	words, err := c.arguments(command, arg)
	if err != nil {
		return c.complain("Error: "+command+": "+err.Error(), command, exitInvalidArgs)
	}
	it := parts[0]
	if len(words) > 0 && !strings.HasPrefix(words[0], "--") {
		at := slices.IndexFunc(parts, func(p part) bool { return p.name == words[0] })
		if at < 0 {
			return c.complain("Error: "+command+" has no "+words[0], command, exitInvalidArgs)
		}
		it, words = parts[at], words[1:]
	}
	s, problem := speak(words, it.valued, it.switches)
	switch {
	case problem != "":
	case it.role && !s.has("--role"):
		problem = command + " " + it.name + " requires --role viewer, operator or admin"
	case it.names != many && len(s.names) > it.names:
		problem = "too many words for " + command + " " + it.name
	case len(s.names) == 0 && it.names != 0:
		problem = command + " " + it.name + " requires a name"
	}
	if problem != "" {
		return c.complain("Error: "+problem, command, exitInvalidArgs)
	}
	return it.do(ctx, c, joinWords(s.names), s)
}

// users lists and changes the people who may come in.
func users(ctx context.Context, c *controller, arg string) error {
	return c.inParts(ctx, "users", arg, []part{
		{name: "list", do: listUsers},
		{name: "add", names: 1, role: true, valued: userOptions, switches: newbieSwitches, do: addUser},
		{name: "set", names: 1, valued: userOptions, switches: userSwitches, do: setUser},
		{name: "remove", names: 1, do: func(ctx context.Context, c *controller, name string, _ spoken) error {
			return c.remove(ctx, "/api/v1/users/", name)
		}},
	})
}

func listUsers(ctx context.Context, c *controller, _ string, _ spoken) error {
	return c.listAccounts(ctx, "/api/v1/users", "no users")
}

func (c *controller) listAccounts(ctx context.Context, path, none string) error {
	return c.onServer(ctx, func(cl *client) (*denial, error) {
		all, denied, err := cl.accounts(ctx, path)
		if denied != nil || err != nil {
			return denied, err
		}
		if c.json != nil {
			c.json.set("accounts", all)
			return nil, nil
		}
		c.table(c.accountRows(all), none)
		return nil, nil
	})
}

// accountRows tells of accounts in columns: name, role, programs, and whatever is
// out of the ordinary.
func (c *controller) accountRows(all []wire.Account) [][]string {
	rows := make([][]string, len(all))
	for i, a := range all {
		programs := strings.Join(a.Programs, ", ")
		if a.Role == "admin" {
			programs = "everything"
		}
		if len(a.Deny) > 0 {
			programs += ", not " + strings.Join(a.Deny, ", ")
		}
		rows[i] = []string{a.Name, string(a.Role), programs, strings.Join(c.notes(a), "; ")}
	}
	return rows
}

func (c *controller) notes(a wire.Account) []string {
	var notes []string
	note := func(told bool, text string) {
		if told {
			notes = append(notes, text)
		}
	}
	note(a.Disabled, "disabled")
	note(a.Expires != 0, c.expiry(a.Expires))
	note(len(a.Actions) > 0, "only "+strings.Join(a.Actions, ", "))
	note(len(a.UnixUsers) > 0, "unix user "+strings.Join(a.UnixUsers, ", "))
	note(!a.Editable, "in "+a.Source)
	note(a.Comment != "", onOneLine(a.Comment))
	return notes
}

func (c *controller) expiry(millis int64) string {
	ends := time.UnixMilli(millis)
	if ends.Before(c.now()) {
		return "expired " + c.clock(ends)
	}
	return "until " + c.clock(ends)
}

// clock is a time as people here write it.
func (c *controller) clock(t time.Time) string { return t.In(c.zone).Format("2006-01-02 15:04:05") }

// addUser makes a user. The password is asked for, unless there is to be none.
func addUser(ctx context.Context, c *controller, name string, s spoken) error {
	return c.onServer(ctx, func(cl *client) (*denial, error) {
		all, denied, err := cl.accounts(ctx, "/api/v1/users")
		if denied != nil || err != nil {
			return denied, err
		}
		if a := findAccount(all, name); a != nil && a.Editable {
			return nil, c.refused("there is a user " + name + " already: users set " + name + " changes it")
		}
		asked := amendment(s)
		asked.New = true
		if !s.has("--no-password") {
			if asked.Password, err = c.newPassword(ctx, name); asked.Password == "" || err != nil {
				return nil, err
			}
		}
		return c.putUser(ctx, cl, name, asked, "added")
	})
}

// setUser changes what was named of a user, and nothing else.
func setUser(ctx context.Context, c *controller, name string, s spoken) error {
	if len(s.options) == 0 {
		return c.complain("Error: users set requires something to set", "users", exitInvalidArgs)
	}
	return c.onServer(ctx, func(cl *client) (*denial, error) {
		all, denied, err := cl.accounts(ctx, "/api/v1/users")
		if denied != nil || err != nil {
			return denied, err
		}
		account := findAccount(all, name)
		if account == nil {
			return nil, c.refused("there is no user " + name)
		}
		asked := amendment(s)
		asked.Edition = account.Edition // what others do meanwhile is not undone
		return c.putUser(ctx, cl, name, asked, "changed")
	})
}

// amendment asks for what options say, and for nothing else to change.
func amendment(s spoken) wire.AccountRequest {
	asked := wire.AccountRequest{Role: wire.Role(s.options["--role"])}
	for option, list := range map[string]*[]string{
		"--programs": &asked.Programs, "--deny": &asked.Deny, "--actions": &asked.Actions, "--unix-users": &asked.UnixUsers,
	} {
		if s.has(option) {
			*list = append([]string{}, s.list(option)...) // none is said, too
		}
	}
	if comment := s.options["--comment"]; s.has("--comment") {
		asked.Comment = &comment
	}
	if disabled := !s.has("--enabled"); s.has("--disabled") || !disabled {
		asked.Disabled = &disabled
	}
	return asked
}

func (c *controller) putUser(ctx context.Context, cl *client, name string, asked wire.AccountRequest, done string) (*denial, error) {
	written, denied, err := cl.putUser(ctx, name, asked)
	if denied != nil || err != nil {
		return denied, err
	}
	if c.json != nil {
		c.json.set("account", written)
		return nil, nil
	}
	c.out.Line(name + ": " + done)
	return nil, nil
}

func (cl *client) putUser(ctx context.Context, name string, asked wire.AccountRequest) (written wire.Account, denied *denial, err error) {
	denied, err = cl.exchange(ctx, http.MethodPut, "/api/v1/users/"+url.PathEscape(name), asked, &written)
	return written, denied, err
}

// remove takes away what a name under a path stands for.
func (c *controller) remove(ctx context.Context, path, name string) error {
	return c.onServer(ctx, func(cl *client) (*denial, error) {
		denied, err := cl.exchange(ctx, http.MethodDelete, path+url.PathEscape(name), nil, new(struct{}))
		if denied == nil && err == nil && c.json == nil {
			c.out.Line(name + ": removed")
		}
		return denied, err
	})
}

// tokens lists and changes what programs come in with.
func tokens(ctx context.Context, c *controller, arg string) error {
	return c.inParts(ctx, "token", arg, []part{
		{name: "list", do: func(ctx context.Context, c *controller, _ string, _ spoken) error {
			return c.listAccounts(ctx, "/api/v1/tokens", "no tokens")
		}},
		{name: "add", names: 1, role: true, valued: tokenOptions, do: addToken},
		{name: "remove", names: 1, do: func(ctx context.Context, c *controller, name string, _ spoken) error {
			return c.remove(ctx, "/api/v1/tokens/", name)
		}},
	})
}

// addToken makes a token. Standard output has nothing else, for scripts.
func addToken(ctx context.Context, c *controller, name string, s spoken) error {
	asked := wire.TokenRequest{
		Name: name, Role: wire.Role(s.options["--role"]), Programs: s.list("--programs"), Deny: s.list("--deny"),
		Actions: s.list("--actions"), Expires: s.options["--expires"], Comment: s.options["--comment"],
	}
	return c.onServer(ctx, func(cl *client) (*denial, error) {
		var made wire.NewToken
		denied, err := cl.exchange(ctx, http.MethodPost, "/api/v1/tokens", asked, &made)
		switch {
		case denied != nil || err != nil:
			return denied, err
		case c.json != nil:
			c.json.set("token", made.Token)
			c.json.set("account", made.Account)
			return nil, nil
		}
		c.out.Line(made.Token)
		c.remark("It is shown this once. Send it as a header: Authorization: Bearer TOKEN")
		return nil, nil
	})
}

// sessions lists and ends logins in browsers.
func sessions(ctx context.Context, c *controller, arg string) error {
	return c.inParts(ctx, "sessions", arg, []part{
		{name: "list", switches: []string{"--all"}, do: listSessions},
		{name: "end", names: 1, do: endSession},
	})
}

func listSessions(ctx context.Context, c *controller, _ string, s spoken) error {
	path := "/api/v1/sessions"
	if s.has("--all") {
		path += "?all=1"
	}
	return c.onServer(ctx, func(cl *client) (*denial, error) {
		var told wire.Sessions
		denied, err := cl.get(ctx, path, &told)
		switch {
		case denied != nil || err != nil:
			return denied, err
		case c.json != nil:
			c.json.set("sessions", told.Sessions)
			return nil, nil
		}
		rows := make([][]string, len(told.Sessions))
		for i, s := range told.Sessions {
			rows[i] = []string{s.ID, s.User, "seen " + c.clock(time.UnixMilli(s.Seen)), onOneLine(s.Addr), onOneLine(s.Agent)}
		}
		c.table(rows, "no sessions")
		return nil, nil
	})
}

// endSession logs a browser out, or all of one's own.
func endSession(ctx context.Context, c *controller, id string, _ spoken) error {
	path := "/api/v1/sessions"
	if id != "all" {
		path += "/" + url.PathEscape(id)
	}
	return c.onServer(ctx, func(cl *client) (*denial, error) {
		var ended wire.Ended
		denied, err := cl.exchange(ctx, http.MethodDelete, path, nil, &ended)
		switch {
		case denied != nil || err != nil:
			return denied, err
		case c.json != nil:
			c.json.set("ended", ended.Ended)
		default:
			c.out.Line(counted(ended.Ended, "session") + " ended")
		}
		return nil, nil
	})
}
