package supervise

import "strconv"

// Mood is the state of supervisord itself, named so as not to be confused with
// the State of a process. The numbers are Supervisor's.
type Mood int

const (
	MoodFatal      Mood = 2 // never set, as in the original
	MoodRunning    Mood = 1
	MoodRestarting Mood = 0
	MoodShutdown   Mood = -1
)

// String gives the name getState answers.
func (m Mood) String() string {
	switch m {
	case MoodFatal:
		return "FATAL"
	case MoodRunning:
		return "RUNNING"
	case MoodRestarting:
		return "RESTARTING"
	case MoodShutdown:
		return "SHUTDOWN"
	}
	return "Mood(" + strconv.Itoa(int(m)) + ")"
}
