//go:build unix

package engine

import (
	"fmt"

	"supervisor/supervise/config"
)

// PluginSockets makes ready where the processes of plug-ins are to listen. It is
// never called by the loop.
type PluginSockets interface {
	// Make gives the path for the socket of a plug-in. Nobody but user can put
	// anything there; nil is whoever supervisord is.
	Make(plugin string, user *config.User) (path string, err error)
	// Clear takes away what an earlier process has left at a path of Make.
	Clear(path string) error
}

// pluginSocketVariable is where a plug-in reads its path.
const pluginSocketVariable = "SUPERVISOR_PLUGIN_SOCKET"

// pluginSocket is the path for the process of a plug-in; "" for every other.
func (e *Engine) pluginSocket(group config.Group, conf config.Process) (string, error) {
	switch {
	case group.Kind != config.Plugin:
		return "", nil
	case e.opts.Plugins == nil:
		return "", fmt.Errorf("[%s]: plug-ins are not run here", conf.Section)
	}
	path, err := e.opts.Plugins.Make(group.Name, conf.User)
	if err != nil {
		return "", fmt.Errorf("make a place for the socket of [%s]: %w", conf.Section, err)
	}
	return path, nil
}

// vacate is asked for places of Make only.
func (e *Engine) vacate(path string) error {
	if err := e.opts.Plugins.Clear(path); err != nil {
		return fmt.Errorf("make room for the socket of a plug-in: %w", err)
	}
	return nil
}
