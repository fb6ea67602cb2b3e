package api

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"path/filepath"
	"time"

	"supervisor/server/auth"
	"supervisor/supervise"
)

// archived is one log on its way into an archive, in a folder of it.
type archived struct {
	folder, name string // name is for output that is in no file
	log          supervise.Log
}

// archiveLogs sends all files of both channels of a process, or with "group:*" of
// all processes of a group whose logs the user may read.
func (a *api) archiveLogs(w http.ResponseWriter, r *http.Request) error {
	name := supervise.ParseNameSpec(param(r, "name"))
	members := []supervise.NameSpec{name}
	if name.WholeGroup() {
		var err error
		if members, err = a.readableOf(r.Context(), name); err != nil {
			return err
		}
	} else if err := auth.PermitOf(r.Context(), auth.Logs, name, a.engine); err != nil {
		return err
	}
	var logs []archived
	seen := map[string]bool{}
	for _, member := range members {
		found, err := a.logsOf(r.Context(), member, seen)
		if err != nil {
			return err
		}
		logs = append(logs, found...)
	}
	if len(logs) == 0 {
		return supervise.Fault{Code: supervise.FaultNoFile, Detail: name.String()}
	}
	file := name.Group
	if !name.WholeGroup() {
		file += "-" + name.Process
	}
	return a.archive(w, r, file+"-logs.tar.gz", logs)
}

func (a *api) archiveMainLog(w http.ResponseWriter, r *http.Request) error {
	log, err := a.mainLog(r)
	if err != nil {
		return err
	}
	return a.archive(w, r, "supervisord-logs.tar.gz", []archived{{"supervisord", mainLogFile, log}})
}

// readableOf gives the processes of a group whose logs the user may read. One
// of which they may see nothing is none; one of which they may see something,
// but read nothing, is refused as each process of it would be.
func (a *api) readableOf(ctx context.Context, group supervise.NameSpec) ([]supervise.NameSpec, error) {
	snapshot, err := a.engine.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	who := auth.From(ctx)
	var readable []supervise.NameSpec
	refused := badNameAs(group)
	for _, p := range snapshot.Processes {
		name := p.NameSpec()
		if p.Group != group.Group || !auth.Can(who, auth.View, name) {
			continue
		}
		if err := auth.Permit(ctx, auth.Logs, name); err != nil {
			refused = err
			continue
		}
		readable = append(readable, name)
	}
	if len(readable) == 0 {
		return nil, refused
	}
	return readable, nil
}

// badNameAs is the refusal of what does not exist, for the user to see no
// difference to what they may not see.
func badNameAs(name supervise.NameSpec) error {
	fault := supervise.Fault{Code: supervise.FaultBadName, Detail: name.String()}
	return auth.Refusal{Fault: fault, Verb: auth.Logs, Name: name}
}

// logsOf gives the logs of a process, each file once.
func (a *api) logsOf(ctx context.Context, name supervise.NameSpec, seen map[string]bool) ([]archived, error) {
	var logs []archived
	for _, ch := range supervise.Channels {
		log, err := a.engine.Log(ctx, name, ch)
		var fault supervise.Fault
		if errors.As(err, &fault) && fault.Code == supervise.FaultNoFile {
			continue
		}
		if err != nil {
			return nil, err
		}
		if at := log.Path(); at == "" || !seen[at] {
			seen[at] = true
			logs = append(logs, archived{fileName(name.Group + "-" + name.Process), ch.String() + ".log", log})
		}
	}
	return logs, nil
}

func (a *api) archive(w http.ResponseWriter, r *http.Request, file string, logs []archived) error {
	leave, err := a.downloads.take(r.Context(), w)
	if err != nil {
		return err
	}
	defer leave()
	attach(w, "application/gzip", fileName(file))
	// BestSpeed: whoever waits for the logs waits for supervisord's processor.
	packed, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return fmt.Errorf("pack logs: %w", err)
	}
	out := tar.NewWriter(packed)
	for _, log := range logs {
		if err := log.pack(r.Context(), out); err != nil {
			cutOff(r, log.log, err)
		}
	}
	if err := errors.Join(out.Close(), packed.Close()); err != nil && r.Context().Err() == nil {
		cutOff(r, logs[0].log, err)
	}
	return nil
}

// pack writes the files of a log, oldest first: they are the first to go.
func (l archived) pack(ctx context.Context, out *tar.Writer) error {
	for _, file := range filesOf(l.log) {
		from, _ := l.log.Bounds()
		if from = max(from, file.Off); from >= file.End {
			continue
		}
		name := file.Name
		if name == "" {
			name = l.name
		}
		header := &tar.Header{
			Name: path.Join(l.folder, fileName(name)), Mode: 0o600, Size: file.End - from,
			ModTime: file.Changed.Round(time.Second), Format: tar.FormatPAX,
		}
		if err := out.WriteHeader(header); err != nil {
			return err
		}
		if err := copyRange(ctx, out, l.log, from, file.End); err != nil {
			return err
		}
	}
	return nil
}

// filesOf lists the files of a log; of one that does not know, there is one.
func filesOf(log supervise.Log) []supervise.LogFile {
	if history, ok := log.(supervise.LogHistory); ok {
		return history.Files()
	}
	oldest, end := log.Bounds()
	name := ""
	if log.Path() != "" {
		name = filepath.Base(log.Path())
	}
	return []supervise.LogFile{{Name: name, Off: oldest, End: end}}
}

// copyRange writes the bytes of a log from one offset up to another, all of them
// or an error.
func copyRange(ctx context.Context, out io.Writer, log supervise.Log, from, to int64) error {
	piece := make([]byte, min(64<<10, to-from))
	for from < to {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := whole{log}.ReadAt(piece[:min(int64(len(piece)), to-from)], from)
		if err != nil {
			return fmt.Errorf("read a log at %d: %w", from+int64(n), err)
		}
		if _, err := out.Write(piece[:n]); err != nil {
			return err
		}
		from += int64(n)
	}
	return nil
}
