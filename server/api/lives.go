package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// History is what this room needs of whoever remembers how processes ended.
type History interface {
	// Lives are the last lives of a process, the newest first.
	Lives(ctx context.Context, name supervise.NameSpec) []supervise.Life
	// Crashes are those of which there is a snapshot, the newest first.
	Crashes(ctx context.Context, name supervise.NameSpec) []supervise.Life
	// Crash is one snapshot; number 0 is the newest. It answers
	// supervise.ErrNoCrash where there is none.
	Crash(ctx context.Context, name supervise.NameSpec, number int) (supervise.Crash, error)
}

// oblivion is the History of a supervisord that has none.
type oblivion struct{}

func (oblivion) Lives(context.Context, supervise.NameSpec) []supervise.Life   { return nil }
func (oblivion) Crashes(context.Context, supervise.NameSpec) []supervise.Life { return nil }
func (oblivion) Crash(context.Context, supervise.NameSpec, int) (supervise.Crash, error) {
	return supervise.Crash{}, supervise.ErrNoCrash
}

func (a *api) lives(w http.ResponseWriter, r *http.Request) error {
	name, err := a.past(r, auth.View)
	if err != nil {
		return err
	}
	return reply.JSON(w, wire.Lives{Lives: wire.FromLives(a.history.Lives(r.Context(), name), tellsWho(r, name))})
}

func (a *api) crashes(w http.ResponseWriter, r *http.Request) error {
	name, err := a.past(r, auth.Logs)
	if err != nil {
		return err
	}
	return reply.JSON(w, wire.Crashes{Crashes: wire.FromLives(a.history.Crashes(r.Context(), name), tellsWho(r, name))})
}

// crash tells what a program has written, as its logs do, and is for those who may
// read these.
func (a *api) crash(w http.ResponseWriter, r *http.Request) error {
	name, err := a.past(r, auth.Logs)
	if err != nil {
		return err
	}
	number := 0
	if id := param(r, "id"); id != "last" {
		if number, err = strconv.Atoi(id); err != nil || number < 1 {
			return reply.BadRequest("a crash is a number, or last")
		}
	}
	found, err := a.history.Crash(r.Context(), name, number)
	if errors.Is(err, supervise.ErrNoCrash) {
		return reply.Problem{Status: http.StatusNotFound, Text: "there is no such crash of " + name.String()}
	}
	if err != nil {
		return err
	}
	return reply.JSON(w, wire.FromCrash(found, tellsWho(r, name)))
}

// past finds the process whose past is asked for by somebody who may verb it.
func (a *api) past(r *http.Request, verb auth.Verb) (supervise.NameSpec, error) {
	name, err := processName(r)
	if err != nil {
		return name, err
	}
	if err := auth.PermitOf(r.Context(), verb, name, a.engine); err != nil {
		return name, err
	}
	_, err = a.engine.Process(r.Context(), name)
	return name, err
}

// tellsWho tells whether whoever asks may know who did what to a process.
func tellsWho(r *http.Request, name supervise.NameSpec) bool {
	return auth.Can(auth.From(r.Context()), auth.Trail, name)
}
