package ctl

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"supervisor/supervise"
)

// processInfo is what supervisorctl uses of getProcessInfo.
type processInfo struct {
	Group       string `xmlrpc:"group"`
	Name        string `xmlrpc:"name"`
	State       int    `xmlrpc:"state"`
	StateName   string `xmlrpc:"statename"`
	Description string `xmlrpc:"description"`
	PID         int    `xmlrpc:"pid"`
	Start       int    `xmlrpc:"start"`
	Stop        int    `xmlrpc:"stop"`
	Now         int    `xmlrpc:"now"`
	ExitStatus  int    `xmlrpc:"exitstatus"`
	SpawnErr    string `xmlrpc:"spawnerr"`
	StdoutLog   string `xmlrpc:"stdout_logfile"`
	StderrLog   string `xmlrpc:"stderr_logfile"`
}

func (p processInfo) namespec() string { return namespec(p.Group, p.Name) }
func (p processInfo) stopped() bool    { return supervise.State(p.State).Stopped() }
func (p processInfo) running() bool {
	return supervise.State(p.State) == supervise.StateRunning
}

// configInfo is what supervisorctl uses of getAllConfigInfo.
type configInfo struct {
	Group         string `xmlrpc:"group"`
	Name          string `xmlrpc:"name"`
	InUse         bool   `xmlrpc:"inuse"`
	AutoStart     bool   `xmlrpc:"autostart"`
	GroupPriority int    `xmlrpc:"group_prio"`
	Priority      int    `xmlrpc:"process_prio"`
}

// result is one line of the answer to a command on several processes.
type result struct {
	Group       string `xmlrpc:"group"`
	Name        string `xmlrpc:"name"`
	Status      int    `xmlrpc:"status"`
	Description string `xmlrpc:"description"`
}

func (r result) code() supervise.FaultCode { return supervise.FaultCode(r.Status) }

// namespec is how a process is called: by its name alone when its group has the
// same one.
func namespec(group, name string) string {
	return supervise.NameSpec{Group: group, Process: name}.String()
}

// statusLines lays out status: the name padded to the longest, but at least 30,
// the state to 10, and what there is to say (supervisorctl.py:643-655).
func statusLines(infos []processInfo) []string {
	width := 30
	for _, info := range infos {
		width = max(width, utf8.RuneCountInString(info.namespec()))
	}
	lines := make([]string, len(infos))
	for i, info := range infos {
		lines[i] = fmt.Sprintf("%-*s%-10s%s", width+3, info.namespec(), info.StateName, info.Description)
	}
	return lines
}

// availLine lays out one line of avail.
func availLine(info configInfo) string {
	use, start := "avail", "manual"
	if info.InUse {
		use = "in use"
	}
	if info.AutoStart {
		start = "auto"
	}
	return fmt.Sprintf("%-32s %-9s %-9s %d:%d",
		namespec(info.Group, info.Name), use, start, info.GroupPriority, info.Priority)
}

// columns lays names out as Python's cmd.columnize does: down the columns, in
// the fewest rows that fit the width, two blanks apart.
func columns(names []string, width int) []string {
	for rows := 1; rows < len(names); rows++ {
		widths := columnWidths(names, rows)
		if total(widths) <= width {
			return layRows(names, rows, widths)
		}
	}
	return names
}

func columnWidths(names []string, rows int) []int {
	widths := make([]int, (len(names)+rows-1)/rows)
	for i, name := range names {
		widths[i/rows] = max(widths[i/rows], utf8.RuneCountInString(name))
	}
	return widths
}

// total is how wide a row is.
func total(widths []int) int {
	sum := -2
	for _, w := range widths {
		sum += w + 2
	}
	return sum
}

func layRows(names []string, rows int, widths []int) []string {
	lines := make([]string, rows)
	for row := range lines {
		var cells []string
		for col, w := range widths {
			if i := row + rows*col; i < len(names) {
				cells = append(cells, fmt.Sprintf("%-*s", w, names[i]))
			}
		}
		lines[row] = strings.Join(cells, "  ")
	}
	return lines
}

// parseInt reads a number as Python's int does, as far as anybody types one: a
// sign, and digits that may be grouped by single underscores. A number too large
// for anything comes back as one too large for XML-RPC.
func parseInt(text string) (int64, error) {
	digits := strings.TrimLeft(text, "+-")
	if len(text)-len(digits) > 1 || digits == "" || strings.Trim(digits, "0123456789_") != "" {
		return 0, errors.New("not a number")
	}
	if strings.HasPrefix(digits, "_") || strings.HasSuffix(digits, "_") || strings.Contains(digits, "__") {
		return 0, errors.New("not a number")
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, 64)
	if err != nil {
		return n, nil // out of range: n is the largest there is
	}
	return n, nil
}
