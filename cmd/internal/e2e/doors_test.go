//go:build compat && unix

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// doors is one way to configure where a server listens.
type doors struct {
	name     string
	sections string
	sockets  []string                                  // to look at, and to ask
	ports    []string                                  // to ask: addresses
	before   func(t *testing.T, f func(string) string) // done to the directory
	differs  string                                    // why ours does not do the same
}

// doorCases use {dir}, {port} and {port2}. Owners are numbers or names that every
// system has; where this test may not give files away, both must say so.
var doorCases = []doors{
	{name: "a socket", sections: "[unix_http_server]\nfile={dir}/s.sock", sockets: []string{"s.sock"}},
	{name: "mode 0666", sections: "[unix_http_server]\nfile={dir}/s.sock\nchmod=0666", sockets: []string{"s.sock"}},
	{name: "mode 770", sections: "[unix_http_server]\nfile={dir}/s.sock\nchmod=770", sockets: []string{"s.sock"}},
	{name: "mode 0", sections: "[unix_http_server]\nfile={dir}/s.sock\nchmod=0", sockets: []string{"s.sock"}},
	{name: "mode 01777", sections: "[unix_http_server]\nfile={dir}/s.sock\nchmod=01777", sockets: []string{"s.sock"}},
	{name: "no mode", sections: "[unix_http_server]\nfile={dir}/s.sock\nchmod=rwx"},
	{name: "no octal number", sections: "[unix_http_server]\nfile={dir}/s.sock\nchmod=888"},
	{name: "owner by name", sections: "[unix_http_server]\nfile={dir}/s.sock\nchown=nobody", sockets: []string{"s.sock"}},
	{name: "owner and group", sections: "[unix_http_server]\nfile={dir}/s.sock\nchown=nobody:nogroup\nchmod=0760", sockets: []string{"s.sock"}},
	{name: "owner by number", sections: "[unix_http_server]\nfile={dir}/s.sock\nchown=65534", sockets: []string{"s.sock"}},
	{name: "owner and group by number", sections: "[unix_http_server]\nfile={dir}/s.sock\nchown=65534:65534", sockets: []string{"s.sock"}},
	{name: "owner there is not", sections: "[unix_http_server]\nfile={dir}/s.sock\nchown=nosuchuser"},
	{name: "group there is not", sections: "[unix_http_server]\nfile={dir}/s.sock\nchown=nobody:nosuchgroup"},
	{name: "owner number there is not", sections: "[unix_http_server]\nfile={dir}/s.sock\nchown=54321"},
	{name: "no file", sections: "[unix_http_server]\nchmod=0700"},
	{name: "no directory", sections: "[unix_http_server]\nfile={dir}/nosuch/s.sock"},
	{name: "a path that is too long", sections: "[unix_http_server]\nfile={dir}/" + strings.Repeat("x", 120)},
	{name: "a stale socket", sections: "[unix_http_server]\nfile={dir}/s.sock", sockets: []string{"s.sock"}, before: leaveStale},
	{name: "a socket in use", sections: "[unix_http_server]\nfile={dir}/s.sock", before: occupySocket},
	{name: "a file in its place", sections: "[unix_http_server]\nfile={dir}/s.sock", sockets: []string{"s.sock"}, before: leaveFile,
		differs: "a file that is no socket is not removed"},
	{name: "two sockets", sections: "[unix_http_server]\nfile={dir}/s.sock\n[unix_http_server:two]\nfile={dir}/two.sock\nchmod=0777",
		sockets: []string{"s.sock", "two.sock"}},
	{name: "a port", sections: "[inet_http_server]\nport=127.0.0.1:{port}", ports: []string{"127.0.0.1:{port}"}},
	{name: "a port by host name", sections: "[inet_http_server]\nport=localhost:{port}", ports: []string{"127.0.0.1:{port}"}},
	{name: "a port everywhere", sections: "[inet_http_server]\nport=*:{port}", ports: []string{"127.0.0.1:{port}", "127.0.0.2:{port}", "[::1]:{port}"}},
	{name: "a port alone", sections: "[inet_http_server]\nport={port}", ports: []string{"127.0.0.1:{port}", "127.0.0.2:{port}", "[::1]:{port}"}},
	{name: "a port of no host", sections: "[inet_http_server]\nport=:{port}", ports: []string{"127.0.0.1:{port}", "127.0.0.2:{port}", "[::1]:{port}"}},
	{name: "a port of 0.0.0.0", sections: "[inet_http_server]\nport=0.0.0.0:{port}", ports: []string{"127.0.0.1:{port}", "127.0.0.2:{port}", "[::1]:{port}"}},
	{name: "a port of another address", sections: "[inet_http_server]\nport=127.0.0.2:{port}", ports: []string{"127.0.0.2:{port}", "127.0.0.1:{port}"}},
	{name: "several of all kinds",
		sections: "[inet_http_server]\nport=127.0.0.1:{port}\n[inet_http_server:two]\nport=127.0.0.2:{port}\n[inet_http_server:three]\nport=127.0.0.1:{port2}\n[unix_http_server]\nfile={dir}/s.sock",
		sockets:  []string{"s.sock"}, ports: []string{"127.0.0.1:{port}", "127.0.0.2:{port}", "127.0.0.1:{port2}"}},
	{name: "the same port twice", sections: "[inet_http_server]\nport=127.0.0.1:{port}\n[inet_http_server:two]\nport=127.0.0.1:{port}"},
	{name: "a port in use", sections: "[inet_http_server]\nport=127.0.0.1:{port}", before: occupyPort},
	{name: "no port", sections: "[inet_http_server]\nusername=a\npassword=b"},
	{name: "no number", sections: "[inet_http_server]\nport=127.0.0.1:http"},
	{name: "a port beyond all", sections: "[inet_http_server]\nport=127.0.0.1:70000"},
	{name: "an address of somebody else", sections: "[inet_http_server]\nport=192.0.2.1:{port}"},
	{name: "a user without a password", sections: "[inet_http_server]\nport=127.0.0.1:{port}\nusername=a", ports: []string{"127.0.0.1:{port}"}},
	{name: "a password without a user", sections: "[inet_http_server]\nport=127.0.0.1:{port}\npassword=a", ports: []string{"127.0.0.1:{port}"}},
	{name: "credentials", sections: "[inet_http_server]\nport=127.0.0.1:{port}\nusername=a\npassword=b", ports: []string{"127.0.0.1:{port}"}},
}

func leaveStale(t *testing.T, fill func(string) string) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: fill("{dir}/s.sock"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func leaveFile(t *testing.T, fill func(string) string) {
	if err := os.WriteFile(fill("{dir}/s.sock"), []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func occupySocket(t *testing.T, fill func(string) string) {
	occupy(t, "unix", fill("{dir}/s.sock"))
}

func occupyPort(t *testing.T, fill func(string) string) {
	occupy(t, "tcp", fill("127.0.0.1:{port}"))
}

// occupy listens, and answers something: the original waits for that.
func occupy(t *testing.T, network, address string) {
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	somebody := &http.Server{Handler: http.NotFoundHandler()}
	go somebody.Serve(l) // ends when it is closed
	t.Cleanup(func() { somebody.Close() })
}

func TestServersListenWhereTheOriginalsDo(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	ours := buildProgram(t, "supervisord")
	ports := newPortBook()
	for _, d := range doorCases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			theirs, mine := d.open(t, originalDaemon, ports), d.open(t, ours, ports)
			switch {
			case d.differs == "" && theirs != mine:
				t.Errorf("--- the original\n%s--- ours\n%s", theirs, mine)
			case d.differs != "" && theirs == mine:
				t.Errorf("is said to differ (%s), and does not", d.differs)
			}
		})
	}
	t.Logf("%d comparisons", len(doorCases))
}

// doorsConf ends with a socket of the test's own: when that answers, all are open.
const doorsConf = `[supervisord]
logfile={dir}/d.log
pidfile={dir}/d.pid
childlogdir={dir}
statedir={dir}/state
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
`

const lastDoor = "\n[unix_http_server:last]\nfile={dir}/last.sock\n"

// open starts a server, looks at its doors, stops it, and tells what it saw.
func (d doors) open(t *testing.T, daemon string, ports *portBook) string {
	t.Helper()
	dir := shortDir(t)
	port, port2 := ports.next(t), ports.next(t)
	fill := strings.NewReplacer("{dir}", dir, "{port}", port, "{port2}", port2).Replace
	empty := strings.NewReplacer(dir, "{dir}", port, "{port}", port2, "{port2}").Replace
	if err := os.WriteFile(fill("{dir}/s.conf"), []byte(fill(doorsConf+d.sections+lastDoor)), 0o600); err != nil {
		t.Fatal(err)
	}
	if d.before != nil {
		d.before(t, fill)
	}
	ctx, cancel := context.WithTimeout(t.Context(), configPatience)
	defer cancel()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, daemon, "-n", "-c", "s.conf")
	cmd.Dir, cmd.Stderr = dir, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()

	var seen strings.Builder
	if answersBeforeItEnds(fill("{dir}/last.sock"), ended) {
		d.look(&seen, fill)
		_ = cmd.Process.Signal(syscall.SIGTERM)
	}
	<-ended
	if ctx.Err() != nil {
		t.Fatalf("%s: neither answered nor ended\n%s", daemon, stderr.String())
	}
	d.lookBack(t, &seen, dir, cmd.ProcessState.ExitCode(), empty(stderr.String()))
	return seen.String()
}

func answersBeforeItEnds(socket string, ended <-chan struct{}) bool {
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		if answer := askDoor("unix", socket); !strings.HasPrefix(answer, "nobody") {
			return true
		}
		select {
		case <-ended:
			return false
		case <-look.C:
		}
	}
}

// look tells what there is while the server runs.
func (d doors) look(seen *strings.Builder, fill func(string) string) {
	for _, name := range d.sockets {
		path := filepath.Join(fill("{dir}"), name)
		info, err := os.Lstat(path)
		if err != nil {
			fmt.Fprintln(seen, name, "is not there")
			continue
		}
		owner := info.Sys().(*syscall.Stat_t)
		fmt.Fprintln(seen, name, info.Mode(), owner.Uid, owner.Gid, askDoor("unix", path))
	}
	for _, address := range d.ports {
		fmt.Fprintln(seen, address, askDoor("tcp", fill(address)))
	}
}

// lookBack tells what a server left behind.
func (d doors) lookBack(t *testing.T, seen *strings.Builder, dir string, status int, stderr string) {
	t.Helper()
	fmt.Fprintln(seen, "status", status)
	if status != 0 {
		fmt.Fprintln(seen, errorText(stderr, status))
	}
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "Unlinking") {
			seen.WriteString(line)
		}
	}
	left, err := filepath.Glob(dir + "/*.sock")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range slices.Sorted(slices.Values(left)) {
		info, err := os.Lstat(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		fmt.Fprintln(seen, "left", filepath.Base(path), info.Mode())
	}
}

// askDoor says what answers at an address.
func askDoor(network, address string) string {
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}}
	response, err := client.Get("http://localhost/ok.html")
	if err != nil {
		return "nobody answers"
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "half an answer"
	}
	if response.StatusCode == http.StatusOK {
		return "answers " + string(body)
	}
	return "answers " + response.Status
}
