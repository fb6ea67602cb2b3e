//go:build unix

package config

import (
	"slices"
	"strings"
	"testing"
	"time"

	"supervisor/supervise"
)

// loadText reads a configuration from a text, in a directory of its own.
func loadText(t *testing.T, dir, text string) *Config {
	t.Helper()
	writeFile(t, dir+"/supervisord.conf", "[supervisord]\n"+text)
	config, err := Load("supervisord.conf", Options{Environ: testEnviron(dir), Users: hostUsers{}, Dir: dir})
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return config
}

const program = "[program:x]\ncommand=/bin/x\n"

func TestARereadFindsWhatChanged(t *testing.T) {
	listener := "[eventlistener:l]\ncommand=/bin/l\nevents=TICK_5,TICK_60\n"
	fastCGI := "[fcgi-program:f]\ncommand=/bin/f\nsocket=unix:///tmp/f.sock\n"
	cases := []struct {
		name          string
		before, after string
		changed       bool
	}{
		{"nothing", program, program, false},
		{"where it stands in the file", program, "; moved\n\n" + program, false},
		{"the order of the environment", program + `environment=A="1",B="2"`, program + `environment=B="2",A="1"`, false},
		{"the same user by another name", program + "user=root", program + "user=0", false},
		{"the same value written out", program, program + "autostart=true\nstopsignal=15\nserverurl=auto", false},
		{"the order of events", listener, strings.Replace(listener, "TICK_5,TICK_60", "TICK_60,tick_5", 1), false},
		{"a group of one instead of a program", program, program + "[group:x]\nprograms=x\n", false},
		{"command", program, program + "command=/bin/y", true},
		{"directory", program, program + "directory=/tmp", true},
		{"environment", program, program + `environment=A="1"`, true},
		{"the environment of supervisord", program, `environment=A="1"` + "\n" + program, true},
		{"priority", program, program + "priority=1", true},
		{"autostart", program, program + "autostart=false", true},
		{"autorestart", program, program + "autorestart=true", true},
		{"startsecs", program, program + "startsecs=2", true},
		{"startretries", program, program + "startretries=2", true},
		{"exitcodes", program, program + "exitcodes=0,1", true},
		{"stopsignal", program, program + "stopsignal=INT", true},
		{"stopwaitsecs", program, program + "stopwaitsecs=2", true},
		{"stopasgroup", program + "killasgroup=true", program + "stopasgroup=true", true},
		{"killasgroup", program, program + "killasgroup=true", true},
		{"user", program, program + "user=root", true},
		{"umask", program, program + "umask=022", true},
		{"serverurl", program, program + "serverurl=http://x", true},
		{"redirect_stderr", program, program + "redirect_stderr=true", true},
		{"numprocs", program, program + "numprocs=2\nprocess_name=%(process_num)d", true},
		{"a log file instead of AUTO", program, program + "stdout_logfile=/tmp/x", true},
		{"AUTO instead of a log file", program + "stdout_logfile=/tmp/x", program, true},
		{"no log instead of AUTO", program, program + "stderr_logfile=NONE", true},
		{"the size of a log", program, program + "stderr_logfile_maxbytes=1", true},
		{"capture", program, program + "stdout_capture_maxbytes=1", true},
		{"the events of a listener", listener, listener + "events=TICK_5", true},
		{"the buffer of a listener", listener, listener + "buffer_size=1", true},
		{"how a listener counts lengths", listener, listener + "payload_length=bytes", true},
		{"what becomes of a listener that breaks the protocol", listener, listener + "restart_on_protocol_error=true", true},
		{"the socket of a FastCGI program", fastCGI, fastCGI + "socket=tcp://h:1", true},
		{"the mode of a socket", fastCGI, fastCGI + "socket_mode=0777", true},
		{"the owner of a socket", fastCGI, fastCGI + "socket_owner=root:root", true},
		{"the backlog of a socket", fastCGI, fastCGI + "socket_backlog=7", true},
		{"the socket in a group", fastCGI + "[group:g]\nprograms=f\n", fastCGI + "socket_mode=0777\n[group:g]\nprograms=f\n", true},
		{"a program that became a listener", program, strings.Replace(listener, "eventlistener:l", "eventlistener:x", 1), true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			before, after := loadText(t, dir, c.before), loadText(t, dir, c.after)
			plan := Diff(before.Groups, after.Groups)
			if (len(plan.Changed) > 0) != c.changed {
				t.Errorf("changed: %v", plan.Changed)
			}
			if plan.Added != nil || plan.Removed != nil {
				t.Errorf("added %v, removed %v", plan.Added, plan.Removed)
			}
			for _, g := range Compare(before.Groups, after.Groups, nil) {
				if len(g.Options)+len(g.Gone)+len(g.New) == 0 {
					t.Errorf("a preview has nothing to tell of the change: %+v", g)
				}
			}
		})
	}
}

func TestGroupsThatComeAndGoAreToldInOrder(t *testing.T) {
	dir := t.TempDir()
	before := loadText(t, dir, "[program:a]\ncommand=x\n[program:b]\ncommand=x\n[program:stays]\ncommand=x\n")
	after := loadText(t, dir, "[program:stays]\ncommand=x\n[program:late]\ncommand=x\npriority=1000\n[program:soon]\ncommand=x\npriority=1\n")
	plan := Diff(before.Groups, after.Groups)
	if !slices.Equal(plan.Added, []string{"soon", "late"}) || plan.Changed != nil || !slices.Equal(plan.Removed, []string{"a", "b"}) {
		t.Errorf("got %+v", plan)
	}
}

func TestTheServerURLPrefersAUnixSocket(t *testing.T) {
	unix, all, host, six := "[unix_http_server]\nfile=/tmp/s\n", "[inet_http_server:a]\nport=1\n", "[inet_http_server:b]\nport=h:2\n", "[inet_http_server:c]\nport=[::1]:3\n"
	for text, want := range map[string]string{
		"":                "",
		all:               "http://localhost:1",
		host + all:        "http://h:2",
		all + unix + host: "unix:///tmp/s",
		six:               "http://[::1]:3",
		"[inet_http_server]\nport=127.0.0.1:1\ntls_certificate=auto\n": "https://127.0.0.1:1",
	} {
		if got := loadText(t, t.TempDir(), text).ServerURL(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestAnFCGIProgramKeepsItsSocketInAGroup(t *testing.T) {
	config := loadText(t, t.TempDir(), program+"[fcgi-program:f]\ncommand=f\nsocket=tcp://h:1\nnumprocs=2\nprocess_name=%(process_num)d\n[group:g]\nprograms=x,f\n")
	processes := config.Groups[0].Processes
	if processes[0].Socket != nil {
		t.Error("an ordinary program has a socket")
	}
	if s := processes[1].Socket; s == nil || s.URL != "tcp://h:1" || s != processes[2].Socket {
		t.Errorf("sockets %v and %v, want one tcp://h:1", s, processes[2].Socket)
	}
}

func TestWhatOfPluginsWaitsForAReloadIsTold(t *testing.T) {
	main := RPCInterface{Section: "rpcinterface:supervisor", Name: "supervisor", Factory: MainRPCInterface}
	cache := RPCInterface{Section: "rpcinterface:cache", Name: "cache", Command: true, Role: supervise.Operator, File: "/s.conf", Line: 7}
	python := RPCInterface{Section: "rpcinterface:cache", Name: "cache", Factory: "a:b", File: "/s.conf", Line: 7}
	stricter, elsewhere, slower, moved := cache, cache, cache, cache
	stricter.Role = supervise.Admin
	elsewhere.Command, elsewhere.URL = false, "unix:///s"
	slower.Timeout = time.Minute
	moved.Line = 8
	const differs = "[rpcinterface:cache] in /s.conf:7 differs in where its methods are or who may call them, which waits for a reload"
	for name, test := range map[string]struct {
		running, staged RPCInterface
		want            []string
	}{
		"nothing":          {cache, cache, nil},
		"only its line":    {cache, moved, nil},
		"role":             {cache, stricter, []string{differs}},
		"url":              {cache, elsewhere, []string{differs}},
		"timeout":          {cache, slower, []string{differs}},
		"of Python before": {python, cache, []string{differs}},
		"of Python":        {python, python, nil},
		"new":              {main, cache, []string{"[rpcinterface:cache] in /s.conf:7 is new and waits for a reload"}},
		"gone":             {cache, main, []string{"[rpcinterface:cache] is gone, but its methods wait for a reload"}},
		"Python that went": {python, main, nil},
	} {
		if got := WaitForReload([]RPCInterface{main, test.running}, []RPCInterface{main, test.staged}); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
