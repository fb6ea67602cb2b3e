package rpc

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/supervise"
)

// plugged is a plug-in at work.
type plugged struct {
	Plugin
	calls  atomic.Int64
	failed atomic.Int64
}

// Health is how the process behind a namespace answers.
type Health struct {
	Asked   bool // anything at all; else the rest means nothing
	Answers bool
	Since   time.Time
	Why     string // it does not
}

// PluginStatus is what is known of a plug-in.
type PluginStatus struct {
	Plugin
	Health  Health
	Methods int // -1 if it does not tell
	Calls   int64
	Failed  int64 // of the calls: those answered by a fault, or not at all
}

// Extend adds the methods of plug-ins. Call it before the handler serves. It fails
// on a name that is taken, or is none.
func (h *Handler) Extend(plugins ...Plugin) error {
	for _, p := range plugins {
		if err := supervise.CheckPluginName(p.Name); err != nil {
			return err
		}
		if h.plugins[p.Name] != nil {
			return fmt.Errorf("there are two plug-ins %s", p.Name)
		}
		if p.Role == supervise.Nobody {
			p.Role = supervise.Admin
		}
		h.plugins[p.Name] = &plugged{Plugin: p}
	}
	return nil
}

// plugin finds the plug-in that a method belongs to by its name. As in the original
// (xmlrpc.py traverse), a name has two parts, and the second does not begin with _.
func (h *Handler) plugin(name string) (p *plugged, method string) {
	namespace, method, _ := strings.Cut(name, ".")
	if method == "" || strings.Contains(method, ".") || strings.HasPrefix(method, "_") {
		return nil, ""
	}
	return h.plugins[namespace], method
}

// permit is the decision who may call the methods of a plug-in. To those who may
// not, one method is like another, and the plug-in does not hear of them.
func (p *plugged) permit(ctx context.Context) error {
	if auth.From(ctx).Grant.AllowsCall(p.Name, p.Role) {
		return nil
	}
	fault := supervise.Fault{Code: supervise.FaultForbidden, Detail: string(auth.Call) + " " + p.Name}
	return auth.Refusal{Fault: fault, Verb: auth.Call, Name: supervise.PluginName(p.Name)}
}

// callPlugin makes a call of somebody else's method. The trail is told the method
// and what became of it: what else there is may be a secret.
func (h *Handler) callPlugin(ctx context.Context, p *plugged, method string, args []value) (value, error) {
	ctx, act := h.trail.Begin(ctx)
	if err := p.permit(ctx); err != nil {
		act.End(ctx, err)
		return nil, err
	}
	audit.Of(ctx).AboutThing(auth.Call, p.Name+"."+method)
	p.calls.Add(1)
	v, err := p.call(ctx, method, args)
	if err != nil {
		p.failed.Add(1)
	}
	act.End(ctx, withoutText(err))
	return v, err
}

func (p *plugged) call(ctx context.Context, method string, args []value) (value, error) {
	given, err := givenAll(args)
	if err != nil {
		return nil, supervise.Fault{Code: supervise.FaultIncorrectParameters, Detail: err.Error()}
	}
	answer, err := p.Namespace.Call(ctx, method, given)
	if err != nil {
		return nil, err
	}
	v, err := taken(answer)
	if err != nil {
		return nil, fmt.Errorf("answer of %s.%s: %w", p.Name, method, err)
	}
	return v, nil
}

// withoutText is the error of a call for the trail: what a plug-in writes into its
// faults may be what it was called with.
func withoutText(err error) error {
	var fault Fault
	if errors.As(err, &fault) {
		return supervise.Fault{Code: supervise.FaultFailed, Detail: fmt.Sprintf("fault %d of the plug-in", fault.Code)}
	}
	return err
}

// pluginNames lists the methods of plug-ins that whoever ctx belongs to may call.
// Namespaces are asked side by side, and not waited for long.
func (h *Handler) pluginNames(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	var mu sync.Mutex
	var all []string
	var asked sync.WaitGroup
	for _, p := range h.plugins {
		if p.permit(ctx) != nil {
			continue
		}
		asked.Go(func() {
			var names []string
			err := p.guarded(ctx, func() (err error) {
				names, err = p.Namespace.Names(ctx)
				return err
			})
			if err != nil {
				return // a namespace that cannot say what it has, has nothing to list
			}
			mu.Lock()
			defer mu.Unlock()
			for _, name := range names {
				all = append(all, p.Name+"."+name)
			}
		})
	}
	asked.Wait()
	return all
}

// describe tells of a method of a plug-in, to those who may call it.
func (h *Handler) describe(ctx context.Context, v value) (Description, error) {
	name, _ := v.(text)
	p, method := h.plugin(string(name))
	if p == nil || p.permit(ctx) != nil {
		return Description{}, supervise.Fault{Code: supervise.FaultSignatureUnsupported}
	}
	return p.Namespace.Describe(ctx, method)
}

// Plugins tells of all plug-ins, by name. It asks those that nobody has asked for a
// while whether they are there.
func (h *Handler) Plugins(ctx context.Context) []PluginStatus {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	all := make([]PluginStatus, len(h.plugins))
	var asked sync.WaitGroup
	for i, p := range h.sortedPlugins() {
		asked.Go(func() { all[i] = p.status(ctx) })
	}
	asked.Wait()
	return all
}

func (h *Handler) sortedPlugins() []*plugged {
	list := make([]*plugged, 0, len(h.plugins))
	for _, p := range h.plugins {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *plugged) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func (p *plugged) status(ctx context.Context) PluginStatus {
	status := PluginStatus{Plugin: p.Plugin, Methods: -1, Calls: p.calls.Load(), Failed: p.failed.Load(), Health: Health{Asked: true, Answers: true}}
	err := p.guarded(ctx, func() error {
		if names, err := p.Namespace.Names(ctx); err == nil {
			status.Methods = len(names)
		}
		if patient, is := p.Namespace.(interface{ Health() Health }); is {
			status.Health = patient.Health()
		}
		return nil
	})
	if err != nil {
		status.Health = Health{Asked: true, Why: err.Error()}
	}
	return status
}

// guarded asks the namespace something in a goroutine that nobody else guards: code
// of others that panics there would end supervisord. The panic is logged, and an
// error.
func (p *plugged) guarded(ctx context.Context, ask func() error) (err error) {
	defer func() {
		if trouble := recover(); trouble != nil {
			reply.Log(ctx).Error("a plug-in panicked", "plugin", p.Name, "panic", fmt.Sprint(trouble), "stack", string(debug.Stack()))
			err = fmt.Errorf("it panicked: %v", trouble)
		}
	}()
	return ask()
}
