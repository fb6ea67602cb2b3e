package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// notBuilt is served where the page should be and is not.
const notBuilt = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Supervisor</title></head>
<body><h1>The page has not been built</h1>
<p>supervisord runs, but this binary was made without its page. In the source tree run <code>make web</code>,
which needs Node, and then <code>make build</code>.</p>
<p>Until then: <code>supervisorctl status</code>, or <a href="api/v1/processes">the list of processes</a>.</p>
</body></html>
`

// page serves the files of the browser's page. Where they come from it does not
// know: the binary, or a map in a test.
//
// Files under assets/ carry a hash of their content in their name and may be
// kept for ever; all others must be asked for again, with their ETag. Where a
// file lies there compressed as well, that is what is sent to who understands
// it. A path that is no file is a place inside the page, if whoever asks wants
// HTML, and the page finds out itself which.
type page struct {
	files    fs.FS
	identity func() supervise.Identity
	index    *template // nil if the page has not been built
	etags    map[string]string
}

// spa makes the handler. It reads every file once, to know its hash.
func spa(files fs.FS, identity func() supervise.Identity) (*page, error) {
	p := &page{files: files, identity: identity, etags: map[string]string{}}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		p.etags[name] = etag(data)
		if name == "index.html" {
			p.index, err = newTemplate(data)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the files of the page: %w", err)
	}
	return p, nil
}

// greet puts auth in front of next: the page itself, or what stands in its
// place. Its parts are the same for everybody and are on the web for all to
// read; nobody has to say who they are to get them. To a browser the page opens
// without knowing whom to, so that it can ask; programs are refused as ever.
func (p *page) greet(next http.Handler) http.Handler {
	recognised, required := auth.Recognise(next), auth.Require(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead
		switch name := fileName(r); {
		case reads && name != "index.html" && p.isFile(name):
			next.ServeHTTP(w, r)
		case reads && auth.IsBrowser(r):
			recognised.ServeHTTP(w, r)
		default:
			required.ServeHTTP(w, r)
		}
	})
}

// ServeHTTP answers a request that went through greet.
func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reply.Handler(p.serve).ServeHTTP(w, r)
}

func fileName(r *http.Request) string { return strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/") }

// isFile tells whether a name is that of a file to be served as it is.
func (p *page) isFile(name string) bool {
	return p.etags[name] != "" && !compressed(name) && !strings.HasPrefix(path.Base(name), ".")
}

func etag(data []byte) string {
	sum := sha256.Sum256(data)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

func (p *page) serve(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return reply.Problem{Status: http.StatusMethodNotAllowed, Text: "not by " + r.Method}
	}
	switch name := fileName(r); {
	case name == "" || name == "index.html":
		return p.serveIndex(w, r)
	case p.isFile(name):
		return p.serveFile(w, r, name)
	case place(name) && strings.Contains(r.Header.Get("Accept"), "text/html"), ownPlace(r.URL) && r.Header.Get("Accept") == "*/*":
		return p.serveIndex(w, r)
	}
	return reply.Problem{Status: http.StatusNotFound, Text: "there is no such file"}
}

// place tells whether a path may be one inside the page. Files of an older build
// and answers of an API that has moved on are not to be mistaken for it.
func place(name string) bool {
	return !strings.HasPrefix(name, "assets/") && !strings.HasPrefix(name, "api/")
}

// ownPlace tells whether a path is one of a process in the page, as its router
// reads it (webui/src/app/router.ts): process/GROUP/NAME and the same with /log,
// where a slash in a name is escaped. Scripts that take anything get the page there
// too, since old addresses of logs lead to it.
func ownPlace(u *url.URL) bool {
	parts := strings.FieldsFunc(u.EscapedPath(), func(r rune) bool { return r == '/' })
	if len(parts) == 4 && parts[3] == "log" {
		parts = parts[:3]
	}
	return len(parts) == 3 && parts[0] == "process"
}

// compressed tells whether a file is another one's variant.
func compressed(name string) bool {
	return strings.HasSuffix(name, ".br") || strings.HasSuffix(name, ".gz")
}

// serveIndex sends the page itself, with what it needs to know to begin.
func (p *page) serveIndex(w http.ResponseWriter, r *http.Request) error {
	text := []byte(notBuilt)
	if p.index != nil {
		var err error
		if text, err = p.index.fill(baseOf(r), tastesOf(r), p.boot(r)); err != nil {
			return err
		}
	}
	auth.Stay(w, r)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Vary", "Accept-Language, Cookie")
	w.Header().Set("Etag", etag(text))
	if same(r, etag(text)) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	return send(w, r, bytes.NewReader(text))
}

// boot tells somebody nobody knows nothing but where the page is.
func (p *page) boot(r *http.Request) wire.Boot {
	who, base := auth.From(r.Context()), baseOf(r)
	if who.Grant.Role == supervise.Nobody {
		return wire.Boot{Base: base}
	}
	identity, user := p.identity(), auth.User(who)
	return wire.Boot{Version: identity.Version, Base: base, Identifier: identity.Identifier, Host: identity.Host, User: &user, Sign: signOf(r)}
}

// serveFile sends a file, compressed if there is such a variant and r allows it.
func (p *page) serveFile(w http.ResponseWriter, r *http.Request, name string) error {
	header := w.Header()
	header.Set("Content-Type", contentType(name))
	header.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	variant := p.variant(header, r, name)
	header.Set("Etag", p.etags[variant])
	if same(r, p.etags[variant]) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	file, err := p.files.Open(variant)
	if err != nil {
		return fmt.Errorf("open a file of the page: %w", err)
	}
	defer file.Close() // it was only read
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("look at a file of the page: %w", err)
	}
	header.Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	return send(w, r, file)
}

// variant chooses the file to send, and says so in the header.
func (p *page) variant(header http.Header, r *http.Request, name string) string {
	chosen := name
	for _, v := range [...]struct{ coding, suffix string }{{"gzip", ".gz"}, {"br", ".br"}} {
		if p.etags[name+v.suffix] == "" {
			continue
		}
		header.Set("Vary", "Accept-Encoding")
		if accepts(r, v.coding) {
			header.Set("Content-Encoding", v.coding)
			chosen = name + v.suffix
		}
	}
	return chosen
}

// accepts tells whether Accept-Encoding names a coding, and not with a quality
// of nothing.
func accepts(r *http.Request, coding string) bool {
	for _, part := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, params, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		key, value, _ := strings.Cut(params, "=")
		if !strings.EqualFold(strings.TrimSpace(key), "q") {
			return true
		}
		quality, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		return err == nil && quality > 0
	}
	return false
}

// same tells whether r has this version already.
func same(r *http.Request, tag string) bool {
	for _, known := range strings.Split(r.Header.Get("If-None-Match"), ",") {
		if known = strings.TrimPrefix(strings.TrimSpace(known), "W/"); known == tag || known == "*" {
			return true
		}
	}
	return false
}

func send(w http.ResponseWriter, r *http.Request, body io.Reader) error {
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	// It can only fail because the client left, which the server notices.
	_, _ = io.Copy(w, body)
	return nil
}

// contentType is our own table, because the system's differs from one to the next.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json", ".map":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	case ".woff2":
		return "font/woff2"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".ico":
		return "image/x-icon"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// template is index.html, cut at the three places that are filled in.
type template struct{ beforeHTML, beforeBase, beforeBoot, rest []byte }

var (
	errNoHTML = errors.New(`index.html has no <html lang="en">`)
	errNoBase = errors.New(`index.html has no <base href="/">`)
	errNoBoot = errors.New(`index.html has no <script type="application/json" id="boot">`)

	htmlTag = regexp.MustCompile(`<html lang="en">`)
	baseTag = regexp.MustCompile(`<base href="/"\s*/?>`)
	bootTag = regexp.MustCompile(`(?s)(<script type="application/json" id="boot">).*?</script>`)
)

func newTemplate(text []byte) (*template, error) {
	root := htmlTag.FindIndex(text)
	if root == nil {
		return nil, errNoHTML
	}
	base := baseTag.FindIndex(text)
	if base == nil || base[0] < root[1] {
		return nil, errNoBase
	}
	boot := bootTag.FindSubmatchIndex(text)
	if boot == nil || boot[0] < base[1] {
		return nil, errNoBoot
	}
	return &template{
		beforeHTML: text[:root[0]],
		beforeBase: text[root[1]:base[0]],
		beforeBoot: text[base[1]:boot[3]],
		rest:       text[boot[1]-len("</script>"):],
	}, nil
}

// fill makes the page. JSON is safe in a script: encoding/json escapes <, > and &.
func (t *template) fill(base string, like tastes, boot wire.Boot) ([]byte, error) {
	data, err := json.Marshal(boot)
	if err != nil {
		return nil, fmt.Errorf("tell the page how to begin: %w", err)
	}
	root := []byte(`<html lang="` + like.language + `" data-theme="` + like.theme + `">`)
	tag := []byte(`<base href="` + html.EscapeString(base) + `" />`)
	return bytes.Join([][]byte{t.beforeHTML, root, t.beforeBase, tag, t.beforeBoot, data, t.rest}, nil), nil
}
