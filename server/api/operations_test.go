package api

import (
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"supervisor/server/audit"
	"supervisor/supervise"
)

// now is when an answer was made, which says nothing of what was asked.
var now = regexp.MustCompile(`"(at|times)":(\d+|\[[\d,]*\])`)

// TestWhatIsDescribedOfAQueryIsWhatIsRead sends nonsense as each parameter there
// is to each operation: the answer is another one than without it if and only if
// the parameter is described there.
func TestWhatIsDescribedOfAQueryIsWhatIsRead(t *testing.T) {
	trail := audit.New(audit.Options{Path: filepath.Join(t.TempDir(), "audit.log")})
	defer func() {
		if err := trail.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	d := newDesk(t, func(o *Options) { o.Trail, o.Metrics = trail, &fakeMetrics{pid: web.PID} })
	d.engine.log.data = "hay\nneedle\n"
	d.engine.recent = []supervise.Change{moved(1, web, supervise.StateRunning)}
	d.engine.changes = make(chan supervise.Change)
	close(d.engine.changes) // a feed ends at once
	d.send("POST", "/processes/web:api/restart", "")

	usual := map[string]string{"q": "needle", "source": "mainlog"}
	nonsense := map[string]string{"epoch": "earlier", "q": "a\nb", "program": ":"}
	names := map[string]bool{}
	for _, o := range Operations() {
		for _, p := range o.Query {
			names[p.Name] = o.About != "people"
		}
	}
	tried := 0
	for _, o := range Operations() {
		if o.Method != "GET" || o.About == "people" || o.About == "reference" {
			continue
		}
		about := strings.NewReplacer("{name}", "web:api", "{channel}", "stdout", "{id}", "last").Replace(o.Path)
		ask := func(name string) string {
			query := url.Values{}
			for _, p := range o.Query {
				if p.Needed {
					query.Set(p.Name, usual[p.Name])
				}
			}
			if name != "" {
				query.Set(name, nonsense[name])
				if nonsense[name] == "" {
					query.Set(name, "x")
				}
			}
			w := d.send("GET", about+"?"+query.Encode(), "")
			return now.ReplaceAllString(fmt.Sprint(w.Code, " ", w.Body), "NOW")
		}
		without := ask("")
		for _, name := range slices.Sorted(maps.Keys(names)) {
			described := slices.ContainsFunc(o.Query, func(p Parameter) bool { return p.Name == name })
			tried++
			if got := ask(name); (got != without) != described {
				t.Errorf("%s: %s is described: %v\nwithout: %.200s\n   with: %.200s", o.Path, name, described, without, got)
			}
		}
	}
	if tried < 300 {
		t.Errorf("%d parameters were tried", tried)
	}
}

func TestEveryWayThatIsDescribedIsTaken(t *testing.T) {
	d := newDesk(t)
	d.engine.log.data = "needle\n"
	for _, path := range []string{"/merged?source=mainlog", "/mainlog/search?q=x", "/mainlog/filtered?q=x"} {
		plain, _, _ := strings.Cut(path, "?")
		i := slices.IndexFunc(Operations(), func(o Operation) bool { return o.Path == plain })
		j := slices.IndexFunc(Operations()[i].Query, func(p Parameter) bool { return p.Name == "dir" })
		if j < 0 {
			t.Errorf("%s: dir is not described", plain)
			continue
		}
		for _, way := range strings.Split(Operations()[i].Query[j].Meaning, " or ") {
			if w := d.send("GET", path+"&dir="+way, ""); w.Code != 200 {
				t.Errorf("%s&dir=%s: %d %s", path, way, w.Code, w.Body)
			}
		}
	}
}
