package supervise

import (
	"regexp"
	"strings"
)

// Hidden stands where a secret would.
const Hidden = "***"

// Secrets are patterns over the names of variables whose values are shown to
// nobody without being asked for: secret_names=. Letters of either case match,
// and a dash is as good as an underscore, so that --api-key is meant by *API_KEY*.
type Secrets []string

// Hides tells whether the value of a variable of this name is a secret.
func (s Secrets) Hides(name string) bool {
	name = strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	for _, pattern := range s {
		if MatchGlob(strings.ToUpper(strings.ReplaceAll(pattern, "-", "_")), name) {
			return true
		}
	}
	return false
}

// Value gives the value of a variable as it may be shown.
func (s Secrets) Value(name, value string) string {
	if s.Hides(name) {
		return Hidden
	}
	return urlPassword.ReplaceAllString(value, "${1}"+Hidden+"@")
}

var (
	// assignment is NAME=value in a command line, of which the value may be quoted.
	assignment = regexp.MustCompile(`([A-Za-z_-][A-Za-z0-9_.-]*)=("(?:[^"\\]|\\.)*"|'[^']*'|[^\s"']*)`)
	// spaced is --name value.
	spaced = regexp.MustCompile(`(--[A-Za-z][A-Za-z0-9_.-]*)(\s+)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'-][^\s"']*)`)
	// urlPassword is the password in scheme://user:password@host.
	urlPassword = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://[^\s/:@"']*:)[^\s/@"']+@`)
)

// Mask gives a command line as it may be shown: without the values of NAME=value
// and of --name value where the name is that of a secret, and without the
// passwords of URLs.
func (s Secrets) Mask(command string) string {
	command = assignment.ReplaceAllStringFunc(command, func(found string) string {
		name, _, _ := strings.Cut(found, "=")
		if s.Hides(name) {
			return name + "=" + Hidden
		}
		return found
	})
	command = spaced.ReplaceAllStringFunc(command, func(found string) string {
		parts := spaced.FindStringSubmatch(found)
		if s.Hides(parts[1]) {
			return parts[1] + parts[2] + Hidden
		}
		return found
	})
	return urlPassword.ReplaceAllString(command, "${1}"+Hidden+"@")
}
