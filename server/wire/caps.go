package wire

// Caps is a set of things a user may do, as bits: in a row what they may do to
// that process, in User what they may do to supervisord itself.
type Caps uint32

// CapVerbs gives the verb of each bit, the lowest first. Their order is part of
// the wire: add at the end, never move.
var CapVerbs = [...]string{
	"view", "logs", "start", "stop", "restart", "signal", "stdin", "clear-logs",
	"main-log", "clear-main-log", "config", "reload", "events", "shutdown",
}

// CapsOf asks can for every verb and gives the set of those it allows.
func CapsOf(can func(verb string) bool) Caps {
	var caps Caps
	for bit, verb := range CapVerbs {
		if can(verb) {
			caps |= 1 << bit
		}
	}
	return caps
}
