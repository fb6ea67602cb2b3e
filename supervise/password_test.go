package supervise

import "testing"

func TestHowAPasswordIsWritten(t *testing.T) {
	const hash = "$2y$12$abcdefghijklmnopqrstuv"
	for secret, want := range map[string]ProblemCode{
		hash: "", "{bcrypt}" + hash: "", "secret": PasswordPlain, "": PasswordPlain,
		"{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d": PasswordSHA, "{SHA}" + hash: PasswordSHA,
	} {
		if got := Weakness(secret); got != want {
			t.Errorf("%s: %q, want %q", secret, got, want)
		}
	}
}

func TestADoorIsOpenWhereNobodyIsToSayWhoTheyAre(t *testing.T) {
	for _, tt := range []struct {
		name string
		door Doorway
		open bool
	}{
		{"a listener, as the original has it", Doorway{}, true},
		{"a listener with accounts", Doorway{Accounts: true}, false},
		{"a listener with a password", Doorway{Password: true}, false},
		{"a socket, as the original has it", Doorway{Unix: true}, true},
		{"a socket with accounts", Doorway{Unix: true, Accounts: true}, true},
		{"a socket with a password", Doorway{Unix: true, Password: true}, false},
		{"a socket that knows its users", Doorway{Unix: true, MapUsers: true}, false},
	} {
		if got := tt.door.Open(); got != tt.open {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
