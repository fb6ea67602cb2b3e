package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"supervisor/server/auth"
	"supervisor/server/wire"
	"supervisor/supervise"
)

const indexHTML = `<!doctype html><html lang="en"><head><base href="/" />
<script type="module" src="./assets/app-1a2b.js"></script></head>
<body><script type="application/json" id="boot">
  {}
</script><noscript>no</noscript></body></html>`

func builtPage() fstest.MapFS {
	return fstest.MapFS{
		"index.html":            {Data: []byte(indexHTML)},
		"assets/app-1a2b.js":    {Data: []byte("script")},
		"assets/app-1a2b.js.gz": {Data: []byte("gz of script")},
		"assets/app-1a2b.js.br": {Data: []byte("br of script")},
		"icon.svg":              {Data: []byte("<svg/>")},
		".gitkeep":              {},
	}
}

func newPage(t *testing.T, files fstest.MapFS, base string) http.Handler {
	t.Helper()
	handler, err := spa(files, func() supervise.Identity {
		return supervise.Identity{Identifier: "</script><b>", Version: "1.2.3", Host: "box"}
	})
	if err != nil {
		t.Fatal(err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r.WithContext(withFront(r.Context(), &front{base: base})))
	})
}

func ask(handler http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r.WithContext(auth.With(r.Context(), auth.Principal{Name: "ann", Grant: auth.Full})))
	return w
}

func TestWhatThePageServes(t *testing.T) {
	const forever = "public, max-age=31536000, immutable"
	browser := []string{"Accept", "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Encoding", "gzip, deflate, br, zstd"}
	for _, tt := range []struct {
		name, method, path string
		header             []string
		status             int
		body, kind, cache  string
		coding             string
	}{
		{"the page", "GET", "/", browser, 200, "", "text/html; charset=utf-8", "no-cache", ""},
		{"the page by its name", "GET", "/index.html", nil, 200, "", "text/html; charset=utf-8", "no-cache", ""},
		{"a place inside", "GET", "/process/web/api-0", browser, 200, "", "text/html; charset=utf-8", "no-cache", ""},
		{"a place with a dot", "GET", "/process/web/api.v2", browser, 200, "", "text/html; charset=utf-8", "no-cache", ""},
		{"a place, for whoever takes anything", "GET", "/process/web/api-0", []string{"Accept", "*/*"}, 200, "", "text/html; charset=utf-8", "no-cache", ""},
		{"a log, for whoever takes anything", "GET", "/process/a%2Fb/cat/log", []string{"Accept", "*/*"}, 200, "", "text/html; charset=utf-8", "no-cache", ""},
		{"a place, for a script", "GET", "/process/web/api-0", []string{"Accept", "application/json"}, 404, "", "application/json", "", ""},
		{"no place, for whoever takes anything", "GET", "/process/web/api-0/env", []string{"Accept", "*/*"}, 404, "", "application/json", "", ""},
		{"a group alone, for whoever takes anything", "GET", "/process/web", []string{"Accept", "*/*"}, 404, "", "application/json", "", ""},
		{"an unknown path, for whoever takes anything", "GET", "/nosuch/web/api-0", []string{"Accept", "*/*"}, 404, "", "application/json", "", ""},
		{"brotli", "GET", "/assets/app-1a2b.js", browser, 200, "br of script", "text/javascript; charset=utf-8", forever, "br"},
		{"gzip", "GET", "/assets/app-1a2b.js", []string{"Accept-Encoding", "gzip"}, 200, "gz of script", "text/javascript; charset=utf-8", forever, "gzip"},
		{"brotli refused", "GET", "/assets/app-1a2b.js", []string{"Accept-Encoding", "gzip;q=0.5, br;q=0"}, 200, "gz of script", "text/javascript; charset=utf-8", forever, "gzip"},
		{"as it is", "GET", "/assets/app-1a2b.js", nil, 200, "script", "text/javascript; charset=utf-8", forever, ""},
		{"a file without variants", "GET", "/icon.svg", browser, 200, "<svg/>", "image/svg+xml", "no-cache", ""},
		{"its head", "HEAD", "/icon.svg", nil, 200, "", "image/svg+xml", "no-cache", ""},
		{"an asset of an older build", "GET", "/assets/app-0000.js", browser, 404, "", "application/json", "", ""},
		{"an interface to come", "GET", "/api/v2/processes", browser, 404, "", "application/json", "", ""},
		{"a variant by its name", "GET", "/assets/app-1a2b.js.br", browser, 404, "", "application/json", "", ""},
		{"a directory", "GET", "/assets/", []string{"Accept", "*/*"}, 404, "", "application/json", "", ""},
		{"what git needs", "GET", "/.gitkeep", []string{"Accept", "*/*"}, 404, "", "application/json", "", ""},
		{"out of the files", "GET", "/../../etc/passwd", []string{"Accept", "*/*"}, 404, "", "application/json", "", ""},
		{"an order", "POST", "/", browser, 405, "", "application/json", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := ask(newPage(t, builtPage(), "/"), tt.method, tt.path, tt.header...)
			header := w.Header()
			if w.Code != tt.status || header.Get("Content-Type") != tt.kind || header.Get("Cache-Control") != tt.cache || header.Get("Content-Encoding") != tt.coding {
				t.Errorf("%d %v", w.Code, header)
			}
			if tt.body != "" && w.Body.String() != tt.body {
				t.Errorf("body %q", w.Body)
			}
			if strings.HasPrefix(tt.path, "/assets/app-1a2b.js") && w.Code == 200 && header.Get("Vary") != "Accept-Encoding" {
				t.Errorf("Vary %q", header.Get("Vary"))
			}
			if w.Code != 200 {
				return
			}
			again := ask(newPage(t, builtPage(), "/"), tt.method, tt.path, append([]string{"If-None-Match", header.Get("Etag")}, tt.header...)...)
			if header.Get("Etag") == "" || again.Code != 304 || again.Body.Len() != 0 {
				t.Errorf("asked again: %d %q", again.Code, again.Body)
			}
		})
	}
}

func TestThePageIsToldWhereAndForWhomItIs(t *testing.T) {
	text := ask(newPage(t, builtPage(), `/sup"er/`), "GET", "/").Body.String()
	if !strings.Contains(text, `<base href="/sup&#34;er/" />`) || strings.Contains(text, `href="/"`) {
		t.Errorf("base in %s", text)
	}
	_, rest, _ := strings.Cut(text, `<script type="application/json" id="boot">`)
	data, rest, found := strings.Cut(rest, "</script>")
	var boot wire.Boot
	if err := json.Unmarshal([]byte(data), &boot); err != nil || !found {
		t.Fatalf("%v in %s", err, text)
	}
	if boot.Version != "1.2.3" || boot.Base != `/sup"er/` || boot.Identifier != "</script><b>" || boot.User == nil || boot.User.Name != "ann" {
		t.Errorf("%+v", boot)
	}
	if rest != `<noscript>no</noscript></body></html>` {
		t.Errorf("after it %q", rest)
	}
}

func TestAPageThatWasNotBuiltSaysHow(t *testing.T) {
	w := ask(newPage(t, fstest.MapFS{".gitkeep": {}}, "/"), "GET", "/")
	if w.Code != 200 || !strings.Contains(w.Body.String(), "make web") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestAPageThatCannotBeFilledIsRefused(t *testing.T) {
	for text, want := range map[string]error{
		strings.Replace(indexHTML, `lang="en"`, "", 1):       errNoHTML,
		strings.Replace(indexHTML, "<base", "<bass", 1):      errNoBase,
		strings.Replace(indexHTML, `id="boot"`, `id="b"`, 1): errNoBoot,
	} {
		_, err := spa(fstest.MapFS{"index.html": {Data: []byte(text)}}, nil)
		if !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}
