package ctl

import "supervisor/supervise/config"

// settings is what supervisorctl goes by: the command line over the
// [supervisorctl] section over the defaults.
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
	plugins      []config.CtlPlugin
}

// loadSettings reads the configuration file, the one of -c or the first one
// found. None at all is fine: then supervisord is expected on localhost:9001.
func loadSettings(f flags, progname string, environ []string) (settings, error) {
	s, err := configured(f.config, progname, environ)
	if err != nil && !f.checks() {
		return settings{}, err
	}
	override(&s.serverURL, f.serverURL)
	override(&s.username, f.username)
	override(&s.password, f.password)
	override(&s.historyFile, f.history)
	s.authenticate = s.username != ""
	s.interactive = f.interactive || len(f.words) == 0
	return s, nil
}

// checks tells whether the action is a check, which wants a configuration that is
// broken as much as one that is not.
func (f flags) checks() bool { return len(f.words) > 0 && f.words[0] == "check" }

func override(value *string, with *string) {
	if with != nil {
		*value = *with
	}
}

// configured reads the file; without one, the defaults hold.
func configured(file *string, progname string, environ []string) (settings, error) {
	client := config.NewClient()
	name, _ := config.Find(progname)
	override(&name, file)
	blank := settings{progname: progname, configFile: name}
	if name != "" {
		var err error
		if client, err = config.LoadClient(name, environ); err != nil {
			return blank, err
		}
		if err := checkPlugins(client.Plugins); err != nil {
			return blank, err
		}
	}
	return settings{
		progname:    progname,
		configFile:  name,
		serverURL:   client.ServerURL,
		username:    client.Username,
		password:    client.Password,
		prompt:      client.Prompt,
		historyFile: client.HistoryFile,
		plugins:     client.Plugins,
	}, nil
}
