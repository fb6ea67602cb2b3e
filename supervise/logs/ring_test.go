package logs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"supervisor/supervise"
)

func FuzzRingIsTheEndOfEverythingAppended(f *testing.F) {
	f.Add([]byte("hello"), []byte("world"), []byte("and more"), 7)
	f.Add(bytes.Repeat([]byte("ab"), 700), []byte("x"), bytes.Repeat([]byte("cd"), 900), 2000)
	f.Fuzz(func(t *testing.T, a, b, c []byte, size int) {
		r := ring{max: 1 + within(size, 4096)}
		var all []byte
		var dropped int64
		for _, p := range [][]byte{a, b, c, a} {
			all = append(all, p...)
			before := r.start
			lost := r.append(p)
			if lost != r.start-before {
				t.Fatalf("%d bytes said to be dropped, %d were", lost, r.start-before)
			}
			dropped += lost
			want := all[max(0, len(all)-r.max):]
			if got := r.bytes(); !bytes.Equal(got, want) {
				t.Fatalf("holds %q, want %q", got, want)
			}
			if r.end != int64(len(all)) || dropped != r.start || len(r.buf) > r.max {
				t.Fatalf("end %d of %d, start %d of %d, %d bytes of memory", r.end, len(all), r.start, dropped, len(r.buf))
			}
			if dropped > 0 && r.edge != all[r.start-1] {
				t.Fatalf("edge %q, want %q", r.edge, all[r.start-1])
			}
		}
	})
}

func TestMemoryLogIsReadByLogicalOffset(t *testing.T) {
	c := NewChannel(Options{RingMaxBytes: 10}, NewGate())
	if oldest, end := c.Bounds(); oldest != 0 || end != 0 || c.memory.ring.buf != nil {
		t.Fatalf("a new log has bounds %d, %d and memory %d", oldest, end, len(c.memory.ring.buf))
	}
	c.Write([]byte("0123456"))
	c.Write([]byte("789abc"))
	if oldest, end := c.Bounds(); oldest != 3 || end != 13 {
		t.Errorf("bounds %d, %d, want 3, 13", oldest, end)
	}
	p := make([]byte, 4)
	if n, err := c.ReadAt(p, 5); n != 4 || err != nil || string(p) != "5678" {
		t.Errorf("ReadAt(5) = %q, %v", p[:n], err)
	}
	if n, err := c.ReadAt(p, 11); string(p[:n]) != "bc" || err != io.EOF {
		t.Errorf("ReadAt(11) = %q, %v", p[:n], err)
	}
	if _, err := c.ReadAt(p, 2); !errors.Is(err, supervise.ErrLogGone) {
		t.Errorf("ReadAt(2) = %v, want ErrLogGone", err)
	}
	if err := c.Clear(); err != nil {
		t.Fatal(err)
	}
	if oldest, end := c.Bounds(); oldest != 13 || end != 13 {
		t.Errorf("bounds after clear %d, %d, want 13, 13", oldest, end)
	}
	if data, size, overflow, err := c.Tail(0, 100); len(data) != 0 || size != 0 || overflow || err != nil {
		t.Errorf("tail after clear = %q, %d, %v, %v", data, size, overflow, err)
	}
}

func TestWaitIsWokenByTheAppend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewChannel(Options{}, NewGate())
		ends := make(chan int64)
		for range 3 {
			go func() {
				end, err := c.Wait(t.Context(), 0)
				if err != nil {
					t.Errorf("wait: %v", err)
				}
				ends <- end
			}()
		}
		synctest.Wait()
		c.Write([]byte("hello"))
		for range 3 {
			if end := <-ends; end != 5 {
				t.Errorf("woken at %d, want 5", end)
			}
		}
		if c.memory.wake != nil {
			t.Error("somebody is still being waited for")
		}
	})
}

func TestWaitEndsWithItsContextOrTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewChannel(Options{}, NewGate())
		c.Write([]byte("abc"))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if end, err := c.Wait(ctx, 3); end != 3 || !errors.Is(err, context.Canceled) {
			t.Errorf("Wait = %d, %v", end, err)
		}
		result := make(chan error)
		go func() {
			_, err := c.Wait(t.Context(), 3)
			result <- err
		}()
		synctest.Wait()
		c.Close()
		if err := <-result; !errors.Is(err, supervise.ErrLogGone) {
			t.Errorf("after Close, Wait answers %v", err)
		}
		if end, err := c.Wait(t.Context(), 2); end != 3 || err != nil {
			t.Errorf("what came before Close: %d, %v", end, err)
		}
	})
}
