//go:build linux

// Command live measures how soon what happens to programs is told: from the moment
// supervisord gives a change of state, by its own clock, to the moment a client has
// read it. Every client is a process of its own with one WebSocket.
//
//	go run ./bench/live -supervisord bin/supervisord
//	go run ./bench/live -clients 50 -for 10s
//
// It measures twice: in peace, and beside a client that subscribes to all it can and
// stops reading. Of that one it says how many bytes wait for it in the kernel, as
// /proc/net/tcp has them; supervisord itself keeps nothing for it but places in
// lists (server/live). A change is stamped in whole milliseconds, rounded down, so
// each figure is up to one millisecond too high.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "listen":
		err = listen(os.Args[2])
	case len(os.Args) == 3 && os.Args[1] == "stall":
		err = stall(os.Args[2])
	default:
		err = measure()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/live:", err)
		os.Exit(1)
	}
}

// goal is what the slowest hundredth must stay below.
const goal = 100 * time.Millisecond

func measure() (err error) {
	clients := flag.Int("clients", 50, "how many listen")
	lasts := flag.Duration("for", 10*time.Second, "how long each round is")
	binary := flag.String("supervisord", "bin/supervisord", "what is measured")
	flag.Parse()
	dir, err := os.MkdirTemp("", "bench-live-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	address, stop, err := start(*binary, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, stalled := range []bool{false, true} { // the second also after a first that failed
		err = errors.Join(err, round(address, *clients, *lasts, stalled))
	}
	return err
}

// start runs a supervisord whose programs end and begin again all the time.
func start(binary, dir string) (address string, stop func() error, err error) {
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address = probe.Addr().String()
	if err := probe.Close(); err != nil {
		return "", nil, err
	}
	config := fmt.Sprintf(`[supervisord]
logfile=%[1]s/log
pidfile=%[1]s/pid
childlogdir=%[1]s
statedir=%[1]s/state
[inet_http_server]
port=%[2]s
[program:restless]
command=/bin/sleep 0.3
process_name=%%(process_num)d
numprocs=10
startsecs=0
autorestart=true
`, dir, address)
	path := filepath.Join(dir, "conf")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return "", nil, err
	}
	daemon := exec.Command(binary, "-n", "-s", "-c", path)
	daemon.Stderr = os.Stderr
	if err := daemon.Start(); err != nil {
		return "", nil, err
	}
	stop = func() error {
		return errors.Join(daemon.Process.Signal(syscall.SIGTERM), daemon.Wait())
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			return address, stop, conn.Close()
		}
		if time.Now().After(end) {
			return "", nil, errors.Join(err, stop())
		}
	}
}

// client is a process of ours that goes on until its stdin is closed.
type client struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

func begin(kind, address string) (*client, error) {
	command := exec.Command("/proc/self/exe", kind, address)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	c := &client{command, in, bufio.NewReader(out)}
	_, err = c.out.ReadString('\n') // it is subscribed
	return c, err
}

// end gives what the client has found.
func (c *client) end() (took []int64, err error) {
	if err := c.in.Close(); err != nil {
		return nil, err
	}
	err = json.NewDecoder(c.out).Decode(&took)
	return took, errors.Join(err, c.command.Wait())
}

func round(address string, clients int, lasts time.Duration, stalled bool) error {
	name := "in peace"
	if stalled {
		name = "beside one that stalls"
		s, err := begin("stall", address)
		if err != nil {
			return err
		}
		defer func() { _, _ = s.end() }() // it has nothing to tell
	}
	var all []*client
	for range clients {
		c, err := begin("listen", address)
		if err != nil {
			return err
		}
		all = append(all, c)
	}
	waiting, err := watchQueue(address, lasts)
	if err != nil {
		return err
	}
	var took []int64
	for _, c := range all {
		mine, err := c.end()
		if err != nil {
			return err
		}
		if len(mine) == 0 {
			return errors.New("a client has heard of nothing")
		}
		took = append(took, mine...)
	}
	slices.Sort(took)
	at := func(share float64) time.Duration {
		return time.Duration(took[int(share*float64(len(took)-1))]) * time.Microsecond
	}
	fmt.Printf("%-24s %d clients, %d changes heard: p50 %v, p99 %v, max %v; most bytes waiting for one client: %d\n",
		name, clients, len(took), at(0.5), at(0.99), at(1), waiting)
	if at(0.99) > goal {
		return fmt.Errorf("%s: p99 is above %v", name, goal)
	}
	return nil
}

// watchQueue gives the most bytes that waited for one client meanwhile.
func watchQueue(address string, lasts time.Duration) (most int64, err error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return 0, err
	}
	own := fmt.Sprintf(":%04X", n)
	for end := time.Now().Add(lasts); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		table, err := os.ReadFile("/proc/net/tcp")
		if err != nil {
			return 0, err
		}
		for line := range strings.Lines(string(table)) {
			fields := strings.Fields(line)
			if len(fields) < 5 || !strings.HasSuffix(fields[1], own) || fields[3] != "01" {
				continue // not of supervisord's, or not connected
			}
			queue, _, _ := strings.Cut(fields[4], ":")
			bytes, err := strconv.ParseInt(queue, 16, 64)
			if err != nil {
				return 0, err
			}
			most = max(most, bytes)
		}
	}
	return most, nil
}

func dial(address string, dialer *websocket.Dialer, subscriptions int, topic string) (*websocket.Conn, error) {
	dialer.Subprotocols = []string{"supervisor.v1"}
	conn, _, err := dialer.Dial("ws://"+address+"/live", nil)
	if err != nil {
		return nil, err
	}
	if err := conn.WriteJSON(map[string]any{"t": "hello", "v": 1, "build": ""}); err != nil {
		return nil, err
	}
	for id := range subscriptions {
		if err := conn.WriteJSON(map[string]any{"t": "sub", "id": id, "topic": topic}); err != nil {
			return nil, err
		}
	}
	return conn, nil
}

// listen keeps how long each change took to come here, in microseconds.
func listen(address string) error {
	conn, err := dial(address, &websocket.Dialer{}, 1, "events")
	if err != nil {
		return err
	}
	over := make(chan struct{})
	go func() { // ends with stdin
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(over)
		_ = conn.Close() // ends the reading below
	}()
	took := []int64{}
	for told := false; ; told = true {
		var frame struct {
			T       string
			Entries []struct{ At int64 }
		}
		err := conn.ReadJSON(&frame)
		now := time.Now().UnixMicro()
		select {
		case <-over:
			return json.NewEncoder(os.Stdout).Encode(took)
		default:
		}
		if err != nil {
			return err
		}
		if !told {
			fmt.Println("subscribed")
		}
		for _, entry := range frame.Entries {
			took = append(took, now-entry.At*1000)
		}
	}
}

// stall subscribes to the table as often as it may, and never reads. Cut off, it
// comes again.
func stall(address string) error {
	small := &websocket.Dialer{NetDial: func(network, address string) (net.Conn, error) {
		conn, err := net.Dial(network, address)
		if err != nil {
			return nil, err
		}
		return conn, conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	}}
	over := make(chan struct{})
	go func() { // ends with stdin
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(over)
	}()
	for told := false; ; told = true {
		conn, err := dial(address, small, 45, "state")
		if err != nil {
			return err
		}
		if !told {
			fmt.Println("subscribed")
		}
		for alive := true; alive; {
			select {
			case <-over:
				fmt.Println("[]")
				return conn.Close()
			case <-time.After(time.Second):
				alive = conn.WriteJSON(map[string]any{"t": "ping", "n": 1}) == nil
			}
		}
	}
}
