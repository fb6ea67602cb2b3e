//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// footprint is what has to be on the disk: of the original, Debian's package and
// the packages of Python that it needs; of ours, the four programs.
func footprint(c contender) (figures, error) {
	if c.name == original {
		return packaged("supervisor")
	}
	total := int64(0)
	for _, program := range []string{"supervisord", "supervisorctl", "pidproxy", "echo_supervisord_conf"} {
		info, err := os.Stat(filepath.Join(c.dir, program))
		if err != nil {
			return nil, fmt.Errorf("measure our programs: %w", err)
		}
		total += info.Size()
	}
	kib := float64(total) / 1024
	return figures{"foot.own": kib, "foot.disk": kib}, nil
}

// packaged asks dpkg for the installed size of a package, and of it with all
// packages of Python that it depends on, directly or not. What a system has
// anyway, such as libc, is left out.
func packaged(name string) (figures, error) {
	sizes := map[string]float64{}
	for wanted := []string{name}; len(wanted) > 0; wanted = wanted[1:] {
		if _, seen := sizes[wanted[0]]; seen {
			continue
		}
		size, needs, err := installed(wanted[0])
		if err != nil {
			return nil, err
		}
		sizes[wanted[0]] = size
		wanted = append(wanted, needs...)
	}
	total := 0.0
	for _, size := range sizes {
		total += size
	}
	return figures{"foot.own": sizes[name], "foot.disk": total}, nil
}

// installed is the size of a package in KiB and which packages of Python it
// needs. Of alternatives, the first counts.
func installed(name string) (kib float64, needs []string, err error) {
	out, err := exec.Command("dpkg-query", "-W", "-f", "${Installed-Size}\n${Pre-Depends}, ${Depends}\n", name).Output()
	if err != nil {
		return 0, nil, fmt.Errorf("ask dpkg for the size of %s: %w", name, err)
	}
	size, depends, _ := strings.Cut(string(out), "\n")
	if kib, err = strconv.ParseFloat(size, 64); err != nil {
		return 0, nil, fmt.Errorf("ask dpkg for the size of %s: %w", name, err)
	}
	for _, depend := range strings.Split(depends, ",") {
		words := strings.Fields(depend)
		if len(words) == 0 {
			continue
		}
		if need, _, _ := strings.Cut(words[0], ":"); strings.Contains(need, "python") {
			needs = append(needs, need)
		}
	}
	return kib, needs, nil
}
