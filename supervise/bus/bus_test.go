package bus

import (
	"testing"

	"supervisor/supervise"
)

func snapshotAt(b *Bus) func() supervise.Snapshot {
	return func() supervise.Snapshot { return supervise.Snapshot{Epoch: b.Epoch(), Seq: b.Seq()} }
}

func publish(b *Bus, n int) {
	for range n {
		b.Publish(supervise.Change{Event: supervise.GroupEvent{Group: "g"}})
	}
}

func TestANewReaderGetsASnapshotAndWhatFollowsIt(t *testing.T) {
	b := New("e1")
	publish(b, 3)
	feed := b.Subscribe("", 0, snapshotAt(b))
	defer feed.Close()
	if !feed.Fresh || feed.Snapshot.Seq != 3 {
		t.Fatalf("want a snapshot at 3, got fresh=%v seq=%d", feed.Fresh, feed.Snapshot.Seq)
	}
	publish(b, 1)
	if change := <-feed.Changes; change.Seq != 4 {
		t.Fatalf("want change 4 next, got %d", change.Seq)
	}
}

func TestAReaderThatComesBackInTimeGetsJustWhatItMissed(t *testing.T) {
	b := New("e1")
	publish(b, 10)
	feed := b.Subscribe("e1", 7, snapshotAt(b))
	defer feed.Close()
	if feed.Fresh || len(feed.Missed) != 3 || feed.Missed[0].Seq != 8 || feed.Missed[2].Seq != 10 {
		t.Fatalf("want changes 8 to 10, got fresh=%v %v", feed.Fresh, feed.Missed)
	}
}

func TestAReaderIsTakenUpAfreshWhenItsNumberMeansNothing(t *testing.T) {
	b := New("e2")
	publish(b, historySize+5)
	for name, at := range map[string]struct {
		epoch string
		since uint64
	}{
		"another epoch":        {"e1", historySize},
		"older than history":   {"e2", 4},
		"a number yet to come": {"e2", historySize + 6},
	} {
		feed := b.Subscribe(at.epoch, at.since, snapshotAt(b))
		if !feed.Fresh || feed.Missed != nil {
			t.Errorf("%s: want a fresh snapshot", name)
		}
		feed.Close()
	}
	feed := b.Subscribe("e2", 5, snapshotAt(b))
	defer feed.Close()
	if feed.Fresh || len(feed.Missed) != historySize || feed.Missed[0].Seq != 6 {
		t.Error("the oldest number within reach must be served from the history")
	}
}

func TestASlowReaderIsCutAndTheOthersHearEverything(t *testing.T) {
	b := New("e1")
	slow := b.Subscribe("", 0, snapshotAt(b))
	quick := b.Subscribe("", 0, snapshotAt(b))
	heard := 0
	for range readerBuffer + 1 {
		publish(b, 1)
		<-quick.Changes
		heard++
	}
	for range slow.Changes {
		heard--
	}
	if heard != 1 {
		t.Fatalf("the slow reader should have got all but the change that did not fit, off by %d", heard-1)
	}
	slow.Close() // closing a feed that was cut is harmless
	quick.Close()
	if _, open := <-quick.Changes; open {
		t.Fatal("a closed feed must be closed")
	}
}

func TestAClosedBusEndsItsReaders(t *testing.T) {
	b := New("e1")
	feed := b.Subscribe("", 0, snapshotAt(b))
	b.Close()
	if _, open := <-feed.Changes; open {
		t.Fatal("want the channel closed")
	}
	late := b.Subscribe("", 0, snapshotAt(b))
	if _, open := <-late.Changes; open {
		t.Fatal("who comes late must find it closed")
	}
}
