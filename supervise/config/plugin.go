//go:build unix

package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"supervisor/supervise"
)

// RPCInterface is one [rpcinterface:x] section: the built-in methods, a plug-in, or
// Python code, which is named and not loaded.
type RPCInterface struct {
	Section string
	Name    string
	Factory string            // as written: "module:callable"; "" for a plug-in without
	Options map[string]string // of one without URL and Command: the rest, expanded

	// Of a plug-in, which is ours.
	URL     string // where it answers: "unix:///path", or an http URL; "" where supervisord runs it
	Command bool   // supervisord runs it: a group of its name has the process
	Role    supervise.Role
	Timeout time.Duration

	File string // where the section began; absolute
	Line int
}

// MainRPCInterface is the factory of the supervisor.* namespace.
const MainRPCInterface = "supervisor.rpcinterface:make_main_rpcinterface"

// IsPlugin tells a plug-in from what the original knows.
func (r RPCInterface) IsPlugin() bool { return r.URL != "" || r.Command }

// Missing tells whether it is Python code, so that its methods are missing here; then
// what to do about it, in words that go on after those that say so.
func (r RPCInterface) Missing() (instead string, missing bool) {
	if r.IsPlugin() || r.Factory == MainRPCInterface {
		return "", false
	}
	instead = "give the section a url= or a command= of a program that has them (docs/plugins.md)"
	return cmp.Or(known(r.Factory).methods, instead), true
}

// Where is "FILE:LINE" of the section.
func (r RPCInterface) Where() string { return position{r.File, r.Line}.String() }

// instead is what there is where many have a plug-in of Python: of its methods, and
// of its verbs in supervisorctl.
type instead struct{ module, methods, verbs string }

// known finds it by the module of a factory, of which some write _ and some -.
func known(factory string) instead {
	module := strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(factory))
	for _, k := range []instead{
		{module: "supervisortwiddler", methods: "write programs into a file that [include] names, and run supervisorctl update"},
		{module: "supervisorcache", methods: "examples/plugins/cache.py has those of supervisor_cache, for command="},
		{module: "supervisorwildcards", verbs: "supervisorctl takes patterns by itself: start 'web*'"},
		{module: "supervisorquick", verbs: "supervisorctl starts a group side by side: start 'web:*'"},
		{module: "supervisorserialrestart", verbs: "examples/plugins/serialrestart is such a verb, for command="},
		{module: "mr.laforge", methods: "supervisorctl update starts what is new", verbs: "supervisorctl update starts what is new, and supervisorctl wait waits for it"},
	} {
		if strings.HasPrefix(module, k.module) {
			return k
		}
	}
	return instead{}
}

// rpcInterfaces reads the [rpcinterface:x] sections. One that names Python code is
// kept, with a warning: what it offered is missing, everything else works.
func (l *loader) rpcInterfaces() error {
	for _, section := range l.sectionsOf(rpcInterfacePrefix) {
		p, err := l.rpcInterface(section)
		if err != nil {
			return err
		}
		l.cfg.RPCInterfaces = append(l.cfg.RPCInterfaces, p)
		if instead, missing := p.Missing(); missing {
			l.warnf(p.Section, rpcFactory,
				"For [%s], the factory %s is Python code, which this supervisord cannot load; its methods will be unknown: %s", p.Section, p.Factory, instead)
		}
	}
	return nil
}

const rpcInterfacePrefix = "rpcinterface:"

// rpcInterface reads one section. It names a factory, a url or a command. Without the
// last two, all options but the factory belong to the code that it names.
func (l *loader) rpcInterface(section string) (RPCInterface, error) {
	at := l.doc.sectionAt[section]
	p := RPCInterface{Section: section, Name: section[len(rpcInterfacePrefix):], File: at.File, Line: at.Line}
	_, hasURL := l.doc.get(section, "url")
	_, p.Command = l.doc.get(section, "command")
	if hasURL || p.Command {
		return l.plugin(p, hasURL)
	}
	r := l.reader(section, rpcInterfaceOptions, nil)
	factory, found := r.lookup(rpcFactory)
	if !found {
		r.failf("", "section [%s] does not specify a %s", section, rpcFactory)
	}
	p.Factory, p.Options = factory, map[string]string{}
	for _, option := range l.doc.options(section) {
		if option != rpcFactory {
			p.Options[option] = r.text(option)
		}
	}
	return p, r.err
}

// plugin reads a section that says where methods are, or what to run for them. A
// factory may stand there too, so that one file serves the original as well.
func (l *loader) plugin(p RPCInterface, hasURL bool) (RPCInterface, error) {
	r := l.reader(p.Section, rpcInterfaceOptions, l.hereVars())
	if err := supervise.CheckPluginName(p.Name); err != nil {
		r.failf("", "section [%s] cannot be a plug-in: %w", p.Section, err)
	}
	if hasURL && p.Command {
		r.failf("url", "section [%s] has both a url and a command: expected the url of a plug-in that runs by itself, or the command of one to run", p.Section)
	}
	p.Factory = r.text(rpcFactory)
	if hasURL {
		p.URL = read(r, "url", pluginURL)
	}
	p.Role = read(r, "role", supervise.ParseRole)
	p.Timeout = read(r, "timeout", supervise.ParseDuration)
	return p, r.err
}

// pluginURL reads where a plug-in answers. One over HTTP without a path is asked at
// /RPC2.
func pluginURL(text string) (string, error) {
	const expected = "expected unix:///path/of.sock or http://host:port/path"
	u, err := url.Parse(trimSpace(text))
	switch {
	case err != nil && strings.Contains(text, "@"), err == nil && u.User != nil: // which is not repeated
		return "", errors.New("url has a name or a password in it, which no plug-in is asked with: let nobody but supervisord reach it")
	case err != nil:
		return "", fmt.Errorf("%s is no URL: %s", supervise.Quote(text), expected)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", fmt.Errorf("%s has more than a path: %s", supervise.Quote(text), expected)
	case u.Scheme == "unix" && u.Host == "" && filepath.IsAbs(u.Path):
		return "unix://" + u.Path, nil
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return "", fmt.Errorf("%s is no URL of a plug-in: %s", supervise.Quote(text), expected)
	}
	if port := u.Port(); port != "" {
		if _, err := portNumber(port); err != nil {
			return "", fmt.Errorf("%s has no port of a plug-in: %w", supervise.Quote(text), err)
		}
	}
	if u.Path == "" {
		u.Path = "/RPC2"
	}
	return u.String(), nil
}

// ctlPlugins warns of verbs of supervisorctl that are Python code. They are none of
// supervisord's business, but its log is where people look who have just come here.
func (l *loader) ctlPlugins() {
	for _, section := range l.sectionsOf(ctlPluginPrefix) {
		factory, python := l.doc.get(section, ctlFactory)
		if _, runs := l.doc.get(section, "command"); python && !runs {
			l.cfg.Warnings = append(l.cfg.Warnings, fmt.Sprintf(
				"For [%s], the factory %s is Python code, which supervisorctl cannot load; its verbs will be unknown: %s", section, factory, insteadOfVerb(factory)))
		}
	}
}

func insteadOfVerb(factory string) string {
	return cmp.Or(known(factory).verbs, "give the section a command= of a program that is the verb (docs/plugins.md)")
}

// pluginGroups makes a group of each plug-in that is run here. Its process is like
// any program's, and the options of a program are read for it.
func (l *loader) pluginGroups() error {
	for _, p := range l.cfg.RPCInterfaces {
		if !p.Command {
			continue
		}
		group, err := l.pluginGroup(p)
		if err != nil {
			return err
		}
		l.cfg.Groups = append(l.cfg.Groups, group)
	}
	return nil
}

func (l *loader) pluginGroup(p RPCInterface) (Group, error) {
	r := l.reader(p.Section, programOptions, l.hereVars())
	group := Group{Name: p.Name, Kind: Plugin, Priority: read(r, "priority", integer)}
	if slices.ContainsFunc(l.cfg.Groups, func(g Group) bool { return g.Name == p.Name }) {
		r.failf("", "section [%s] makes a group %s of its own, and there is one of that name already", p.Section, p.Name)
	}
	if r.err != nil {
		return Group{}, r.err
	}
	var err error
	group.Processes, err = l.processes(p.Section, p.Name)
	if err == nil && (len(group.Processes) != 1 || group.Processes[0].Name != p.Name) {
		r.failf("", "section [%s] is one process of that name: leave out numprocs and process_name", p.Section)
		err = r.err
	}
	return group, err
}
