package ctl

import (
	"context"
	"embed"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"supervisor/cmd/internal/getopt"
)

// completeVerb is what the completion of a shell calls, with the words typed so
// far; the last one is the one to complete. It prints a candidate a line, word,
// tab, a few words about it; or filesWanted alone, where the shell knows better.
// It is no command, since a command cannot tell that its last word is empty.
const completeVerb = "__complete"

// filesWanted stands for the names of files.
const filesWanted = ":files"

// quickly is how long somebody who pressed Tab may have to wait for supervisord.
const quickly = time.Second

// shells are those that completion knows, with the scripts they read.
var shells = []struct{ name, script string }{
	{"bash", "completion/supervisorctl.bash"},
	{"fish", "completion/supervisorctl.fish"},
	{"zsh", "completion/supervisorctl.zsh"},
}

//go:embed completion
var scripts embed.FS

// completion prints the script for a shell.
func completion(_ context.Context, c *controller, arg string) error {
	for _, shell := range shells {
		if arg != shell.name {
			continue
		}
		text, err := scripts.ReadFile(shell.script)
		if err != nil {
			return fmt.Errorf("read %s: %w", shell.script, err)
		}
		c.out.Text(string(text))
		return nil
	}
	return c.complain("Error: completion requires the name of a shell", "completion", exitInvalidArgs)
}

// completeWords answers the completion of a shell. Whatever goes wrong, it has
// nothing to say: it would be said in the middle of a line being typed.
func completeWords(progname string, words []string, out io.Writer, adjust ...func(*controller)) {
	if len(words) == 0 {
		return
	}
	before, text := words[:len(words)-1], words[len(words)-1]
	f, at := completeFlags(before, text)
	switch {
	case at.files:
		fmt.Fprintln(out, filesWanted)
		return
	case !at.action:
		printCandidates(out, beginning(at.candidates, text))
		return
	}
	if takesFiles(f.words) {
		fmt.Fprintln(out, filesWanted)
		return
	}
	s, err := loadSettings(f, progname, os.Environ())
	if err != nil {
		s = settings{} // commands can be completed all the same
	}
	c := newController(s, strings.NewReader(""), io.Discard, io.Discard)
	for _, each := range adjust {
		each(c)
	}
	ctx, stop := c.limit(context.Background(), quickly)
	defer stop()
	printCandidates(out, c.candidates(ctx, f.words, text))
}

func takesFiles(action []string) bool {
	takes := func(cmd command) bool { return cmd.files && cmd.name == action[0] }
	return len(action) > 0 && slices.ContainsFunc(commandTable(), takes)
}

func printCandidates(out io.Writer, words []candidate) {
	var b strings.Builder
	for _, each := range words {
		b.WriteString(each.word + "\t" + strings.ReplaceAll(each.about, "\t", " ") + "\n")
	}
	io.WriteString(out, b.String())
}

// flagPosition says what may stand before the action: flags, files, or else
// nothing; or that it is the action, or behind it.
type flagPosition struct {
	action     bool
	files      bool
	candidates []candidate
}

// completeFlags reads the flags before the word to complete. Whether that word is
// the value of a flag is for the parser to say: another word is put in its place,
// to see where that ends up.
func completeFlags(before []string, text string) (flags, flagPosition) {
	const here = "\x00"
	given, words, err := getopt.Parse(append(slices.Clone(before), here), spellings())
	if err != nil {
		return flags{}, flagPosition{}
	}
	if len(words) == 0 {
		last := given[len(given)-1]
		return flags{}, flagPosition{files: isFileFlag(last.Long)}
	}
	if name, _, found := strings.Cut(text, "="); len(words) == 1 && found && strings.HasPrefix(name, "--") {
		return flags{}, flagPosition{files: isFileFlag(name[2:])}
	}
	if len(words) == 1 && strings.HasPrefix(text, "-") {
		return flags{}, flagPosition{candidates: completeOptions()}
	}
	f, err := parseFlags(before)
	return f, flagPosition{action: err == nil}
}

// isFileFlag tells whether the value of a flag is a file.
func isFileFlag(long string) bool {
	return slices.ContainsFunc(options, func(o option) bool { return o.long == long && o.value == "FILENAME" })
}

// completeOptions lists the flags of the command line, in both spellings.
func completeOptions() []candidate {
	var all []candidate
	for _, o := range options {
		all = append(all, candidate{"--" + o.long, o.help}, candidate{"-" + o.letters[:1], o.help})
	}
	return all
}
