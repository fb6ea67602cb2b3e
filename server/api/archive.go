package api

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"path/filepath"
	"slices"
	"time"

	"supervisor/server/auth"
	"supervisor/supervise"
)

// archived is one log on its way into an archive, in a folder of it.
type archived struct {
	folder string
	aside  string // a folder in that one, for files whose names are taken there
	name   string // for output that is in no file
	log    supervise.Log
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
	return a.archive(w, r, "supervisord-logs.tar.gz", []archived{{folder: "supervisord", name: mainLogFile, log: log}})
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
			logs = append(logs, archived{folder: fileName(name.Group + "-" + name.Process), aside: ch.String(), name: ch.String() + ".log", log: log})
		}
	}
	return logs, nil
}

func (a *api) archive(w http.ResponseWriter, r *http.Request, file string, logs []archived) error {
	if err := a.sameEpoch(r); err != nil {
		return err
	}
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
	out, taken := tar.NewWriter(packed), map[string]bool{}
	for _, log := range logs {
		if err := log.pack(r.Context(), out, taken); err != nil {
			cutOff(r, log.log, err)
		}
	}
	if err := errors.Join(out.Close(), packed.Close()); err != nil && r.Context().Err() == nil {
		cutOff(r, logs[0].log, err)
	}
	return nil
}

// pack writes the files of a log, oldest first: they are the first to go. Taken
// are the names of what is in the archive.
func (l archived) pack(ctx context.Context, out *tar.Writer, taken map[string]bool) error {
	files := filesOf(l.log)
	names := l.place(files, taken)
	for i, file := range files {
		from, _ := l.log.Bounds()
		if from = max(from, file.Off); from > file.End || from == file.End && from > file.Off {
			continue // gone meanwhile; one that is empty is there, so that nobody looks for it
		}
		header := &tar.Header{
			Name: names[i], Mode: 0o600, Size: file.End - from,
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

// place gives each file of a log a name that is not taken yet: files of several
// folders come together here, and may be called alike there.
func (l archived) place(files []supervise.LogFile, taken map[string]bool) []string {
	names := l.namesIn(l.folder, files)
	isTaken := func(name string) bool { return taken[name] }
	for n := 1; slices.ContainsFunc(names, isTaken); n++ {
		aside := path.Join(l.folder, l.aside)
		if n > 1 || l.aside == "" {
			aside += fmt.Sprintf("-%d", n)
		}
		names = l.namesIn(aside, files)
	}
	for _, name := range names {
		taken[name] = true
	}
	return names
}

func (l archived) namesIn(folder string, files []supervise.LogFile) []string {
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = path.Join(folder, fileName(cmp.Or(file.Name, l.name)))
	}
	return names
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
