package server

import (
	"context"

	"supervisor/server/rpc"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// plugins tells of the namespaces beside the built-in ones.
func (s *Server) plugins(ctx context.Context) wire.Plugins {
	told := wire.Plugins{Plugins: []wire.Plugin{}}
	for _, p := range s.calls.Plugins(ctx) {
		told.Plugins = append(told.Plugins, pluginShown(p))
	}
	return told
}

func pluginShown(p rpc.PluginStatus) wire.Plugin {
	shown := wire.Plugin{
		Name: p.Name, Role: wire.Role(p.Role.String()), Address: p.Address, State: wire.PluginUnasked,
		Methods: p.Methods, Calls: p.Calls, Errors: p.Failed,
	}
	if p.Program != (supervise.NameSpec{}) {
		shown.Process = p.Program.String()
	}
	if !p.Health.Asked {
		return shown
	}
	shown.State = wire.PluginSilent
	if p.Health.Answers {
		shown.State = wire.PluginAnswers
	}
	shown.Why = p.Health.Why
	if !p.Health.Since.IsZero() {
		shown.Since = p.Health.Since.UnixMilli()
	}
	return shown
}
