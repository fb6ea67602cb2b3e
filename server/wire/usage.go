package wire

import (
	"math"
	"strconv"
	"time"

	"supervisor/supervise"
)

// Figure is a measured number; null when it was not measured: not yet, or not on
// this system, or there is nothing to measure. There are no invented zeros.
type Figure float64

// Unmeasured is the figure that is sent as null; every negative one is.
const Unmeasured Figure = supervise.Unmeasured

// TypeScript is what the generated types call it.
func (Figure) TypeScript() string { return "number | null" }

// MarshalJSON writes null for what was not measured.
func (f Figure) MarshalJSON() ([]byte, error) { return f.append(nil), nil }

// UnmarshalJSON reads it again.
func (f *Figure) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*f = Unmeasured
		return nil
	}
	n, err := strconv.ParseFloat(string(text), 64)
	*f = Figure(n)
	return err
}

func (f Figure) append(b []byte) []byte {
	if f < 0 || math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, float64(f), 'f', -1, 64)
}

// Figures are a column of them.
type Figures []Figure

// MarshalJSON writes the column at once; none at all is empty.
func (c Figures) MarshalJSON() ([]byte, error) {
	b := append(make([]byte, 0, 8*len(c)+2), '[')
	for i, f := range c {
		if i > 0 {
			b = append(b, ',')
		}
		b = f.append(b)
	}
	return append(b, ']'), nil
}

// Usage is what a process uses: its child, all that descends from it, and what it
// left behind in its process group or session.
type Usage struct {
	// The child that was measured.
	PID int `json:"pid"`
	// Percent of one processor, since the sample before; null for the first one of
	// a child.
	CPU Figure `json:"cpu"`
	// Seconds of processor time, of all its children since somebody looks.
	CPUSeconds Figure `json:"cpuSeconds"`
	// Resident bytes. Pages that several share count for each.
	Memory      Figure `json:"memory"`
	Descriptors Figure `json:"descriptors"`
	Threads     Figure `json:"threads"`
	Processes   Figure `json:"processes"`
}

// FromUsage gives what is told of a sample, nil if there is none.
func FromUsage(u supervise.Usage) *Usage {
	if u == supervise.NoUsage {
		return nil
	}
	seconds := Unmeasured
	if u.CPUTime >= 0 {
		seconds = Figure(math.Round(u.CPUTime.Seconds()*100) / 100)
	}
	return &Usage{
		PID: u.PID, CPU: percent(u.CPU), CPUSeconds: seconds, Memory: Figure(u.Memory),
		Descriptors: Figure(u.Descriptors), Threads: Figure(u.Threads), Processes: Figure(u.Processes),
	}
}

// percent rounds to tenths, which is as much as can be known of a second.
func percent(cpu float64) Figure { return Figure(math.Round(cpu*10) / 10) }

// Columns are samples, each figure in a list of its own, in the same order.
type Columns struct {
	CPU         Figures `json:"cpu"`
	Memory      Figures `json:"memory"`
	Descriptors Figures `json:"descriptors"`
	Threads     Figures `json:"threads"`
	Processes   Figures `json:"processes"`
}

// Add puts one more sample at the end of each.
func (c *Columns) Add(u supervise.Usage) {
	c.CPU = append(c.CPU, percent(u.CPU))
	c.Memory = append(c.Memory, Figure(u.Memory))
	c.Descriptors = append(c.Descriptors, Figure(u.Descriptors))
	c.Threads = append(c.Threads, Figure(u.Threads))
	c.Processes = append(c.Processes, Figure(u.Processes))
}

// ProcessMetrics answers GET /api/v1/processes/{name}/metrics: the last hour, of
// all children the process had in it. Figures are as in Usage; of a step, the mean
// of cpu and the highest of the others. Steps in which nothing was measured, or
// nothing ran, are not there.
type ProcessMetrics struct {
	At int64 `json:"at"`
	// What it uses now; null if it does not run.
	Usage *Usage `json:"usage"`
	// For how many milliseconds history goes on after somebody looked
	// (metrics_history=): 0 for none, -1 for always.
	Keeps int64 `json:"keeps"`
	// Milliseconds that a step lasts.
	Step int64 `json:"step"`
	// When the steps ended, oldest first; the last one may be going on.
	Times []int64 `json:"times"`
	// The child in each; another one than before says that it was started anew.
	PIDs []int `json:"pids"`
	Columns
}

// AddPoint puts one more step at the end.
func (m *ProcessMetrics) AddPoint(p supervise.UsagePoint) {
	m.Times = append(m.Times, Millis(p.At))
	m.PIDs = append(m.PIDs, p.PID)
	m.Add(p.Usage)
}

// NewProcessMetrics gives the answer before there are steps in it. keeps is
// negative for always.
func NewProcessMetrics(now *Usage, at time.Time, keeps, step time.Duration) ProcessMetrics {
	m := ProcessMetrics{At: Millis(at), Usage: now, Keeps: -1, Step: step.Milliseconds(), Times: []int64{}, PIDs: []int{}}
	if keeps >= 0 {
		m.Keeps = keeps.Milliseconds()
	}
	return m
}
