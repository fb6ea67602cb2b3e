package supervise

// Level is how weighty a line of supervisord's main log is.
type Level int

// The levels in which the pure rooms speak. Which lines are printed is for
// whoever keeps the log.
const (
	LevelDebug Level = iota
	LevelInfo
	LevelWarn
	LevelError
	LevelCritical
)

// Note is one line for supervisord's main log, in the original's words.
type Note struct {
	Level Level
	Text  string
}
