package audit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"supervisor/server/auth"
	"supervisor/supervise"
)

// Entry is what a room knows of something that was done, or tried.
type Entry struct {
	Verb     auth.Verb
	Target   string
	Programs []supervise.NameSpec // what it was done to
	Detail   string
	Before   string
	After    string
	Reason   string // "" for that of the request
	User     string // "" for whoever asks
	Count    int    // of attempts; 0 for one
	Err      error  // nil if it was done
}

// Changes tells whether doing verb belongs into the trail: whether it changes
// something, or tells a secret. The others leave a line only when they are refused.
func Changes(verb auth.Verb) bool {
	switch verb {
	case auth.View, auth.Logs, auth.MainLog, auth.Config, auth.Trail:
		return false
	}
	return true
}

// Act is something somebody asked for, from the moment it is asked until it is
// answered. Begin makes it. It may be used by one goroutine at a time.
type Act struct {
	log   *Log
	entry Entry
	look  func() string
	count func() []supervise.ProcessInfo // for an act on many, instead of look
	were  []supervise.ProcessInfo        // what count gave when it began
	some  string                         // how many of those it was done to failed
	ended bool
}

type actKey struct{}

// Begin makes an act of what is done under ctx.
func (l *Log) Begin(ctx context.Context) (context.Context, *Act) {
	act := &Act{log: l}
	return context.WithValue(ctx, actKey{}, act), act
}

// Of gives the act that ctx belongs to; if it belongs to none, one that nobody
// hears of.
func Of(ctx context.Context) *Act {
	if act, ok := ctx.Value(actKey{}).(*Act); ok {
		return act
	}
	return &Act{}
}

// About says what the act is: verb, done to name. look tells how the name is, now
// and when it is over; it may be nil.
func (a *Act) About(verb auth.Verb, name supervise.NameSpec, look func() string) {
	a.entry.Verb, a.entry.Target = verb, targetOf(name)
	if name != auth.Supervisord && name != auth.Everything {
		a.entry.Programs = []supervise.NameSpec{name}
	}
	if a.look = look; look != nil && a.log.Kept() && Changes(verb) {
		a.entry.Before = look()
	}
}

// Engine is what an act looks at to tell how something was and is.
type Engine interface {
	Mood() supervise.Mood
	Process(ctx context.Context, name supervise.NameSpec) (supervise.ProcessInfo, error)
	Snapshot(ctx context.Context) (supervise.Snapshot, error)
}

// AboutIn is About with the looks of an engine: at a process, at supervisord
// itself, or at those processes of a group, or of all, that whoever ctx belongs to
// may do verb to.
func (a *Act) AboutIn(ctx context.Context, engine Engine, verb auth.Verb, name supervise.NameSpec) {
	ctx = context.WithoutCancel(ctx)
	if !name.WholeGroup() {
		a.About(verb, name, lookAt(ctx, engine, name))
		return
	}
	a.About(verb, name, nil)
	if !a.log.Kept() || !Changes(verb) {
		return
	}
	may := auth.Scope(ctx, verb)
	a.count = func() []supervise.ProcessInfo {
		now, err := engine.Snapshot(ctx)
		if err != nil {
			return nil // the act tells of its own trouble
		}
		return slices.DeleteFunc(slices.Clone(now.Processes), func(p supervise.ProcessInfo) bool {
			meant := name == auth.Everything || p.Group == name.Group
			return !meant || may != nil && !may(p.NameSpec())
		})
	}
	a.were = a.count()
}

func lookAt(ctx context.Context, engine Engine, name supervise.NameSpec) func() string {
	if name == auth.Supervisord {
		return func() string { return engine.Mood().String() }
	}
	return func() string {
		info, err := engine.Process(ctx, name)
		if err != nil {
			return ""
		}
		return info.State.String()
	}
}

// states says how those of all are that the act was done to: "RUNNING", or
// "2 RUNNING, 1 STOPPED" where they are not alike.
func (a *Act) states(all []supervise.ProcessInfo) string {
	done := map[supervise.NameSpec]bool{}
	for _, name := range a.entry.Programs {
		done[name] = true
	}
	counts := map[supervise.State]int{}
	for _, p := range all {
		if done[p.NameSpec()] || done[supervise.AllOf(p.Group)] || len(done) == 0 {
			counts[p.State]++
		}
	}
	var parts []string
	for _, state := range slices.Sorted(maps.Keys(counts)) {
		if len(counts) == 1 {
			return state.String()
		}
		parts = append(parts, fmt.Sprintf("%d %s", counts[state], state))
	}
	return strings.Join(parts, ", ")
}

// AboutThing says what the act is where its target is no program: a user, a link.
func (a *Act) AboutThing(verb auth.Verb, target string) { a.entry.Verb, a.entry.Target = verb, target }

// DidTo says which processes of a group, or of all, it was done to, and what that
// met. None leaves what About said.
func (a *Act) DidTo(results []supervise.Result) {
	failed := 0
	programs := make([]supervise.NameSpec, len(results))
	for i, r := range results {
		programs[i] = supervise.NameSpec{Group: r.Group, Process: r.Name}
		if r.Status != supervise.Success {
			failed++
		}
	}
	if len(programs) > 0 {
		a.entry.Programs = programs
	}
	if failed > 0 {
		a.some = fmt.Sprintf("%d of %d", failed, len(results))
	}
}

// DidToGroups says which groups it was done to, where the target names none.
func (a *Act) DidToGroups(groups ...string) {
	for _, group := range groups {
		a.entry.Programs = append(a.entry.Programs, supervise.AllOf(group))
	}
}

// Planned says what a reading of the configuration has found.
func (a *Act) Planned(doing string, plan supervise.Plan) {
	for _, part := range []struct {
		word   string
		groups []string
	}{{"new", plan.Added}, {"changed", plan.Changed}, {"gone", plan.Removed}} {
		if len(part.groups) > 0 {
			doing += "; " + part.word + ": " + strings.Join(part.groups, ", ")
		}
	}
	a.Tell(doing)
}

// Tell adds a detail.
func (a *Act) Tell(detail string) {
	if a.entry.Detail != "" {
		detail = a.entry.Detail + "; " + detail
	}
	a.entry.Detail = detail
}

// Moved says how something was and is, for an act that nobody can look at.
func (a *Act) Moved(before, after string) { a.entry.Before, a.entry.After = before, after }

// Because keeps the reason that came with the order.
func (a *Act) Because(reason string) { a.entry.Reason = reason }

// End writes the line of the act, if it is to leave one. ctx is that of Begin. It
// is called before the answer is given: whoever has that can rely on the line. An
// act that has ended stays so.
func (a *Act) End(ctx context.Context, err error) {
	if a.ended {
		return
	}
	a.ended = true
	var refusal auth.Refusal
	refused := errors.As(err, &refusal)
	switch {
	case refused && a.entry.Verb == "":
		a.About(refusal.Verb, refusal.Name, nil)
	case refused:
		a.entry.Before = ""
	case a.entry.Verb == "" || !Changes(a.entry.Verb):
		return
	case a.count != nil:
		a.entry.Before, a.entry.After = a.states(a.were), a.states(a.count())
	case a.look != nil && a.log.Kept():
		a.entry.After = a.look()
	}
	if err == nil && a.some != "" {
		err = supervise.Fault{Code: supervise.FaultFailed, Detail: a.some}
	}
	a.entry.Err = err
	a.log.Record(ctx, a.entry)
}

func targetOf(name supervise.NameSpec) string {
	if name == auth.Everything {
		return "everything"
	}
	return name.String()
}

// Refused writes a line of an attempt that was refused, if err is that.
func (l *Log) Refused(ctx context.Context, err error) {
	_, act := l.Begin(ctx)
	if errors.As(err, new(auth.Refusal)) {
		act.End(ctx, err)
	}
}

type reasonKey struct{}

// WithReason gives what is done under ctx the reason that its request names.
func WithReason(ctx context.Context, reason string) context.Context {
	return context.WithValue(ctx, reasonKey{}, reason)
}

func reasonOf(ctx context.Context) string {
	reason, _ := ctx.Value(reasonKey{}).(string)
	return reason
}

// How much of what somebody sent is kept.
const (
	maxReason = 500
	maxText   = 255
)

// clean makes a text fit for one line that people read: valid, without control
// characters or those that turn the direction of writing, and not too long.
func clean(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError:
			return '?'
		case unicode.IsSpace(r), unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	text = strings.TrimSpace(text)
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most-1]) + "…"
	}
	return text
}

// What the trail says of what was done, and of what was not allowed. Anything else
// is the fault it met.
const (
	Done    = "ok"
	Refused = "refused"
)

// resultOf is what became of it, in a few words that tell nothing of ours.
func resultOf(err error) string {
	var fault supervise.Fault
	switch {
	case err == nil:
		return Done
	case errors.As(err, new(auth.Refusal)):
		return Refused
	case errors.As(err, &fault):
		return clean(fault.Error(), maxText)
	case errors.Is(err, context.Canceled):
		return "nobody waited for the answer"
	}
	return supervise.FaultFailed.String()
}
