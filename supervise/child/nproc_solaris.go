//go:build solaris

package child

// There is no limit on the number of processes of a user here: the original asks
// whether Python knows one, too.
const (
	hasNproc    = false
	rlimitNproc = -1
)
