package server

import "net/http"

// The cookies in which the page keeps how its reader likes it
// (webui/src/store/preferences.svelte.ts), for all to see: they are no secrets.
const (
	themeCookie    = "supervisor_theme"
	languageCookie = "supervisor_language"
)

// tastes is what of the page is already right in the first byte that a browser
// gets, so that nothing flashes up in other colours or another language before
// the scripts run.
type tastes struct{ theme, language string }

// tastesOf reads them. A cookie may hold anything; what is neither a theme nor a
// language of ours counts for nothing.
func tastesOf(r *http.Request) tastes {
	return tastes{theme: themeOf(r), language: languageOf(r).tag}
}

// themeOf is the theme the reader has chosen, "system" if they have not.
func themeOf(r *http.Request) string {
	for _, cookie := range r.CookiesNamed(themeCookie) {
		switch cookie.Value {
		case "system", "light", "dark", "contrast":
			return cookie.Value
		}
	}
	return "system"
}

// languageOf is the language to speak to a browser: the one its address names,
// else the one its reader has chosen, else the one that it would rather have.
func languageOf(r *http.Request) *language {
	wanted := r.URL.Query()["lang"]
	for _, cookie := range r.CookiesNamed(languageCookie) {
		wanted = append(wanted, cookie.Value)
	}
	for _, tag := range wanted {
		for i := range languages {
			if languages[i].tag == tag {
				return &languages[i]
			}
		}
	}
	return preferredLanguage(r)
}
