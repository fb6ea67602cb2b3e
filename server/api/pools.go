package api

import (
	"net/http"

	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// pools tells of the event listeners one may see, pool by pool.
func (a *api) pools(w http.ResponseWriter, r *http.Request) error {
	all, err := a.engine.Pools(r.Context())
	if err != nil {
		return err
	}
	who := auth.From(r.Context())
	answer := wire.Pools{Pools: []wire.Pool{}}
	for _, info := range all {
		pool := wire.FromPool(info)
		for _, l := range info.Listeners {
			if auth.Can(who, auth.View, l.Name) {
				pool.AddListener(l, auth.Can(who, auth.Logs, l.Name))
			}
		}
		if len(pool.Listeners) > 0 {
			answer.Pools = append(answer.Pools, pool)
		}
	}
	return reply.JSON(w, answer)
}

// listener tells of a process as an event listener; nil if it is none.
func (a *api) listener(r *http.Request, name supervise.NameSpec) (*wire.ListenerDetail, error) {
	pool, is, err := a.engine.Pool(r.Context(), name)
	if err != nil || !is {
		return nil, err
	}
	for _, l := range pool.Listeners {
		if l.Name == name {
			return wire.FromListener(l, pool, auth.Can(auth.From(r.Context()), auth.Logs, name)), nil
		}
	}
	return nil, badName(name)
}
