package ctl

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"supervisor/server/wire"
	"supervisor/supervise"
)

// candidate is a word that may stand where one is being typed, and a few words
// about it for shells that show them.
type candidate struct{ word, about string }

// position is where a word is being typed: the words between the command and it,
// and what there is of it.
type position struct {
	before []string
	text   string
}

// completer lists the words that may stand at a position.
type completer func(ctx context.Context, c *controller, at position) []candidate

// complete lists what the word being typed may become, each with a blank behind
// it (supervisorctl.py complete). line is all up to the cursor, text its last word.
func (c *controller) complete(ctx context.Context, line, text string) []string {
	var words []string
	for _, each := range c.candidates(ctx, strings.Fields(strings.TrimSuffix(line, text)), text) {
		words = append(words, each.word+" ")
	}
	return words
}

// candidates is what both the interactive shell and the completion of other
// shells go by: the name of a command in the first place, then whatever the
// command takes.
func (c *controller) candidates(ctx context.Context, before []string, text string) []candidate {
	if len(before) == 0 {
		return beginning(completeCommands(ctx, c, position{text: text}), text)
	}
	cmd, ok := c.command(before[0])
	switch {
	case !ok:
		return nil
	case strings.HasPrefix(text, "-"):
		return beginning(cmd.flags(), text)
	case cmd.complete == nil:
		return nil
	}
	return beginning(cmd.complete(ctx, c, position{before[1:], text}), text)
}

// beginning picks the words that text is the beginning of.
func beginning(words []candidate, text string) []candidate {
	return slices.DeleteFunc(words, func(each candidate) bool { return !strings.HasPrefix(each.word, text) })
}

// flagPattern finds the flags of a command in its help.
var flagPattern = regexp.MustCompile(`(?:^|[\s\[|])(--?[a-z][-a-z]*)`)

// flags are those that the help of a command mentions.
func (cmd command) flags() []candidate {
	var flags []candidate
	if cmd.json {
		flags = append(flags, candidate{"--json", "Answer in JSON"})
	}
	for _, line := range cmd.usages() {
		for _, found := range flagPattern.FindAllStringSubmatch(line.form, -1) {
			flag := candidate{found[1], line.about}
			if !slices.ContainsFunc(flags, func(c candidate) bool { return c.word == flag.word }) {
				flags = append(flags, flag)
			}
		}
	}
	return flags
}

func completeCommands(_ context.Context, c *controller, _ position) []candidate {
	var names []candidate
	for _, cmd := range c.commands {
		if cmd.help != "" {
			names = append(names, candidate{cmd.name, cmd.summary()})
		}
	}
	return names
}

func completeGroups(ctx context.Context, c *controller, _ position) []candidate {
	var groups []candidate
	for _, info := range c.known(ctx) {
		if !named(groups, info.Group) {
			groups = append(groups, candidate{info.Group, "group"})
		}
	}
	return groups
}

// completeProcesses lists processes by the shortest name that means them; with a
// colon in the word, all by group and name.
func completeProcesses(ctx context.Context, c *controller, at position) []candidate {
	var names []candidate
	for _, info := range c.known(ctx) {
		if info.Name == info.Group && !strings.Contains(at.text, ":") {
			names = append(names, candidate{info.Name, info.StateName})
			continue
		}
		names = append(names, candidate{info.Group + ":" + info.Name, info.StateName})
		if whole := info.Group + ":*"; !named(names, whole) {
			names = append(names, candidate{whole, "group"})
		}
	}
	return names
}

// completeSignals lists signals in the first place, then processes. The original
// lists processes in both.
func completeSignals(ctx context.Context, c *controller, at position) []candidate {
	if len(at.before) > 0 {
		return completeProcesses(ctx, c, at)
	}
	var names []candidate
	for number := range supervise.Signal(highestSignal) {
		name, known := strings.CutPrefix(number.String(), "SIG")
		if !known {
			continue
		}
		if strings.HasPrefix(at.text, "SIG") {
			name = "SIG" + name
		}
		names = append(names, candidate{word: name})
	}
	return names
}

// highestSignal is more than any signal with a name has for a number.
const highestSignal = 65

// completeTail lists processes, and behind the first one also the channels.
func completeTail(ctx context.Context, c *controller, at position) []candidate {
	names := completeProcesses(ctx, c, at)
	isName := func(word string) bool { return !strings.HasPrefix(word, "-") }
	if slices.ContainsFunc(at.before, isName) {
		for _, channel := range supervise.Channels {
			names = append(names, candidate{channel.String(), "channel"})
		}
	}
	return names
}

// completeWait lists processes, and states where one is wanted.
func completeWait(ctx context.Context, c *controller, at position) []candidate {
	switch {
	case len(at.before) > 0 && at.before[len(at.before)-1] == "--timeout":
		return nil
	case len(at.before) == 0 || at.before[len(at.before)-1] != "--state":
		return completeProcesses(ctx, c, at)
	}
	var names []candidate
	for _, state := range supervise.States {
		names = append(names, candidate{word: state.String()})
	}
	return names
}

func completeUsers(ctx context.Context, c *controller, at position) []candidate {
	return c.completePeople(ctx, at, "/api/v1/users", "list", "add", "set", "remove")
}

func completeTokens(ctx context.Context, c *controller, at position) []candidate {
	return c.completePeople(ctx, at, "/api/v1/tokens", "list", "add", "remove")
}

// completePeople lists the parts of "users" and "token", and what their options
// may be. Accounts are listed where the server tells them.
func (c *controller) completePeople(ctx context.Context, at position, path string, parts ...string) []candidate {
	if len(at.before) == 0 {
		return asCandidates(parts...)
	}
	switch at.before[len(at.before)-1] {
	case "--role":
		return asCandidates("viewer", "operator", "admin")
	case "--programs", "--deny":
		return completeProcesses(ctx, c, at)
	case "--actions":
		return actionsBut()
	case "set", "remove":
		return c.editable(ctx, path)
	}
	return nil
}

// actionsBut lists what can be done with programs, but for a few.
func actionsBut(left ...supervise.Verb) []candidate {
	var names []candidate
	for _, verb := range supervise.Verbs {
		if verb.AboutPrograms() && !slices.Contains(left, verb) {
			names = append(names, candidate{word: string(verb)})
		}
	}
	return names
}

// completeLinks lists the parts of "link" and what follows them: the programs for
// a new one, the links there are for the end of one.
func completeLinks(ctx context.Context, c *controller, at position) []candidate {
	if len(at.before) == 0 {
		return asCandidates("list", "add", "revoke")
	}
	switch at.before[len(at.before)-1] {
	case "--actions":
		return actionsBut(supervise.VerbLink, supervise.VerbTrail)
	case "--expires", "--uses", "--comment", "--reason":
		return nil
	}
	switch at.before[0] {
	case "add":
		return completeProcesses(ctx, c, at)
	case "revoke":
		return c.knownLinks(ctx)
	}
	return nil
}

// knownLinks lists one's own links.
func (c *controller) knownLinks(ctx context.Context) []candidate {
	cl, err := c.connect()
	if err != nil {
		return nil
	}
	defer cl.close()
	var told wire.Links
	if denied, err := cl.get(ctx, "/api/v1/links", &told); denied != nil || err != nil {
		return nil
	}
	var ids []candidate
	for _, l := range told.Links {
		ids = append(ids, candidate{l.ID, strings.Join(l.Programs, ", ")})
	}
	return ids
}

func completeAccounts(ctx context.Context, c *controller, _ position) []candidate {
	return c.editable(ctx, "/api/v1/users")
}

// editable lists the accounts that can be changed.
func (c *controller) editable(ctx context.Context, path string) []candidate {
	cl, err := c.connect()
	if err != nil {
		return nil
	}
	defer cl.close()
	all, _, err := cl.accounts(ctx, path)
	if err != nil {
		return nil
	}
	var names []candidate
	for _, a := range all {
		if a.Editable {
			names = append(names, candidate{a.Name, string(a.Role)})
		}
	}
	return names
}

// completeAudit lists what may follow "audit".
func completeAudit(ctx context.Context, c *controller, at position) []candidate {
	switch {
	case len(at.before) == 0:
		return asCandidates("verify")
	case at.before[len(at.before)-1] == "--program":
		return completeProcesses(ctx, c, at)
	case at.before[len(at.before)-1] == "--user":
		return completeAccounts(ctx, c, at)
	}
	return nil
}

func completeSessions(_ context.Context, _ *controller, at position) []candidate {
	switch {
	case len(at.before) == 0:
		return asCandidates("list", "end")
	case at.before[len(at.before)-1] == "end":
		return asCandidates("all")
	}
	return nil
}

func asCandidates(words ...string) []candidate {
	all := make([]candidate, len(words))
	for i, word := range words {
		all[i] = candidate{word: word}
	}
	return all
}

func completeShells(context.Context, *controller, position) []candidate {
	var names []candidate
	for _, shell := range shells {
		names = append(names, candidate{word: shell.name})
	}
	return names
}

func named(all []candidate, word string) bool {
	return slices.ContainsFunc(all, func(each candidate) bool { return each.word == word })
}

// known is every process, asked for once between two commands. Without a server
// there is nothing to complete, and no place to say so.
func (c *controller) known(ctx context.Context) []processInfo {
	if c.processes != nil {
		return c.processes
	}
	cl, err := c.connect()
	if err != nil {
		return nil
	}
	defer cl.close()
	var all []processInfo
	if cl.call(ctx, &all, "getAllProcessInfo") == nil {
		c.processes = all
	}
	return c.processes
}
