package supervise

import "testing"

func TestSecretsAreNotShown(t *testing.T) {
	secrets := Secrets{"*PASSWORD*", "*TOKEN*", "*KEY*"}
	for _, tt := range []struct{ command, want string }{
		{"", ""},
		{"/bin/cat -n", "/bin/cat -n"},
		{"/bin/app --port=80 --api-key=canary x", "/bin/app --port=80 --api-key=*** x"},
		{"/bin/app --password canary --verbose", "/bin/app --password *** --verbose"},
		{"/bin/app --token --verbose", "/bin/app --token --verbose"},
		{`/bin/app --db_password="can ary" x`, `/bin/app --db_password=*** x`},
		{`/bin/app --db_password "can\"ary" x`, `/bin/app --db_password *** x`},
		{`/bin/sh -c 'DB_PASSWORD=canary exec app'`, `/bin/sh -c 'DB_PASSWORD=*** exec app'`},
		{"/usr/bin/env TOKEN='canary' app", "/usr/bin/env TOKEN=*** app"},
		{"app postgres://me:canary@host/db", "app postgres://me:***@host/db"},
		{"app http://host:80/a@b", "app http://host:80/a@b"},
		{"app postgres://me:ca@na:ry@host/db?x=a@b", "app postgres://me:***@host/db?x=a@b"},
		{"app redis://:canary@host http://ann:canary@host:80/", "app redis://:***@host http://ann:***@host:80/"},
		{"app http://a:canary@one,http://b:canary@two", "app http://a:***@one,http://b:***@two"},
		{"app jdbc:x://host/?user=me&password=canary", "app jdbc:x://host/?user=me&password=***"},
		{"java -Dapp.password=canary -jar x", "java -Dapp.password=*** -jar x"},
	} {
		if got := secrets.Mask(tt.command); got != tt.want {
			t.Errorf("%s\n  is shown as %s\n  want        %s", tt.command, got, tt.want)
		}
	}
	for _, tt := range []struct{ name, value, want string }{
		{"DB_PASSWORD", "canary", "***"},
		{"my_api-key", "canary", "***"},
		{"HOME", "/root", "/root"},
		{"OPTIONS", "--verbose --password canary", "--verbose --password ***"},
		{"DB", "postgres://me:canary@host/db", "postgres://me:***@host/db"},
	} {
		if got := secrets.Value(tt.name, tt.value); got != tt.want {
			t.Errorf("%s=%s is shown as %s, want %s", tt.name, tt.value, got, tt.want)
		}
	}
	if got := Secrets(nil).Mask("app --password=canary"); got != "app --password=canary" {
		t.Errorf("nothing is a secret, and yet: %s", got)
	}
}
