package ctl

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"supervisor/supervise"
)

// reach connects and makes sure that the server is there and speaks our version,
// before a command says anything else (supervisorctl.py upcheck). When it is not,
// the reason is printed, the status set, and client is nil.
func (c *controller) reach(ctx context.Context) (*client, error) {
	cl, err := c.connect()
	if err != nil {
		return nil, err
	}
	var api string
	err = cl.call(ctx, &api, "getVersion")
	if err == nil && api == supervise.APIVersion {
		return cl, nil
	}
	cl.close()
	message, exit, known := c.unreachable(api, err)
	if !known {
		return nil, err
	}
	f := failure{Message: message, URL: c.settings.serverURL, Hints: c.hints(err)}
	if err != nil {
		f.Code, f.Fault = failureOf(err).Code, failureOf(err).Fault
	}
	c.problem(message, f)
	c.advise(f.Hints)
	c.status = exit
	return nil, nil
}

// unreachable explains a failed check. known is false for what the original did
// not expect either.
func (c *controller) unreachable(api string, err error) (message string, exit int, known bool) {
	switch {
	case err == nil:
		return "Sorry, this version of supervisorctl expects to talk to a server with API version " +
			supervise.APIVersion + ", but the remote version is " + api + ".", exitNotInstalled, true
	case faultCode(err) == int(supervise.FaultUnknownMethod):
		return "Sorry, supervisord responded but did not recognize the supervisor namespace commands " +
			"that supervisorctl uses to control it.  Please check that the [rpcinterface:supervisor] " +
			"section is enabled in the configuration file (see sample.conf).", exitUnimplemented, true
	case errors.Is(err, syscall.ECONNREFUSED):
		return c.settings.serverURL + " refused connection", exitPrivileges, true
	case errors.Is(err, syscall.ENOENT):
		return c.settings.serverURL + " no such file", exitNotRunning, true
	}
	return "", 0, false
}

// status prints what the processes are doing.
func status(ctx context.Context, c *controller, arg string) error {
	cl, err := c.reach(ctx)
	if err != nil {
		return err
	}
	if cl == nil {
		c.status = exitStatusUnknown
		return nil
	}
	defer cl.close()
	var all []processInfo
	if err := cl.call(ctx, &all, "getAllProcessInfo"); err != nil {
		return err
	}
	wanted, complete := c.matching(all, strings.Fields(arg))
	if !complete {
		c.status = exitStatusUnknown
	}
	c.printStatus(wanted)
	if slices.ContainsFunc(wanted, processInfo.stopped) {
		c.status = exitStatusNotRunning
	}
	return nil
}

func (c *controller) printStatus(infos []processInfo) {
	if c.json != nil {
		c.json.set("processes", processAnswers(infos))
		return
	}
	for _, line := range statusLines(infos) {
		c.out.Line(line)
	}
}

// matching picks the processes the names mean, in the order of the names, and
// complains of those that mean none; complete is false when there were any.
func (c *controller) matching(all []processInfo, names []string) (wanted []processInfo, complete bool) {
	names = expandNames(names, all, asGroup)
	if len(names) == 0 || slices.Contains(names, "all") {
		return all, true
	}
	complete = true
	for _, name := range names {
		spec := supervise.ParseNameSpec(name)
		before := len(wanted)
		for _, info := range all {
			if info.Group == spec.Group && (spec.WholeGroup() || info.Name == spec.Process) {
				wanted = append(wanted, info)
			}
		}
		if len(wanted) > before {
			continue
		}
		complete = false
		if spec.WholeGroup() {
			c.noSuch(spec.Group, "no such group")
		} else {
			c.noSuch(name, "no such process")
		}
	}
	return wanted, complete
}

// pid prints the pid of supervisord, of every process, or of the ones named.
func pid(ctx context.Context, c *controller, arg string) error {
	cl, err := c.reach(ctx)
	if cl == nil {
		return err
	}
	defer cl.close()
	names, err := c.expand(ctx, cl, strings.Fields(arg), asMembers)
	switch {
	case err != nil:
		return err
	case len(names) == 0:
		var own int
		if err := cl.call(ctx, &own, "getPID"); err != nil {
			return err
		}
		c.printOwnPID(own)
		return nil
	case slices.Contains(names, "all"):
		var all []processInfo
		if err := cl.call(ctx, &all, "getAllProcessInfo"); err != nil {
			return err
		}
		c.printPIDs(all)
		return nil
	}
	var known []processInfo
	for _, name := range names {
		info, found, err := c.pidOf(ctx, cl, name)
		if err != nil {
			return err
		}
		if found {
			known = append(known, info)
		}
	}
	if c.json != nil {
		c.printPIDs(known)
	}
	return nil
}

func (c *controller) printOwnPID(pid int) {
	if c.json != nil {
		c.json.set("pid", pid)
		return
	}
	c.out.Line(strconv.Itoa(pid))
}

func (c *controller) printPIDs(infos []processInfo) {
	answers := make([]pidAnswer, len(infos))
	for i, info := range infos {
		answers[i] = pidAnswer{info.namespec(), info.PID}
		if c.json == nil {
			c.out.Line(strconv.Itoa(info.PID))
		}
	}
	if c.json != nil {
		c.json.set("processes", answers)
	}
}

// pidOf asks for one process and prints its pid, or that there is none; in JSON
// what is known is printed with the others.
func (c *controller) pidOf(ctx context.Context, cl *client, name string) (info processInfo, found bool, err error) {
	err = cl.call(ctx, &info, "getProcessInfo", name)
	switch {
	case faultCode(err) == int(supervise.FaultBadName):
		c.problem("No such process "+name, failure{Name: name, Message: "no such process"})
		c.status = exitGeneric
		return info, false, nil
	case err != nil:
		return info, false, err
	}
	if c.json == nil {
		c.out.Line(strconv.Itoa(info.PID))
	}
	if info.PID == 0 {
		c.status = exitNotRunning
	}
	return info, true, nil
}

// avail lists every process of the configuration last read.
func avail(ctx context.Context, c *controller, arg string) error {
	if !c.noArguments("avail", arg) {
		return nil
	}
	cl, err := c.connect()
	if err != nil {
		return err
	}
	defer cl.close()
	var infos []configInfo
	err = cl.call(ctx, &infos, "getAllConfigInfo")
	if faultCode(err) == int(supervise.FaultShutdownState) {
		return c.refused("supervisor shutting down")
	}
	if err != nil {
		return err
	}
	if c.json != nil {
		c.json.set("processes", configAnswers(infos))
		return nil
	}
	for _, info := range infos {
		c.out.Line(availLine(info))
	}
	return nil
}

// refused prints an ERROR line.
func (c *controller) refused(message string) error {
	c.problem("ERROR: "+message, failure{Message: message})
	c.status = exitGeneric
	return nil
}

// version prints which Supervisor the server stands for.
func version(ctx context.Context, c *controller, arg string) error {
	if !c.noArguments("version", arg) {
		return nil
	}
	cl, err := c.reach(ctx)
	if cl == nil {
		return err
	}
	defer cl.close()
	var number string
	if err := cl.call(ctx, &number, "getSupervisorVersion"); err != nil {
		return err
	}
	if c.json != nil {
		c.json.set("version", number)
		return nil
	}
	c.out.Line(number)
	return nil
}

// open turns to another server and shows what runs there. The status stays what
// it was, whether the server answers or not (supervisorctl.py do_open).
func open(ctx context.Context, c *controller, arg string) error {
	if scheme, _ := splitScheme(arg); scheme != "unix" && scheme != "http" {
		return c.refused("url must be http:// or unix://")
	}
	c.settings.serverURL, c.settings.urlFrom, c.settings.urlGiven = arg, "the one given to open", true
	before := c.status
	err := status(ctx, c, "")
	c.status = before
	return err
}

// printLog prints a log that the server reads out, or why it cannot be read.
func (c *controller) printLog(ctx context.Context, cl *client, name, method string, args ...any) error {
	var text string
	err := cl.call(ctx, &text, method, args...)
	switch supervise.FaultCode(faultCode(err)) {
	case supervise.FaultNoFile:
		return c.failed(name, "no log file")
	case supervise.FaultFailed:
		return c.failed(name, "unknown error reading log")
	case supervise.FaultBadName:
		return c.failed(name, "no such process name")
	}
	if err != nil {
		return err
	}
	c.out.Line(text)
	return nil
}

// failed prints why nothing could be done for name.
func (c *controller) failed(name, why string) error {
	c.out.Line(fmt.Sprintf("%s: ERROR (%s)", name, why))
	c.status = exitGeneric
	return nil
}

// defaultTail is how many bytes tail and maintail print when not told.
const defaultTail = 1600

// tail prints the end of a log, or follows it.
func tail(ctx context.Context, c *controller, arg string) error {
	cl, err := c.reach(ctx)
	if cl == nil {
		return err
	}
	defer cl.close()
	words := strings.Fields(arg)
	if len(words) == 0 {
		return c.complain("Error: too few arguments", "tail", exitGeneric)
	}
	if names, channel, several := severalNames(words); several {
		return c.followSeveral(ctx, cl, names, channel)
	}
	if len(words) > 3 {
		return c.complain("Error: too many arguments", "tail", exitGeneric)
	}
	modifier := ""
	if strings.HasPrefix(words[0], "-") {
		modifier, words = words[0], words[1:]
	}
	if len(words) == 0 {
		return c.mistake("Error: tail requires process name")
	}
	name, channel := words[0], supervise.Stdout
	if len(words) > 1 {
		word := strings.ToLower(words[len(words)-1])
		parsed, ok := supervise.ParseChannel(word)
		if !ok {
			return c.mistake("Error: bad channel " + supervise.Quote(word))
		}
		channel = parsed
	}
	size, follow, ok := tailSize(modifier)
	if !ok {
		return c.mistake("Error: bad argument " + modifier)
	}
	if name, err = c.single(ctx, cl, name); name == "" {
		return err
	}
	switch {
	case follow:
		return c.follow(ctx, logPath(name, channel))
	case channel == supervise.Stderr:
		return c.printLog(ctx, cl, name, "readProcessStderrLog", name, -size, 0)
	}
	return c.printLog(ctx, cl, name, "readProcessStdoutLog", name, -size, 0)
}

// mainTail is tail for the log of supervisord itself.
func mainTail(ctx context.Context, c *controller, arg string) error {
	cl, err := c.reach(ctx)
	if cl == nil {
		return err
	}
	defer cl.close()
	words := strings.Fields(arg)
	if len(words) > 1 {
		return c.complain("Error: too many arguments", "maintail", exitGeneric)
	}
	size, follow, ok := tailSize(arg)
	switch {
	case !ok:
		return c.mistake("Error: bad argument " + arg)
	case follow:
		return c.follow(ctx, "/mainlogtail")
	}
	return c.printLog(ctx, cl, "supervisord", "readLog", -size, 0)
}

// tailSize reads "-N", "-f" or nothing. "-0" is the whole log and "--5" all but
// the first five bytes, because the number goes to the server negated.
func tailSize(modifier string) (size int64, follow, ok bool) {
	if modifier == "" {
		return defaultTail, false, true
	}
	word, dashed := strings.CutPrefix(modifier, "-")
	if word == "f" && dashed {
		return 0, true, true
	}
	size, err := parseInt(word)
	return size, false, dashed && err == nil
}

// mistake prints what is wrong with the words typed.
func (c *controller) mistake(message string) error {
	c.out.Line(message)
	c.status = exitGeneric
	return nil
}
