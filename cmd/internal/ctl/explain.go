package ctl

import "strings"

// explained is one form of a command as its help explains it: what to type, and what
// that does. Helps are written for people, form, tab, explanation, and are the
// one place that says it: completion and manual take it from there.
type explained struct{ form, about string }

// usages takes the help of a command apart. A line that begins with a tab goes on
// with the explanation above it; one without a tab is a form not explained, or,
// where it does not begin with the command, a remark, which has no form.
func (cmd command) usages() []explained {
	var all []explained
	for line := range strings.SplitSeq(strings.Trim(strings.TrimRight(cmd.help, "\n")+cmd.more, "\n"), "\n") {
		form, about, _ := strings.Cut(line, "\t")
		about = strings.Trim(about, "\t ")
		switch {
		case form == "" && len(all) > 0:
			last := &all[len(all)-1]
			last.about = strings.TrimSuffix(last.about, ".") + ". " + about
		case form != cmd.name && !strings.HasPrefix(form, cmd.name+" "):
			all = append(all, explained{"", line})
		default:
			all = append(all, explained{strings.TrimSpace(form), about})
		}
	}
	return all
}

// summary is the first explanation of a command.
func (cmd command) summary() string {
	for _, each := range cmd.usages() {
		if each.form != "" && each.about != "" {
			return each.about
		}
	}
	return ""
}
