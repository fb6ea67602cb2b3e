package server

import (
	"net/http"
	"strings"
	"testing"
)

func TestTheFirstByteOfThePageIsAsItsReaderLikesIt(t *testing.T) {
	page := newPage(t, builtPage(), "/")
	for _, tt := range []struct{ name, path, cookies, accept, lang, theme string }{
		{"a newcomer", "/", "", "", "en", "system"},
		{"a newcomer whose browser speaks Russian", "/", "", "ru, en;q=0.5", "ru", "system"},
		{"who has chosen", "/", "supervisor_theme=dark; supervisor_language=ru", "en", "ru", "dark"},
		{"who has chosen against the browser", "/", "supervisor_language=en", "ru", "en", "system"},
		{"who wants it clear", "/", "supervisor_theme=contrast", "", "en", "contrast"},
		{"who opens an address in a language", "/?lang=ru", "supervisor_language=en", "en", "ru", "system"},
		{"the same, deeper in", "/process/web/api-0/log?ch=stderr&lang=en", "supervisor_language=ru", "ru", "en", "system"},
		{"an address in a language we do not have", "/?lang=tlh", "supervisor_language=ru", "en", "ru", "system"},
		{"a cookie of somebody else's making", "/", `supervisor_theme="><script>; supervisor_language=../../en`, "ru", "ru", "system"},
		{"cookies of two pages on one host, the nearer first", "/", "supervisor_theme=light; supervisor_theme=dark", "", "en", "light"},
		{"the nearer of which is bad", "/", "supervisor_theme=pink; supervisor_theme=dark", "", "en", "dark"},
		{"parameters that cannot be read", "/?lang=%zz&lang=ru", "", "", "ru", "system"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := ask(page, "GET", tt.path, "Cookie", tt.cookies, "Accept-Language", tt.accept, "Accept", "text/html")
			if want := `<html lang="` + tt.lang + `" data-theme="` + tt.theme + `">`; w.Code != 200 || strings.Count(w.Body.String(), "<html") != 1 || !strings.Contains(w.Body.String(), want) {
				t.Errorf("%d, want %s in %s", w.Code, want, w.Body)
			}
		})
	}
}

func TestAPageThatIsKeptIsAskedForAgainByWhoWantsItOtherwise(t *testing.T) {
	page := newPage(t, builtPage(), "/")
	first := ask(page, "GET", "/", "Cookie", "supervisor_theme=light").Result()
	if vary := first.Header.Get("Vary"); vary != "Accept-Language, Cookie" || first.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("Vary %q, Cache-Control %q", vary, first.Header.Get("Cache-Control"))
	}
	tag := first.Header.Get("Etag")
	for cookies, want := range map[string]int{"supervisor_theme=light": http.StatusNotModified, "supervisor_theme=dark": 200, "supervisor_theme=light; supervisor_language=ru": 200} {
		if w := ask(page, "GET", "/", "Cookie", cookies, "If-None-Match", tag); w.Code != want {
			t.Errorf("%s: %d, want %d", cookies, w.Code, want)
		}
	}
}

func TestTheWorkerAndTheManifestAreForEverybodyAndAskedForAgain(t *testing.T) {
	files := builtPage()
	files["sw.js"] = files["icon.svg"]
	files["manifest.webmanifest"] = files["icon.svg"]
	files["offline.html"] = files["icon.svg"]
	files["icon-192.png"] = files["icon.svg"]
	s, _ := start(t, Options{Endpoints: []Endpoint{proxied()}}, House{Static: files})
	for name, kind := range map[string]string{
		"sw.js": "text/javascript; charset=utf-8", "manifest.webmanifest": "application/manifest+json",
		"offline.html": "text/html; charset=utf-8", "icon-192.png": "image/png",
	} {
		response, body := request(t, "GET", urlOf(s, 0)+"/sup/"+name, "")
		if response.StatusCode != 200 || body != "<svg/>" || response.Header.Get("Content-Type") != kind || response.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %d %v", name, response.StatusCode, response.Header)
		}
		if !strings.Contains(response.Header.Get("Content-Security-Policy"), "worker-src 'self'") {
			t.Errorf("%s: %v", name, response.Header)
		}
	}
}
