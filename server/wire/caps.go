package wire

import "supervisor/supervise"

// Caps is a set of things a user may do, as bits: in a row what they may do to
// that process, in User what they may do to supervisord itself. Bit n stands for
// supervise.Verbs[n].
type Caps uint32

// CapsOf asks can for every verb and gives the set of those it allows.
func CapsOf(can func(supervise.Verb) bool) Caps {
	var caps Caps
	for bit, verb := range supervise.Verbs {
		if can(verb) {
			caps |= 1 << bit
		}
	}
	return caps
}
