//go:build unix

package engine

import (
	"slices"
	"testing"

	"supervisor/supervise/config"
)

// TestAListenerIsToldInItsEnvironmentWhatLengthsCount because the stream does not
// tell, and a listener that counts otherwise waits for bytes that never come. What
// a supervisord above this one has said was for another's listener.
func TestAListenerIsToldInItsEnvironmentWhatLengthsCount(t *testing.T) {
	const told = "SUPERVISOR_PAYLOAD_LENGTH=bytes"
	for name, c := range map[string]struct {
		inherited []string
		group     config.Group
		own       []config.EnvVar
		want      bool
	}{
		"a program":                    {nil, config.Group{Name: "g"}, nil, false},
		"a program below a listener":   {[]string{told}, config.Group{Name: "g"}, nil, false},
		"a listener of characters":     {nil, config.Group{Listener: &config.Listener{}}, nil, false},
		"one of characters below one":  {[]string{told}, config.Group{Listener: &config.Listener{}}, nil, false},
		"a listener of bytes":          {nil, config.Group{Listener: &config.Listener{PayloadBytes: true}}, nil, true},
		"one whose section has it too": {nil, config.Group{Listener: &config.Listener{}}, []config.EnvVar{{Name: "SUPERVISOR_PAYLOAD_LENGTH", Value: "bytes"}}, true},
	} {
		e := &Engine{opts: Options{Environ: c.inherited}}
		got := e.environment(c.group, config.Process{Name: "p", Environment: c.own}, "")
		if slices.Contains(got, told) != c.want {
			t.Errorf("%s: the environment is %q", name, got)
		}
	}
}
