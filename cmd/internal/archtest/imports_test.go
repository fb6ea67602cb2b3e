// Package archtest holds the walls of the house: which room may import which.
package archtest

import (
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "supervisor"

// may says, for each room, which rooms of ours it may import. A room that is
// missing here is a room nobody has thought about: add it, with its reason.
var may = map[string][]string{
	"": {}, // embed.go

	"supervise":                 {},
	"supervise/config":          {"supervise", "supervise/disk"}, // it writes users files
	"supervise/machine":         {"supervise"},
	"supervise/pool":            {"supervise"},
	"supervise/child":           {"supervise"},
	"supervise/child/childtest": {"supervise", "supervise/child"},
	"supervise/logs":            {"supervise"},
	"supervise/bus":             {"supervise"},
	// How a file of ours is written whole or not at all; it knows nothing of ours.
	"supervise/disk": {},
	// It looks at programs from beside the engine, and follows its feed.
	"supervise/metrics": {"supervise"},
	// What is kept of lives that are over, beside the engine, which it hears and does not know.
	"supervise/crash": {"supervise", "supervise/disk"},
	// For programs of others, on the other end of the pipe: no more of ours than words.
	"supervise/listener": {"supervise"},
	"supervise/engine": {
		"supervise", "supervise/config", "supervise/machine", "supervise/pool",
		"supervise/child", "supervise/logs", "supervise/bus",
	},

	// The language of the stories, read by the tests of the engine and by e2e.
	"supervise/engine/scenario": {"supervise", "supervise/child/childtest"},

	"server/wire":  {"supervise"},
	"server/reply": {"supervise", "server/wire"},
	"server/grep":  {"supervise"},
	"server/auth":  {"supervise", "server/wire", "server/reply"},
	// The trail is beside auth: every room that acts tells it, and it knows who asks.
	// Its files know nobody.
	"server/audit":       {"supervise", "server/wire", "server/reply", "server/auth", "server/audit/chain"},
	"server/audit/chain": {"server/wire"},
	// What somebody may see of what happens is one thing for what is past (api) and
	// for what is going on (live).
	"server/sight":  {"supervise", "server/wire", "server/auth", "server/audit"},
	"server/api":    {"supervise", "server/wire", "server/reply", "server/auth", "server/audit", "server/sight", "server/grep"},
	"server/rpc":    {"supervise", "server/auth", "server/reply", "server/audit"},
	"server/tail":   {"supervise", "server/auth", "server/reply", "server/audit"},
	"server/scrape": {"supervise", "server/auth", "server/reply"},
	"server/live":   {"supervise", "server/wire", "server/auth", "server/reply", "server/audit", "server/sight"},
	// The original's page did everything by XML-RPC; former is handed what makes the
	// calls, and does not know rpc.
	"server/former": {"supervise", "server/auth", "server/reply", "server/audit"},
	"server": {
		"supervise", "server/wire", "server/reply", "server/auth", "server/api", "server/rpc",
		"server/tail", "server/live", "server/audit", "server/former", "server/scrape",
	},

	"cmd/internal/daemon": {
		"", "supervise", "supervise/config", "supervise/child", "supervise/logs", "supervise/pool",
		"supervise/engine", "supervise/metrics", "supervise/crash", "supervise/disk", "server", "server/audit", "server/rpc", "cmd/internal/getopt", "cmd/internal/preflight",
		"cmd/internal/manual",
	},
	// Finding and checking a configuration, for both programs.
	"cmd/internal/preflight": {"supervise/child", "supervise/config"},
	// It speaks server/wire, and WebSocket, to hear of changes rather than ask again
	// and again (wait), and to read the preview of an update; the types are the
	// server's own, so that the two cannot drift apart. Of the server it knows nothing
	// else but the trail's files, to check them without one.
	"cmd/internal/ctl":          {"supervise", "supervise/config", "server/wire", "server/audit/chain", "cmd/internal/getopt", "cmd/internal/preflight", "cmd/internal/manual"},
	"cmd/internal/getopt":       {},
	"cmd/internal/manual":       {},
	"cmd/internal/source":       {},
	"cmd/internal/terminaltest": {}, // for the tests of ctl and e2e
	"cmd/internal/archtest":     {},
	"cmd/internal/e2e":          {},
	"cmd/supervisord":           {"cmd/internal/daemon", "supervise/child"},
	"cmd/supervisorctl":         {"cmd/internal/ctl"},
	"cmd/pidproxy":              {},
	"cmd/echo_supervisord_conf": {},
	"cmd/wirets":                {"server/api", "server/wire", "supervise", "cmd/internal/source"},
	"cmd/manpages": {
		"cmd/internal/ctl", "cmd/internal/daemon", "cmd/internal/manual", "cmd/internal/source",
	},
	"examples/listeners/httpcheck": {"supervise", "supervise/listener"},
	"examples/fastcgi":             {}, // it knows nothing of ours
	// A stranger's program, with the house in it: what it imports is what strangers can.
	"examples/embed": {
		"", "server", "server/auth", "server/rpc", "supervise", "supervise/child", "supervise/config", "supervise/engine",
	},
	"bench":      {},
	"bench/live": {},
}

// never says which packages a room must do without, and why.
var never = []struct {
	rooms   string
	below   bool // the rooms below it too
	imports []string
	because string
}{
	{"supervise", true, []string{"net/http"}, "the engine's tower knows no web; HTTP is the server's"},
	{"supervise/engine", false, []string{"os", "os/exec", "net", "syscall", "golang.org/x/sys/unix"}, "the loop never waits: the kernel is behind room child"},
	{"supervise/machine", false, []string{"os", "os/exec", "net", "syscall", "io"}, "a machine is a pure function"},
	{"supervise/pool", false, []string{"os", "os/exec", "net", "syscall"}, "a pool is a pure value"},
	{"supervise/listener", false, []string{"os/exec", "net", "syscall"}, "a listener has two streams, and needs no more"},
	{"supervise/bus", false, []string{"os", "os/exec", "net", "syscall"}, "the bus numbers and fans out, nothing else"},
}

// soleImporters are packages that few rooms keep to themselves. WebSocket has
// three: live answers, ctl is the client of "supervisorctl wait", and the bench is fifty.
var soleImporters = map[string][]string{
	"gopkg.in/ini.v1":              {"supervise/config"},
	"github.com/gorilla/websocket": {"server/live", "cmd/internal/ctl", "bench/live"},
	"github.com/kolo/xmlrpc":       {"cmd/internal/ctl"},
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func TestArrowsPointDownOnly(t *testing.T) {
	for _, p := range packages(t) {
		room := roomOf(p.ImportPath)
		allowed, known := may[room]
		if !known {
			t.Errorf("room %q is not in the table: say which rooms it may import", room)
			continue
		}
		for _, path := range p.Imports {
			if isOurs(path) && !slices.Contains(allowed, roomOf(path)) {
				t.Errorf("%s imports %s: the layering of the house does not allow it", room, roomOf(path))
			}
		}
	}
}

func TestRoomsDoWithoutWhatIsNotTheirs(t *testing.T) {
	for _, p := range packages(t) {
		room := roomOf(p.ImportPath)
		for _, wall := range never {
			if room != wall.rooms && !(wall.below && strings.HasPrefix(room, wall.rooms+"/")) {
				continue
			}
			for _, path := range wall.imports {
				if slices.Contains(p.Imports, path) {
					t.Errorf("%s imports %s: %s", room, path, wall.because)
				}
			}
		}
		for path, rooms := range soleImporters {
			if slices.Contains(p.Imports, path) && !slices.Contains(rooms, room) {
				t.Errorf("%s imports %s, which belongs to %v alone", room, path, rooms)
			}
		}
	}
}

// packages lists every package of ours with what it imports, tests left out.
func packages(t *testing.T) []pkg {
	t.Helper()
	list := exec.Command("go", "list", "-json=ImportPath,Imports", module+"/...")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := decoder.Decode(&p)
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatalf("go list answered what cannot be read: %v", err)
		}
		if !strings.Contains(p.ImportPath, "/node_modules/") {
			all = append(all, p)
		}
	}
}

func isOurs(path string) bool { return path == module || strings.HasPrefix(path, module+"/") }

func roomOf(path string) string { return strings.TrimPrefix(strings.TrimPrefix(path, module), "/") }
