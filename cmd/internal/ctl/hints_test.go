package ctl

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// refuge is a directory with a configuration and a few ways to be refused.
type refuge struct {
	t   *testing.T
	dir string
}

func newRefuge(t *testing.T) refuge {
	dir, err := os.MkdirTemp("/tmp", "ctl") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return refuge{t, dir}
}

// config writes a configuration; {dir} in it is the directory.
func (r refuge) config(text string) string {
	file := filepath.Join(r.dir, "s.conf")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, "{dir}", r.dir)), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return file
}

// stale leaves a socket behind that nobody listens at.
func (r refuge) stale(name string) {
	l, err := net.Listen("unix", filepath.Join(r.dir, name))
	if err != nil {
		r.t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
}

// complains runs a command line in front of a person and gives what went to
// standard error.
func (r refuge) complains(words ...string) (out, errout string) {
	var o, e bytes.Buffer
	runWithoutTerminal(append([]string{"supervisorctl"}, words...), strings.NewReader(""), &o, &e, func(c *controller) { c.watched = true })
	return strings.ReplaceAll(o.String(), r.dir, "{dir}"), strings.ReplaceAll(e.String(), r.dir, "{dir}")
}

func TestAPersonIsToldWhyAServerIsNotThere(t *testing.T) {
	const (
		elsewhere = "[unix_http_server]\nfile={dir}/real.sock\n[inet_http_server]\nport=:9009\n"
		missing   = "[supervisorctl]\nserverurl=unix://{dir}/no.sock\n"
		stale     = "[supervisorctl]\nserverurl=unix://{dir}/stale.sock\n"
	)
	for _, test := range []struct{ name, config, words, want string }{
		{"a socket that is not there", missing + elsewhere, "status",
			"  the address unix://{dir}/no.sock is serverurl= of [supervisorctl] in {dir}/s.conf\n" +
				"  there is no such socket: supervisord is not running, or listens elsewhere\n" +
				"  a supervisord of {dir}/s.conf listens at unix://{dir}/real.sock and http://localhost:9009: correct serverurl= of [supervisorctl], or give -s\n"},
		{"a command that does not look first", missing + elsewhere, "avail",
			"  the address unix://{dir}/no.sock is serverurl= of [supervisorctl] in {dir}/s.conf\n" +
				"  there is no such socket: supervisord is not running, or listens elsewhere\n" +
				"  a supervisord of {dir}/s.conf listens at unix://{dir}/real.sock and http://localhost:9009: correct serverurl= of [supervisorctl], or give -s\n"},
		{"the socket of a supervisord that is not running", "[supervisorctl]\nserverurl=unix://%(here)s/real.sock\n" + elsewhere, "status",
			"  the address unix://{dir}/real.sock is serverurl= of [supervisorctl] in {dir}/s.conf\n" +
				"  there is no such socket: supervisord is not running, or listens elsewhere\n" +
				"  start it with: supervisord -c {dir}/s.conf\n"},
		{"a socket left behind", stale, "pid",
			"  the address unix://{dir}/stale.sock is serverurl= of [supervisorctl] in {dir}/s.conf\n" +
				"  nobody listens at that socket: it was left behind by a supervisord that has ended\n" +
				"  {dir}/s.conf has no [unix_http_server] and no [inet_http_server], so that its supervisord could not be reached\n"},
		{"no serverurl", "[supervisorctl]\n" + elsewhere, "-s unix://{dir}/no.sock status",
			"  the address unix://{dir}/no.sock is from the command line\n" +
				"  there is no such socket: supervisord is not running, or listens elsewhere\n" +
				"  a supervisord of {dir}/s.conf listens at unix://{dir}/real.sock and http://localhost:9009\n"},
		{"a command with nothing to say", missing, "help status", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRefuge(t)
			r.stale("stale.sock")
			words := append([]string{"-c", r.config(test.config)}, strings.Fields(strings.ReplaceAll(test.words, "{dir}", r.dir))...)
			if _, got := r.complains(words...); got != test.want {
				t.Errorf("got\n%swant\n%s", got, test.want)
			}
		})
	}
}

func TestAPersonIsToldOfTheDefaultAddressAndWhyItIs(t *testing.T) {
	r := newRefuge(t)
	f := flags{config: new(string)}
	*f.config = r.config("[supervisorctl]\n")
	s, err := loadSettings(f, "supervisorctl", nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &controller{settings: s}
	want := "the address http://localhost:9001 is the default, as [supervisorctl] in " + *f.config + " has no serverurl="
	if got := c.hints(syscall.ECONNREFUSED); len(got) != 3 || got[0] != want {
		t.Errorf("got %q", got)
	}
}

func TestAPersonIsToldWhomASocketAdmits(t *testing.T) {
	r := newRefuge(t)
	r.stale("s.sock")
	socket := filepath.Join(r.dir, "s.sock")
	if err := os.Chmod(socket, 0o750); err != nil {
		t.Fatal(err)
	}
	c := &controller{settings: settings{serverURL: "unix://" + socket, urlFrom: "from the command line"}}
	got := c.hints(syscall.EACCES)
	me := userName(os.Geteuid())
	want := "you are " + me + ", and the socket belongs to " + me + ":"
	if len(got) != 2 || !strings.HasPrefix(got[1], want) || !strings.Contains(got[1], " with mode 0750: run supervisorctl as") {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAPersonIsToldWhichUserWasRefused(t *testing.T) {
	server := newFakeServer(t)
	server.password = "secret"
	r := newRefuge(t)
	file := r.config("[supervisorctl]\nserverurl=" + server.URL + "\nusername=bob\npassword=wrong\n")
	address := "  the address " + server.URL + " is serverurl= of [supervisorctl] in {dir}/s.conf\n"
	for _, test := range []struct{ words, want string }{
		{"status", address + "  the server does not accept user bob of username= in {dir}/s.conf with the password given\n"},
		{"-u ann status", address + "  the server does not accept user ann of the command line with the password given\n"},
		{"-u user -p secret version", ""},
	} {
		if _, got := r.complains(append([]string{"-c", file}, strings.Fields(test.words)...)...); got != test.want {
			t.Errorf("%s: got\n%swant\n%s", test.words, got, test.want)
		}
	}
}

// Whatever goes wrong on the way to a server, the first question is why it was this one.
func TestAPersonIsToldWhoseAddressItIsWhateverGoesWrongThere(t *testing.T) {
	serve := func(answer http.HandlerFunc) string {
		server := httptest.NewServer(answer)
		t.Cleanup(server.Close)
		return server.URL
	}
	full := serve(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	other := serve(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html><p>Hello") })
	mute := serve(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	half := serve(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, "<?xml")
	})
	for what, url := range map[string]string{
		"a server that is full":          full,
		"another server":                 other,
		"a server that says nothing":     mute,
		"a server that breaks off":       half,
		"a path that no socket can have": "unix:///" + strings.Repeat("x", 200),
		"a path through a file":          "unix:///dev/null/s.sock",
		"a protocol that nobody speaks":  "ftp://localhost",
		"a port that is no number":       "http://localhost:port",
	} {
		r := newRefuge(t)
		for _, verb := range []string{"status", "pid", "reread", "update"} {
			words := append([]string{"-c", r.config("[supervisorctl]\n"), "-s", url}, strings.Fields(verb)...)
			want := "  the address " + url + " is from the command line\n"
			if _, got := r.complains(words...); !strings.HasPrefix(got, want) {
				t.Errorf("%s, %s: got %q, want %q", what, verb, got, want)
			}
		}
	}
}

// What the server itself refuses is no question of where it is.
func TestAFaultIsNoReasonToTalkOfTheAddress(t *testing.T) {
	server := newFakeServer(t)
	server.closing = true
	r := newRefuge(t)
	if out, got := r.complains("-c", r.config("[supervisorctl]\n"), "-s", server.URL, "status"); got != "" || !strings.Contains(out, "SHUTDOWN_STATE") {
		t.Errorf("printed %q, advised %q", out, got)
	}
}

func TestAdviceIsForPeopleAndGivenOnce(t *testing.T) {
	var out, errout bytes.Buffer
	session := strings.NewReader("status\npid\nopen unix:///nonexistent/other.sock\n")
	args := []string{"supervisorctl", "-s", "unix:///nonexistent/s.sock"}
	runWithoutTerminal(args, session, &out, &errout, func(c *controller) { c.watched = true })
	if got := strings.Count(errout.String(), "the address "); got != 2 {
		t.Errorf("advice was given %d times:\n%s", got, &errout)
	}
	errout.Reset()
	runWithoutTerminal(append(args, "status"), strings.NewReader(""), &out, &errout)
	if errout.Len() > 0 {
		t.Errorf("a script was advised: %s", &errout)
	}
}
