package auth

import (
	"net/http"
	"net/url"
	"strings"
)

// Secure tells whether the browser that sent r speaks TLS, with us or with a
// proxy that is trusted.
func Secure(r *http.Request) bool {
	return r.TLS != nil || ViaProxy(r) && strings.EqualFold(lastOf(r.Header.Values("X-Forwarded-Proto")), "https")
}

// Sender is what is known of who sent r before they are asked: the door they came
// through, and from where. It has no name and no right.
func Sender(r *http.Request) Principal {
	door, uid := doorAt(r)
	if door == nil {
		return Principal{UID: uid}
	}
	return Principal{UID: uid, Door: door.section.Name, Addr: door.from(r)}
}

// ViaProxy tells whether the connection of r comes from a proxy whose word counts.
func ViaProxy(r *http.Request) bool {
	door, _ := doorAt(r)
	return door != nil && door.fromProxy(r)
}

// OwnOrigin is the origin of our pages as the browser that sent r sees it,
// spelled as Origin spells it. The server has put the Host there that the browser
// asked for.
func OwnOrigin(r *http.Request) string {
	own := url.URL{Scheme: "http", Host: r.Host}
	if Secure(r) {
		own.Scheme = "https"
	}
	return spell(&own)
}

// Origin gives the one spelling of an origin: lower case, the port always told.
// It is "" for what is none: "null", too, as a sandboxed page or a file says.
func Origin(text string) string {
	origin, err := url.Parse(text)
	if err != nil || origin.Host == "" {
		return ""
	}
	return spell(origin)
}

func spell(u *url.URL) string {
	scheme, port := strings.ToLower(u.Scheme), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}

// lastOf gives the last one of a list in a header: what the nearest proxy wrote.
func lastOf(values []string) string {
	list := strings.Split(strings.Join(values, ","), ",")
	return strings.TrimSpace(list[len(list)-1])
}
