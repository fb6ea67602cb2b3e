//go:build unix

package child

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"supervisor/supervise"
)

// Spawn queues a birth.
func (h *OSHost) Spawn(spec Spec) { h.order(func() { h.bear(spec) }) }

// order queues something for the spawner.
func (h *OSHost) order(do func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.queue = append(h.queue, do)
	token(h.orders)
}

// spawner takes one order after another: forking is serial, in the order asked,
// as in the original. It ends with the host; what is queued then is dropped.
func (h *OSHost) spawner() {
	for {
		select {
		case <-h.orders:
		case <-h.closing:
			return
		}
		for do := h.nextOrder(); do != nil; do = h.nextOrder() {
			do()
		}
	}
}

func (h *OSHost) nextOrder() func() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.queue) == 0 {
		h.queue = nil
		return nil
	}
	do := h.queue[0]
	h.queue[0] = nil // what it holds is not to be kept
	h.queue = h.queue[1:]
	return do
}

// bear brings one child to life and tells how that went.
func (h *OSHost) bear(spec Spec) {
	pipes, err := openPipes(spec)
	if err != nil {
		h.failed(spec, DispatchersText(spec.Name, err))
		return
	}
	r, err := h.newRecord(spec, pipes)
	if err != nil {
		pipes.closeOurs()
		pipes.closeChilds()
		h.failed(spec, DispatchersText(spec.Name, err))
		return
	}
	pid, err := h.fork(r, spec, pipes)
	pipes.closeChilds()
	if err != nil {
		h.forget(r)
		pipes.closeOurs()
		h.failed(spec, err.Error())
		return
	}
	// In this order, so that nothing the child says, and no Drained, is told
	// before its birth.
	h.tell(Spawned{Key: spec.Key, Incarnation: spec.Incarnation, PID: pid})
	h.open(r)
}

func (h *OSHost) failed(spec Spec, text string) {
	h.tell(SpawnFailed{Key: spec.Key, Incarnation: spec.Incarnation, Text: text})
}

// newRecord enters the child to be: it may be dead, and asked to be drained, by
// the time fork returns.
func (h *OSHost) newRecord(spec Spec, pipes *pipes) (*record, error) {
	r := &record{life: life{spec.Key, spec.Incarnation}}
	for _, end := range []struct {
		file *os.File
		sink Sink
	}{{pipes.stdout, spec.Stdout}, {pipes.stderr, spec.Stderr}} {
		if end.file == nil {
			continue
		}
		p, err := newPump(end.file, end.sink, h.buffers)
		if err != nil {
			return nil, err
		}
		r.pumps = append(r.pumps, p)
	}
	if pipes.stdin != nil {
		stdin, err := newFeed(pipes.stdin, stdinLimit, h.start)
		if err != nil {
			return nil, err
		}
		r.stdin = stdin
	}
	r.pumping = len(r.pumps) + 1 // and the closing of stdin: see finished
	h.mu.Lock()
	defer h.mu.Unlock()
	h.byLife[r.life] = r
	return r, nil
}

func (h *OSHost) forget(r *record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.byLife, r.life)
}

// open starts the pumps. When the host closes meanwhile they are not started and
// their files are closed here.
func (h *OSHost) open(r *record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range r.pumps {
		if h.closed {
			p.file.Close()
			continue
		}
		h.working.Go(func() { h.pump(r, p) })
	}
}

// fork makes the child, by the short way if that is possible. The error is the
// spawnerr text.
//
// The short way fails when the child could not become its user, enter its
// directory or execute its file. ForkExec does not say which, so the shim goes
// the same way again, slowly, and tells; it is the child then.
func (h *OSHost) fork(r *record, spec Spec, pipes *pipes) (int, error) {
	if spec.Umask < 0 && !spec.SigpipeIgnored {
		pid, err := h.forkExec(r, spec, pipes)
		if err == nil {
			return pid, nil
		}
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
			return 0, errors.New(DispatchersText(spec.Name, err))
		}
	}
	pid, err := h.forkShim(r, spec, pipes)
	if err != nil {
		return 0, errors.New(forkText(spec.Name, err))
	}
	return pid, nil
}

// A file that is still being written cannot be executed yet; a copy in progress
// (a deployment) is usually done a moment later.
const (
	busyTries = 3
	busyPause = 10 * time.Millisecond
)

func (h *OSHost) forkExec(r *record, spec Spec, pipes *pipes) (pid int, err error) {
	attr := &syscall.ProcAttr{
		Dir:   spec.Dir,
		Env:   spec.Env,
		Files: pipes.files(spec),
		Sys:   &syscall.SysProcAttr{Setpgid: true, Credential: spec.User.toBecome()},
	}
	for try := 0; ; try++ {
		pid, err = h.fly(r, func() (int, error) {
			return syscall.ForkExec(spec.Path, spec.Argv, attr)
		})
		if !errors.Is(err, syscall.ETXTBSY) || try == busyTries {
			return pid, err
		}
		h.pause(busyPause)
	}
}

// pause waits, but not longer than the host lives.
func (h *OSHost) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-h.closing:
	}
}

// toBecome is what the kernel is to do; nothing for who we are already, so that
// a supervisord without privileges can run programs as its own user.
func (c *Credential) toBecome() *syscall.Credential {
	if c == nil || int(c.UID) == os.Getuid() {
		return nil
	}
	return &syscall.Credential{Uid: c.UID, Gid: c.GID, Groups: c.Groups}
}

// forkShim makes the child by way of the shim, which reads what to do from a
// pipe: unlike arguments and environment that has no limit and leaves the
// program's own untouched.
func (h *OSHost) forkShim(r *record, spec Spec, pipes *pipes) (int, error) {
	ours, theirs, err := writingPipe("plan of " + spec.Name)
	if err != nil {
		return 0, err
	}
	defer syscall.Close(theirs)
	plan, err := newFeed(ours, noLimit, h.start)
	if err != nil {
		ours.Close()
		return 0, err
	}
	defer plan.closeWhenDone()
	attr := &syscall.ProcAttr{
		Files: append(pipes.files(spec), uintptr(theirs)),
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	}
	pid, err := h.fly(r, func() (int, error) {
		return syscall.ForkExec(h.shim, []string{spec.Name, shimMark}, attr)
	})
	if err != nil {
		return 0, err
	}
	// An error means that the child has been killed already; its death is told
	// like any other.
	_ = plan.write(planOf(spec).encode())
	return pid, nil
}

const noLimit = int(^uint(0) >> 1)

// helper is a command of ours under way.
type helper struct {
	pid    int
	stdout *os.File
	err    error
}

// Output runs a short helper command and gives what it wrote to stdout, up to
// a mebibyte. It is for commands whose exit status does not matter: Reap collects
// it whenever it comes. When ctx ends the command is killed.
func (h *OSHost) Output(ctx context.Context, argv ...string) ([]byte, error) {
	born := make(chan helper)
	h.order(func() {
		c := h.forkHelper(argv)
		select {
		case born <- c:
		case <-ctx.Done():
			h.dismiss(c)
		case <-h.closing:
			h.dismiss(c)
		}
	})
	var c helper
	select {
	case c = <-born:
	case <-ctx.Done():
		return nil, fmt.Errorf("run %s: %w", argv[0], ctx.Err())
	case <-h.closing:
		return nil, fmt.Errorf("run %s: the host is closed", argv[0])
	}
	if c.err != nil {
		return nil, fmt.Errorf("run %s: %w", argv[0], c.err)
	}
	defer c.stdout.Close()
	stop := context.AfterFunc(ctx, func() { _ = c.stdout.SetReadDeadline(longAgo) })
	defer stop()
	out, err := io.ReadAll(io.LimitReader(c.stdout, 1<<20))
	if err != nil {
		h.dismiss(c)
		return nil, fmt.Errorf("run %s: %w", argv[0], errors.Join(ctx.Err(), err))
	}
	return out, nil
}

// dismiss kills a helper nobody waits for. It may be dead by now, and closed.
func (h *OSHost) dismiss(c helper) {
	if c.err == nil {
		_ = h.Signal(c.pid, supervise.Signal(syscall.SIGKILL), true)
		c.stdout.Close()
	}
}

// forkHelper makes a child that reads nothing and complains to nobody.
func (h *OSHost) forkHelper(argv []string) helper {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return helper{err: err}
	}
	defer null.Close()
	stdout, theirs, err := readingPipe("output of " + argv[0])
	if err != nil {
		return helper{err: err}
	}
	defer syscall.Close(theirs)
	attr := &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{null.Fd(), uintptr(theirs), null.Fd()},
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	}
	pid, err := h.fly(&record{helper: true}, func() (int, error) {
		return syscall.ForkExec(argv[0], argv, attr)
	})
	if err != nil {
		stdout.Close()
	}
	return helper{pid: pid, stdout: stdout, err: err}
}
