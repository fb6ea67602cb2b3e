package server

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http"
	"strings"

	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/supervise"
)

// refusal is what somebody is told whose address was not obeyed. A process is
// named if it exists: otherwise a link could have this page say anything.
type refusal struct {
	foreign bool   // another site's page sent the browser here
	asked   string // "restart web:api-0", "" where it is not known
	link    string // to where the same can be done by hand
	linked  string // what to call that
	ctl     string // the same with supervisorctl
	rpc     string // the same with XML-RPC
	calls   string // where that is asked
	section string // where the option would go
}

// refuse says that nothing was done, and what to use: as a page to browsers, as
// plain words to others.
func (f *former) refuse(w http.ResponseWriter, r *http.Request, status int, action, name string) {
	reply.Log(r.Context()).Warn("an address of the former page was not obeyed", "action", action, "process", name, "from", r.RemoteAddr)
	it := f.refusal(r, action, name)
	it.foreign = status == http.StatusForbidden
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Vary", "Accept")
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		reply.Text(w, status, it.text())
		return
	}
	w.Header().Set("Content-Security-Policy", smallPagePolicy("'none'"))
	reply.HTML(w, status, it.page())
}

func (f *former) refusal(r *http.Request, action, name string) refusal {
	ctx, base := r.Context(), frontOf(r).base
	it := refusal{link: base, linked: "Open the list of processes", calls: base + "RPC2", section: auth.From(ctx).Door}
	a, known := formerActions[action]
	if !known {
		it.ctl, it.rpc = "supervisorctl help", "system.listMethods()"
		return it
	}
	shown, argument, quoted := "a process", "NAME", "'NAME'"
	switch {
	case a.all:
		shown, argument, quoted = "all processes", "all", ""
	case f.find(ctx, name) == nil:
		shown, argument, quoted = name, shellWord(name), supervise.Quote(name)
		it.link, it.linked = placeOf(r, name, ""), "Open "+name
	}
	it.asked = a.asked + " " + shown
	it.ctl = "supervisorctl " + a.ctl + " " + argument
	it.rpc = strings.Join(a.calls, "("+quoted+")\n") + "(" + quoted + ")"
	return it
}

// shellWord writes a name as a shell reads it.
func shellWord(name string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:/@%+=,"
	if strings.Trim(name, plain) == "" {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}

const (
	noLonger   = "Such an address is no longer obeyed, because any link, picture or page on the web can send a browser to it."
	anotherOne = "A page of another site has sent your browser here, and what such pages ask for is not done."
	reopen     = " is the section of the configuration that this request came through. With legacy_actions=true in it such addresses " +
		"are obeyed again. Any page on the web can then make your browser use them."
)

func (it refusal) why() string {
	if it.foreign {
		return anotherOne
	}
	return noLonger
}

func (it refusal) wish() string {
	if it.asked == "" {
		return "This address asked for something that nobody knows."
	}
	return "This address asked to " + it.asked + "."
}

func (it refusal) text() string {
	lines := []string{
		"Nothing was done. " + it.wish() + " " + it.why(), "",
		"In a terminal: " + it.ctl,
		"In a script, XML-RPC at " + it.calls + ": " + strings.ReplaceAll(it.rpc, "\n", ", then "),
		"In a browser: " + it.link,
	}
	if !it.foreign {
		lines = append(lines, "", "["+it.section+"]"+reopen)
	}
	return strings.Join(lines, "\n") + "\n"
}

func (it refusal) page() string {
	rest := ""
	if !it.foreign {
		rest = "<details>\n<summary>If addresses like this one cannot be changed</summary>\n<p><code>[" +
			html.EscapeString(it.section) + "]</code>" + html.EscapeString(reopen) + "</p>\n</details>\n"
	}
	return strings.NewReplacer(
		"{style}", smallPageStyle,
		"{wish}", html.EscapeString(it.wish()),
		"{why}", html.EscapeString(it.why()),
		"{link}", html.EscapeString(it.link),
		"{linked}", html.EscapeString(it.linked),
		"{ctl}", html.EscapeString(it.ctl),
		"{rpc}", html.EscapeString(it.rpc),
		"{path}", html.EscapeString(it.calls),
		"{rest}", rest,
	).Replace(refusalPage)
}

// smallPagePolicy allows a page without scripts its own style, forms to where
// they may be sent, and nothing else.
func smallPagePolicy(forms string) string {
	sum := sha256.Sum256([]byte(smallPageStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action " + forms + "; frame-ancestors 'none'"
}

const refusalPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Nothing was done</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>Nothing was done</h1>
<p class="wish">{wish}</p>
<p>{why}</p>
<p><a class="go" href="{link}">{linked}</a></p>
<h2>In a terminal</h2>
<pre>{ctl}</pre>
<h2>In a script, by XML-RPC at {path}</h2>
<pre>{rpc}</pre>
{rest}</main>
</body>
</html>
`

// smallPageStyle has the colours and sizes of the page (webui/src/ui/tokens.css).
const smallPageStyle = `
:root { color-scheme: light dark; --bg: #fff; --surface: #f5f7fa; --fg: #161b22; --muted: #545d6b; --line: #d9dee5; --accent: #0a58ca; --on-accent: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --bg: #0d1117; --surface: #151b23; --fg: #e7ecf2; --muted: #a5b0be; --line: #2b333f; --accent: #6cb0ff; --on-accent: #08131f; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--fg); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; overflow-wrap: anywhere; }
main { max-width: 38rem; margin: 0 auto; padding: clamp(1.5rem, 8vh, 6rem) 1.25rem 2rem; }
h1 { margin: 0 0 .75rem; font-size: 1.75rem; line-height: 1.3; font-weight: 600; }
h2 { margin: 1.75rem 0 .5rem; font-size: .875rem; font-weight: 600; color: var(--muted); }
p { margin: 0 0 1rem; }
.wish { font-size: 1.125rem; }
.go { display: inline-block; max-width: 100%; padding: .625rem 1.125rem; border-radius: 8px; background: var(--accent); color: var(--on-accent); font-weight: 600; text-decoration: none; }
.go:hover { text-decoration: underline; }
button.go { min-height: 2.75rem; border: 0; font: inherit; font-weight: 600; cursor: pointer; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
pre, code { font-family: ui-monospace, "SFMono-Regular", "Cascadia Mono", "Noto Sans Mono", "DejaVu Sans Mono", monospace; font-size: .8125rem; }
pre { margin: 0; padding: .625rem .75rem; border: 1px solid var(--line); border-radius: 8px; background: var(--surface); white-space: pre-wrap; }
details { margin-top: 1.75rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--muted); }
summary { padding: .375rem 0; cursor: pointer; }
details p { margin: .5rem 0 0; }
`
