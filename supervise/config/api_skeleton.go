//go:build unix

package config

import (
	"errors"
	"io"

	"supervisor/supervise"
)

var errSkeleton = errors.New("not built yet")

func Load(file string, opts Options) (*Config, error) { return nil, errSkeleton }
func Find(argv0 string) (file string, tried []string) { return "", nil }
func Diff(running, staged []Group) supervise.Plan     { return supervise.Plan{} }
func Infos(groups []Group) []supervise.ConfigInfo     { return nil }
func (g Group) Equal(other Group) bool                { return false }
func (c *Config) ServerURL() string                   { return "" }

// Set checks the value as its type demands and keeps it for the option of that
// name. A flag without a value is set to "true".
func (o *Overrides) Set(option, value string) error { return errSkeleton }

func SplitCommand(text string) ([]string, error)                { return nil, errSkeleton }
func LoadClient(file string, environ []string) (*Client, error) { return nil, errSkeleton }
func Check(file string, opts Options) (*Report, error)          { return nil, errSkeleton }

// Client is the [supervisorctl] section.
type Client struct {
	ServerURL, Username, Password, Prompt, HistoryFile string
	Plugins                                            []CtlPlugin
}

// CtlPlugin is one [ctlplugin:x] section.
type CtlPlugin struct {
	Section, Name, Factory string
	Options                map[string]string
}

type Report struct{}

func (r *Report) WriteTo(w io.Writer) (int64, error) { return 0, errSkeleton }
