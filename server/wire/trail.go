package wire

// TrailEntry is one line of the trail: who did what, and what came of it. What
// is not known, or not for the reader, is absent.
type TrailEntry struct {
	// One more than that of the line before.
	N uint64 `json:"n"`
	// When it was over, by RFC 3339 in UTC.
	Time string `json:"time"`
	// Empty for a guest of a server without a password.
	User string `json:"user"`
	// How they came in: open, basic, session, token, link, peer, proxy.
	Via string `json:"via,omitempty"`
	// The server section they came through.
	Door string `json:"door,omitempty"`
	Addr string `json:"addr,omitempty"`
	// Of the process at the other end of a unix socket.
	UID *int `json:"uid,omitempty"`
	// The session or the link they came with.
	Session string `json:"session,omitempty"`
	// What they did: a verb of CAPS, or "log-in" and such.
	Verb string `json:"verb"`
	// To what: web:api, web:*, everything, supervisord, the name of a user.
	Target string `json:"target"`
	// The processes it was done to.
	Programs []string `json:"programs,omitempty"`
	// What else there is to say: the signal, the groups.
	Detail string `json:"detail,omitempty"`
	// Why, as they said.
	Reason string `json:"reason,omitempty"`
	// How the target was, and how it was when the answer was given.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// "ok", "refused", or the text of the fault.
	Result string `json:"result"`
	// For attempts of strangers: how many of them this line stands for.
	Count int `json:"count,omitempty"`
	// The request that the main log knows by this.
	Request string `json:"request,omitempty"`
}

// Trail answers GET /api/v1/audit, the newest first.
type Trail struct {
	Entries []TrailEntry `json:"entries"`
	// To be sent as before= for what is older; absent if nothing is. A page may
	// be short, or empty, and yet not be the last.
	Next string `json:"next,omitempty"`
}

// TrailCheck answers GET /api/v1/audit/verify.
type TrailCheck struct {
	OK bool `json:"ok"`
	// How many lines were read, over all files.
	Lines int `json:"lines"`
	// The first of them that is not as it was written, counted from 1.
	FirstBad int `json:"firstBad,omitempty"`
	// What is wrong with it.
	Why string `json:"why,omitempty"`
}
