//go:build unix

package config

import (
	"maps"
	"slices"

	"supervisor/supervise"
)

// origins is where a program and its group were given their options. It is
// shared by all that were made from the same lines, and tells nothing of how they
// behave: groups that differ by it alone are equal.
type origins struct {
	places      map[string]position // by option
	texts       map[string]string   // as written, of the options that are used up in reading
	own         map[string]bool     // variables that the program's environment sets
	environment position            // of [supervisord]'s environment
}

// usedUp are the options that make a program into processes, and say nothing about
// one of them.
var usedUp = []string{"process_name", "numprocs", "numprocs_start"}

// originsOf notes where the options of a section are written.
func (l *loader) originsOf(section string) *origins {
	o := &origins{places: map[string]position{}, texts: map[string]string{}, own: map[string]bool{}}
	for _, option := range l.doc.options(section) {
		o.places[option] = l.doc.at(section, option)
		if slices.Contains(usedUp, option) {
			o.texts[option], _ = l.doc.get(section, option)
		}
	}
	if _, found := l.doc.get("supervisord", "environment"); found {
		o.environment = l.doc.at("supervisord", "environment")
	}
	return o
}

// at is where a setting was given its value; the zero position if that is a
// default, or nothing was read from a file.
func (o *origins) at(s setting) position {
	switch {
	case o == nil:
		return position{}
	case s.variable != "" && !o.own[s.variable]:
		return o.environment
	}
	return o.places[s.option]
}

// Effective tells what a process of the group runs with, option by option in the
// words of the configuration, each with the place its value comes from: those of
// the process, then what its section says about how many there are, then those of
// its group.
func (g Group) Effective(p Process) []supervise.Option {
	var all []supervise.Option
	for _, s := range p.settings(g) {
		if s.option == "process priority" {
			s.option = "priority"
		}
		all = append(all, s.from(p.origins.at(s)))
	}
	if p.origins != nil {
		for _, name := range slices.Sorted(maps.Keys(p.origins.texts)) {
			s := setting{option: name, text: p.origins.texts[name]}
			all = append(all, s.from(p.origins.at(s)))
		}
	}
	for _, s := range g.settings() {
		if s.option == "section" || g.Kind == EventListener && s.option == "priority" {
			continue // said with the process
		}
		at := g.origins.at(s)
		if s.option == "priority" {
			s.option = "group priority"
		}
		all = append(all, s.from(at))
	}
	return all
}

func (s setting) from(at position) supervise.Option {
	o := supervise.Option{Name: s.option, Variable: s.variable, File: at.File, Line: at.Line}
	if !s.unset {
		o.Value = &s.text
	}
	return o
}
