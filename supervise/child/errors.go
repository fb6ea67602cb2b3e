package child

import "errors"

// ErrStdinFull is answered to a Write that would make more than a mebibyte wait
// for a child that does not read.
var ErrStdinFull = errors.New("the child does not read its stdin: too much is waiting already")
