package supervise

import (
	"fmt"
	"strings"
)

// CheckPluginName says why the methods of a plug-in cannot have a name in front of
// them; nil if they can. The name is part of those of methods, and of a process.
func CheckPluginName(name string) error {
	other := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-')
	}
	switch {
	case name == "supervisor" || name == "system":
		return fmt.Errorf("%s is the name of methods that are built in", Quote(name))
	case name == "" || strings.ContainsFunc(name, other):
		return fmt.Errorf("%s is no name for methods: expected letters, digits, _ and -", Quote(name))
	}
	return nil
}

// PluginName is the name by which patterns over programs cover a plug-in: as if it
// were a program, which it is where supervisord runs it.
func PluginName(plugin string) NameSpec { return NameSpec{Group: plugin, Process: plugin} }
