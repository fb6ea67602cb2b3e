package scrape

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/supervise"
)

// Engine is what this room needs of whoever keeps the processes.
type Engine interface {
	Identity() supervise.Identity
	Snapshot(ctx context.Context) (supervise.Snapshot, error)
	Pools(ctx context.Context) ([]supervise.PoolInfo, error)
}

// Metrics is what this room needs of whoever measures what processes use.
type Metrics interface {
	// Look sees to it that there is a sample, and waits for it.
	Look(ctx context.Context) error
	Usage(id int) supervise.Usage
}

// contentType names the format.
const contentType = "text/plain; version=0.0.4; charset=utf-8"

// Handler answers for engine, and with what metrics has measured; nil for nothing.
func Handler(engine Engine, metrics Metrics) http.Handler {
	return reply.Handler(func(w http.ResponseWriter, r *http.Request) error {
		if metrics != nil {
			ctx, cancel := context.WithTimeout(r.Context(), supervise.FirstSample)
			defer cancel()
			if err := metrics.Look(ctx); err != nil {
				reply.Log(r.Context()).Debug("wait for a sample", "err", err) // the rest is true all the same
			}
		}
		snapshot, err := engine.Snapshot(r.Context())
		if err != nil {
			return err
		}
		pools, err := engine.Pools(r.Context())
		if err != nil {
			return err
		}
		may := auth.Scope(r.Context(), auth.View)
		text := page(engine.Identity(), look(snapshot, may, metrics))
		text = poolPage(text, lookAtPools(pools, may))
		w.Header().Set("Content-Type", contentType)
		_, err = w.Write(text)
		return err
	})
}

// sight is a process with what it uses.
type sight struct {
	supervise.ProcessInfo
	used   supervise.Usage
	labels string
}

// look gives the processes that may be seen; may is nil for all of them.
func look(snapshot supervise.Snapshot, may func(supervise.NameSpec) bool, metrics Metrics) []sight {
	seen := make([]sight, 0, len(snapshot.Processes))
	for _, p := range snapshot.Processes {
		if may != nil && !may(p.NameSpec()) {
			continue
		}
		used := supervise.NoUsage
		if metrics != nil {
			used = metrics.Usage(p.ID)
		}
		if used.PID != p.PID { // of the child before this one
			total := used.CPUTime // of all its children
			used = supervise.NoUsage
			used.CPUTime = total
		}
		seen = append(seen, sight{p, used, labels(p.NameSpec())})
	}
	return seen
}

// family is one metric: what it is called, and the number it has for a process, if
// any.
type family struct {
	name, kind, help string
	of               func(s *sight) (value float64, known bool)
}

var families = [...]family{
	{"supervisor_process_up", "gauge", "1 while the process is RUNNING, else 0.", func(s *sight) (float64, bool) {
		if s.State == supervise.StateRunning {
			return 1, true
		}
		return 0, true
	}},
	{"supervisor_process_state", "gauge", "State: 0 STOPPED, 10 STARTING, 20 RUNNING, 30 BACKOFF, 40 STOPPING, 100 EXITED, 200 FATAL, 1000 UNKNOWN.", func(s *sight) (float64, bool) {
		return float64(s.State), true
	}},
	{"supervisor_process_start_time_seconds", "gauge", "When the child that runs was started, in Unix time.", func(s *sight) (float64, bool) {
		return seconds(s.Start), s.PID != 0 && !s.Start.IsZero()
	}},
	{"supervisor_process_restarts_total", "counter", "Times it was started again without anybody asking.", func(s *sight) (float64, bool) {
		return float64(s.Restarts), true
	}},
	{"supervisor_process_exit_status", "gauge", "Status of the last exit, -1 for a death by signal.", func(s *sight) (float64, bool) {
		return float64(s.LastStatus()), !s.Stop.IsZero()
	}},
	{"supervisor_process_cpu_seconds_total", "counter", "Processor time of the process and all that belongs to it, since it is measured.", func(s *sight) (float64, bool) {
		return s.used.CPUTime.Seconds(), s.used.CPUTime >= 0
	}},
	{"supervisor_process_resident_memory_bytes", "gauge", "Resident memory of the process and all that belongs to it.", func(s *sight) (float64, bool) {
		return measured(s.used.Memory)
	}},
	{"supervisor_process_open_fds", "gauge", "Open descriptors of the process and all that belongs to it.", func(s *sight) (float64, bool) {
		return measured(s.used.Descriptors)
	}},
	{"supervisor_process_threads", "gauge", "Threads of the process and all that belongs to it.", func(s *sight) (float64, bool) {
		return measured(s.used.Threads)
	}},
	{"supervisor_process_processes", "gauge", "Processes that belong to it, itself among them.", func(s *sight) (float64, bool) {
		return measured(s.used.Processes)
	}},
}

func measured(n int64) (float64, bool) { return float64(n), n >= 0 }

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// page writes the answer. A metric that nobody has is left out.
func page(id supervise.Identity, seen []sight) []byte {
	b := make([]byte, 0, 1024+len(seen)*len(families)*100)
	b = head(b, "supervisor_info", "gauge", "Which supervisord this is.")
	b = append(b, `supervisor_info{identifier="`+label(id.Identifier)+`",version="`+label(id.Version)+`"} 1`+"\n"...)
	b = head(b, "supervisor_start_time_seconds", "gauge", "When supervisord was started, in Unix time.")
	b = line(b, "supervisor_start_time_seconds", "", seconds(id.Started))
	for _, f := range families {
		begun := false
		for i := range seen {
			value, known := f.of(&seen[i])
			if !known {
				continue
			}
			if !begun {
				b = head(b, f.name, f.kind, f.help)
				begun = true
			}
			b = line(b, f.name, seen[i].labels, value)
		}
	}
	return b
}

func labels(name supervise.NameSpec) string {
	return `{group="` + label(name.Group) + `",name="` + label(name.Process) + `"}`
}

func head(b []byte, name, kind, help string) []byte {
	b = append(b, "# HELP "+name+" "+help+"\n"...)
	return append(b, "# TYPE "+name+" "+kind+"\n"...)
}

func line(b []byte, name, labels string, value float64) []byte {
	b = append(append(append(b, name...), labels...), ' ')
	return append(strconv.AppendFloat(b, value, 'f', -1, 64), '\n')
}

// escapes of the value of a label; the format knows no others.
var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func label(text string) string { return escapes.Replace(strings.ToValidUTF8(text, "\ufffd")) }
