package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"supervisor/server/reply"
)

// Door is one listener as seen by those who want in: its section, and the
// credentials it asks for. It is safe for use by many requests at once.
type Door struct {
	section  string
	username string
	password *password
}

// NewDoor makes the door of a server section. An empty username leaves it open
// to everybody, whatever the password (http.py make_http_servers). It fails on
// a bcrypt hash that cannot be read or would take minutes to check.
func NewDoor(section, username, secret string) (*Door, error) {
	if username == "" {
		return &Door{section: section}, nil
	}
	password, err := newPassword(secret)
	if err != nil {
		return nil, err
	}
	return &Door{section: section, username: username, password: password}, nil
}

// Open tells whether the door lets everybody in.
func (d *Door) Open() bool { return d.password == nil }

type doorKey struct{}

// AtDoor gives the connections under ctx to door; the server calls it once for
// each connection it accepts.
func AtDoor(ctx context.Context, door *Door) context.Context {
	return context.WithValue(ctx, doorKey{}, door)
}

// Require lets a request through to next once its door knows who is asking, and
// answers 401 otherwise, before anything of the body has been read. A request
// that came through no door is refused.
func Require(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		door, _ := r.Context().Value(doorKey{}).(*Door)
		if door == nil {
			reply.Page(w, http.StatusForbidden)
			return
		}
		who, err := door.identify(r)
		switch {
		case err == nil:
			next.ServeHTTP(w, r.WithContext(With(r.Context(), who)))
		case errors.Is(err, errMalformed):
			reply.Page(w, http.StatusBadRequest)
		case errors.Is(err, errBusy):
			w.Header().Set("Retry-After", "1")
			reply.Page(w, http.StatusServiceUnavailable)
		default:
			refuse(w)
		}
	})
}

var (
	errUnknown   = errors.New("no such user, or another password")
	errMalformed = errors.New("malformed credentials")
)

// identify tells who sent r. The order of ways in is settled here; a session
// cookie will be asked for before Basic.
func (d *Door) identify(r *http.Request) (Principal, error) {
	who := Principal{Role: Admin, Door: d.section, Addr: strings.TrimPrefix(r.RemoteAddr, "@")}
	if d.Open() {
		return who, nil
	}
	username, password, err := basic(r.Header.Get("Authorization"))
	if err != nil {
		return Principal{}, err
	}
	// The password is compared whether or not the name is right, so that the
	// time taken does not tell which of them was wrong.
	named := equal(username, d.username)
	if err := d.password.verify(r.Context(), username, password); err != nil {
		return Principal{}, err
	}
	if !named {
		return Principal{}, errUnknown
	}
	who.Name = d.username
	return who, nil
}

// basic reads an Authorization header. The scheme is read in any case; another
// scheme, or none, or nothing behind it, is nobody we know (medusa/auth_handler.py handle_request).
func basic(header string) (username, password string, err error) {
	scheme, encoded, found := strings.Cut(header, " ")
	if !found || !strings.EqualFold(scheme, "basic") {
		return "", "", errUnknown
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return "", "", errMalformed
	}
	username, password, found = strings.Cut(string(decoded), ":")
	if !found {
		return "", "", errMalformed
	}
	return username, password, nil
}

// refuse answers 401 as the original does. It also said that it would close the
// connection; this server keeps that promise.
func refuse(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	w.Header().Set("WWW-Authenticate", `Basic realm="default"`)
	reply.Page(w, http.StatusUnauthorized)
}
