package supervise

import "testing"

func TestGlobsMatchAsFnmatch(t *testing.T) {
	for _, test := range []struct {
		pattern, name string
		match         bool
	}{
		{"*", "", true},
		{"*", "web:api", true},
		{"web*", "web:api", true},
		{"web*", "aweb", false},
		{"*api", "web:api", true},
		{"w*b*i", "web:api", true},
		{"w*b*i", "web:apx", false},
		{"worker_0?", "worker_01", true},
		{"worker_0?", "worker_0", false},
		{"worker_0?", "worker_011", false},
		{"?", "日", true},
		{"[ab]*", "beta", true},
		{"[ab]*", "gamma", false},
		{"[!ab]*", "gamma", true},
		{"[a-c]1", "b1", true},
		{"[a-c]1", "d1", false},
		{"[]x]", "]", true},
		{"[ab", "[ab", true}, // no set without its end
		{"[ab", "a", false},
		{"plain", "plain", true},
		{"plain", "plainer", false},
	} {
		if got := MatchGlob(test.pattern, test.name); got != test.match {
			t.Errorf("MatchGlob(%q, %q) = %v", test.pattern, test.name, got)
		}
	}
}

func TestAGlobHasACharacterThatMeansMany(t *testing.T) {
	for name, want := range map[string]bool{"web": false, "web:api": false, "web:*": true, "a?": true, "[a]": true, "]": false} {
		if got := IsGlob(name); got != want {
			t.Errorf("IsGlob(%q) = %v", name, got)
		}
	}
}
