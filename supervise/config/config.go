//go:build unix

package config

import (
	"io/fs"
	"net/netip"
	"time"

	"supervisor/supervise"
)

// Config is a configuration file and what it includes, read, checked and turned
// into types. It is never changed once made.
type Config struct {
	File string // of the main file, absolute
	Here string // the directory of File: %(here)s

	Supervisord   Supervisord
	HTTPServers   []HTTPServer // in the order they are opened: inet first, then unix
	RPCInterfaces []RPCInterface
	Groups        []Group             // by priority, then name
	Accounts      []supervise.Account // the [user:x] sections

	// Log lines for the start of supervisord, in the order found.
	Criticals, Warnings, Infos []string
}

// Supervisord is the [supervisord] section, with the command line laid over it.
type Supervisord struct {
	Logfile         string // absolute, or Syslog
	LogfileMaxBytes int64  // 0: no rotation
	LogfileBackups  int
	LogLevel        LogLevel
	Pidfile         string // absolute
	Umask           int
	NoDaemon        bool
	Silent          bool
	MinFDs          int
	MinProcs        int
	NoCleanup       bool
	ChildLogDir     string
	User            *User // whom to become; nil stays
	Directory       string
	StripANSI       bool
	Environment     Environment
	Identifier      string

	// Ours.
	StateDir            string // "" where neither the file nor the environment names a place
	LogRingMaxBytes     int64
	ChildSigpipeIgnored bool
	Subreaper           bool   // adopt the orphans of programs, where the system can
	UsersFile           string // "": accounts cannot be changed while supervisord runs
	SessionIdle         time.Duration
	SessionLifetime     time.Duration
	Trail               Trail
	SecretNames         []string      // patterns over the names of variables
	MetricsHistory      time.Duration // after somebody looked; 0 for none, negative for always
}

// Trail is where it is kept who did what.
type Trail struct {
	File     string // "" keeps none
	MaxBytes int64  // 0: no rotation
	Backups  int
}

// Syslog as Supervisord.Logfile sends the main log to the syslog service.
const Syslog = "syslog"

// LogLevel is loglevel=, with the original's numbers (loggers.py LevelsByName).
type LogLevel int

const (
	LevelBlather  LogLevel = 3
	LevelTrace    LogLevel = 5
	LevelDebug    LogLevel = 10
	LevelInfo     LogLevel = 20
	LevelWarn     LogLevel = 30
	LevelError    LogLevel = 40
	LevelCritical LogLevel = 50
)

// EnvVar is one variable of an environment= value.
type EnvVar struct{ Name, Value string }

// Environment keeps the variables of environment= in the order of their first
// mention, each name once.
type Environment []EnvVar

// User is somebody of this system.
type User struct {
	Name     string // as the configuration wrote it: a name, or a number
	UID, GID int    // GID is the primary group
	Home     string
}

// Owner is a chown value. -1 leaves an id as it is.
type Owner struct{ UID, GID int }

// HTTPServer is one [inet_http_server...] or [unix_http_server...] section.
type HTTPServer struct {
	Section string
	Unix    bool

	// Of an inet server. Host is "" for every interface of IPv4, and "::" or
	// another IPv6 address without its brackets.
	Host string
	Port int

	// Of a unix server.
	Path  string // absolute
	Chmod fs.FileMode
	Owner *Owner // nil leaves it

	Username, Password string
	HasAuth            bool   // a username that is not empty
	File               string // where the password is written
	Line               int

	// Ours.
	MapUsers          bool           // of a unix server: system users have the rights of their accounts
	TLSCertificate    string         // a file, TLSAuto, or "" for no TLS
	TLSKey            string         // a file
	Insecure          bool           // may listen to others without asking who they are
	TrustedHosts      []string       // patterns of names by which browsers may call it
	TrustedProxies    []netip.Prefix // whose word on the address and the user of a request counts
	ForwardAuthHeader string         // in which they name the user; "" for none
	BasePath          string         // begins and ends with a slash
	Label             string         // what the page calls this environment; "" for nothing
	Colour            string         // and in which of Colours; "" for none
	Exposed           bool           // anybody who reaches it may do anything, and nobody wrote that it is meant
	LegacyActions     bool           // obeys the addresses of the original's page that start and stop things
}

// Colours are those by which pages of several environments are told apart: each
// has a tone of its own for light and for dark.
var Colours = []string{"red", "orange", "yellow", "green", "blue", "purple", "grey"}

// TLSAuto as HTTPServer.TLSCertificate asks for a pair made by supervisord.
const TLSAuto = "auto"

// GroupKind tells which section a group comes from.
type GroupKind int

const (
	Homogeneous   GroupKind = iota // a [program:x] by itself
	Heterogeneous                  // a [group:x]
	EventListener                  // an [eventlistener:x]
	FastCGI                        // an [fcgi-program:x] by itself
	Plugin                         // an [rpcinterface:x] with a command
)

// Group is what is started, added and removed together.
type Group struct {
	Name      string
	Priority  int
	Kind      GroupKind
	Processes []Process
	Listener  *Listener // of an EventListener group

	origins *origins
}

// Listener is what an [eventlistener:x] adds to a program.
type Listener struct {
	Events        []supervise.EventType // sorted, each once
	BufferSize    int
	ResultHandler string
	PayloadBytes  bool // len in the envelope counts bytes, not characters
	// RestartOnProtocolError ends a listener that breaks the protocol and starts it
	// again, whatever its AutoRestart.
	RestartOnProtocolError bool
}

// FastCGISocket is the listening socket that the processes of an
// [fcgi-program:x] share. Two of them are the same socket when URL is equal.
type FastCGISocket struct {
	URL     string // "tcp://host:port" or "unix:///path"
	Unix    bool
	Path    string
	Host    string
	Port    int
	Mode    fs.FileMode
	Owner   *Owner // nil leaves it
	Backlog int    // 0: as many as the system allows
}

// AutoRestart is autorestart=.
type AutoRestart int

const (
	RestartUnexpected AutoRestart = iota
	RestartNever
	RestartAlways
)

// Process is one process made from a program section.
type Process struct {
	Name    string
	Program string // the program's name, the section's after its colon
	Section string // "program:x", "eventlistener:x", "fcgi-program:x" or "rpcinterface:x"
	File    string // where that section began; absolute
	Line    int

	Command      string
	Directory    string      // "" stays
	Environment  Environment // [supervisord]'s overlaid by the program's
	Priority     int
	AutoStart    bool
	AutoRestart  AutoRestart
	StartSecs    int
	StartRetries int
	ExitCodes    []int
	StopSignal   supervise.Signal
	StopWaitSecs int
	StopAsGroup  bool
	KillAsGroup  bool
	User         *User // nil stays

	RedirectStderr bool
	Stdout, Stderr Log
	Umask          int    // -1 keeps supervisord's
	ServerURL      string // "" is AUTO

	// Socket is given as descriptor 0 to a process of an [fcgi-program:x],
	// whether it stands alone or in a [group:x]; nil for all others. All
	// processes of one such section in one group have the same pointer.
	Socket *FastCGISocket

	origins *origins
}

// LogKind tells where the output of a channel is kept.
type LogKind int

const (
	LogAuto LogKind = iota // a file in childlogdir, made when the group is
	LogNone
	LogFile
)

// Log is the configuration of one channel of a process.
type Log struct {
	Kind            LogKind
	Path            string // of a LogFile; as written, so it may be relative
	MaxBytes        int64
	Backups         int
	CaptureMaxBytes int64
	EventsEnabled   bool
	Syslog          bool

	blank bool // a LogNone written as nothing at all, which getAllConfigInfo shows
}

// Users answers who is who on this system. A text of digits is an id, anything
// else a name.
type Users interface {
	User(nameOrID string) (User, error)
	Group(nameOrID string) (gid int, err error)
}

// Options is what Load needs beside the file.
type Options struct {
	Environ   []string // supervisord's own: "NAME=value"
	Users     Users
	Overrides Overrides
	Dir       string // where relative paths begin; "" is the working directory
}
