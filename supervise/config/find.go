//go:build unix

package config

import (
	"os"
	"path"
)

// Find looks for the configuration file where one is looked for when none is
// named: first beside the program, then in the working directory, then in /etc.
// file is "" when none of the places tried has anything.
func Find(argv0 string) (file string, tried []string) {
	tried = searchList(argv0)
	for _, place := range tried {
		if _, err := os.Stat(place); err == nil {
			return place, tried
		}
	}
	return "", tried
}

// searchList takes argv0 as text, as the original does: no $PATH, no links.
func searchList(argv0 string) []string {
	beside := dirname(dirname(argv0))
	return []string{
		path.Join(beside, "etc", "supervisord.conf"),
		path.Join(beside, "supervisord.conf"),
		"supervisord.conf",
		"etc/supervisord.conf",
		"/etc/supervisord.conf",
		"/etc/supervisor/supervisord.conf",
	}
}

// dirname gives "" for a name without a directory, where path.Dir gives ".".
func dirname(name string) string {
	if dir := path.Dir(name); dir != "." {
		return dir
	}
	return ""
}
