package archtest

import (
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEveryRoomIsInTheTreeForNewcomers reads the tree of docs/building.md, where
// people look for a room first.
func TestEveryRoomIsInTheTreeForNewcomers(t *testing.T) {
	text, err := os.ReadFile("../../../docs/building.md")
	if err != nil {
		t.Fatal(err)
	}
	_, tree, found := strings.Cut(string(text), "\n## The house\n")
	tree, _, ended := strings.Cut(tree, "\nImports point downwards")
	if !found || !ended {
		t.Fatal("the document has no tree")
	}
	words := regexp.MustCompile("[a-z0-9_]+").FindAllString(tree, -1)
	for room := range may {
		if room != "" && !slices.Contains(words, path.Base(room)) {
			t.Errorf("%s is not in the tree", room)
		}
	}
}
