package ctl

import (
	"regexp"
	"slices"
	"strings"

	"supervisor/supervise"
)

// misread complains of words after a command that would be taken for something
// else than was meant, before anything is done: a flag that the command does not
// have, for a name beside which the others are acted on; and a set that a shell
// reads as its opposite.
func (c *controller) misread(cmd command, arg string) bool {
	if !cmd.patterns {
		return false
	}
	known := cmd.flags()
	for _, word := range strings.Fields(arg) {
		if (word == "--json" || word == "--dry-run") && !named(known, word) {
			c.complain("Error: "+cmd.name+" does not have "+word, cmd.name, exitInvalidArgs)
			return true
		}
		if caretSet.MatchString(word) {
			message := word + ": write " + caretSet.ReplaceAllString(word, "[!$1]") + " for any character but those; [^ has no such meaning here"
			c.problem("Error: "+message, failure{Name: word, Message: message})
			c.status = exitInvalidArgs
			return true
		}
	}
	return false
}

// caretSet is what shells read as "[!...]", and fnmatch as a set with "^" in it.
var caretSet = regexp.MustCompile(`\[\^(\][^\]]*|[^\]]+)\]`)

// withoutQuotes takes the quotes off patterns. They are needed where a shell would
// expand them, so they are in every example, and get typed in our shell too. Names
// keep theirs, as in the original.
func withoutQuotes(arg string) string {
	words := strings.Fields(arg)
	isQuoted := func(word string) bool { return unquoted(word) != word }
	if !slices.ContainsFunc(words, isQuoted) {
		return arg
	}
	for i, word := range words {
		words[i] = unquoted(word)
	}
	return strings.Join(words, " ")
}

func unquoted(word string) string {
	for _, quote := range []string{"'", `"`} {
		inner, opened := strings.CutPrefix(word, quote)
		inner, closed := strings.CutSuffix(inner, quote)
		if opened && closed && supervise.IsGlob(inner) && !strings.Contains(inner, quote) {
			return inner
		}
	}
	return word
}
