package api

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"supervisor/server/auth"
)

// change asks for another password with what arrive puts on the request.
func (o *office) change(body string, arrive func(*http.Request)) *httptest.ResponseRecorder {
	o.t.Helper()
	r := httptest.NewRequest("PUT", "/api/v1/session/password", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	arrive(r)
	w := httptest.NewRecorder()
	o.routes.ServeHTTP(w, r.WithContext(auth.AtDoor(r.Context(), o.auth.Doors()[0], -1)))
	return w
}

func by(name, password string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(name, password) }
}

func withCookie(c *http.Cookie) func(*http.Request) {
	return func(r *http.Request) { r.AddCookie(c) }
}

// begins logs somebody in and gives the cookie.
func (o *office) begins(name, password string, keep bool) *http.Cookie {
	o.t.Helper()
	r := httptest.NewRequest("POST", "/api/v1/session", nil)
	w := httptest.NewRecorder()
	if _, err := auth.LogIn(w, r.WithContext(auth.AtDoor(r.Context(), o.auth.Doors()[0], -1)), name, password, keep); err != nil {
		o.t.Fatal(err)
	}
	return w.Result().Cookies()[0]
}

// knows tells whether a cookie opens the door.
func (o *office) knows(c *http.Cookie) bool {
	r := httptest.NewRequest("GET", "/api/v1/session", nil)
	r.AddCookie(c)
	w := httptest.NewRecorder()
	o.routes.ServeHTTP(w, r.WithContext(auth.AtDoor(r.Context(), o.auth.Doors()[0], -1)))
	return w.Code == http.StatusOK
}

const nextPassword = "battery staple"

func TestPeopleChangeTheirOwnPasswordAndGoOnWhereTheyDid(t *testing.T) {
	o := newOffice(t)
	here, elsewhere, anns := o.begins("bob", rightPassword, true), o.begins("bob", rightPassword, false), o.begins("ann", rightPassword, false)
	before, _ := o.auth.Book.Find("bob")
	w := o.change(`{"old":"`+rightPassword+`","new":"`+nextPassword+`"}`, withCookie(here))
	cookies := w.Result().Cookies()
	if w.Code != http.StatusNoContent || w.Body.Len() != 0 || len(cookies) != 1 || cookies[0].Value == here.Value || cookies[0].MaxAge == 0 {
		t.Fatalf("%d %s, cookies %v", w.Code, w.Body, cookies)
	}
	// Its live socket, which was opened before, goes on too.
	for _, s := range o.auth.Sessions.List(func(s auth.Session) bool { return s.User == "bob" }) {
		if _, still := o.auth.Again(auth.Principal{Name: "bob", Via: auth.Cookie, Session: s.ID, Door: "inet"}); !still {
			t.Error("the session does not hold any more")
		}
	}
	if !o.knows(cookies[0]) || o.knows(here) || o.knows(elsewhere) || !o.knows(anns) {
		t.Errorf("the new cookie is known: %v, the former one %v, another browser %v, somebody else's %v",
			o.knows(cookies[0]), o.knows(here), o.knows(elsewhere), o.knows(anns))
	}
	after, _ := o.auth.Book.Find("bob")
	if after.Password == before.Password || after.Grant.Role != before.Grant.Role || len(after.Grant.Programs) != len(before.Grant.Programs) {
		t.Errorf("bob was %+v and is %+v", before, after)
	}
	if w := o.change(`{"old":"`+nextPassword+`","new":"`+rightPassword+`"}`, by("bob", nextPassword)); w.Code != http.StatusNoContent || len(w.Result().Cookies()) != 0 {
		t.Errorf("by name and password: %d %s", w.Code, w.Body)
	}
	if o.knows(cookies[0]) {
		t.Error("a browser is still known after the password was changed elsewhere")
	}
	o.closed()
	text, err := os.ReadFile(o.trail)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(text), `"verb":"change-password","target":"user bob"`) != 2 {
		t.Errorf("the trail: %s", text)
	}
	for _, secret := range []string{rightPassword, nextPassword, "$2a$", cookies[0].Value} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%s is in the trail", secret)
		}
	}
}

func TestAPasswordIsNotChangedByWhoeverMayNot(t *testing.T) {
	o := newOffice(t)
	fine := `{"old":"` + rightPassword + `","new":"` + nextPassword + `"}`
	for _, tt := range []struct {
		name, body string
		arrive     func(*http.Request)
		status     int
		says       string
	}{
		{"nobody", fine, func(*http.Request) {}, 401, ""},
		{"in the main file", fine, by("fixed", rightPassword), 409, "an admin changes it there"},
		{"of a section", `{"old":"plain","new":"` + nextPassword + `"}`, by("boss", "plain"), 409, "main.conf:3"},
		{"in a browser with a page's username", fine, withCookie(o.begins("boss", "plain", false)), 409, "main.conf:3"},
		{"short", `{"old":"` + rightPassword + `","new":"short"}`, by("bob", rightPassword), 400, "at least 8 bytes"},
		{"long", `{"old":"` + rightPassword + `","new":"` + strings.Repeat("x", 73) + `"}`, by("bob", rightPassword), 400, "at most 72 bytes"},
		{"with another old one", `{"old":"guess","new":"` + nextPassword + `"}`, by("bob", rightPassword), 401, "the old password is another"},
		{"with no JSON", `old`, by("bob", rightPassword), 400, ""},
		{"by a form", fine, func(r *http.Request) { r.Header.Del("Content-Type"); by("bob", rightPassword)(r) }, 415, ""},
	} {
		before := o.users.version
		w := o.change(tt.body, tt.arrive)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.says) {
			t.Errorf("%s: %d %s, want %d", tt.name, w.Code, w.Body, tt.status)
		}
		if tt.name == "in the main file" && strings.Contains(w.Body.String(), "main.conf") {
			t.Errorf("a viewer is told where the configuration is: %s", w.Body)
		}
		if o.users.version != before {
			t.Errorf("%s: the users file was written", tt.name)
		}
	}
}

func TestGuessesAtTheOldPasswordAreSlowedDownAsLoginsAre(t *testing.T) {
	o := newOffice(t)
	cookie := o.begins("bob", rightPassword, false)
	last := 0
	for _, guess := range strings.Split("abcdefghij", "") {
		w := o.change(`{"old":"`+guess+`","new":"`+nextPassword+`"}`, withCookie(cookie))
		if last = w.Code; last == http.StatusTooManyRequests {
			if w.Header().Get("Retry-After") == "" {
				t.Error("it is not told when to come back")
			}
			break
		}
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the last guess was answered %d", last)
	}
	if !o.knows(cookie) {
		t.Error("guesses have ended the session")
	}
}

func TestAPasswordThatCannotBeWrittenIsToldInWords(t *testing.T) {
	o := newOffice(t)
	o.users.full = true
	w := o.change(`{"old":"`+rightPassword+`","new":"`+nextPassword+`"}`, by("bob", rightPassword))
	if w.Code != 500 || !strings.Contains(w.Body.String(), "the new password could not be written") || strings.Contains(w.Body.String(), "users.conf") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
