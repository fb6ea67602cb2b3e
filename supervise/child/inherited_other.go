//go:build unix && !linux

package child

// keepFromChildren marks every descriptor above 2 close-on-exec: those of ours
// are already, but whoever started supervisord may have left us some of theirs.
// The original closes them in the child.
func keepFromChildren() { markEach() }
