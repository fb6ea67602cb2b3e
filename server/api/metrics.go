package api

import (
	"context"
	"net/http"
	"time"

	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// usage gives what a process uses, if that is at hand and of the child it has.
func (a *api) usage(p supervise.ProcessInfo) *wire.Usage {
	if a.metrics == nil {
		return nil
	}
	used := a.metrics.Usage(p.ID)
	if used.PID != p.PID {
		return nil
	}
	return wire.FromUsage(used)
}

// processMetrics gives the history of a process, and what it uses now. Asking is
// looking: from then on it is measured for a while.
func (a *api) processMetrics(w http.ResponseWriter, r *http.Request) error {
	name, err := processName(r)
	if err != nil {
		return err
	}
	if err := auth.Permit(r.Context(), auth.View, name); err != nil {
		return err
	}
	since, err := parseTime(r.URL.Query(), "since", time.Now())
	if err != nil {
		return err
	}
	info, err := a.engine.Process(r.Context(), name)
	if err != nil {
		return err
	}
	if a.metrics == nil {
		return reply.Problem{Status: http.StatusNotFound, Text: "nothing is measured here"}
	}
	ctx, cancel := context.WithTimeout(r.Context(), supervise.FirstSample)
	defer cancel()
	if err := a.metrics.Look(ctx); err != nil {
		reply.Log(r.Context()).Debug("wait for a sample", "err", err) // what there is will do
	}
	answer := wire.NewProcessMetrics(a.usage(info), time.Now(), a.metrics.Keeps(), a.metrics.HistoryStep())
	for _, p := range a.metrics.History(info.ID) {
		if p.At.After(since) {
			answer.AddPoint(p)
		}
	}
	return reply.JSON(w, answer)
}
