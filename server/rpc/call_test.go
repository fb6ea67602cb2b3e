package rpc

import (
	"context"
	"errors"
	"testing"

	"supervisor/server/auth"
	"supervisor/supervise"
)

func TestAnotherRoomIsAnsweredWithTheFaultsOfTheWire(t *testing.T) {
	h := New(newWorld()).Offer() // nothing to clients, which is their affair
	ctx := auth.With(t.Context(), auth.Principal{Grant: auth.Full})
	if err := h.Call(ctx, "supervisor.stopProcess", "cat"); err != nil {
		t.Error(err)
	}
	for _, tt := range []struct {
		ctx  context.Context
		name string
		want string
	}{
		{ctx, "nobody:x", "BAD_NAME: nobody:x"},
		{ctx, "done:done", "NOT_RUNNING: done:done"}, // as it was given
		{t.Context(), "cat", "BAD_NAME: cat"},        // to a stranger
	} {
		var fault supervise.Fault
		if err := h.Call(tt.ctx, "supervisor.stopProcess", tt.name); !errors.As(err, &fault) || fault.Error() != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
	if err := New(broken{newWorld()}).Call(ctx, "supervisor.stopProcess", "cat"); err == nil || errors.As(err, new(supervise.Fault)) {
		t.Errorf("a failure of ours became %v", err)
	}
}
