package ctl

import (
	"context"
	"slices"
	"strings"

	"supervisor/supervise"
)

// Names may be patterns: "web:*", "api-*", "*:worker_0?". The client expands them
// against what the server runs and goes on as if the names had been typed, so
// that they work with any supervisord. What the original understands is left
// alone: exact names, "all", and "group:*" where the command knows groups. So is
// a pattern without a match, which the server then refuses in the usual words.

// groupForm tells what a command makes of "group:*".
type groupForm bool

const (
	asGroup   groupForm = true  // the server is asked for the group
	asMembers groupForm = false // the command knows single processes only
)

// expand replaces the patterns among the names of processes. The server is asked
// for its processes only if there is one.
func (c *controller) expand(ctx context.Context, cl *client, names []string, form groupForm) ([]string, error) {
	pattern := func(name string) bool { return isPattern(name, form) }
	if slices.Contains(names, "all") || !slices.ContainsFunc(names, pattern) {
		return names, nil
	}
	var all []processInfo
	if err := cl.call(ctx, &all, "getAllProcessInfo"); err != nil {
		return nil, err
	}
	return expandNames(names, all, form), nil
}

// isPattern tells whether a name may have to be expanded.
func isPattern(name string, form groupForm) bool {
	spec := supervise.ParseNameSpec(name)
	if spec.WholeGroup() && form == asGroup {
		return supervise.IsGlob(spec.Group)
	}
	return supervise.IsGlob(name)
}

// expandNames puts what a pattern matches in its place. A process of a group that
// is named as a whole is not named beside it by a pattern, nor, where a pattern
// names the group, at all.
func expandNames(names []string, all []processInfo, form groupForm) []string {
	meaning := func(name string) []string {
		if !isPattern(name, form) || isName(name, all) {
			return nil
		}
		return namesMatching(name, all, form)
	}
	wholes, matched := map[string]bool{}, map[string]bool{}
	for _, name := range names {
		if form == asGroup && supervise.ParseNameSpec(name).WholeGroup() {
			wholes[canonical(name)] = true
			for _, group := range meaning(name) {
				wholes[group], matched[group] = true, true
			}
		}
	}
	expanded := replacePatterns(names, canonical, func(name string) []string {
		found := meaning(name)
		for i, each := range found {
			if group := groupOf(each); wholes[group] {
				found[i] = group
			}
		}
		return found
	})
	return slices.DeleteFunc(expanded, func(name string) bool {
		return matched[groupOf(name)] && canonical(name) != groupOf(name)
	})
}

// groupOf names the whole group of a process.
func groupOf(name string) string {
	return supervise.AllOf(supervise.ParseNameSpec(name).Group).String()
}

// canonical gives the different spellings of the name of a process the same one.
func canonical(name string) string { return supervise.ParseNameSpec(name).String() }

// replacePatterns puts what each name stands for in its place; a name that stands
// for nothing stays. What a pattern matches is named once, by whatever is first:
// it would be stopped once, and refused once. A name typed twice stays twice, as
// in the original. Key tells which names are the same.
func replacePatterns(names []string, key func(string) string, meaning func(name string) []string) []string {
	var replaced []string
	named, matched := map[string]bool{}, map[string]bool{}
	for _, name := range names {
		found := meaning(name)
		if len(found) == 0 && !matched[key(name)] {
			replaced = append(replaced, name)
			named[key(name)] = true
		}
		for _, each := range found {
			if !named[key(each)] {
				replaced = append(replaced, each)
			}
			named[key(each)], matched[key(each)] = true, true
		}
	}
	return replaced
}

// isName tells whether a process is called just so: a name may hold a bracket.
func isName(name string, all []processInfo) bool {
	spec := supervise.ParseNameSpec(name)
	return slices.ContainsFunc(all, func(p processInfo) bool { return p.Group == spec.Group && p.Name == spec.Process })
}

// namesMatching gives what a pattern stands for, in the order of the server.
func namesMatching(pattern string, all []processInfo, form groupForm) []string {
	if pattern == "*" {
		return []string{"all"}
	}
	whole := supervise.ParseNameSpec(pattern).WholeGroup()
	var names []string
	for _, p := range all {
		if !matches(pattern, p) {
			continue
		}
		name := p.namespec()
		if whole && form == asGroup {
			name = p.Group + ":*"
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// matches holds a pattern with a colon against the group and the process, and one
// without against the name that status shows, colon and all.
func matches(pattern string, p processInfo) bool {
	group, process, found := strings.Cut(pattern, ":")
	if !found {
		return supervise.MatchGlob(pattern, p.namespec())
	}
	return supervise.MatchGlob(group, p.Group) && supervise.MatchGlob(process, p.Name)
}

// single gives the one process that a pattern matches, for commands on one; any
// other word stays as it is. It is "" when there are several, which is told.
func (c *controller) single(ctx context.Context, cl *client, name string) (string, error) {
	if !isPattern(name, asMembers) {
		return name, nil
	}
	var all []processInfo
	if err := cl.call(ctx, &all, "getAllProcessInfo"); err != nil {
		return "", err
	}
	if isName(name, all) {
		return name, nil
	}
	var found []string
	for _, p := range all {
		if matches(name, p) {
			found = append(found, p.namespec())
		}
	}
	switch len(found) {
	case 0:
		return name, nil
	case 1:
		return found[0], nil
	}
	return "", c.refused(name + " means several processes: " + strings.Join(found, ", "))
}

// groupNames expands patterns among names of groups. The groups there are to
// choose from are asked for only if there is a pattern.
func groupNames(ctx context.Context, cl *client, names []string, ask func(context.Context, *client) ([]string, error)) ([]string, error) {
	if !slices.ContainsFunc(names, supervise.IsGlob) {
		return names, nil
	}
	known, err := ask(ctx, cl)
	if err != nil {
		return nil, err
	}
	return expandGroups(names, known), nil
}

// expandGroups replaces patterns by the groups they match.
func expandGroups(names, known []string) []string {
	asItIs := func(group string) string { return group }
	return replacePatterns(names, asItIs, func(name string) []string {
		if !supervise.IsGlob(name) || slices.Contains(known, name) {
			return nil
		}
		unlike := func(group string) bool { return !supervise.MatchGlob(name, group) }
		return slices.DeleteFunc(slices.Clone(known), unlike)
	})
}

// runningGroups lists the groups that have processes, in the server's order.
func runningGroups(ctx context.Context, cl *client) ([]string, error) {
	var all []processInfo
	if err := cl.call(ctx, &all, "getAllProcessInfo"); err != nil {
		return nil, err
	}
	var groups []string
	for _, p := range all {
		if !slices.Contains(groups, p.Group) {
			groups = append(groups, p.Group)
		}
	}
	return groups, nil
}

// waitingGroups lists the groups of the configuration last read that do not run.
func waitingGroups(ctx context.Context, cl *client) ([]string, error) {
	var all []configInfo
	if err := cl.call(ctx, &all, "getAllConfigInfo"); err != nil {
		return nil, err
	}
	var groups []string
	for _, info := range all {
		if !info.InUse && !slices.Contains(groups, info.Group) {
			groups = append(groups, info.Group)
		}
	}
	return groups, nil
}
