package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Digest is a mark of everything a process is run with: equal for equal
// configurations, wherever in which file they are written. Who knows all of a
// configuration but a weak password could find that out from it, so it is not to
// be shown as it is.
func (p Process) Digest() string {
	p.File, p.Line = "", 0
	text, err := json.Marshal(p)
	if err != nil { // cannot be: texts, numbers and lists of them
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
