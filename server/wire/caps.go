package wire

import (
	"slices"

	"supervisor/supervise"
)

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

// Has tells whether a verb is in the set.
func (c Caps) Has(verb supervise.Verb) bool {
	bit := slices.Index(supervise.Verbs[:], verb)
	return bit >= 0 && c&(1<<bit) != 0
}
