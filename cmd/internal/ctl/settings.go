package ctl

import (
	"slices"
	"strings"

	"supervisor/supervise/config"
)

// settings is what supervisorctl goes by: the command line over the
// [supervisorctl] section over the defaults, and for credentials the environment.
type settings struct {
	serverURL    string
	username     string
	password     string
	authenticate bool // there is a user name to give
	prompt       string
	historyFile  string
	interactive  bool // questions may be asked
	progname     string
	configFile   string // "" when there is none

	// For those who look for a server in vain.
	urlFrom  string   // where serverURL was said
	urlGiven bool     // by the one who types
	userFrom string   // where username was, "" for nowhere
	serves   []string // the URLs at which a supervisord of configFile listens
	plugins  []config.CtlPlugin

	tlsCA          string // a file of authorities, "" for none but the system's
	tlsFingerprint string // of the one certificate to believe, "" for any that is signed
}

// loadSettings reads the configuration file, the one of -c or the first one
// found. None at all is fine: then supervisord is expected on localhost:9001.
func loadSettings(f flags, progname string, environ []string) (settings, error) {
	s, err := configured(f.config, progname, environ)
	if err != nil && !f.forgiving() {
		return settings{}, err
	}
	override(&s.serverURL, f.serverURL)
	s.takeCredentials(f, environ)
	override(&s.username, f.username)
	if f.serverURL != nil {
		s.urlFrom, s.urlGiven = "from the command line", true
	}
	if f.username != nil {
		s.userFrom = "of the command line"
	}
	override(&s.password, f.password)
	override(&s.historyFile, f.history)
	s.authenticate = s.username != ""
	s.interactive = f.interactive || len(f.words) == 0
	return s, nil
}

// takeCredentials takes those of the environment where nothing else gives any, or -u
// names the same user: so a program that is told in its environment whom to ask, and
// as whom, does not show a password to everybody on a command line. They are for the
// server that the environment names with them, and no other sees them.
func (s *settings) takeCredentials(f flags, environ []string) {
	user := lookUp(environ, envUsername)
	if user == "" || f.password != nil || lookUp(environ, envServerURL) != s.serverURL {
		return
	}
	switch {
	case f.username == nil && s.username == "" && s.password == "":
		s.userFrom = "of " + envUsername + " in the environment"
	case f.username != nil && *f.username == user && s.username != user:
	default:
		return
	}
	s.username, s.password = user, lookUp(environ, envPassword)
}

// lookUp answers as os.Getenv would with that environment. A later line wins.
func lookUp(environ []string, name string) string {
	for _, line := range slices.Backward(environ) {
		if value, found := strings.CutPrefix(line, name+"="); found {
			return value
		}
	}
	return ""
}

// forgiving tells whether the action does without the configuration: a check wants
// one that is broken as much as one that is not, and a completion wants none.
func (f flags) forgiving() bool {
	return len(f.words) > 0 && (f.words[0] == "check" || f.words[0] == "completion")
}

func override(value *string, with *string) {
	if with != nil {
		*value = *with
	}
}

// configured reads the file; without one, the defaults hold.
func configured(file *string, progname string, environ []string) (settings, error) {
	client := config.NewClient()
	name, tried := config.Find(progname)
	override(&name, file)
	s := settings{progname: progname, configFile: name}
	if name != "" {
		var err error
		if client, err = config.LoadClient(name, environ); err != nil {
			return s, err
		}
		if err := checkPlugins(client.Plugins); err != nil {
			return s, err
		}
	}
	s.serverURL = client.ServerURL
	s.username = client.Username
	s.password = client.Password
	s.prompt = client.Prompt
	s.historyFile = client.HistoryFile
	s.plugins = client.Plugins
	s.serves = client.Serves
	s.tlsCA, s.tlsFingerprint = client.TLSCA, client.TLSFingerprint
	switch {
	case client.HasServerURL:
		s.urlFrom = "serverurl= of [supervisorctl] in " + name
	case name != "":
		s.urlFrom = "the default, as [supervisorctl] in " + name + " has no serverurl="
	default:
		s.urlFrom = "the default, as there is no configuration file (" + strings.Join(tried, ", ") + ")"
	}
	if client.Username != "" {
		s.userFrom = "of username= in " + name
	}
	return s, nil
}
