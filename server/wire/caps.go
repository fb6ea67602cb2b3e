package wire

// Caps is a set of things a user may do, as bits: in a row, with that process;
// in User, with at least one process or with supervisord itself.
type Caps uint32

// The bits. Numbers are part of the wire: add at the end, never move.
const (
	CapView Caps = 1 << iota
	CapLogs
	CapStart
	CapStop
	CapRestart
	CapSignal
	CapStdin
	CapClearLogs
	CapConfig
	CapShutdown
	CapUsers
	CapMainLog
)

// CapNames names the bits in their order, for the generated constants.
var CapNames = [...]string{
	"view", "logs", "start", "stop", "restart", "signal", "stdin",
	"clearLogs", "config", "shutdown", "users", "mainLog",
}

// Has tells whether every bit of want is set.
func (c Caps) Has(want Caps) bool { return c&want == want }
