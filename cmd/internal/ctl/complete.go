package ctl

import (
	"context"
	"slices"
	"strings"
)

// completer lists the words that may stand where text is being typed.
type completer func(ctx context.Context, c *controller, text string) []string

// complete lists what the word being typed may become, each with a blank behind
// it: the name of a command in the first place, then whatever the command takes
// (supervisorctl.py complete).
func (c *controller) complete(ctx context.Context, line, text string) []string {
	words := strings.Fields(line)
	if len(words) == 0 || len(words) == 1 && !strings.HasSuffix(line, " ") {
		return beginning(completeCommands(ctx, c, text), text)
	}
	cmd, ok := c.command(words[0])
	if !ok || cmd.complete == nil {
		return nil
	}
	return beginning(cmd.complete(ctx, c, text), text)
}

// beginning picks the words that text is the beginning of.
func beginning(words []string, text string) []string {
	var match []string
	for _, word := range words {
		if strings.HasPrefix(word, text) {
			match = append(match, word+" ")
		}
	}
	return match
}

func completeCommands(_ context.Context, c *controller, _ string) []string {
	var names []string
	for _, cmd := range c.commands {
		if cmd.help != "" {
			names = append(names, cmd.name)
		}
	}
	return names
}

func completeGroups(ctx context.Context, c *controller, _ string) []string {
	var groups []string
	for _, info := range c.known(ctx) {
		if !slices.Contains(groups, info.Group) {
			groups = append(groups, info.Group)
		}
	}
	return groups
}

// completeProcesses lists processes by the shortest name that means them; with a
// colon in the word, all by group and name.
func completeProcesses(ctx context.Context, c *controller, text string) []string {
	var names []string
	for _, info := range c.known(ctx) {
		if info.Name == info.Group && !strings.Contains(text, ":") {
			names = append(names, info.Name)
			continue
		}
		names = append(names, info.Group+":"+info.Name)
		if whole := info.Group + ":*"; !slices.Contains(names, whole) {
			names = append(names, whole)
		}
	}
	return names
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
