package rpc

import (
	"context"
	"errors"
	"testing"
)

func TestOnlySoManyRequestsReadLogsAtOnce(t *testing.T) {
	h := New(newWorld())
	read := func() ([]byte, error) { return []byte("x"), nil }
	var settles []func()
	for range readersAtOnce {
		ctx, settle := h.withBudget(t.Context())
		settles = append(settles, settle)
		for range 2 { // a multicall takes one place, however many logs it reads
			if _, err := readLog(ctx, read); err != nil {
				t.Fatal(err)
			}
		}
	}
	waiting, cancel := context.WithCancel(t.Context())
	cancel()
	ctx, settle := h.withBudget(waiting)
	if _, err := readLog(ctx, read); !errors.Is(err, context.Canceled) {
		t.Errorf("one more must wait its turn, and go when its client has gone: %v", err)
	}
	settle()
	settles[0]()
	ctx, settle = h.withBudget(t.Context())
	defer settle()
	if _, err := readLog(ctx, read); err != nil {
		t.Error(err)
	}
}

func TestOneRequestReadsOnlySoMuch(t *testing.T) {
	h := New(newWorld())
	ctx, settle := h.withBudget(t.Context())
	defer settle()
	half := make([]byte, maxLogText/2)
	for n, want := range []bool{true, true, false} {
		if _, err := readLog(ctx, func() ([]byte, error) { return half, nil }); (err == nil) != want {
			t.Errorf("piece %d: %v", n, err)
		}
	}
}
