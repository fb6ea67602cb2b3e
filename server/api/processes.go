package api

import (
	"net/http"

	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/wire"
	"supervisor/supervise"
)

func (a *api) processes(w http.ResponseWriter, r *http.Request) error {
	snapshot, err := a.engine.Snapshot(r.Context())
	if err != nil {
		return err
	}
	who := auth.From(r.Context())
	list := wire.ProcessList{
		Epoch:     snapshot.Epoch,
		Seq:       snapshot.Seq,
		At:        wire.Millis(snapshot.At),
		Mood:      wire.FromMood(snapshot.Mood),
		Groups:    []wire.Group{},
		Processes: []wire.ListedProcess{},
	}
	seen := map[string]bool{}
	for _, p := range snapshot.Processes {
		if name := p.NameSpec(); auth.Can(who, auth.View, name) {
			seen[p.Group] = true
			list.Processes = append(list.Processes, wire.ListedProcess{Process: wire.FromProcess(p, auth.Caps(who, name)), Usage: a.usage(p)})
		}
	}
	for _, g := range snapshot.Groups {
		if seen[g.Name] {
			list.Groups = append(list.Groups, wire.FromGroup(g))
		}
	}
	return reply.JSON(w, list)
}

func (a *api) process(w http.ResponseWriter, r *http.Request) error {
	name, err := processName(r)
	if err != nil {
		return err
	}
	if err := auth.Permit(r.Context(), auth.View, name); err != nil {
		return err
	}
	info, err := a.engine.Process(r.Context(), name)
	if err != nil {
		return err
	}
	detail := wire.FromDetail(info, auth.Caps(auth.From(r.Context()), name))
	detail.Usage = a.usage(info)
	if detail.Listener, err = a.listener(r, name); err != nil {
		return err
	}
	return reply.JSON(w, detail)
}

// processName reads the name of one process from the path.
func processName(r *http.Request) (supervise.NameSpec, error) {
	name := supervise.ParseNameSpec(param(r, "name"))
	if name.WholeGroup() {
		return name, badName(name)
	}
	return name, nil
}
