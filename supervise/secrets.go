package supervise

import (
	"regexp"
	"strings"
)

// Hidden stands where a secret would.
const Hidden = "***"

// Secrets are patterns over the names of variables and options whose values are
// shown to nobody without being asked for: secret_names=. Letters of either case match,
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

// Value gives the value of a variable as it may be shown: a secret not at all, and
// any other as Mask does, because there are variables that hold options.
func (s Secrets) Value(name, value string) string {
	if s.Hides(name) {
		return Hidden
	}
	return s.Mask(value)
}

var (
	// assignment is NAME=value in a command line, of which the value may be quoted.
	assignment = regexp.MustCompile(`([A-Za-z_-][A-Za-z0-9_.-]*)=("(?:[^"\\]|\\.)*"|'[^']*'|[^\s"']*)`)
	// spaced is --name value.
	spaced = regexp.MustCompile(`(--[A-Za-z][A-Za-z0-9_.-]*)(\s+)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'-][^\s"']*)`)
	// parameter is NAME=value in the query of a URL.
	parameter = regexp.MustCompile(`[?&][A-Za-z_][A-Za-z0-9_.-]*=[^\s"'&#]*`)
	// urlPassword is the password in scheme://user:password@host, up to the last @
	// before the path.
	urlPassword = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://[^\s/:@"']*:)[^\s/"']+@`)
)

// Mask gives a text, such as a command line, as it may be shown: without the values
// of NAME=value, of --name value and of parameters in URLs where the name is that of
// a secret, and without the passwords of URLs.
func (s Secrets) Mask(text string) string {
	for _, form := range [...]*regexp.Regexp{assignment, parameter} {
		text = form.ReplaceAllStringFunc(text, func(found string) string {
			name, _, _ := strings.Cut(found, "=")
			if s.Hides(strings.TrimLeft(name, "?&")) {
				return name + "=" + Hidden
			}
			return found
		})
	}
	text = spaced.ReplaceAllStringFunc(text, func(found string) string {
		parts := spaced.FindStringSubmatch(found)
		if s.Hides(parts[1]) {
			return parts[1] + parts[2] + Hidden
		}
		return found
	})
	return urlPassword.ReplaceAllString(text, "${1}"+Hidden+"@")
}
