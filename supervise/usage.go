package supervise

import "time"

// Unmeasured stands for a figure that this system does not tell, or not yet. No
// figure that was measured is negative.
const Unmeasured = -1

// Usage is what a process used at one moment: its child, all that descends from
// it, and what it left behind in its process group or session, added up.
type Usage struct {
	PID int // of the child: a sample belongs to one incarnation
	// CPU is the share of one processor since the sample before, in percent; the
	// first sample of an incarnation has none.
	CPU float64
	// CPUTime is the processor time used so far by every incarnation that was
	// looked at. It never goes down while samples are taken.
	CPUTime     time.Duration
	Memory      int64 // resident bytes; what several share counts for each
	Descriptors int64 // open
	Threads     int64
	Processes   int64 // alive
}

// NoUsage is the usage of what has not been measured.
var NoUsage = Usage{CPU: Unmeasured, CPUTime: Unmeasured, Memory: Unmeasured, Descriptors: Unmeasured, Threads: Unmeasured, Processes: Unmeasured}

// FirstSample is how long an answer waits for figures where none have been taken
// yet; Prometheus itself waits ten seconds, unless it was told otherwise.
const FirstSample = 3 * time.Second

// UsagePoint is what a process used in a while that ended at At: CPU is the mean,
// the others are the highest.
type UsagePoint struct {
	At time.Time
	Usage
}
