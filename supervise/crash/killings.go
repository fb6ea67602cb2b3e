package crash

import (
	"os"
	"path"
	"strconv"
	"strings"
)

// Killings is how many programs the kernel has killed for want of memory, by the
// count of one source: the file it was read from, "" where nobody counts.
type Killings struct {
	Source string
	Count  int64
}

// systemKillings counts what the kernel's out-of-memory killer has killed: among
// the programs of our control group where Linux counts those, else on the whole
// machine. Other systems do not tell.
func systemKillings() Killings {
	return killingsUnder("/")
}

// killingsUnder reads the count where root is /. What the kernel writes there
// comes from no disk.
func killingsUnder(root string) Killings {
	read := func(file string) string {
		text, err := os.ReadFile(path.Join(root, file))
		if err != nil {
			return ""
		}
		return string(text)
	}
	for line := range strings.Lines(read("proc/self/cgroup")) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, _ := strings.Cut(rest, ":")
		file := ""
		switch controllers {
		case "":
			file = path.Join("sys/fs/cgroup", group, "memory.events")
		case "memory":
			file = path.Join("sys/fs/cgroup/memory", group, "memory.oom_control")
		}
		if n, found := counted(read(file)); file != "" && found {
			return Killings{file, n}
		}
	}
	const machine = "proc/vmstat"
	if n, found := counted(read(machine)); found {
		return Killings{machine, n}
	}
	return Killings{}
}

// counted finds the count among lines of names and numbers.
func counted(text string) (int64, bool) {
	for line := range strings.Lines(text) {
		if name, number, _ := strings.Cut(strings.TrimSpace(line), " "); name == "oom_kill" {
			n, err := strconv.ParseInt(number, 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
