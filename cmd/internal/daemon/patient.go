//go:build unix

package daemon

import (
	"fmt"
	"sync/atomic"
	"time"

	"supervisor/supervise"
)

// storeWithin is how long a users file may take to answer.
const storeWithin = 5 * time.Second

// accountStore is what the server keeps accounts in.
type accountStore interface {
	Read() ([]supervise.Account, error)
	Write(supervise.Account) error
	Remove(supervise.Account) error
	Stamp() (string, error)
}

// patientStore lets nobody wait for ever for a store whose disk hangs. A turn that
// takes too long is an error to who waits for it, and goes on by itself; until it
// has ended, nothing else is begun, and whoever asks is told at once.
type patientStore struct {
	store accountStore
	path  string
	limit time.Duration

	turn  chan struct{} // holds one while the store works
	began atomic.Int64  // when it was put in, in Unix nanoseconds
}

func newPatientStore(store accountStore, path string, limit time.Duration) *patientStore {
	return &patientStore{store: store, path: path, limit: limit, turn: make(chan struct{}, 1)}
}

func (p *patientStore) Read() ([]supervise.Account, error) { return inTime(p, p.store.Read) }

func (p *patientStore) Stamp() (string, error) { return inTime(p, p.store.Stamp) }

func (p *patientStore) Write(a supervise.Account) error {
	_, err := inTime(p, func() (struct{}, error) { return struct{}{}, p.store.Write(a) })
	return err
}

func (p *patientStore) Remove(a supervise.Account) error {
	_, err := inTime(p, func() (struct{}, error) { return struct{}{}, p.store.Remove(a) })
	return err
}

// hangs is the same text each time, so that it is one problem and one line.
func (p *patientStore) hangs() error {
	return fmt.Errorf("%s has not answered for %s: its disk hangs; a change that was under way may still be made", p.path, p.limit)
}

func (p *patientStore) stuck() bool {
	return len(p.turn) > 0 && time.Since(time.Unix(0, p.began.Load())) > p.limit
}

// inTime has the store work, and waits for it no longer than the limit.
func inTime[T any](p *patientStore, work func() (T, error)) (none T, _ error) {
	if p.stuck() {
		return none, p.hangs()
	}
	late := time.NewTimer(p.limit)
	defer late.Stop()
	select {
	case p.turn <- struct{}{}:
		p.began.Store(time.Now().UnixNano())
	case <-late.C:
		return none, p.hangs()
	}
	type answer struct {
		value T
		err   error
	}
	answered := make(chan answer, 1)
	go func() { // ends when the disk lets it
		value, err := work()
		<-p.turn
		answered <- answer{value, err}
	}()
	select {
	case got := <-answered:
		return got.value, got.err
	case <-late.C:
		return none, p.hangs()
	}
}
