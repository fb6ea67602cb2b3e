//go:build unix

package config

import (
	"slices"
	"strings"
)

// kind is the type of an option's value.
type kind int

const (
	kindText kind = iota
	kindInteger
	kindBoolean
	kindByteSize
	kindOctal
	kindSignal
	kindExitCodes
	kindAutoRestart
	kindList
	kindLogLevel
	kindFile      // a file in a directory that exists
	kindDirectory // a directory that exists
	kindPath      // any path
	kindUser
	kindOwner
	kindLogfile
	kindEnvironment
	kindAddress
	kindSocket
	kindEvents
	kindURL
	kindSigpipe
	kindLengthUnit
	kindRole
	kindPatterns
	kindActions
	kindHash
	kindDigest
	kindTime
	kindDuration
	kindCertificate
	kindNetworks
	kindFingerprint
	kindHistory
	kindColour
)

var kindNames = [...]string{
	kindText: "text", kindInteger: "integer", kindBoolean: "boolean", kindByteSize: "size", kindOctal: "octal",
	kindSignal: "signal", kindExitCodes: "exit codes", kindAutoRestart: "true, false or unexpected",
	kindList: "list", kindLogLevel: "log level", kindFile: "file", kindDirectory: "existing directory", kindPath: "path",
	kindUser: "user", kindOwner: "user or user:group", kindLogfile: "log file", kindEnvironment: "KEY=value list",
	kindAddress: "[host:]port", kindSocket: "tcp:// or unix:// URL", kindEvents: "list of events", kindURL: "URL",
	kindSigpipe: "default or ignore", kindLengthUnit: "characters or bytes",
	kindRole: "viewer, operator or admin", kindPatterns: "list of patterns", kindActions: "list of actions",
	kindHash: "bcrypt hash", kindDigest: "SHA-256 in hexadecimal", kindTime: "date or time", kindDuration: "duration",
	kindCertificate: "file or auto", kindNetworks: "list of addresses or networks",
	kindFingerprint: "sha256:digits", kindHistory: "auto, always, off or duration",
	kindColour: "colour",
}

func (k kind) String() string { return kindNames[k] }

// optionSpec is a row of the table of options.
type optionSpec struct {
	name     string
	kind     kind
	standard string // the default, as one would write it
	unset    bool   // there is no default: the option is set or it is not
	ours     bool   // Supervisor does not know it
	access   bool   // ours, and about who may come in
	differs  string // what is different here, or new, wherever the option is used
}

// sectionSpec is a kind of section.
type sectionSpec struct {
	name    string // "supervisord", "program:"
	prefix  bool   // any section whose name begins so, as with HTTP servers
	open    bool   // takes options of any name
	options []optionSpec
}

// sectionSpecs is the table of sections and options: it gives the defaults when
// a section is read, it is what Check measures a file against, and what
// docs/configuration.md is tested against.
var sectionSpecs = []sectionSpec{
	{name: "supervisord", options: supervisordOptions},
	{name: "include", options: []optionSpec{{name: "files", kind: kindList, unset: true}}},
	{name: "unix_http_server", prefix: true, options: unixServerOptions},
	{name: "inet_http_server", prefix: true, options: inetServerOptions},
	{name: "supervisorctl", options: supervisorctlOptions},
	{name: "user:", options: userOptions},
	{name: "program:", options: programOptions},
	{name: "group:", options: groupOptions},
	{name: "fcgi-program:", options: slices.Concat(programOptions, fastCGIOptions)},
	{name: "eventlistener:", options: slices.Concat(listenerOptions, programOptions)},
	{name: "rpcinterface:", open: true, options: rpcInterfaceOptions},
	{name: "ctlplugin:", open: true, options: ctlPluginOptions},
}

var supervisordOptions = []optionSpec{
	{name: "minfds", kind: kindInteger, standard: "1024"},
	{name: "minprocs", kind: kindInteger, standard: "200"},
	{name: "directory", kind: kindDirectory, unset: true, differs: "is changed to in the foreground too, not only by a daemon"},
	{name: "user", kind: kindUser, unset: true},
	{name: "umask", kind: kindOctal, standard: "022", differs: "is set in the foreground too, not only by a daemon"},
	{name: "logfile", kind: kindFile, standard: "supervisord.log"},
	{name: "logfile_maxbytes", kind: kindByteSize, standard: "50MB"},
	{name: "logfile_backups", kind: kindInteger, standard: "10"},
	{name: "loglevel", kind: kindLogLevel, standard: "info"},
	{name: "pidfile", kind: kindFile, standard: "supervisord.pid"},
	{name: "identifier", kind: kindText, standard: "supervisor"},
	{name: "nodaemon", kind: kindBoolean, standard: "false"},
	{name: "silent", kind: kindBoolean, standard: "false"},
	{name: "childlogdir", kind: kindDirectory, unset: true},
	{name: "nocleanup", kind: kindBoolean, standard: "false"},
	{name: "strip_ansi", kind: kindBoolean, standard: "false"},
	{name: "environment", kind: kindEnvironment, standard: ""},
	{name: "statedir", kind: kindPath, unset: true, ours: true},
	{name: "log_ring_maxbytes", kind: kindByteSize, standard: "64KB", ours: true},
	{name: "child_sigpipe", kind: kindSigpipe, standard: "default", ours: true},
	{name: "subreaper", kind: kindBoolean, standard: "false", ours: true},
	{name: "users_file", kind: kindPath, unset: true, ours: true, access: true},
	{name: "session_idle", kind: kindDuration, standard: "12h", ours: true, access: true},
	{name: "session_lifetime", kind: kindDuration, standard: "7d", ours: true, access: true},
	{name: "audit_logfile", kind: kindLogfile, standard: "AUTO", ours: true},
	{name: "audit_logfile_maxbytes", kind: kindByteSize, standard: "50MB", ours: true},
	{name: "audit_logfile_backups", kind: kindInteger, standard: "10", ours: true},
	{name: "secret_names", kind: kindPatterns, standard: "*PASSWORD*, *PASSWD*, *PASSPHRASE*, *PWORD*, *PASS, *_PASS_*, *_PWD, *_PWD_*, *TOKEN*, *SECRET*, *KEY*, *CREDENTIAL*, *PRIVATE*, *AUTH, *_AUTH_*, *AUTHORIZATION*, *DSN", ours: true},
	{name: "metrics_history", kind: kindHistory, standard: "auto", ours: true},
}

var unixServerOptions = []optionSpec{
	{name: "file", kind: kindPath, unset: true},
	{name: "chmod", kind: kindOctal, standard: "0700"},
	{name: "chown", kind: kindOwner, unset: true},
	{name: "username", kind: kindText, unset: true},
	{name: "password", kind: kindText, unset: true},
	{name: "map_users", kind: kindBoolean, standard: "false", ours: true, access: true},
	{name: "legacy_actions", kind: kindBoolean, standard: "false", ours: true},
}

var inetServerOptions = []optionSpec{
	{name: "port", kind: kindAddress, unset: true},
	{name: "username", kind: kindText, unset: true},
	{name: "password", kind: kindText, unset: true},
	{name: "tls_certificate", kind: kindCertificate, unset: true, ours: true, access: true},
	{name: "tls_key", kind: kindPath, unset: true, ours: true, access: true},
	{name: "insecure", kind: kindBoolean, standard: "false", ours: true, access: true},
	{name: "trusted_hosts", kind: kindPatterns, standard: "", ours: true, access: true},
	{name: "trusted_proxies", kind: kindNetworks, standard: "", ours: true, access: true},
	{name: "forward_auth_header", kind: kindText, unset: true, ours: true, access: true},
	{name: "base_path", kind: kindText, standard: "/", ours: true, access: true},
	{name: "label", kind: kindText, standard: "", ours: true},
	{name: "colour", kind: kindColour, standard: "", ours: true},
	{name: "legacy_actions", kind: kindBoolean, standard: "false", ours: true},
}

var userOptions = []optionSpec{
	{name: "password", kind: kindHash, unset: true, ours: true, access: true},
	{name: "role", kind: kindRole, unset: true, ours: true, access: true},
	{name: "programs", kind: kindPatterns, unset: true, ours: true, access: true},
	{name: "deny", kind: kindPatterns, unset: true, ours: true, access: true},
	{name: "actions", kind: kindActions, unset: true, ours: true, access: true},
	{name: "unix_users", kind: kindList, unset: true, ours: true, access: true},
	{name: "disabled", kind: kindBoolean, standard: "false", ours: true, access: true},
	{name: "comment", kind: kindText, standard: "", ours: true, access: true},
}

// tokenOptions are those of [token:x], which stands in a users file only.
var tokenOptions = []optionSpec{
	{name: "sha256", kind: kindDigest, unset: true, ours: true},
	{name: "role", kind: kindRole, unset: true, ours: true},
	{name: "programs", kind: kindPatterns, unset: true, ours: true},
	{name: "deny", kind: kindPatterns, unset: true, ours: true},
	{name: "actions", kind: kindActions, unset: true, ours: true},
	{name: "expires", kind: kindTime, unset: true, ours: true},
	{name: "disabled", kind: kindBoolean, standard: "false", ours: true},
	{name: "comment", kind: kindText, standard: "", ours: true},
}

var supervisorctlOptions = []optionSpec{
	{name: "serverurl", kind: kindURL, standard: "http://localhost:9001"},
	{name: "username", kind: kindText, unset: true},
	{name: "password", kind: kindText, unset: true},
	{name: "prompt", kind: kindText, standard: "supervisor"},
	{name: "history_file", kind: kindPath, unset: true},
	{name: "tls_ca", kind: kindPath, unset: true, ours: true},
	{name: "tls_fingerprint", kind: kindFingerprint, unset: true, ours: true},
}

var programOptions = []optionSpec{
	{name: "command", kind: kindText, unset: true},
	{name: "process_name", kind: kindText, standard: "%(program_name)s"},
	{name: "numprocs", kind: kindInteger, standard: "1"},
	{name: "numprocs_start", kind: kindInteger, standard: "0"},
	{name: "priority", kind: kindInteger, standard: "999"},
	{name: "autostart", kind: kindBoolean, standard: "true"},
	{name: "autorestart", kind: kindAutoRestart, standard: "unexpected"},
	{name: "startsecs", kind: kindInteger, standard: "1"},
	{name: "startretries", kind: kindInteger, standard: "3"},
	{name: "exitcodes", kind: kindExitCodes, standard: "0"},
	{name: "stopsignal", kind: kindSignal, standard: "TERM"},
	{name: "stopwaitsecs", kind: kindInteger, standard: "10"},
	{name: "stopasgroup", kind: kindBoolean, standard: "false"},
	{name: "killasgroup", kind: kindBoolean, unset: true}, // stopasgroup's value
	{name: "user", kind: kindUser, unset: true},
	{name: "redirect_stderr", kind: kindBoolean, standard: "false"},
	{name: "stdout_logfile", kind: kindLogfile, standard: "AUTO"},
	{name: "stdout_logfile_maxbytes", kind: kindByteSize, standard: "50MB"},
	{name: "stdout_logfile_backups", kind: kindInteger, standard: "10"},
	{name: "stdout_capture_maxbytes", kind: kindByteSize, standard: "0"},
	{name: "stdout_events_enabled", kind: kindBoolean, standard: "false"},
	{name: "stdout_syslog", kind: kindBoolean, standard: "false"},
	{name: "stderr_logfile", kind: kindLogfile, standard: "AUTO"},
	{name: "stderr_logfile_maxbytes", kind: kindByteSize, standard: "50MB"},
	{name: "stderr_logfile_backups", kind: kindInteger, standard: "10"},
	{name: "stderr_capture_maxbytes", kind: kindByteSize, standard: "0"},
	{name: "stderr_events_enabled", kind: kindBoolean, standard: "false"},
	{name: "stderr_syslog", kind: kindBoolean, standard: "false"},
	{name: "environment", kind: kindEnvironment, standard: ""},
	{name: "directory", kind: kindPath, unset: true},
	{name: "umask", kind: kindOctal, unset: true},
	{name: "serverurl", kind: kindURL, standard: "AUTO"},
}

var groupOptions = []optionSpec{
	{name: "programs", kind: kindList, standard: ""},
	{name: "priority", kind: kindInteger, standard: "999"},
}

var fastCGIOptions = []optionSpec{
	{name: "socket", kind: kindSocket, unset: true},
	{name: "socket_backlog", kind: kindInteger, unset: true},
	{name: "socket_owner", kind: kindOwner, unset: true},
	{name: "socket_mode", kind: kindOctal, standard: "0700"},
}

// listenerOptions are read of the pool. Its priority is not that of its
// processes, although both are written in the one line.
var listenerOptions = []optionSpec{
	{name: "priority", kind: kindInteger, standard: "-1"},
	{name: "buffer_size", kind: kindInteger, standard: "10"},
	{name: "result_handler", kind: kindText, standard: DefaultResultHandler},
	{name: "events", kind: kindEvents, standard: ""},
	{name: "payload_length", kind: kindLengthUnit, standard: "characters", ours: true},
	{name: "restart_on_protocol_error", kind: kindBoolean, standard: "false", ours: true},
	{name: "redirect_stderr", kind: kindBoolean, standard: "false"},
}

const rpcFactory = "supervisor.rpcinterface_factory"

var rpcInterfaceOptions = []optionSpec{
	{name: rpcFactory, kind: kindText, unset: true},
	{name: "url", kind: kindURL, unset: true, ours: true,
		differs: "makes it a plug-in: calls of its methods are sent there; the original knows Python code only"},
	{name: "command", kind: kindText, unset: true, ours: true,
		differs: "makes it a plug-in that this supervisord runs; the original knows Python code only"},
	{name: "role", kind: kindRole, standard: "admin", ours: true},
	{name: "timeout", kind: kindDuration, standard: "30s", ours: true},
}

// pythonOptions are those of a section that is no plug-in, where everything beside
// the factory belongs to Python code.
var pythonOptions = rpcInterfaceOptions[:1]

// pluginOptions are those of one that is a plug-in: a program's where it is run here,
// and a factory that is for the original.
func pluginOptions(runs bool) []optionSpec {
	options := slices.Clone(rpcInterfaceOptions)
	options[0].differs = "names Python code for the original; this supervisord sends the calls to the plug-in instead"
	if runs {
		options = append(options, programOptions...)
	}
	return options
}

const ctlFactory = "supervisor.ctl_factory"

var ctlPluginOptions = []optionSpec{
	{name: ctlFactory, kind: kindText, unset: true},
	{name: "command", kind: kindText, unset: true, ours: true,
		differs: "is a program that this supervisorctl runs as a verb; the original knows Python code only"},
	{name: "help", kind: kindText, standard: "", ours: true,
		differs: "is the line of help for the verb of command="},
}

// programPluginOptions are those of a section with a command, where nothing else
// is read.
var programPluginOptions = []optionSpec{
	{name: ctlFactory, kind: kindText, unset: true,
		differs: "names Python code for the original; this supervisorctl runs command= instead"},
	ctlPluginOptions[1],
	ctlPluginOptions[2],
}

// specOf finds the row of the table for a section. False for a section that
// means nothing.
func specOf(section string) (sectionSpec, bool) {
	for _, spec := range sectionSpecs {
		named := strings.HasSuffix(spec.name, ":")
		if section == spec.name && !named || strings.HasPrefix(section, spec.name) && (named || spec.prefix) {
			return spec, true
		}
	}
	return sectionSpec{}, false
}

func optionOf(options []optionSpec, name string) (optionSpec, bool) {
	i := slices.IndexFunc(options, func(o optionSpec) bool { return o.name == name })
	if i < 0 {
		return optionSpec{}, false
	}
	return options[i], true
}
