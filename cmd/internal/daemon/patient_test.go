//go:build unix

package daemon

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"supervisor/supervise"
)

// hungStore is a users file whose disk hangs when it is looked at, until it is let go.
type hungStore struct {
	letGo chan struct{}
	looks atomic.Int32
}

func (h *hungStore) Read() ([]supervise.Account, error) { return nil, nil }
func (h *hungStore) Write(supervise.Account) error      { return nil }
func (h *hungStore) Remove(supervise.Account) error     { return nil }

func (h *hungStore) Stamp() (string, error) {
	h.looks.Add(1)
	<-h.letGo
	return "new", nil
}

func TestAUsersFileWhoseDiskHangsHoldsNobodyUpForLongAndIsReadWhenItIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &hungStore{letGo: make(chan struct{})}
		store := newPatientStore(disk, "users.conf", storeWithin)
		if _, err := store.Stamp(); err == nil || !strings.Contains(err.Error(), "users.conf has not answered for 5s") {
			t.Errorf("a look: %v", err)
		}
		if err := store.Write(supervise.Account{Name: "ann"}); err == nil || !strings.Contains(err.Error(), "has not answered") {
			t.Errorf("a change meanwhile: %v", err)
		}
		if _, err := store.Stamp(); err == nil || disk.looks.Load() != 1 {
			t.Errorf("a second look: %v after %d", err, disk.looks.Load())
		}
		close(disk.letGo)
		synctest.Wait()
		if stamp, err := store.Stamp(); err != nil || stamp != "new" {
			t.Errorf("when it is back: %q, %v", stamp, err)
		}
	})
}
