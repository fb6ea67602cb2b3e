package server

import (
	"net"
	"testing"
)

// buffered is a connection that keeps what bound it was given.
type buffered struct {
	net.Conn
	bound int
}

func (b *buffered) SetWriteBuffer(size int) error {
	b.bound = size
	return nil
}

func TestWhatWaitsForAGuestIsBoundedInTheKernel(t *testing.T) {
	under := &buffered{}
	g := &guest{Conn: under}
	var limited interface{ SetWriteBuffer(int) error } = g
	if err := limited.SetWriteBuffer(4711); err != nil || under.bound != 4711 {
		t.Errorf("%d, %v", under.bound, err)
	}
	if err := (&guest{}).SetWriteBuffer(1); err != nil {
		t.Errorf("without one there is nothing to bound: %v", err)
	}
}
