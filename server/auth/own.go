package auth

import (
	"net/http"
	"time"

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

// OwnWritable answers nil if the password of an account that somebody owns can be
// changed: not if it is written in the configuration.
func (a *Authenticator) OwnWritable(who Principal, account supervise.Account) error {
	if door := a.doorOf(who); door != nil && door.section.owns(account) {
		return ReadOnlyError{account}
	}
	return a.Book.writable(account)
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
	hash, err := door.auth.NewPassword(r.Context(), who.Name, next)
	if err != nil {
		return err
	}
	sessions, changed := door.auth.Sessions, account
	changed.Password = hash
	if who.Via == Cookie {
		sessions.expect(who.Session, changed)
	}
	if err := door.auth.Book.SetPassword(account.Name, account.Password, hash); err != nil {
		sessions.expect(who.Session, supervise.Account{})
		return err
	}
	if who.Via != Cookie {
		sessions.EndAll(account.Name, "")
		return nil
	}
	secret, session, found := sessions.renew(who.Session, changed)
	if !found { // it has ended meanwhile
		return nil
	}
	cookie := door.cookie(r)
	cookie.Value = secret
	if session.Keep {
		cookie.MaxAge = int(time.Until(session.Expires).Seconds())
	}
	http.SetCookie(w, cookie)
	return nil
}

// BadPassword says why a new password will not do.
type BadPassword struct{ error }

func (e BadPassword) Unwrap() error { return e.error }
