package ctl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"golang.org/x/crypto/bcrypt"

	"supervisor/server/wire"
	"supervisor/supervise"
)

// passwd gives somebody a password: it has the server write it where the server
// can, and otherwise prints the line that a configuration wants. So it is of use
// before there is a server at all. One's own it changes as anybody may, who need be
// no admin.
func passwd(ctx context.Context, c *controller, arg string) error {
	words, err := c.arguments("passwd", arg)
	if err != nil {
		return c.complain("Error: passwd: "+err.Error(), "passwd", exitInvalidArgs)
	}
	s, problem := speak(words, nil, []string{"--print"})
	if problem == "" && len(s.names) > 1 {
		problem = "passwd takes one name"
	}
	if problem != "" {
		return c.complain("Error: "+problem, "passwd", exitInvalidArgs)
	}
	name := c.settings.username
	if len(s.names) == 1 {
		name = s.names[0]
	}
	if name == "" || s.has("--print") {
		return c.printPassword(ctx, name, "")
	}
	if own, err := c.isOneself(ctx, name); own || err != nil {
		return c.changeOwn(ctx, name, err)
	}
	account, why, err := c.keptAccount(ctx, name)
	if err != nil {
		return err
	}
	if account == nil && why == "" {
		return nil // what was refused has been told
	}
	if account == nil {
		return c.printPassword(ctx, name, why)
	}
	password, err := c.newPassword(ctx, name)
	if password == "" || err != nil {
		return err
	}
	changed := wire.AccountRequest{Password: password} // and nothing that somebody changes while it is typed
	return c.onServer(ctx, func(cl *client) (*denial, error) {
		_, denied, err := cl.putUser(ctx, name, changed)
		if denied == nil && err == nil {
			c.out.Line(name + ": password changed")
			c.followPassword(*account, password)
		}
		return denied, err
	})
}

// isOneself tells whether a name is the one that supervisorctl comes in by, with a
// password. That is asked for where it was not said. A server that cannot be asked,
// does not look at passwords, or has no users knows nobody.
func (c *controller) isOneself(ctx context.Context, name string) (bool, error) {
	if !c.settings.authenticate || c.settings.username != name {
		return false, nil
	}
	if keyboard, ok := c.in.r.(*os.File); ok && isTerminal(keyboard) && c.settings.password == "" {
		password, err := c.askPassword(ctx, "Current password for "+name+": ")
		if err != nil {
			return false, err
		}
		c.settings.password = password
	}
	cl, err := c.connect()
	if err != nil {
		return false, err
	}
	defer cl.close()
	var told wire.WhoAmI
	denied, err := cl.get(ctx, "/api/v1/session", &told)
	if unauthorized(err) || errors.Is(err, context.Canceled) {
		return false, err
	}
	return err == nil && denied == nil && told.Via == "basic" && told.User.Name == name, nil
}

// changeOwn has the server change the password that supervisorctl comes in by.
// What is written in the main file it prints the line for.
func (c *controller) changeOwn(ctx context.Context, name string, err error) error {
	if err != nil {
		return err
	}
	password, err := c.newPassword(ctx, name)
	if password == "" || err != nil {
		return err
	}
	cl, err := c.connect()
	if err != nil {
		return err
	}
	defer cl.close()
	change := wire.PasswordChange{Old: c.settings.password, New: password}
	denied, err := cl.exchange(ctx, http.MethodPut, "/api/v1/session/password", change, nil)
	switch {
	case err != nil:
		return err
	case denied != nil && denied.status == http.StatusConflict:
		return c.printHash(password, "Nothing was changed: "+denied.words()+".")
	case denied != nil:
		c.tellDenial(denied, noPeople)
		return nil
	}
	c.out.Line(name + ": password changed")
	c.settings.password = password
	return nil
}

// followPassword goes on with a password that was one's own.
func (c *controller) followPassword(account wire.Account, password string) {
	if account.Self && c.settings.authenticate && c.settings.username == account.Name {
		c.settings.password = password
	}
}

// printPassword prints the line that holds a password. why says what stands in
// the way of more, and what to do with the line; "" if nothing more was wanted.
func (c *controller) printPassword(ctx context.Context, name, why string) error {
	password, err := c.newPassword(ctx, name)
	if password == "" || err != nil {
		return err
	}
	return c.printHash(password, why)
}

func (c *controller) printHash(password, why string) error {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), supervise.PasswordCost)
	if err != nil {
		return fmt.Errorf("hash the password: %w", err)
	}
	c.out.Line("password = " + string(hash))
	if why != "" {
		c.remark(why)
	}
	return nil
}

// keptAccount asks the server for an account that it could change; nil if there
// is none, and then why says so, or is "" if whoever asks may not know. A server
// that cannot be asked is no error.
func (c *controller) keptAccount(ctx context.Context, name string) (account *wire.Account, why string, err error) {
	cl, err := c.connect()
	if err != nil {
		return nil, "", err
	}
	defer cl.close()
	all, denied, err := cl.accounts(ctx, "/api/v1/users")
	switch {
	case errors.Is(err, context.Canceled):
		return nil, "", err
	case err != nil:
		return nil, "Nothing was changed, as supervisord could not be asked: " + failureOf(err).Message + ". Put the line into its configuration.", nil
	case denied != nil && denied.foreign:
		return nil, "Nothing was changed: this supervisord is Supervisor's own, which does not understand such a line either.", nil
	case denied != nil:
		c.tellDenial(denied, noPeople)
		return nil, "", nil
	}
	account = findAccount(all, name)
	switch {
	case account == nil:
		return nil, "Nothing was changed: there is no user " + name + " yet. supervisorctl users add " + name + " makes one.", nil
	case !account.Editable:
		return nil, "Nothing was changed: put the line into the section at " + account.Source + ", in the place of its password.", nil
	}
	return account, "", nil
}

// newPassword has somebody choose a password: twice and unseen at a terminal, as
// one line from anywhere else. It is "" if it will not do, which is told.
func (c *controller) newPassword(ctx context.Context, name string) (string, error) {
	whose := ""
	if name != "" {
		whose = " for " + name
	}
	password, err := c.readPassword(ctx, "New password"+whose+": ", "Once more: ")
	if errors.Is(err, errUnlike) || errors.Is(err, errSilent) {
		return "", c.refused(err.Error())
	}
	if err != nil {
		return "", err
	}
	if err := supervise.CheckPassword(name, password); err != nil {
		return "", c.refused(err.Error())
	}
	return password, nil
}

var (
	errUnlike = errors.New("the two are not the same")
	errSilent = errors.New("no password was given")
)

func (c *controller) readPassword(ctx context.Context, question, again string) (string, error) {
	if keyboard, ok := c.in.r.(*os.File); !ok || !isTerminal(keyboard) {
		c.out.Flush()
		line, err := c.in.line(ctx)
		if errors.Is(err, io.EOF) {
			return "", errSilent
		}
		return line, err
	}
	first, err := c.askPassword(ctx, question)
	if err != nil {
		return "", err
	}
	second, err := c.askPassword(ctx, again)
	if err == nil && first != second {
		err = errUnlike
	}
	return first, err
}

// accounts lists accounts of one kind.
func (cl *client) accounts(ctx context.Context, path string) ([]wire.Account, *denial, error) {
	var all wire.Accounts
	denied, err := cl.get(ctx, path, &all)
	return all.Accounts, denied, err
}

// findAccount finds one by its name; the one that can be changed, if there are two.
func findAccount(all []wire.Account, name string) *wire.Account {
	var found *wire.Account
	for i := range all {
		if all[i].Name == name && (found == nil || all[i].Editable) {
			found = &all[i]
		}
	}
	return found
}
