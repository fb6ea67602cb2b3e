//go:build linux

package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// row is one line of the table: what is measured, and what we want of it.
type row struct {
	name string
	unit string
	more bool // more is better; else less is
	goal goal
}

// goal is what is asked of our figure. Of the goals we have set ourselves, those
// against other supervisors and against the bare kernel are not judged here:
// neither runs in this bench.
type goal struct {
	ratio   float64 // so many times better than the original; 0: not asked
	atMost  float64 // NaN: not asked
	atLeast float64 // NaN: not asked
}

// noGoal is for what is told because it belongs to the rows around it.
func noGoal() goal { return goal{0, math.NaN(), math.NaN()} }

func times(ratio float64) goal { return goal{ratio, math.NaN(), math.NaN()} }

func atMost(bound float64) goal { return goal{0, bound, math.NaN()} }

func atLeast(bound float64) goal { return goal{0, math.NaN(), bound} }

func timesAtMost(ratio, bound float64) goal { return goal{ratio, bound, math.NaN()} }

func (g goal) String() string {
	var parts []string
	if g.ratio > 0 {
		parts = append(parts, number(g.ratio)+"x")
	}
	if !math.IsNaN(g.atMost) {
		parts = append(parts, "at most "+number(g.atMost))
	}
	if !math.IsNaN(g.atLeast) {
		parts = append(parts, "at least "+number(g.atLeast))
	}
	return strings.Join(parts, ", ")
}

// met says whether our figure, and its ratio to the original's, are as wanted.
func (g goal) met(figure, ratio float64) bool {
	if g.ratio > 0 && !(ratio >= g.ratio) {
		return false
	}
	if !math.IsNaN(g.atMost) && !(figure <= g.atMost) {
		return false
	}
	return math.IsNaN(g.atLeast) || figure >= g.atLeast
}

// better says how many times better ours is than the original's figure. Nothing
// at all is infinitely better than something, and as good as nothing.
func (r row) better(original, ours float64) float64 {
	if original == ours {
		return 1
	}
	if r.more {
		return ours / original
	}
	return original / ours
}

// rows are the lines of the table, in its order.
var rows = []row{
	{"boot.200.time", "s", false, times(9)},
	{"boot.200.cpu", "s", false, times(4.5)},
	{"boot.1000.time", "s", false, times(5.5)},
	{"boot.1000.cpu", "s", false, times(4.5)},

	{"mem.0.use", "KiB", false, timesAtMost(3.8, 8000)},
	{"mem.100.use", "KiB", false, timesAtMost(3.5, 9000)},
	{"mem.1000.use", "KiB", false, timesAtMost(2.7, 16000)},
	{"mem.per_child", "KiB", false, atMost(9)},

	{"idle.100.cpu", "us/s", false, atMost(20)},
	{"idle.100.wake", "1/s", false, atMost(0.1)},
	{"idle.1000.cpu", "us/s", false, atMost(20)},
	{"idle.1000.wake", "1/s", false, atMost(0.1)},

	{"restart.100.p50", "ms", false, times(400)},
	{"restart.100.p99", "ms", false, times(300)},
	{"restart.1000.p50", "ms", false, times(400)},
	{"restart.1000.p99", "ms", false, times(150)},
	{"storm.200.time", "ms", false, times(10)},

	{"log.plain.mbps", "MB/s", true, times(1.2)},
	{"log.plain.cpu", "s/GB", false, times(1.3)},
	{"log.rot.mbps", "MB/s", true, times(1.15)},
	{"log.rot.cpu", "s/GB", false, times(1.2)},
	{"log.lines.us", "us", false, times(8)},
	{"log.lines.rate", "1/s", true, noGoal()},

	{"rpc.all.10.c1.p50", "us", false, times(12)},
	{"rpc.all.10.c1.cpu", "us", false, times(11)},
	{"rpc.all.10.c8.rps", "1/s", true, times(15)},
	{"rpc.all.1000.c1.p50", "us", false, times(1500)},
	{"rpc.all.1000.c1.cpu", "us", false, times(2500)},
	{"rpc.all.1000.c8.rps", "1/s", true, times(350)},
	{"rpc.info.1000.c1.p50", "us", false, times(250)},
	{"rpc.info.1000.c1.cpu", "us", false, noGoal()},
	{"rpc.info.1000.c8.rps", "1/s", true, times(50)},

	{"control.start.p50", "ms", false, times(5)},
	{"control.stop.p50", "ms", false, times(4)},

	{"status.10.wall", "ms", false, times(30)},
	{"status.10.cpu", "ms", false, times(35)},
	{"status.1000.wall", "ms", false, times(50)},
	{"status.1000.cpu", "ms", false, times(20)},
	{"restartall.200.wall", "s", false, times(4)},

	{"events.rate", "1/s", true, times(3.5)},
	{"events.cpu", "us", false, times(4)},
	{"events.got", "%", true, atLeast(100)},
	{"events.state.p50", "ms", false, timesAtMost(400, 2.5)},

	{"tail.lat.p50", "ms", false, times(300)},
	{"tail.lat.p99", "ms", false, times(150)},
	{"tail.lat.got", "%", true, atLeast(99.5)},

	{"shutdown.1000.time", "s", false, times(12)},

	{"foot.own", "KiB", false, atMost(9500)},
	{"foot.disk", "KiB", false, timesAtMost(2.5, 9500)},
	{"foot.rss", "KiB", false, timesAtMost(3.8, 8000)},

	{"scale.3000.boot", "s", false, times(5)},
	{"scale.3000.mem", "KiB", false, timesAtMost(1.8, 35000)},
	{"scale.3000.rpc", "ms", false, times(1000)},
	{"scale.exp.rpc", "", false, atMost(1.05)},
}

// number prints three digits that matter, and no more zeros than that.
func number(v float64) string {
	switch {
	case math.IsInf(v, 0):
		return "inf"
	case math.Abs(v) >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	default:
		return fmt.Sprintf("%.3g", v)
	}
}
