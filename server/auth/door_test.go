package auth

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"supervisor/supervise"
)

// doorTo gives the first door of a house.
func doorTo(t *testing.T, o Options) *Door {
	t.Helper()
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return a.Doors()[0]
}

func TestWhoComesThroughADoor(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("thepassword"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	const shaOfThepassword = "82ab876d1387bfafe46cc1c8a2ef074eae50cb1d" // the example of the original's manual
	basic := func(userpass string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(userpass))
	}
	for _, tt := range []struct {
		name, username, password, header string
		status                           int
		who                              string
	}{
		{"an open door asks nothing", "", "", "", 200, ""},
		{"an open door ignores credentials", "", "x", basic("a:b"), 200, ""},
		{"no credentials", "user", "secret", "", 401, ""},
		{"plain", "user", "secret", basic("user:secret"), 200, "user"},
		{"a colon belongs to the password", "user", "a:b", basic("user:a:b"), 200, "user"},
		{"scheme in any case", "user", "secret", strings.Replace(basic("user:secret"), "Basic", "bAsIc", 1), 200, "user"},
		{"another scheme", "user", "secret", "Bearer abc", 401, ""},
		{"wrong password", "user", "secret", basic("user:Secret"), 401, ""},
		{"wrong user", "user", "secret", basic("User:secret"), 401, ""},
		{"empty password given", "user", "secret", basic("user:"), 401, ""},
		{"empty password asked", "user", "", basic("user:"), 200, "user"},
		{"sha", "user", "{SHA}" + shaOfThepassword, basic("user:thepassword"), 200, "user"},
		{"sha wrong", "user", "{SHA}" + shaOfThepassword, basic("user:x"), 401, ""},
		{"sha in capitals never matches", "user", "{SHA}" + strings.ToUpper(shaOfThepassword), basic("user:thepassword"), 401, ""},
		{"the digits themselves are no password", "user", "{SHA}" + shaOfThepassword, basic("user:" + shaOfThepassword), 401, ""},
		{"sha of nothing matches nothing", "user", "{SHA}", basic("user:"), 401, ""},
		{"bcrypt", "user", string(hash), basic("user:thepassword"), 200, "user"},
		{"bcrypt with its name", "user", "{bcrypt}" + string(hash), basic("user:thepassword"), 200, "user"},
		{"bcrypt wrong", "user", string(hash), basic("user:x"), 401, ""},
		{"bcrypt wrong user", "user", string(hash), basic("x:thepassword"), 401, ""},
		{"bcrypt of more than it reads", "user", string(hash), basic("user:" + strings.Repeat("x", 73)), 401, ""},
		{"nothing after the scheme", "user", "secret", "Basic", 401, ""},
		{"not base64", "user", "secret", "Basic %%%", 400, ""},
		{"no colon", "user", "secret", basic("usersecret"), 400, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			door := doorTo(t, Options{Sections: []Section{{Name: "inet_http_server", Username: tt.username, Password: tt.password}}})
			var who Principal
			asked := false
			inside := Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked, who = true, From(r.Context())
			}))
			r := httptest.NewRequest("POST", "/RPC2", strings.NewReader("body"))
			if tt.header != "" {
				r.Header.Set("Authorization", tt.header)
			}
			w := httptest.NewRecorder()
			inside.ServeHTTP(w, r.WithContext(AtDoor(r.Context(), door, -1)))
			if w.Code != tt.status || asked != (tt.status == 200) {
				t.Fatalf("status %d, handler asked: %v, want %d", w.Code, asked, tt.status)
			}
			if who.Name != tt.who {
				t.Errorf("principal %+v, want %q", who, tt.who)
			}
			if got := Can(who, Restart, Everything); got != asked {
				t.Errorf("may restart: %v", got)
			}
			challenge := w.Header().Get("WWW-Authenticate")
			if tt.status == 401 && (challenge != `Basic realm="default"` || !strings.Contains(w.Body.String(), "<p>Error code 401.")) {
				t.Errorf("challenge %q, body %q", challenge, w.Body)
			}
			if tt.status != 401 && challenge != "" {
				t.Errorf("challenge %q with status %d", challenge, tt.status)
			}
		})
	}
}

func TestARequestThroughNoDoorIsRefused(t *testing.T) {
	w := httptest.NewRecorder()
	Require(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("let in") })).
		ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != http.StatusForbidden {
		t.Errorf("status %d", w.Code)
	}
}

func TestAHashThatCannotBeCheckedIsRefusedAtTheStart(t *testing.T) {
	for _, secret := range []string{
		"$2a$",
		"$2a$31$abcdefghijklmnopqrstuuZ0cDfz1FgcvzBYzfz1FgcvzBYzfz1Fg",
		"{bcrypt}$2b$15$abcdefghijklmnopqrstuuZ0cDfz1FgcvzBYzfz1FgcvzBYzfz1Fg",
	} {
		for _, o := range []Options{
			{Sections: []Section{{Name: "unix_http_server", Username: "user", Password: secret}}},
			{Accounts: []supervise.Account{{Name: "ann", Password: secret}}},
		} {
			if _, err := New(o); err == nil {
				t.Errorf("%s: accepted", secret)
			}
		}
	}
}
