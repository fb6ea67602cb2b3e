//go:build unix

package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"supervisor/supervise"
)

// maxNumProcs bounds numprocs=, so that a slip of the finger is an error and not
// a machine without memory.
const maxNumProcs = 100_000

// processes makes the processes of a program-like section, for one group. An
// error names the section and the file it came from.
func (l *loader) processes(section, group string) ([]Process, error) {
	processes, err := l.programProcesses(section, group)
	if err == nil {
		return processes, nil
	}
	file := cmp.Or(l.doc.included[section], l.file)
	located := locate(err, l.doc.sectionAt[section], section, "").(*Error)
	located.Text += fmt.Sprintf(" in section %s (file: %s)", supervise.Quote(section), supervise.Quote(file))
	return nil, located
}

func (l *loader) programProcesses(section, group string) ([]Process, error) {
	_, after, _ := strings.Cut(section, ":")
	program, err := programName(after)
	if err != nil {
		return nil, err
	}
	r := l.reader(section, programOptions, variables{
		"here":           textVar(l.here),
		"program_name":   textVar(program),
		"host_node_name": textVar(l.host),
		"group_name":     textVar(group),
	})
	common := l.program(r)
	common.Program, common.Section = program, section
	common.origins = l.originsOf(section)
	common.File, common.Line = l.doc.sectionAt[section].File, l.doc.sectionAt[section].Line
	processes := l.copies(r, common)
	if r.err != nil {
		return nil, r.err
	}
	slices.SortStableFunc(processes, func(a, b Process) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Name, b.Name))
	})
	return processes, nil
}

// program reads what all copies of a program share, and so cannot depend on
// %(process_num)d.
func (l *loader) program(r *reader) Process {
	p := Process{
		Priority:     read(r, "priority", integer),
		AutoStart:    read(r, "autostart", boolean),
		AutoRestart:  read(r, "autorestart", autoRestart),
		StartSecs:    read(r, "startsecs", integer),
		StartRetries: read(r, "startretries", integer),
		StopSignal:   read(r, "stopsignal", stopSignal),
		StopWaitSecs: read(r, "stopwaitsecs", integer),
		StopAsGroup:  read(r, "stopasgroup", boolean),
	}
	if kill, found := readIfSet(r, "killasgroup", boolean); found {
		p.KillAsGroup = kill
	} else {
		p.KillAsGroup = p.StopAsGroup
	}
	p.ExitCodes = read(r, "exitcodes", exitCodes)
	p.RedirectStderr = read(r, "redirect_stderr", boolean)
	return p
}

// copies makes the numprocs processes of a program.
func (l *loader) copies(r *reader, common Process) []Process {
	number := read(r, "numprocs", integer)
	start := read(r, "numprocs_start", integer)
	l.programChannels(r, &common)
	common.ServerURL = serverURL(r.text("serverurl"))
	common.User, _ = readIfSet(r, "user", l.sys.userPointer)
	common.Umask = -1
	if umask, found := readIfSet(r, "umask", octal); found {
		common.Umask = umask
	}
	nameFormat := l.processName(r, number)
	if common.StopAsGroup && !common.KillAsGroup {
		r.failf("killasgroup", "Cannot set stopasgroup=true and killasgroup=false")
	}
	if number > maxNumProcs {
		r.failf("numprocs", "numprocs is larger than %d: %d", maxNumProcs, number)
	}
	var processes []Process
	for i := 0; i < number && r.err == nil; i++ {
		r.vars["process_num"] = numberVar(int64(start + i))
		r.vars["numprocs"] = numberVar(int64(number))
		processes = append(processes, l.process(r, common, nameFormat))
	}
	return processes
}

// programChannels reads what is evaluated once for both channels.
func (l *loader) programChannels(r *reader, p *Process) {
	p.Stdout.CaptureMaxBytes = read(r, "stdout_capture_maxbytes", byteSize)
	p.Stdout.EventsEnabled = read(r, "stdout_events_enabled", boolean)
	p.Stderr.CaptureMaxBytes = read(r, "stderr_capture_maxbytes", byteSize)
	p.Stderr.EventsEnabled = read(r, "stderr_events_enabled", boolean)
}

func serverURL(text string) string {
	if strings.EqualFold(trimSpace(text), "AUTO") {
		return ""
	}
	return text
}

// processName reads process_name= unexpanded, for it is checked as written: that
// each of several copies gets a name of its own is only looked for as text.
func (l *loader) processName(r *reader, number int) string {
	text, _ := r.raw("process_name")
	name, err := programName(text)
	if err != nil {
		r.fail("process_name", err)
	}
	if number > 1 && !strings.Contains(name, "%(process_num)") {
		r.failf("process_name", "%%(process_num) must be present within process_name when numprocs > 1")
	}
	return name
}

// process makes one copy. The program's environment= becomes ENV_X for what is
// read after it.
func (l *loader) process(r *reader, p Process, nameFormat string) Process {
	for name, value := range l.env {
		r.vars[name] = value // over what an earlier copy's environment set
	}
	own := l.environment(r)
	r.vars.addEnvironment(own)
	for _, v := range own {
		p.origins.own[v.Name] = true
	}
	p.Environment = l.cfg.Supervisord.Environment.overlaid(own)
	p.Directory = r.text("directory")
	p.Stdout = l.channel(r, "stdout", p.Stdout)
	p.Stderr = l.channel(r, "stderr", p.Stderr)
	if p.RedirectStderr {
		if p.Stderr.Kind == LogFile || p.Stderr.blank {
			l.warnf(p.Section, "stderr_logfile", "For [%s], redirect_stderr=true but stderr_logfile has also been set to a filename, the filename has been ignored", p.Section)
		}
		p.Stderr.Kind, p.Stderr.Path, p.Stderr.blank = LogNone, "", false
	}
	command, found := r.lookup("command")
	if !found {
		r.failf("", "program section %s does not specify a command", p.Section)
	}
	p.Command = command
	p.Name, _ = r.expand("process_name", nameFormat, "process_name")
	return p
}

// channel reads the log options of stdout or stderr.
func (l *loader) channel(r *reader, name string, log Log) Log {
	l.logfile(r, name+"_logfile", &log)
	log.Backups = read(r, name+"_logfile_backups", integer)
	log.MaxBytes = read(r, name+"_logfile_maxbytes", byteSize)
	syslog := read(r, name+"_syslog", boolean)
	log.Syslog = log.Syslog || syslog
	if log.Kind == LogAuto && log.MaxBytes == 0 && r.err == nil {
		l.warnf(r.section, name+"_logfile_maxbytes", "For [%s], AUTO logging used for %s_logfile without rollover, set maxbytes > 0 to avoid filling up filesystem unintentionally", r.section, name)
	}
	return log
}

// logfile reads stdout_logfile= or stderr_logfile=. The value is expanded twice,
// as in the original, where files have come to depend on it: a percent sign is
// written %%%% there.
func (l *loader) logfile(r *reader, option string, log *Log) {
	text, ok := r.lookup(option)
	if !ok {
		return
	}
	if text, ok = r.expand(option, text, option); !ok {
		return
	}
	switch strings.ToLower(text) {
	case "auto":
		log.Kind = LogAuto
	case "none", "off":
		log.Kind = LogNone
	case "syslog":
		log.Kind, log.Syslog = LogNone, true
		l.warnf(r.section, option, "For [%s], %s=syslog but this is deprecated and will be removed.  Use %s=true to enable syslog instead.",
			r.section, option, strings.TrimSuffix(option, "logfile")+"syslog")
	case "":
		log.Kind, log.blank = LogNone, true
	default:
		path, err := l.sys.existingParent(text)
		if err != nil {
			r.fail(option, err)
		}
		log.Kind, log.Path = LogFile, path
	}
}

// warnf keeps a line for the log at start. Option "" is the section as a whole.
func (l *loader) warnf(section, option, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	l.cfg.Warnings = append(l.cfg.Warnings, text)
	at := l.doc.at(section, option)
	l.findings = append(l.findings, Finding{Doubtful, at.File, at.Line, section, option, text})
}
