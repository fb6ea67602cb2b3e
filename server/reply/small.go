package reply

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http"
	"strings"
)

// SmallPage is a page that works without scripts.
type SmallPage struct {
	Lang  string // the tag of its language
	Title string
	Main  string // HTML
	// Forms says where its forms may be sent, in the words of a
	// Content-Security-Policy: 'self' or 'none'.
	Forms string
}

// Small answers with a small page, in the frame and the style that all of them share.
func Small(w http.ResponseWriter, status int, page SmallPage) {
	w.Header().Set("Content-Security-Policy", smallPolicy(page.Forms))
	HTML(w, status, strings.NewReplacer(
		"{lang}", html.EscapeString(page.Lang),
		"{title}", html.EscapeString(page.Title),
		"{style}", smallStyle,
		"{main}", page.Main,
	).Replace(smallFrame))
}

// smallPolicy allows a page its own style, forms to where they may be sent, and
// nothing else.
func smallPolicy(forms string) string {
	sum := sha256.Sum256([]byte(smallStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action " + forms + "; frame-ancestors 'none'"
}

const smallFrame = `<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
{main}</main>
</body>
</html>
`

// smallStyle has the colours and sizes of the page (webui/src/ui/tokens.css).
const smallStyle = `
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
