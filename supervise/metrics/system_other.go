//go:build unix && !linux && !darwin && !solaris && !(freebsd && (amd64 || arm64 || riscv64))

package metrics

// silent is a system nobody has taught this room to ask: it tells of no process.
type silent struct{}

func newSystem() system { return silent{} }

func (silent) list(_, into []proc) ([]proc, error) { return into, nil }
func (silent) descriptors(*proc) int64             { return 0 }
func (silent) slow() bool                          { return false }
func (silent) rest([]proc)                         {}
