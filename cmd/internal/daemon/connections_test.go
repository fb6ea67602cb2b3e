//go:build unix

package daemon

import (
	"testing"

	"supervisor/supervise/child"
	"supervisor/supervise/config"
)

func TestConnectionsLeaveDescriptorsToPrograms(t *testing.T) {
	for _, tt := range []struct {
		files     int64
		processes int
		want      int
	}{
		{1024, 0, 480},
		{1024, 50, 355},
		{1024, 150, 105},
		{1024, 190, fewestConnections},
		{256, 10, 71},
		{256, 1000, fewestConnections},
		{0, 0, fewestConnections},
		{4096, 100, mostConnections},
		{1 << 20, 1000, mostConnections},
		{-1, 1 << 20, mostConnections}, // unlimited
	} {
		if got := connectionsWithin(tt.files, tt.processes); got != tt.want {
			t.Errorf("%d descriptors, %d processes: %d connections, want %d", tt.files, tt.processes, got, tt.want)
		}
	}
}

func TestEveryProcessOfTheConfigurationCounts(t *testing.T) {
	files, err := child.OpenFiles()
	if err != nil {
		t.Fatal(err)
	}
	conf := &config.Config{Groups: []config.Group{{Processes: make([]config.Process, 30)}, {Processes: make([]config.Process, 12)}}}
	if got, want := maxConnections(conf), connectionsWithin(files, 42); got != want {
		t.Errorf("%d connections, want %d", got, want)
	}
}
