package supervise

import (
	"crypto/sha256"
	"fmt"
)

// Fingerprint is what people compare a certificate by, and tls_fingerprint names:
// the hash of what it is on the wire.
func Fingerprint(certificate []byte) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256(certificate))
}
