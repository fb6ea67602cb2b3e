package former

import (
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
func (p *Pages) refuse(w http.ResponseWriter, r *http.Request, status int, action, name string) {
	reply.Log(r.Context()).Warn("an address of the former page was not obeyed", "action", action, "process", name, "from", r.RemoteAddr)
	it := p.refusal(r, action, name)
	it.foreign = status == http.StatusForbidden
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Vary", "Accept")
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		reply.Text(w, status, it.text())
		return
	}
	reply.Small(w, status, reply.SmallPage{Lang: "en", Title: "Nothing was done", Main: it.main(), Forms: "'none'"})
}

func (p *Pages) refusal(r *http.Request, action, name string) refusal {
	ctx, base := r.Context(), p.Base(r)
	it := refusal{link: base, linked: "Open the list of processes", calls: base + "RPC2", section: auth.From(ctx).Door}
	a, known := orders[action]
	if !known {
		it.ctl, it.rpc = "supervisorctl help", "system.listMethods()"
		return it
	}
	shown, argument, quoted := "a process", "NAME", "'NAME'"
	switch {
	case a.all:
		shown, argument, quoted = "all processes", "all", ""
	case p.find(ctx, name) == nil:
		shown, argument, quoted = name, shellWord(name), supervise.Quote(name)
		it.link, it.linked = p.placeOf(r, name, ""), "Open "+name
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

func (it refusal) main() string {
	rest := ""
	if !it.foreign {
		rest = "<details>\n<summary>If addresses like this one cannot be changed</summary>\n<p><code>[" +
			html.EscapeString(it.section) + "]</code>" + html.EscapeString(reopen) + "</p>\n</details>\n"
	}
	return strings.NewReplacer(
		"{wish}", html.EscapeString(it.wish()),
		"{why}", html.EscapeString(it.why()),
		"{link}", html.EscapeString(it.link),
		"{linked}", html.EscapeString(it.linked),
		"{ctl}", html.EscapeString(it.ctl),
		"{rpc}", html.EscapeString(it.rpc),
		"{path}", html.EscapeString(it.calls),
		"{rest}", rest,
	).Replace(refusalMain)
}

const refusalMain = `<h1>Nothing was done</h1>
<p class="wish">{wish}</p>
<p>{why}</p>
<p><a class="go" href="{link}">{linked}</a></p>
<h2>In a terminal</h2>
<pre>{ctl}</pre>
<h2>In a script, by XML-RPC at {path}</h2>
<pre>{rpc}</pre>
{rest}`
