package wire

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"supervisor/supervise"
)

// FromProcess gives the row of a process for a user who may do caps with it.
func FromProcess(p supervise.ProcessInfo, caps Caps) Process {
	row := Process{
		ID:       p.ID,
		Group:    p.Group,
		Name:     p.Name,
		State:    ProcState(p.State.String()),
		PID:      p.PID,
		Since:    Millis(p.Since),
		Start:    Millis(p.Start),
		Stop:     Millis(p.Stop),
		Exit:     p.LastStatus(),
		Expected: p.Expected,
		Err:      p.SpawnErr,
		Tries:    p.Tries,
		Max:      p.MaxTries,
		Next:     Millis(p.Next),
		Restarts: p.Restarts, RestartsDay: p.RestartsDay, RestartsHour: p.RestartsHour,
		Broken: p.Broken, PoolFull: p.PoolFull, PoolDropped: p.PoolDropped,
		Order: OrderKind(p.Order), By: p.By,
		Caps: caps,
	}
	if !caps.Has(supervise.VerbTrail) {
		row.By = ""
	}
	if p.ExitSignal != 0 {
		row.Signal = p.ExitSignal.String()
	}
	return row
}

// NewRow encodes the row of a process once, for everybody.
func NewRow(p supervise.ProcessInfo) Row {
	row := Row{head: headOf(p)}
	if p.By != "" {
		p.By = ""
		row.nameless = headOf(p)
	}
	return row
}

// headOf is the row of a process for whoever may know all of it, up to its caps.
func headOf(p supervise.ProcessInfo) []byte {
	row := FromProcess(p, 0)
	row.By = p.By
	text, err := json.Marshal(row)
	if err != nil { // cannot be: numbers, booleans and strings always encode
		panic(err)
	}
	return text[:len(text)-len("0}")]
}

// FromDetail gives all that is told of one process.
func FromDetail(p supervise.ProcessInfo, caps Caps) ProcessDetail {
	return ProcessDetail{Process: FromProcess(p, caps), StdoutLog: p.StdoutLog, StderrLog: p.StderrLog}
}

// FromGroup gives a group.
func FromGroup(g supervise.GroupInfo) Group {
	return Group{Name: g.Name, Priority: g.Priority, Listener: g.Listener}
}

// FromMood gives the state of supervisord.
func FromMood(m supervise.Mood) Mood { return Mood(m.String()) }

// FromIdentity gives who this supervisord is. Epoch, mood, user and problems
// are the caller's to fill.
func FromIdentity(id supervise.Identity) Identity {
	return Identity{
		Identifier: id.Identifier,
		Version:    id.Version,
		Supervisor: supervise.SupervisorVersion,
		Host:       id.Host,
		PID:        id.PID,
		ConfigFile: id.ConfigFile,
		Started:    Millis(id.Started),
		Problems:   []Problem{},
	}
}

// FromProblems gives what an admin should look into.
func FromProblems(all []supervise.Problem) []Problem {
	problems := make([]Problem, len(all))
	for i, p := range all {
		problems[i] = Problem{Code: ProblemCode(p.Code), Name: p.Name, More: p.More, Place: p.Place, Why: p.Why, At: Millis(p.At), Text: p.Text}
	}
	return problems
}

// FromPlan gives the differences between two configurations.
func FromPlan(p supervise.Plan) Plan {
	return Plan{Added: list(p.Added), Changed: list(p.Changed), Removed: list(p.Removed)}
}

// FromPreview gives what an update would do.
func FromPreview(p supervise.Preview) Preview {
	out := Preview{Groups: make([]GroupPreview, len(p))}
	for i, g := range p {
		out.Groups[i] = GroupPreview{
			Group: g.Group, Action: UpdateAction(g.Action), Options: make([]OptionChange, len(g.Options)),
			Stops: list(g.Stops), Starts: list(g.Starts), Gone: list(g.Gone), New: list(g.New),
		}
		for j, o := range g.Options {
			out.Groups[i].Options[j] = OptionChange(o)
		}
	}
	out.Seen = whatIsSeen(out.Groups)
	return out
}

// whatIsSeen is the same for as long as the files say the same to what runs, which
// processes are up or down meanwhile does not count.
func whatIsSeen(groups []GroupPreview) string {
	seen := slices.Clone(groups)
	for i := range seen {
		seen[i].Stops, seen[i].Starts = nil, nil
	}
	text, err := json.Marshal(seen)
	if err != nil { // cannot be: strings and booleans always encode
		panic(err)
	}
	sum := sha256.Sum256(text)
	return fmt.Sprintf("%x", sum[:12])
}

// FromConfigView gives the files of a configuration.
func FromConfigView(v supervise.ConfigView) ConfigFiles {
	out := ConfigFiles{Files: make([]ConfigFile, len(v.Files)), Findings: make([]ConfigFinding, len(v.Findings))}
	for i, f := range v.Files {
		out.Files[i] = ConfigFile(f)
	}
	for i, f := range v.Findings {
		out.Findings[i] = ConfigFinding{Verdict: Verdict(f.Verdict), File: f.File, Line: f.Line, Section: f.Section, Option: f.Option, Text: f.Text}
	}
	return out
}

// FromResults gives the lines of an action on several processes.
func FromResults(results []supervise.Result) []Result {
	out := make([]Result, 0, len(results))
	for _, r := range results {
		out = append(out, Result{Group: r.Group, Name: r.Name, Code: r.Status.String(), Message: r.Description})
	}
	return out
}

// FromFault gives what is told of a fault.
func FromFault(f supervise.Fault) Fault {
	return Fault{Code: int(f.Code), Name: f.Code.String(), Detail: f.Detail}
}

// FromAccount gives what is told of an account: nothing that proves it. When it
// was last seen, and whether it is who asks, are the caller's to fill.
func FromAccount(a supervise.Account) Account {
	actions := []string{}
	for _, verb := range a.Grant.Actions {
		actions = append(actions, string(verb))
	}
	return Account{
		Name: a.Name, Role: Role(a.Grant.Role.String()), Programs: list(a.Grant.Programs), Deny: list(a.Grant.Deny),
		Actions: actions, Disabled: a.Disabled, Comment: a.Comment, UnixUsers: list(a.UnixUsers), Password: a.Password != "",
		Expires: Millis(a.Expires), Editable: a.Editable, Source: fmt.Sprintf("%s:%d", a.File, a.Line),
	}
}

// Millis gives t in Unix milliseconds, 0 for the zero time.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// list makes an empty list of none, because null is not a list in TypeScript.
func list(names []string) []string {
	if names == nil {
		return []string{}
	}
	return names
}

// FromArrivals gives the times of lines, which begin at offs in rising order.
func FromArrivals(arrivals []supervise.Arrival, offs []int64) Times {
	var times Times
	next, told := 0, -1
	for i, off := range offs {
		for next < len(arrivals) && arrivals[next].Off <= off {
			next++
		}
		if next > 0 && next != told {
			times = append(times, [2]int64{int64(i), arrivals[next-1].At.UnixMilli()})
			told = next
		}
	}
	return times
}

// FromLogFiles gives the files of a log.
func FromLogFiles(files []supervise.LogFile) []LogFile {
	list := make([]LogFile, len(files))
	for i, f := range files {
		list[i] = LogFile{Name: f.Name, N: f.Backup, Off: f.Off, End: f.End, Changed: Millis(f.Changed)}
	}
	return list
}
