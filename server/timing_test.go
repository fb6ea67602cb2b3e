package server

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"supervisor/supervise"
)

// guesser tries passwords through a trusted proxy, each from an address nobody has
// come from before, so that no guess has to wait.
type guesser struct {
	*testing.T
	url  string
	next netip.Addr
}

// TestAWrongPasswordTakesAsLongWhetherOrNotThereIsSuchAUser measures pairs of one
// guess at a user there is and one at a name nobody has. A name is used once: who
// guesses at it from many addresses would have to wait.
//
// With SUPERVISOR_TIMING=300 it measures so many pairs, and says (-v) how likely a
// difference like the one found is by chance. Without, it takes no time for proof,
// which hashes are computed being counted in server/auth, and sees to it that the
// answers are the same to the letter.
func TestAWrongPasswordTakesAsLongWhetherOrNotThereIsSuchAUser(t *testing.T) {
	pairs, cost, measured := 3, bcrypt.MinCost, false
	if text := os.Getenv("SUPERVISOR_TIMING"); text != "" {
		var err error
		if pairs, err = strconv.Atoi(text); err != nil || pairs < 1 {
			t.Fatalf("SUPERVISOR_TIMING=%s: how many pairs?", text)
		}
		cost, measured = bcrypt.DefaultCost, true
	}
	hash, err := bcrypt.GenerateFromPassword([]byte("secret"), cost)
	if err != nil {
		t.Fatal(err)
	}
	ways := map[string]func(*guesser, string, string) *http.Request{"HTTP Basic": byBasic, "POST /session": bySession}
	options := Options{Endpoints: []Endpoint{{Section: "inet_http_server", Host: "127.0.0.1", TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}}}
	for way := range ways {
		for i := range pairs {
			options.Accounts = append(options.Accounts, supervise.Account{
				Name: nameOf(way, "ann", i), Password: string(hash), Grant: supervise.Grant{Role: supervise.Viewer},
			})
		}
	}
	s, _ := start(t, options)
	for way, write := range ways {
		t.Run(way, func(t *testing.T) {
			g := &guesser{T: t, url: urlOf(s, 0), next: netip.MustParseAddr("10.0.0.1")}
			if way != "HTTP Basic" {
				g.next = netip.MustParseAddr("10.8.0.1")
			}
			var first, again comparison
			for i := range pairs {
				took, said := map[string][2]time.Duration{}, map[string][2]string{}
				whom := []string{"ann", "eve"}
				rand.Shuffle(2, func(i, j int) { whom[i], whom[j] = whom[j], whom[i] })
				for _, who := range whom {
					took[who], said[who] = g.twice(write, nameOf(way, who, i))
				}
				if said["ann"] != said["eve"] || said["ann"][0] != said["ann"][1] {
					t.Errorf("the answers differ: %q", said)
				}
				first.add(took["ann"][0], took["eve"][0])
				again.add(took["ann"][1], took["eve"][1])
			}
			if !measured {
				return
			}
			first.report(t, way)
			again.report(t, way+", the same guess again")
			// The shortest of each, as what else the machine does makes others longer. Without
			// the hash it is a fiftieth.
			if ratio := slices.Min(first.unknown) / slices.Min(first.known); ratio < 0.1 || ratio > 10 {
				t.Errorf("a name that nobody has is answered in %.2f of the time", ratio)
			}
			// A guess that is repeated is known to be wrong, whomever it is at.
			for who, took := range map[string][]float64{"a user there is": again.known, "a name nobody has": again.unknown} {
				if slices.Min(took) > slices.Min(first.known)/2 {
					t.Errorf("the same guess at %s takes %.2f ms again", who, slices.Min(took)*1e3)
				}
			}
		})
	}
}

func nameOf(way, who string, i int) string {
	return fmt.Sprintf("%s-%d-%d", who, len(way), i)
}

func byBasic(g *guesser, user, password string) *http.Request {
	r, err := http.NewRequestWithContext(g.Context(), "GET", g.url+"/ok.html", nil)
	if err != nil {
		g.Fatal(err)
	}
	r.SetBasicAuth(user, password)
	return r
}

func bySession(g *guesser, user, password string) *http.Request {
	r, err := http.NewRequestWithContext(g.Context(), "POST", g.url+"/api/v1/session", strings.NewReader(fmt.Sprintf(`{"user":%q,"password":%q}`, user, password)))
	if err != nil {
		g.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	return r
}

// twice makes the same wrong guess at a user two times.
func (g *guesser) twice(write func(*guesser, string, string) *http.Request, user string) (took [2]time.Duration, said [2]string) {
	for i := range took {
		r := write(g, user, "a guess")
		r.Header.Set("X-Forwarded-For", g.next.String())
		began := time.Now()
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			g.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		took[i], said[i] = time.Since(began), string(body)
		if response.Body.Close(); err != nil || response.StatusCode != http.StatusUnauthorized {
			g.Fatalf("guess %d at %s: %d, %v", i, user, response.StatusCode, err)
		}
	}
	g.next = g.next.Next()
	return took, said
}

// comparison is how long each of two things took, in seconds, pair by pair.
type comparison struct{ known, unknown []float64 }

func (c *comparison) add(known, unknown time.Duration) {
	c.known = append(c.known, known.Seconds())
	c.unknown = append(c.unknown, unknown.Seconds())
}

// report says how the two differ, and how often pairs of which each could as well
// have come the other way round differ as much (a permutation test).
func (c *comparison) report(t *testing.T, what string) {
	differences := make([]float64, len(c.known))
	for i := range c.known {
		differences[i] = c.unknown[i] - c.known[i]
	}
	found := math.Abs(mean(differences))
	const rounds = 10_000
	chance := 0
	for range rounds {
		sum := 0.0
		for _, d := range differences {
			if rand.IntN(2) == 0 {
				d = -d
			}
			sum += d
		}
		if math.Abs(sum)/float64(len(differences)) >= found {
			chance++
		}
	}
	t.Logf("%s: %d pairs; known %.3f ms, unknown %.3f ms (medians), %+.2f %%; half of the known are within %.3f ms; by chance in %.0f %% of cases",
		what, len(differences), median(c.known)*1e3, median(c.unknown)*1e3, 100*(median(c.unknown)/median(c.known)-1), spread(c.known)*1e3, 100*float64(chance)/rounds)
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

func median(values []float64) float64 { return slices.Sorted(slices.Values(values))[len(values)/2] }

// spread is the width of the middle half.
func spread(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)*3/4] - sorted[len(sorted)/4]
}
