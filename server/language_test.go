package server

import (
	"net/http"
	"strings"
	"testing"

	"supervisor/server/auth"
	"supervisor/supervise"
)

func TestTheLanguageIsTheOneABrowserWouldRatherHave(t *testing.T) {
	for header, want := range map[string]string{
		"": "en", "de": "en", "*": "en", "ru": "ru", "RU-ru, en;q=0.9": "ru", "de, ru;q=0.5, en;q=0.4": "ru", "en;q=0.4,ru;q=0.8": "ru",
		"ru;q=0.4, en-GB;q=0.8": "en", "ru;q=0": "en", "ru;q=x, en;q=0.1": "en", "rus": "en", "uk, ru": "ru",
	} {
		r := &http.Request{Header: http.Header{"Accept-Language": {header}}}
		if got := preferredLanguage(r).tag; got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}

func TestEveryLanguageSaysAllOfIt(t *testing.T) {
	for _, l := range languages {
		for _, verb := range supervise.Verbs {
			handedOn := verb.AboutPrograms() && verb != auth.MintLink && verb != auth.Trail && verb != auth.Call
			if words := l.actions[verb]; handedOn != (words != "") {
				t.Errorf("%s: %s is %q", l.tag, verb, words)
			}
		}
		for _, words := range []string{l.until, l.often, l.once} {
			if words == "" {
				t.Errorf("%s: something is left out: %+v", l.tag, l)
			}
		}
		for text, holes := range map[string][]string{
			l.times:        {"{n}"},
			l.confirmation: {"{minter}", "{actions}", "{programs}", "{expires}", "{until}", "{uses}", `<form method="post"><button`},
			l.ownRights:    {"{name}", `href="../"`},
			l.noLink:       {"<h1>"},
		} {
			for _, hole := range holes {
				if !strings.Contains(text, hole) {
					t.Errorf("%s: no %s in %q", l.tag, hole, text)
				}
			}
		}
	}
}

func TestThePageOfALinkSpeaksTheLanguageOfTheBrowser(t *testing.T) {
	town := newTown(t)
	_, path := town.mints(town.person("operator"), `{"programs":["insider:api"],"actions":["restart"],"expires":"1h","uses":3}`)
	for _, tt := range []struct{ path, accept, cookie, want string }{
		{path, "ru", "", `<html lang="ru">`}, {path, "ru", "", "перезапускать"}, {path, "ru", "", "Осталось открытий: 3."},
		{path, "de", "", `<html lang="en">`}, {path, "de", "", "It may be opened 3 more times."},
		{path, "de", "supervisor_language=ru", `<html lang="ru">`}, {path + "?lang=en", "ru", "supervisor_language=ru", `<html lang="en">`},
		{"/link/unknown", "ru", "", "Эта ссылка не действует"},
	} {
		response, body := town.visit("GET", tt.path, "Accept-Language", tt.accept, "Cookie", tt.cookie)
		if !strings.Contains(body, tt.want) || response.Header.Get("Vary") != "Accept-Language, Cookie" {
			t.Errorf("%s, %s: no %s in %v %s", tt.path, tt.accept, tt.want, response.Header, body)
		}
	}
}
