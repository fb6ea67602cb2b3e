package pool

import "math"

// Serials numbers events across all pools, from 0, and begins again after the
// greatest number Python's sys.maxint was. It belongs to one goroutine, like the
// pools that share it.
type Serials struct{ next int64 }

// NewSerials makes a counter that begins at 0.
func NewSerials() *Serials { return &Serials{} }

// Next gives the next number.
func (s *Serials) Next() int64 {
	serial := s.next
	s.next = serial + 1
	if serial == math.MaxInt64 {
		s.next = 0
	}
	return serial
}
