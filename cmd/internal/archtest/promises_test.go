package archtest

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const security = "../../../docs/security.md"

// TestEveryTestThatIsPromisedIsThere reads the document on security: a promise
// without its test is none.
func TestEveryTestThatIsPromisedIsThere(t *testing.T) {
	text, err := os.ReadFile(security)
	if err != nil {
		t.Fatal(err)
	}
	declared := testsByRoom(t)
	named := regexp.MustCompile("`(Test[A-Z][A-Za-z0-9]*)`").FindAllSubmatch(text, -1)
	if len(named) < 50 {
		t.Fatalf("only %d tests are named", len(named))
	}
	for _, match := range named {
		if name := string(match[1]); len(declared[name]) == 0 {
			t.Errorf("%s is promised and is nowhere", name)
		}
	}
	// The rooms stand behind the names: `TestA`, `TestB` (room).
	for _, match := range regexp.MustCompile("((?:`Test[A-Za-z0-9]+`(?:, )?)+) \\(([a-z/0-9]+)\\)").FindAllSubmatch(text, -1) {
		for name := range strings.SplitSeq(string(match[1]), ", ") {
			if name, room := strings.Trim(name, "`"), string(match[2]); !declared[name][room] {
				t.Errorf("%s is said to be in %s", name, room)
			}
		}
	}
}

// testsByRoom finds all tests, and the rooms that have one of the name.
func testsByRoom(t *testing.T) map[string]map[string]bool {
	t.Helper()
	root, declared := filepath.Clean("../../.."), map[string]map[string]bool{}
	declaration := regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9]*)\(`)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.Name() == "node_modules" || entry.Name() == ".git" {
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		room, err := filepath.Rel(root, filepath.Dir(path))
		for _, match := range declaration.FindAllSubmatch(source, -1) {
			name := string(match[1])
			if declared[name] == nil {
				declared[name] = map[string]bool{}
			}
			declared[name][filepath.ToSlash(room)] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return declared
}

// TestEveryAttackInABrowserIsDescribed holds the list of the document and the
// tests of webui/e2e/attack.mjs to each other.
func TestEveryAttackInABrowserIsDescribed(t *testing.T) {
	text, err := os.ReadFile(security)
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("../../../webui/e2e/attack.mjs")
	if err != nil {
		t.Fatal(err)
	}
	_, list, found := bytes.Cut(text, []byte("## Attacks in a real browser"))
	list, _, ended := bytes.Cut(list, []byte("\n## "))
	if !found || !ended {
		t.Fatal("the document has no list of attacks")
	}
	attacks := map[string]bool{}
	for _, match := range regexp.MustCompile("(?m)^ *test\\(\\s*['`](.+?)['`],").FindAllSubmatch(source, -1) {
		attacks[string(match[1])] = true
	}
	described := map[string]bool{}
	for _, match := range regexp.MustCompile("(?m)^- `(.+?)`").FindAllSubmatch(list, -1) {
		described[string(match[1])] = true
	}
	for name := range attacks {
		if !described[name] {
			t.Errorf("%q is not described", name)
		}
	}
	for name := range described {
		if !attacks[name] {
			t.Errorf("%q is described and not there", name)
		}
	}
	if len(attacks) < 7 {
		t.Errorf("only %d attacks were found", len(attacks))
	}
}
