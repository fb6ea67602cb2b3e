//go:build unix

package engine

import (
	"fmt"

	"supervisor/supervise/config"
)

// PluginSockets makes ready where the processes of plug-ins are to listen. It is
// never called by the loop.
type PluginSockets interface {
	// Path is where a plug-in is to listen, in a directory of its own. It stays the
	// same.
	Path(plugin string) (string, error)
	// Ready makes the directory of a path of Path anew, before each start: empty, and
	// of user alone, so that nobody else can put anything there; nil is whoever
	// supervisord is.
	Ready(path string, user *config.User) error
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
	path, err := e.opts.Plugins.Path(group.Name)
	if err != nil {
		return "", fmt.Errorf("find a place for the socket of [%s]: %w", conf.Section, err)
	}
	return path, nil
}

// readySocket makes ready where a command is to listen, if it is a plug-in's. The
// error is a spawnerr text.
func (e *Engine) readySocket(c command) error {
	if c.listen == "" {
		return nil
	}
	if err := e.opts.Plugins.Ready(c.listen, c.user); err != nil {
		return fmt.Errorf("make a place for the socket of a plug-in: %w", err)
	}
	return nil
}
