package ctl

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"supervisor/server/wire"
	"supervisor/supervise"
)

// dryRun tells what update would do. The server compares the files with what
// runs and keeps nothing. The original has no way to do that: its reread takes
// some of [supervisord] into use at once, so against it nothing is asked for.
func dryRun(ctx context.Context, c *controller, arg string) error {
	cl, err := c.connect()
	if err != nil {
		return err
	}
	defer cl.close()
	var preview wire.Preview
	fault, err := cl.get(ctx, "/api/v1/config/preview", &preview)
	switch {
	case err != nil:
		return err
	case fault == nil:
	case fault.Code == int(supervise.FaultShutdownState):
		return c.refused("already shutting down")
	case fault.Name == "NOT_FOUND":
		return c.refused("this supervisord cannot tell what an update would do; reread names the groups that differ")
	default:
		text := strings.TrimSuffix(fault.Name+": "+fault.Detail, ": ")
		c.problem("ERROR: "+text, failure{Message: text, Fault: fault.Name, Code: fault.Code})
		c.status = exitGeneric
		return nil
	}
	groups, err := c.previewed(ctx, cl, preview.Groups, updateNames(arg))
	if err != nil {
		return err
	}
	if c.json != nil {
		c.json.set("groups", groups)
		return nil
	}
	for _, line := range previewLines(groups) {
		c.out.Line(line)
	}
	return nil
}

// updateNames are the groups that the words after update name; none are all.
func updateNames(arg string) []string {
	names := strings.Fields(arg)
	if slices.Contains(names, "all") || slices.Contains(names, "*") {
		return nil
	}
	return names
}

// previewed leaves the groups that were named, and complains as update would.
func (c *controller) previewed(ctx context.Context, cl *client, groups []wire.GroupPreview, names []string) ([]wire.GroupPreview, error) {
	var p plan
	for _, g := range groups {
		if g.Action == wire.UpdateAdded {
			p.added = append(p.added, g.Group)
		}
	}
	names, err := c.updateGroups(ctx, cl, names, p)
	if err != nil || len(names) == 0 {
		return groups, err
	}
	unwanted := func(g wire.GroupPreview) bool { return !slices.Contains(names, g.Group) }
	return slices.DeleteFunc(groups, unwanted), nil
}

// get asks for JSON. An answer that is none of ours is NOT_FOUND.
func (cl *client) get(ctx context.Context, path string, answer any) (*wire.Fault, error) {
	request := cl.request(ctx, http.MethodGet, path, nil)
	cl.authorize(request.Header)
	cl.flush()
	response, err := cl.transport.RoundTrip(request)
	if err != nil {
		return nil, cause(ctx, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, cause(ctx, err)
	}
	if response.StatusCode == http.StatusUnauthorized {
		return nil, protocolError{response.StatusCode, reason(response)}
	}
	if response.StatusCode == http.StatusOK && json.Unmarshal(body, answer) == nil {
		return nil, nil
	}
	var told wire.Failure
	if json.Unmarshal(body, &told) == nil && told.Error.Name != "" {
		return &told.Error, nil
	}
	return &wire.Fault{Name: "NOT_FOUND"}, nil
}

// previewLines lays out what an update would do: a line for each group, and below
// it what differs and which processes it would touch, in columns.
func previewLines(groups []wire.GroupPreview) []string {
	if len(groups) == 0 {
		return []string{"No config updates to processes"}
	}
	var lines []string
	for _, g := range groups {
		lines = append(lines, g.Group+": "+verdict(g))
		rows := previewRows(g)
		width := 0
		for _, row := range rows {
			width = max(width, utf8.RuneCountInString(row[0]))
		}
		for _, row := range rows {
			lines = append(lines, fmt.Sprintf("    %-*s  %s", width, row[0], row[1]))
		}
	}
	return append(lines, "Nothing was done.")
}

func verdict(g wire.GroupPreview) string {
	switch {
	case g.Action != wire.UpdateChanged:
		return "would be " + string(g.Action)
	case len(g.Stops) == 0:
		return "would take its new configuration"
	}
	return "would be restarted with its new configuration"
}

func previewRows(g wire.GroupPreview) [][2]string {
	var rows [][2]string
	for _, o := range g.Options {
		name := strings.TrimSpace(o.Option + " " + o.Variable)
		text := shownOption(o.Old) + " -> " + shownOption(o.New)
		if o.Hidden && o.Old != nil && o.New != nil && *o.Old == *o.New {
			text += "  (what differs is not shown)"
		}
		if len(o.Processes) > 0 {
			text += "  (" + someNames(g.Group, o.Processes) + ")"
		}
		rows = append(rows, [2]string{name, text})
	}
	for _, list := range []struct {
		what  string
		names []string
	}{{"no longer has", g.Gone}, {"newly has", g.New}, {"stops", g.Stops}, {"starts", g.Starts}} {
		if len(list.names) > 0 {
			rows = append(rows, [2]string{list.what, someNames(g.Group, list.names)})
		}
	}
	return rows
}

// shownOption keeps a value on its line.
func shownOption(value *string) string {
	switch {
	case value == nil:
		return "(not set)"
	case *value == "":
		return "(empty)"
	case strings.ContainsFunc(*value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return supervise.Quote(*value)
	}
	return *value
}

// someNames lists processes, and of many the first few.
func someNames(group string, processes []string) string {
	const few = 6
	names := make([]string, 0, few)
	for _, process := range processes[:min(few, len(processes))] {
		names = append(names, namespec(group, process))
	}
	text := strings.Join(names, ", ")
	if more := len(processes) - few; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
