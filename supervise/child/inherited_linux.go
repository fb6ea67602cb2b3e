package child

import (
	"math"

	"golang.org/x/sys/unix"
)

// keepFromChildren marks every descriptor above 2 close-on-exec: those of ours
// are already, but whoever started supervisord may have left us some of theirs.
// The original closes them in the child.
func keepFromChildren() {
	if unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) != nil { // before Linux 5.11
		markEach()
	}
}
