package rpc

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/supervise"
)

// post sends a body to the handler the way somebody who may do everything does.
func post(t *testing.T, engine Engine, body string) *httptest.ResponseRecorder {
	t.Helper()
	return postTo(t, New(engine), auth.Principal{Grant: auth.Full}, body)
}

func postTo(t *testing.T, h *Handler, who auth.Principal, body string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/RPC2", strings.NewReader(body))
	ctx := reply.WithLog(auth.With(t.Context(), who), slog.New(slog.DiscardHandler), "1")
	h.ServeHTTP(w, r.WithContext(ctx))
	return w
}

// The golden files are recorded from the original by testdata/record.py.
func TestAnswersAreTheOriginalsByteForByte(t *testing.T) {
	files, err := filepath.Glob("testdata/*.xml.golden")
	if err != nil || len(files) < 100 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".xml.golden")
		t.Run(name, func(t *testing.T) {
			golden, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			request, want, _ := strings.Cut(string(golden), "----\n")
			w := post(t, worldOf(name), request)
			got := masked(fmt.Sprintf("%d\n%s", w.Code, w.Body))
			if got != want {
				t.Errorf("answer:\n%s\nthe original's:\n%s", got, want)
			}
			if kind := w.Header().Get("Content-Type"); w.Code == 200 && kind != "text/xml" {
				t.Errorf("content type %q", kind)
			}
			if length := w.Header().Get("Content-Length"); length != fmt.Sprint(w.Body.Len()) {
				t.Errorf("content length %q of %d", length, w.Body.Len())
			}
		})
	}
}

// worldOf sets up what record.py has done when it makes the call.
func worldOf(name string) *world {
	w := newWorld()
	switch {
	case strings.HasPrefix(name, "down_"):
		w.mood = supervise.MoodShutdown
	case name == "reloadConfig_added":
		w.plan.Added = []string{"fresh"}
	case name == "reloadConfig_broken":
		w.stageErr = supervise.Fault{Code: supervise.FaultCantReread,
			Detail: "invalid literal for int() with base 10: 'x' in section 'program:failed' (file: '/golden/conf')"}
	case name == "addProcessGroup", name == "removeProcessGroup":
		w.added = []string{"fresh"}
	case name == "stopProcess_group":
		w.processes[0].State, w.processes[1].State = supervise.StateRunning, supervise.StateRunning
	case name == "getProcessInfo_stopped":
		w = fresh(w) // recorded before anybody started it
	case name == "getAllProcessInfo":
		w = fresh(w)
	}
	return w
}

// fresh is the world before its stopped processes had ever been started.
func fresh(w *world) *world {
	for i := range w.processes {
		if p := &w.processes[i]; p.State == supervise.StateStopped {
			p.Start, p.Stop = supervise.ProcessInfo{}.Start, supervise.ProcessInfo{}.Stop
		}
	}
	return w
}

var masks = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`<name>(start|stop|now)</name>\n<value><int>[1-9]\d*<`), "<name>$1</name>\n<value><int>1000<"},
	{regexp.MustCompile(`pid 42, uptime [\d:]+`), "pid 42, uptime 0:00:07"},
	{regexp.MustCompile(`[A-Z][a-z][a-z] \d\d \d\d:\d\d [AP]M`), "Jan 01 12:00 AM"},
	// Later versions of the original tell autorestart; the one recorded does not.
	{regexp.MustCompile(`<member>\n<name>autorestart</name>\n<value>.*</value>\n</member>\n`), ""},
}

func masked(answer string) string {
	for _, mask := range masks {
		answer = mask.pattern.ReplaceAllString(answer, mask.with)
	}
	return answer
}
