//go:build compat && linux

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kolo/xmlrpc"

	"supervisor/server/wire"
)

// Pools of event listeners under load, with real listeners: what they are given,
// what is lost, and that nobody else waits for them.

// counting is a program that writes numbered lines, each of which supervisord has
// read before the next: so each is an event of its own. With three quarters of them
// written it waits for the file that it may be given.
const counting = `
import fcntl, os, sys, termios, time
lines, pause = int(sys.argv[1]), float(sys.argv[2])
left = bytearray(4)
for number in range(lines):
    if sys.argv[3:] and number == lines * 3 // 4:
        while not os.path.exists(sys.argv[3]):
            time.sleep(0.01)
    os.write(1, b"line %d\n" % number)
    time.sleep(pause)
    while fcntl.ioctl(1, termios.FIONREAD, left) == 0 and any(left):
        time.sleep(0.00001)
sys.stdin.read()
`

// poolCaller asks a supervisord by its socket.
type poolCaller struct {
	*life
	http *http.Client
}

func (l *life) caller() poolCaller {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", l.path("s.sock"))
	}
	return poolCaller{l, &http.Client{Transport: &http.Transport{DialContext: dial}, Timeout: soon}}
}

// pools is what the API tells of all pools, by name.
func (c poolCaller) pools() map[string]wire.Pool {
	c.t.Helper()
	response, err := c.http.Get("http://supervisord/api/v1/pools")
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	var told wire.Pools
	if err := json.NewDecoder(response.Body).Decode(&told); err != nil {
		c.t.Fatalf("read the pools: %s: %v", response.Status, err)
	}
	byName := map[string]wire.Pool{}
	for _, p := range told.Pools {
		byName[p.Group] = p
	}
	return byName
}

// counts is how much a pool has to do.
func (c poolCaller) counts(pool string) wire.PoolCounts {
	c.t.Helper()
	return c.pools()[pool].Counts
}

func (c poolCaller) call(method string, args ...any) error {
	request, err := xmlrpc.NewRequest("http://supervisord/RPC2", method, args)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	return xmlrpc.Response(body).Err()
}

// timeCalls makes 200 calls and says how long each took.
func (c poolCaller) timeCalls() []time.Duration {
	var took []time.Duration
	for range 200 {
		began := time.Now()
		if err := c.call("supervisor.getState"); err != nil {
			c.t.Errorf("getState: %v", err)
			break
		}
		took = append(took, time.Since(began))
	}
	return took
}

// mustAnswer looks at the latency loosely: what is measured elsewhere is that it is
// small, and here that nobody waits for a listener.
func mustAnswer(t *testing.T, when string, took []time.Duration) {
	t.Helper()
	if len(took) == 0 {
		t.Fatal("no call was answered")
	}
	t.Logf("getState %s: %s", when, spread(took))
	if slowest := took[len(took)-1]; slowest > 5*time.Second { // spread has sorted them
		t.Errorf("a call took %v %s", slowest, when)
	}
}

// TestNoEventOfAHundredThousandIsLostUntold has a program write 100,000 lines to a
// pool of four listeners. At half time one of them is stopped by SIGSTOP; with a
// quarter left the others, for as long as it takes the buffer to overflow. In the end
// every event has been received once or is among those that were dropped, one by one.
func TestNoEventOfAHundredThousandIsLostUntold(t *testing.T) {
	const events = 100_000
	l := newLife(t, buildProgram(t, "supervisord"), strings.NewReplacer("TEST", os.Args[0], "EVENTS", strconv.Itoa(events)).Replace(`
[program:count]
command=/usr/bin/python3 DIR/count.py EVENTS 0 DIR/go-on
stdout_events_enabled=true
stdout_logfile=DIR/count.log
stdout_logfile_maxbytes=0
autostart=false
startsecs=0
[eventlistener:ears]
command=TEST worker records DIR/heard.%(process_num)d
process_name=%(process_num)d
numprocs=4
events=PROCESS_LOG
buffer_size=500
stdout_logfile=NONE
`))
	l.write("count.py", counting)
	l.start()
	c := l.caller()
	l.until("all listeners are ready", func() bool {
		ready := 0
		for _, listener := range c.pools()["ears"].Listeners {
			if listener.Process == "RUNNING" && listener.Listener.State == "READY" {
				ready++
			}
		}
		return ready == 4
	})
	mustAnswer(t, "before", c.timeCalls())

	var pids [4]int
	for i := range pids {
		pids[i] = l.pidOf(fmt.Sprint("ears:", i))
	}
	signal := func(sig syscall.Signal, which ...int) {
		for _, i := range which {
			if err := syscall.Kill(pids[i], sig); err != nil {
				t.Fatalf("%v to listener %d: %v", sig, i, err)
			}
		}
	}
	began := time.Now()
	if err := c.call("supervisor.startProcess", "count", true); err != nil {
		t.Fatal(err)
	}
	l.until("half of the events came", func() bool { return c.counts("ears").Accepted >= events/2 })
	signal(syscall.SIGSTOP, 3)
	var during []time.Duration
	var calls sync.WaitGroup
	calls.Go(func() { during = c.timeCalls() })
	l.until("three quarters came", func() bool { return c.counts("ears").Accepted >= events*3/4 })
	signal(syscall.SIGSTOP, 0, 1, 2)
	l.write("go-on", "")
	l.until("the pool overflows", func() bool { return c.counts("ears").Dropped > 500 })
	signal(syscall.SIGCONT, 0, 1, 2)
	calls.Wait()
	mustAnswer(t, "during", during)

	l.until("all but the one that is stopped are done", func() bool {
		n := c.counts("ears")
		return n.Accepted == events && n.Buffered == 0 && n.Handled+n.Dropped >= events-1
	})
	if one := c.pools()["ears"].Listeners[3].Listener; one.State != "BUSY" || one.Event != "PROCESS_LOG_STDOUT" {
		t.Errorf("the one that is stopped is %+v", one)
	}
	took := time.Since(began)
	signal(syscall.SIGCONT, 3)
	l.until("the last event is answered", func() bool {
		n := c.counts("ears")
		return n.Handled+n.Dropped == events
	})
	n := c.counts("ears")
	t.Logf("%d events in %v, %.0f a second; %d handled, %d dropped", events, took.Round(time.Millisecond), events/took.Seconds(), n.Handled, n.Dropped)
	if n.Rejected != 0 || n.Dropped != uint64(n.DroppedHour) {
		t.Errorf("%+v", n)
	}
	l.end(syscall.SIGTERM) // which tells of the last that were dropped

	book := newSerialBook(t, events)
	for i := range pids {
		book.hear(l.read(fmt.Sprint("heard.", i)))
	}
	book.settle(l.read("main.log"), n)
	if log := l.read("count.log"); strings.Count(log, "\n") != events {
		t.Errorf("the log of the program has %d lines", strings.Count(log, "\n"))
	}
}

// serialBook holds what listeners heard against what was said to be dropped.
type serialBook struct {
	t      *testing.T
	heard  []int // how often, by serial
	events int
}

func newSerialBook(t *testing.T, events int) *serialBook {
	return &serialBook{t: t, heard: make([]int, events), events: events}
}

var heardEvent = regexp.MustCompile(`(?m)^ver:3\.0 server:supervisor serial:(\d+) pool:ears poolserial:(\d+) eventname:PROCESS_LOG_STDOUT len:\d+ processname:count groupname:count pid:\d+ channel:stdout\nline (\d+)$`)

// hear reads what one listener has written down: the serial of the pool, which this
// is the only one of, and the line that has the same number.
func (b *serialBook) hear(text string) {
	b.t.Helper()
	found := heardEvent.FindAllStringSubmatch(text, -1)
	if got := strings.Count(text, "\n"); got != 2*len(found) {
		b.t.Errorf("a listener wrote %d lines, of which %d are events: %.300s", got, len(found), text)
	}
	for _, event := range found {
		if event[1] != event[2] || event[2] != event[3] {
			b.t.Errorf("an event of serial %s and %s brings line %s", event[1], event[2], event[3])
		}
		serial, err := strconv.Atoi(event[2])
		if err != nil || serial >= b.events {
			b.t.Fatalf("serial %s", event[2])
		}
		b.heard[serial]++
	}
}

var toldDropped = regexp.MustCompile(`pool ears event buffer overflowed, discarding (?:event (\d+)|(\d+) more events, from (\d+) to (\d+))`)

// settle fails unless every serial was heard once, or was dropped and told of.
func (b *serialBook) settle(log string, n wire.PoolCounts) {
	b.t.Helper()
	told := make([]bool, b.events)
	dropped := 0
	lines := toldDropped.FindAllStringSubmatch(log, -1)
	for _, line := range lines {
		numbers := [4]int{}
		for i, text := range line[1:] {
			numbers[i], _ = strconv.Atoi(text) // digits, or nothing
		}
		count, from, to := numbers[1], numbers[2], numbers[3]
		if count == 0 {
			count, from, to = 1, numbers[0], numbers[0]
		}
		dropped += count
		for serial := from; serial <= to; serial++ {
			told[serial] = true
		}
	}
	missing := 0
	for serial, times := range b.heard {
		switch {
		case times > 1:
			b.t.Errorf("event %d was received %d times", serial, times)
		case times == 0 && !told[serial]:
			b.t.Errorf("event %d is lost, and nobody was told", serial)
		case times == 0:
			missing++
		}
	}
	b.t.Logf("%d were dropped, told in %d lines", missing, len(lines))
	if uint64(missing) != n.Dropped || dropped != missing || n.Handled != uint64(b.events-missing) {
		b.t.Errorf("%d are missing and %d told of; the API says %+v", missing, dropped, n)
	}
}

// TestNoListenerDelaysAnybody has listeners of every bad kind beside a good one, and
// a program that writes a thousand lines a second.
func TestNoListenerDelaysAnybody(t *testing.T) {
	const lines = 4000
	bad := map[string]string{
		"silent":   `echo READY; exec sleep 1000`,
		"liar":     `echo READY; while :; do printf 'RESULT 2\nOKREADY\n'; sleep 0.001; done`,
		"endless":  `echo READY; read x; exec tr '\000\n' xx </dev/zero`,
		"generous": `echo READY; read x; echo "RESULT 99999999999999"; exec tr '\000' x </dev/zero`,
		"rude":     `exec tr '\000' x </dev/zero`,
		"closed":   `exec <&-; echo READY; exec sleep 1000 >&-`,
		"stopped":  `echo READY; read x; kill -STOP $$`,
		"parent":   `sleep 20 <&0 & echo READY; read x; exit 1`,
		"restarts": `echo hello; exec sleep 1000`,
	}
	var conf strings.Builder
	for name := range bad {
		fmt.Fprintf(&conf, "[eventlistener:%s]\ncommand=/bin/sh DIR/%s.sh\nevents=PROCESS_LOG,PROCESS_STATE\nstdout_logfile=NONE\nstartsecs=0\nrestart_on_protocol_error=%v\n",
			name, name, name == "restarts")
	}
	l := newLife(t, buildProgram(t, "supervisord"), conf.String()+strings.NewReplacer("TEST", os.Args[0], "LINES", strconv.Itoa(lines)).Replace(`
[program:count]
command=/usr/bin/python3 DIR/count.py LINES 0.001
stdout_events_enabled=true
stdout_logfile=DIR/count.log
autostart=false
startsecs=0
[program:cat]
command=/bin/cat
startsecs=0
[eventlistener:good]
command=TEST worker records DIR/heard
events=PROCESS_LOG
buffer_size=LINES
stdout_logfile=NONE
startsecs=0
`))
	for name, command := range bad {
		l.write(name+".sh", command+"\n")
	}
	l.write("count.py", counting)
	l.start()
	c := l.caller()
	if err := c.call("supervisor.startProcess", "count", true); err != nil {
		t.Fatal(err)
	}
	l.until("the good one hears", func() bool { return c.counts("good").Handled > 100 })
	mustAnswer(t, "beside listeners of every kind", c.timeCalls())
	for range 5 { // and orders are obeyed
		for _, order := range []string{"supervisor.stopProcess", "supervisor.startProcess"} {
			if err := c.call(order, "cat", true); err != nil {
				t.Errorf("%s: %v", order, err)
			}
		}
	}
	l.until("the good one has heard all", func() bool { return c.counts("good").Handled == lines })
	heard := l.read("heard")
	for number := range lines {
		_, rest, found := strings.Cut(heard, fmt.Sprintf("\nline %d\n", number))
		if !found {
			t.Fatalf("line %d was not heard in its turn", number)
		}
		heard = rest
	}
	if got := strings.Count(l.read("count.log"), "\n"); got != lines {
		t.Errorf("the log has %d lines", got)
	}
	// It answers what it has not been asked yet, sooner or later.
	l.until("the liar is out", func() bool { return c.pools()["liar"].Listeners[0].Listener.Broken })
	pools := c.pools()
	for _, name := range []string{"endless", "rude", "liar"} {
		if one := pools[name].Listeners[0].Listener; !one.Broken || one.Breaches != 1 || one.Said == "" {
			t.Errorf("%s: %+v", name, one)
		}
	}
	for _, name := range []string{"silent", "generous", "stopped"} {
		if one := pools[name].Listeners[0].Listener; one.State != "BUSY" || pools[name].Counts.Dropped == 0 {
			t.Errorf("%s: %+v, %+v", name, one, pools[name].Counts)
		}
	}
	if one := pools["restarts"].Listeners[0].Listener; one.Breaches < 2 {
		t.Errorf("restarts: %+v", one)
	}
	// Nobody reads what it is written, but it lives and has said READY.
	if p := pools["closed"]; p.Listeners[0].Listener.State != "READY" || p.Counts.Handled+p.Counts.Rejected != 0 || p.Counts.Dropped == 0 {
		t.Errorf("closed: %+v", p)
	}
	// What it had when it died comes back each time, and its child answers nothing.
	if p := pools["parent"]; p.Listeners[0].Listener.Breaches != 0 || p.Counts.Rejected < 2 || p.Counts.Handled != 0 {
		t.Errorf("parent: %+v", p)
	}
	for name, p := range pools {
		busy := uint64(0)
		if p.Listeners[0].Listener.Event != "" {
			busy = 1
		}
		// The pools are told of at one moment, so the books are right in each answer.
		if n := p.Counts; n.Accepted != n.Handled+n.Dropped+uint64(n.Buffered)+busy {
			t.Errorf("%s: %+v and %d worked on", name, n, busy)
		}
	}
	peak := counted(t, l.cmd.Process.Pid, "VmHWM")
	t.Logf("supervisord took %d MiB at most", peak>>10)
	if peak > 300<<10 {
		t.Errorf("supervisord took %d KiB at most", peak)
	}
	l.end(syscall.SIGTERM)
}
