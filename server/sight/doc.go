// Package sight knows what somebody may see of what happens: of the changes of
// state, and of the lines of the trail. It decides and holds nothing. The
// interface asks it for what is past, and room live for what happens now, so that
// both tell everybody the same.
package sight
