//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// machine says where and when a report was made, and of what.
func machine(b *bench) []string {
	children := "a static child of a few instructions"
	if runtime.GOARCH != "amd64" {
		children = "sleep(1)"
	}
	return []string{
		fmt.Sprintf("Measured %s on %d cores of %s, Linux %s, %.1f GiB of memory; %s; logs under %s.",
			time.Now().UTC().Format("2006-01-02 15:04 UTC"), runtime.NumCPU(), processor(), kernel(), physical(), runtime.Version(), b.dir),
		fmt.Sprintf("Original: supervisor %s on %s. Ours: %s. Both supervised %s; medians of %d interleaved pairs.",
			version(b.contenders[0]), said("python3", "/usr/bin/python3", "--version"), version(b.contenders[1]), children, b.runs),
	}
}

func version(c contender) string { return said(c.name, c.supervisord(), "--version") }

// said is what a program answers, or what it is called where it does not.
func said(name string, command ...string) string {
	out, err := exec.Command(command[0], command[1:]...).Output()
	if err != nil {
		return name
	}
	return strings.TrimSpace(string(out))
}

func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	_, rest, found := strings.Cut(string(text), "model name")
	if !found {
		return runtime.GOARCH
	}
	name, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(strings.TrimLeft(name, "\t :"))
}

func kernel() string { return said("of unknown release", "uname", "-r") }

// physical is the memory of the machine in GiB.
func physical() float64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	var kib float64
	if _, err := fmt.Sscanf(string(text), "MemTotal: %f kB", &kib); err != nil {
		return 0
	}
	return kib / (1 << 20)
}

// load is what has been waiting for a CPU of late, over one, five and fifteen
// minutes.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}
