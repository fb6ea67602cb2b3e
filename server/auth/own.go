package auth

import (
	"errors"
	"net/http"

	"supervisor/supervise"
)

// Own gives the account that who proved with its password, in this request or at
// the beginning of their session: theirs to change. Others came in by something
// that is not the person, such as a token, a link, or the word of a proxy.
func (a *Authenticator) Own(who Principal) (supervise.Account, bool) {
	door := a.doorOf(who)
	if door == nil {
		return supervise.Account{}, false
	}
	switch who.Via {
	case Basic:
		return door.find(who.Name)
	case Cookie:
		session, found := a.Sessions.Find(who.Session)
		if !found {
			return supervise.Account{}, false
		}
		return door.accountOfSession(session)
	}
	return supervise.Account{}, false
}

// errWritten is a ReadOnlyError for those who may not know of the configuration.
var errWritten = errors.New("your password is written in the configuration of supervisord: an admin changes it there")

// OwnWritable answers nil if the password of an account that somebody owns can be
// changed: not if it is written in the configuration.
func (a *Authenticator) OwnWritable(who Principal, account supervise.Account) error {
	door := a.doorOf(who)
	err := a.Book.writable(account)
	if door != nil && door.section.owns(account) {
		err = ReadOnlyError{account}
	}
	if errors.As(err, new(ReadOnlyError)) && !Can(who, Config, Supervisord) {
		return errWritten
	}
	return err
}

// ChangePassword gives whoever sent r a new password, if old is the one they have,
// which is checked and counted as at a login. The session of r goes on with another
// cookie; their other sessions end. The caller has asked Own and OwnWritable. The
// error is ErrWrongCredentials, one that RetryAfter explains, one of the book, or
// what is wrong with next, which is a BadPassword.
func ChangePassword(w http.ResponseWriter, r *http.Request, old, next string) error {
	door, _ := doorAt(r)
	who := From(r.Context())
	if door == nil {
		return ErrWrongCredentials
	}
	if err := supervise.CheckPassword(who.Name, next); err != nil {
		return BadPassword{err}
	}
	account, err := door.auth.password(r, door, who.Name, old)
	if err != nil {
		return err
	}
	next, err = door.auth.NewPassword(r.Context(), who.Name, next)
	if err != nil {
		return err
	}
	if who.Via == Cookie {
		return door.renew(w, r, account, next)
	}
	if err := door.auth.Book.SetPassword(account.Name, account.Password, next); err != nil {
		return err
	}
	door.auth.Sessions.EndAll(account.Name, "")
	return nil
}

// renew gives an account another password, and the session that r came with
// another secret. The session holds from the one to the other.
func (d *Door) renew(w http.ResponseWriter, r *http.Request, account supervise.Account, hash string) error {
	id, changed := From(r.Context()).Session, account
	changed.Password = hash
	forget := d.auth.Sessions.expect(id, changed)
	if err := d.auth.Book.SetPassword(account.Name, account.Password, hash); err != nil {
		forget()
		return err
	}
	if secret, session, found := d.auth.Sessions.renew(id, changed); found { // it may have ended meanwhile
		d.giveCookie(w, r, secret, session)
	}
	return nil
}

// BadPassword says why a new password will not do.
type BadPassword struct{ error }

func (e BadPassword) Unwrap() error { return e.error }
