package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"supervisor/supervise"
)

// guessesASecond is how fast the flood of the test below comes.
const guessesASecond = 200

// TestAFloodOfGuessesDoesNotSlowDownWhoIsKnown has two clients call
// supervisor.getAllProcessInfo, one whose password is remembered and one on the unix
// socket, first in peace and then while passwords are guessed: every other one from
// a new address at a new name or at one there is, the rest from one address.
//
// With SUPERVISOR_FLOOD=30s it lasts that long, says (-v) what it has measured, and
// the slowest hundredth must stay below three times what it is in peace. That is
// for a machine that does nothing else; the clients are processes of their own then.
// Otherwise the hashes are cheap, and it asks for
// answers.
func TestAFloodOfGuessesDoesNotSlowDownWhoIsKnown(t *testing.T) {
	if what := os.Getenv("SUPERVISOR_FLOOD_CLIENTS"); what != "" {
		asClients(t, what)
		return
	}
	lasts, cost, measured := time.Second, bcrypt.MinCost, false
	if text := os.Getenv("SUPERVISOR_FLOOD"); text != "" {
		var err error
		if lasts, err = time.ParseDuration(text); err != nil {
			t.Fatalf("SUPERVISOR_FLOOD: %v", err)
		}
		cost, measured = supervise.PasswordCost, true
	}
	hash, err := bcrypt.GenerateFromPassword([]byte("secret"), cost)
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "s")
	options := Options{Endpoints: []Endpoint{
		{Section: "inet_http_server", Host: "127.0.0.1", TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}},
		{Section: "unix_http_server", Unix: true, Path: socket, Mode: 0o700, UID: -1, GID: -1},
	}}
	for i := range 50 {
		options.Accounts = append(options.Accounts, supervise.Account{
			Name: fmt.Sprintf("ann%d", i), Password: string(hash), Grant: supervise.Grant{Role: supervise.Admin},
		})
	}
	s, _ := start(t, options, House{Engine: newVillage(t)})
	j := job{URL: urlOf(s, 0), Socket: socket, Lasts: lasts}
	run := j.here
	if measured {
		run = j.elsewhere
	}
	peace := run(t, "call")()
	guesses := run(t, "guess")
	war := run(t, "call")()
	counts := guesses().Answered
	for name, before := range peace.Took {
		during := war.Took[name]
		t.Logf("%s: in peace %d calls, p50 %.2f ms, p99 %.2f ms; in the flood %d calls, p50 %.2f ms, p99 %.2f ms: %.1f times",
			name, len(before), median(before)*1e3, slowest(before)*1e3, len(during), median(during)*1e3, slowest(during)*1e3, slowest(during)/slowest(before))
		if measured && slowest(during) > 3*slowest(before) {
			t.Errorf("%s: the flood makes it %.1f times slower", name, slowest(during)/slowest(before))
		}
	}
	t.Logf("guesses by status: %v", counts)
	if counts[401]+counts[429]+counts[503] == 0 || measured && counts[503] == 0 {
		t.Errorf("that was no flood: %v", counts)
	}
}

// job is what clients do to a server, here or in a process of their own.
type job struct {
	URL, Socket string
	Lasts       time.Duration // of calls; guesses come until they are asked what they did
}

// done is what they have seen of it.
type done struct {
	Took     map[string][]float64 // by the calls of each client, in seconds
	Answered map[int]int64        // guesses by status
}

// here begins what is one of call and guess, and gives what waits for its end.
func (j job) here(t *testing.T, what string) (end func() done) {
	if what == "guess" {
		stop, answered := flood(t, j.URL)
		return func() done {
			stop()
			all := done{Answered: map[int]int64{}}
			for status, count := range answered {
				all.Answered[status] = count.Load()
			}
			return all
		}
	}
	return func() done {
		unix := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", j.Socket)
		}}}
		defer unix.CloseIdleConnections()
		callers := map[string]*caller{
			"remembered": {T: t, client: http.DefaultClient, url: j.URL + "/RPC2", user: "ann0"},
			"by socket":  {T: t, client: unix, url: "http://socket/RPC2"},
		}
		callers["remembered"].call() // has the hash computed, if it is the first
		return done{Took: callFor(j.Lasts, callers)}
	}
}

// elsewhere is here in another process: what clients cost is nothing that the server
// does, and takes no turns with it in one runtime.
func (j job) elsewhere(t *testing.T, what string) (end func() done) {
	t.Helper()
	text, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	clients := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	clients.Env = append(os.Environ(), "SUPERVISOR_FLOOD_CLIENTS="+what, "SUPERVISOR_FLOOD_JOB="+string(text))
	clients.Stderr = os.Stderr
	stdin, err := clients.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	clients.Stdout = &out
	if err := clients.Start(); err != nil {
		t.Fatal(err)
	}
	return func() (all done) {
		if err := errors.Join(stdin.Close(), clients.Wait()); err != nil {
			t.Fatalf("%s: %v\n%s", what, err, &out)
		}
		_, told, _ := strings.Cut(out.String(), doneMark)
		if err := json.NewDecoder(strings.NewReader(told)).Decode(&all); err != nil {
			t.Fatalf("%s: %v\n%s", what, err, &out)
		}
		return all
	}
}

// doneMark stands before what another process has seen.
const doneMark = "seen: "

// asClients is the other process.
func asClients(t *testing.T, what string) {
	var j job
	if err := json.Unmarshal([]byte(os.Getenv("SUPERVISOR_FLOOD_JOB")), &j); err != nil {
		t.Fatal(err)
	}
	end := j.here(t, what)
	if what == "guess" {
		if _, err := io.Copy(io.Discard, os.Stdin); err != nil { // until the server's process has what it wants
			t.Fatal(err)
		}
	}
	text, err := json.Marshal(end())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(doneMark + string(text))
}

// slowest is the time that one of a hundred takes.
func slowest(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)*99/100]
}

// caller calls supervisor.getAllProcessInfo.
type caller struct {
	*testing.T
	client    *http.Client
	url, user string
}

func (c *caller) call() time.Duration {
	r, err := http.NewRequestWithContext(c.Context(), "POST", c.url, strings.NewReader(call{method: "supervisor.getAllProcessInfo"}.xml("")))
	if err != nil {
		c.Error(err)
		return 0
	}
	if c.user != "" {
		r.SetBasicAuth(c.user, "secret")
	}
	began := time.Now()
	response, err := c.client.Do(r)
	if err != nil {
		c.Error(err)
		return 0
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(body), "canary") {
		c.Errorf("%d, %v: %s", response.StatusCode, err, body)
	}
	return time.Since(began)
}

// callFor has each call a hundred times a second, as a page or a script at most
// does, and gives how long each call took in seconds.
func callFor(lasts time.Duration, callers map[string]*caller) map[string][]float64 {
	var mu sync.Mutex
	var group sync.WaitGroup
	took := map[string][]float64{}
	for name, c := range callers {
		group.Go(func() {
			beat := time.NewTicker(10 * time.Millisecond)
			defer beat.Stop()
			var mine []float64
			for end := time.Now().Add(lasts); time.Now().Before(end); <-beat.C {
				mine = append(mine, c.call().Seconds())
			}
			mu.Lock()
			defer mu.Unlock()
			took[name] = mine
		})
	}
	group.Wait()
	return took
}

// flood guesses until it is stopped, and counts the answers by status.
func flood(t *testing.T, url string) (stop func(), answered map[int]*atomic.Int64) {
	t.Helper()
	answered = map[int]*atomic.Int64{401: {}, 429: {}, 503: {}}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 64}}
	ctx, cancel := context.WithCancel(t.Context())
	guess := func(n int) {
		r, err := http.NewRequestWithContext(ctx, "GET", url+"/ok.html", nil)
		if err != nil {
			t.Error(err)
			return
		}
		name, from := fmt.Sprintf("eve%d", n), "192.0.2.1"
		if n%2 == 0 {
			from = netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}).String()
		}
		if n%4 == 0 {
			name = fmt.Sprintf("ann%d", 1+n/4%49)
		}
		r.SetBasicAuth(name, fmt.Sprintf("guess %d", n))
		r.Header.Set("X-Forwarded-For", from)
		response, err := client.Do(r)
		if err != nil {
			if ctx.Err() == nil {
				t.Error(err)
			}
			return
		}
		defer response.Body.Close()
		count := answered[response.StatusCode]
		if count == nil {
			t.Errorf("a guess is answered with %d", response.StatusCode)
			return
		}
		count.Add(1)
	}
	var group sync.WaitGroup
	group.Go(func() {
		beat := time.NewTicker(time.Second / guessesASecond)
		defer beat.Stop()
		for n := 0; ; n++ {
			select {
			case <-beat.C:
				group.Go(func() { guess(n) })
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		cancel()
		group.Wait()
		client.CloseIdleConnections()
	}, answered
}
