//go:build unix

package config

import (
	"cmp"
	"slices"
	"strings"
)

// groups makes all groups, in the original's order of evaluation: [group:x],
// then what is left of [program:x], [eventlistener:x], [fcgi-program:x]; and after
// them those of our plug-ins.
func (l *loader) groups() error {
	grouped := map[string]bool{} // sections that a [group:x] names
	steps := []struct {
		prefix string
		build  func(section string, grouped map[string]bool) (Group, error)
	}{
		{"group:", l.group},
		{"program:", l.programGroup},
		{"eventlistener:", l.pool},
		{"fcgi-program:", l.fastCGIGroup},
	}
	for _, step := range steps {
		for _, section := range l.sectionsOf(step.prefix) {
			if grouped[section] {
				continue
			}
			group, err := step.build(section, grouped)
			if err != nil {
				return err
			}
			l.cfg.Groups = append(l.cfg.Groups, group)
		}
	}
	if err := l.pluginGroups(); err != nil {
		return err
	}
	slices.SortStableFunc(l.cfg.Groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Name, b.Name))
	})
	return nil
}

// sectionsOf lists the sections whose name begins with a prefix.
func (l *loader) sectionsOf(prefix string) []string {
	var found []string
	for _, section := range l.doc.sections() {
		if strings.HasPrefix(section, prefix) {
			found = append(found, section)
		}
	}
	return found
}

// group reads a [group:x]. Its processes are in the order of programs=, those of
// one program by priority and name.
func (l *loader) group(section string, grouped map[string]bool) (Group, error) {
	name, err := l.groupName(section)
	if err != nil {
		return Group{}, err
	}
	r := l.reader(section, groupOptions, l.hereVars())
	programs := read(r, "programs", stringList)
	group := Group{Name: name, Kind: Heterogeneous, Priority: read(r, "priority", integer), origins: l.originsOf(section)}
	for _, program := range programs {
		member := l.member(r, program)
		if r.err != nil {
			break
		}
		grouped[member] = true
		processes, err := l.memberProcesses(member, name)
		if err != nil {
			return Group{}, err
		}
		group.Processes = append(group.Processes, processes...)
	}
	return group, r.err
}

// member finds the section of a program that a group names.
func (l *loader) member(r *reader, program string) string {
	plain, fastCGI := "program:"+program, "fcgi-program:"+program
	switch {
	case l.doc.has(plain) && l.doc.has(fastCGI):
		r.failf("programs", "[%s] name %s is ambiguous (exists as program and fcgi-program)", r.section, program)
	case l.doc.has(plain):
		return plain
	case l.doc.has(fastCGI):
		return fastCGI
	default:
		r.failf("programs", "[%s] names unknown program or fcgi-program %s", r.section, program)
	}
	return ""
}

// memberProcesses makes the processes of a program in a group. An fcgi-program
// keeps its socket there, where the original forgets it; one that names none
// runs without, as it always has.
func (l *loader) memberProcesses(section, group string) ([]Process, error) {
	var socket *FastCGISocket
	if _, found := l.doc.get(section, "socket"); found && strings.HasPrefix(section, "fcgi-program:") {
		var err error
		if socket, err = l.fastCGISocket(section); err != nil {
			return nil, err
		}
	}
	processes, err := l.processes(section, group)
	for i := range processes {
		processes[i].Socket = socket
	}
	return processes, err
}

// programGroup is the group that a [program:x] makes by itself.
func (l *loader) programGroup(section string, _ map[string]bool) (Group, error) {
	name, err := l.groupName(section)
	if err != nil {
		return Group{}, err
	}
	r := l.reader(section, programOptions, l.hereVars())
	group := Group{Name: name, Kind: Homogeneous, Priority: read(r, "priority", integer)}
	if r.err != nil {
		return Group{}, r.err
	}
	group.Processes, err = l.processes(section, name)
	return group, err
}

// groupName is the name after a section's colon.
func (l *loader) groupName(section string) (string, error) {
	_, text, _ := strings.Cut(section, ":")
	name, err := programName(text)
	if err != nil {
		return "", locate(err, l.doc.sectionAt[section], section, "")
	}
	return name, nil
}
