//go:build linux

package main

import (
	"context"
	"math"
)

// scenarios are all there are, cheap ones first: what a scenario derives may use
// what those before it have measured.
func scenarios() []scenario {
	return []scenario{
		{name: "on the disk", derived: []string{"foot.own", "foot.disk"}, alone: footprint},
		nothing(),
		ten(),
		events(),
		tail(),
		hundred(),
		twoHundred(),
		flooded("plain", "stdout_logfile_maxbytes=0"),
		flooded("rot", "stdout_logfile_maxbytes=50MB", "stdout_logfile_backups=10"),
		manyLines(),
		thousand(),
		threeThousand(),
	}
}

func nothing() scenario {
	return scenario{
		name:   "no program",
		config: func(string) string { return "" },
		steps: []step{
			{measure: settle},
			memoryUse("mem.0.use"),
			{[]string{"foot.rss"}, func(_ context.Context, d *daemon) (figures, error) {
				kib, err := memory("status", "VmRSS", d.own()...)
				return figures{"foot.rss": kib}, err
			}},
		},
	}
}

func ten() scenario {
	return scenario{
		name:     "10 programs",
		children: 10,
		config:   func(dir string) string { return programs(dir, 10, idleName) },
		steps: []step{
			{measure: checkAnswers(10)},
			latency("rpc.all.10", "supervisor.getAllProcessInfo"),
			throughput("rpc.all.10", "supervisor.getAllProcessInfo"),
			status(10, 10),
			{[]string{"control.start.p50", "control.stop.p50"}, control},
		},
	}
}

func hundred() scenario {
	return scenario{
		name:     "100 programs",
		children: 100,
		config:   func(dir string) string { return programs(dir, 100, idleName) },
		steps: []step{
			{measure: settle},
			memoryUse("mem.100.use"),
			idle(100),
			restart(100, 30),
		},
	}
}

func twoHundred() scenario {
	return scenario{
		name:     "200 programs",
		children: 200,
		config:   func(dir string) string { return programs(dir, 200, idleName) },
		steps: []step{
			boot(200),
			{measure: settle},
			{[]string{"storm.200.time"}, storm},
			{measure: settle},
			{[]string{"restartall.200.wall"}, restartAll},
		},
	}
}

func thousand() scenario {
	return scenario{
		name:     "1000 programs",
		children: 1000,
		config:   func(dir string) string { return programs(dir, 1000, idleName) },
		steps: []step{
			boot(1000),
			{measure: settle},
			memoryUse("mem.1000.use"),
			idle(1000),
			restart(1000, 20),
			{measure: checkAnswers(1000)},
			latency("rpc.all.1000", "supervisor.getAllProcessInfo"),
			throughput("rpc.all.1000", "supervisor.getAllProcessInfo"),
			latency("rpc.info.1000", "supervisor.getProcessInfo", programName(500)),
			throughput("rpc.info.1000", "supervisor.getProcessInfo", programName(500)),
			status(1000, 3),
			{[]string{"shutdown.1000.time"}, shutdown},
		},
		derived: []string{"mem.per_child"},
		derive: func(run figures) {
			none, hasNone := run["mem.0.use"]
			all, hasAll := run["mem.1000.use"]
			if hasNone && hasAll {
				run["mem.per_child"] = (all - none) / 1000
			}
		},
	}
}

func threeThousand() scenario {
	return scenario{
		name:     "3000 programs",
		long:     true,
		children: 3000,
		config:   func(dir string) string { return programs(dir, 3000, idleName) },
		steps: []step{
			{[]string{"scale.3000.boot"}, func(_ context.Context, d *daemon) (figures, error) {
				return figures{"scale.3000.boot": d.bootTime.Seconds()}, nil
			}},
			{measure: settle},
			memoryUse("scale.3000.mem"),
			{[]string{"scale.3000.rpc", "scale.exp.rpc"}, func(ctx context.Context, d *daemon) (figures, error) {
				calls, err := callAgain(ctx, d, request("supervisor.getAllProcessInfo"))
				return figures{"scale.3000.rpc": calls.median * 1e3}, err
			}},
		},
		derived: []string{"scale.exp.rpc"},
		derive: func(run figures) {
			small, hasSmall := run["rpc.all.1000.c1.p50"] // us
			large, hasLarge := run["scale.3000.rpc"]      // ms
			if hasSmall && hasLarge {
				run["scale.exp.rpc"] = math.Log(large*1e3/small) / math.Log(3)
			}
		},
	}
}

// settle leaves the daemon alone for a while.
func settle(ctx context.Context, _ *daemon) (figures, error) {
	return nil, pause(ctx, settleTime)
}
