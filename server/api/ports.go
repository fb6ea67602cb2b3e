package api

import (
	"context"
	"time"

	"supervisor/supervise"
)

// Metrics is what this room needs of whoever measures what processes use. A
// process is named by its id.
type Metrics interface {
	// Look sees to it that there is a sample, and waits for it.
	Look(ctx context.Context) error
	Usage(id int) supervise.Usage
	// History is the last hour, oldest first.
	History(id int) []supervise.UsagePoint
	HistoryStep() time.Duration
	// Keeps is for how long history goes on after a look; negative for always.
	Keeps() time.Duration
}

// Engine is what this room needs of whoever keeps the processes. Errors that
// are supervise.Faults are told to the client.
type Engine interface {
	Mood() supervise.Mood
	Identity() supervise.Identity
	Snapshot(ctx context.Context) (supervise.Snapshot, error)
	Subscribe(ctx context.Context, epoch string, since uint64) (supervise.Feed, error)
	// Recent gives the changes that are still kept, the oldest first.
	Recent(ctx context.Context) (epoch string, changes []supervise.Change, err error)
	Process(ctx context.Context, name supervise.NameSpec) (supervise.ProcessInfo, error)

	// Pools are all pools of event listeners; Pool is that of one listener, and false
	// for any other process.
	Pools(ctx context.Context) ([]supervise.PoolInfo, error)
	Pool(ctx context.Context, name supervise.NameSpec) (supervise.PoolInfo, bool, error)
	Settings(ctx context.Context, name supervise.NameSpec) (supervise.Settings, error)

	Start(ctx context.Context, name supervise.NameSpec, wait bool) (uint64, error)
	Stop(ctx context.Context, name supervise.NameSpec, wait bool) (uint64, error)
	Restart(ctx context.Context, name supervise.NameSpec) (uint64, error)
	Signal(ctx context.Context, name supervise.NameSpec, sig supervise.Signal) error
	WriteStdin(ctx context.Context, name supervise.NameSpec, data []byte) error
	ClearLogs(ctx context.Context, name supervise.NameSpec) error
	StartMany(ctx context.Context, which supervise.Selection, wait bool) ([]supervise.Result, error)
	StopMany(ctx context.Context, which supervise.Selection, wait bool) ([]supervise.Result, error)
	RestartMany(ctx context.Context, which supervise.Selection) (uint64, error)

	Preview(ctx context.Context) (supervise.Preview, error)
	Stage(ctx context.Context) (supervise.Plan, error)
	AddGroup(ctx context.Context, group string) error
	RemoveGroup(ctx context.Context, group string) error
	Shutdown(ctx context.Context) error
	RestartSelf(ctx context.Context) error

	Log(ctx context.Context, name supervise.NameSpec, ch supervise.Channel) (supervise.Log, error)
	MainLog(ctx context.Context) (supervise.Log, error)
}
