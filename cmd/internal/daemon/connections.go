//go:build unix

package daemon

import (
	"supervisor/supervise/child"
	"supervisor/supervise/config"
)

const (
	// perProcess is how many descriptors a process takes: three pipes, two logs.
	perProcess = 5
	// ownFiles is what supervisord opens besides: logs, listeners, locks, and
	// what it takes to start programs.
	ownFiles = 64

	fewestConnections = 16   // even where there is no room: nobody could stop anything
	mostConnections   = 1024 // nobody needs more, and each takes memory
)

// maxConnections is how many connections the doors may hold, so that clients do
// not use up the descriptors that programs are started with. It is asked again
// at each restart.
func maxConnections(conf *config.Config) int {
	files, err := child.OpenFiles()
	if err != nil {
		files = int64(conf.Supervisord.MinFDs) // there are as many, or supervisord would not have come here
	}
	processes := 0
	for _, group := range conf.Groups {
		processes += len(group.Processes)
	}
	return connectionsWithin(files, processes)
}

// connectionsWithin gives connections half of the descriptors that processes and
// supervisord itself leave over. The other half is for processes still to come,
// and for the logs that connections follow.
func connectionsWithin(files int64, processes int) int {
	if files < 0 {
		return mostConnections
	}
	left := files - ownFiles - perProcess*int64(processes)
	return int(min(max(left/2, fewestConnections), mostConnections))
}
