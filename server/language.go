package server

import (
	"html"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"supervisor/server/auth"
)

// language is what the page of a link says in one of them. That page has no
// scripts, so the words of the others (webui/src/text) are out of its reach.
type language struct {
	tag     string
	actions map[auth.Verb]string // that a link can have
	until   string               // how a time is written, for time.Format

	// How often a link may be opened; {n} is the number.
	often, once, times string

	confirmation, noLink, ownRights string // pages
}

// languages are those there are. The first is for whoever asks for none of them.
var languages = [...]language{{
	tag: "en",
	actions: map[auth.Verb]string{
		auth.View: "see their state", auth.Logs: "read their logs", auth.Start: "start them", auth.Stop: "stop them",
		auth.Restart: "restart them", auth.Signal: "send them signals", auth.Stdin: "write to their standard input",
		auth.ClearLogs: "clear their logs",
	},
	until: "2 January 2006, 15:04 MST",
	often: "It may be opened as often as you like until then.",
	once:  "It may be opened once, in one browser.",
	times: "It may be opened {n} more times.",
	confirmation: `<h1>A link to some programs</h1>
<p class="wish">{minter} lets you do a few things.</p>
<h2>What</h2>
<pre>{actions}</pre>
<h2>With which programs</h2>
<pre>{programs}</pre>
<p>It ends at <time datetime="{expires}">{until}</time>. {uses} What you do is written down.</p>
<form method="post"><button class="go">Open</button></form>
`,
	noLink: `<h1>This link does not work</h1>
<p>It may have ended, have been opened as often as it could be, or have been revoked, or a part of it was lost on the way. Ask whoever sent it for another one.</p>
`,
	ownRights: `<h1>You are logged in</h1>
<p>In this browser you are {name}, and what you may do yourself counts. Log out to use the link; nothing of it has been used up.</p>
<p><a class="go" href="../">Go on as {name}</a></p>
`,
}, {
	tag: "ru",
	actions: map[auth.Verb]string{
		auth.View: "видеть состояние", auth.Logs: "читать журнал", auth.Start: "запускать", auth.Stop: "останавливать",
		auth.Restart: "перезапускать", auth.Signal: "посылать сигналы", auth.Stdin: "писать в стандартный ввод",
		auth.ClearLogs: "очищать журнал",
	},
	until: "02.01.2006, 15:04 MST",
	often: "До этого времени её можно открывать сколько угодно.",
	once:  "Открыть её можно один раз, в одном браузере.",
	times: "Осталось открытий: {n}.",
	confirmation: `<h1>Ссылка на несколько программ</h1>
<p class="wish">Вам её дал(а) {minter}.</p>
<h2>Что можно</h2>
<pre>{actions}</pre>
<h2>С какими программами</h2>
<pre>{programs}</pre>
<p>Ссылка действует до <time datetime="{expires}">{until}</time>. {uses} То, что вы сделаете, записывается.</p>
<form method="post"><button class="go">Открыть</button></form>
`,
	noLink: `<h1>Эта ссылка не действует</h1>
<p>Возможно, её срок истёк, её уже открыли столько раз, сколько можно, её отозвали или часть адреса потерялась по дороге. Попросите у того, кто её прислал, другую.</p>
`,
	ownRights: `<h1>Вы уже вошли</h1>
<p>В этом браузере вы {name}, и действуют ваши собственные права. Чтобы воспользоваться ссылкой, выйдите; она ещё не открыта.</p>
<p><a class="go" href="../">Продолжить как {name}</a></p>
`,
}}

// preferredLanguage is the one of ours that a browser would rather have.
func preferredLanguage(r *http.Request) *language {
	best, most := &languages[0], 0.0
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, weight, weighed := strings.Cut(strings.TrimSpace(part), ";")
		q := 1.0
		if weighed {
			// What is no number weighs nothing.
			q, _ = strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
		}
		base, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		for i := range languages {
			if languages[i].tag == base && q > most {
				best, most = &languages[i], q
			}
		}
	}
	return best
}

// confirm says what a link is for, with the button that opens it.
func (l *language) confirm(link auth.Link) string {
	uses := l.often
	switch left := link.Uses - link.Used; {
	case link.Uses == 0:
	case left == 1:
		uses = l.once
	default:
		uses = strings.ReplaceAll(l.times, "{n}", strconv.Itoa(left))
	}
	actions := []string{l.actions[auth.View]}
	for _, action := range link.Actions {
		if words, known := l.actions[action]; known && !slices.Contains(actions, words) {
			actions = append(actions, words)
		}
	}
	return strings.NewReplacer(
		"{minter}", html.EscapeString(link.Minter.String()),
		"{actions}", html.EscapeString(strings.Join(actions, "\n")),
		"{programs}", html.EscapeString(strings.Join(link.Programs, "\n")),
		"{expires}", link.Expires.UTC().Format(time.RFC3339),
		"{until}", link.Expires.Local().Format(l.until),
		"{uses}", uses,
	).Replace(l.confirmation)
}
