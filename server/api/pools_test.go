package api

import (
	"testing"

	"supervisor/server/auth"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// TestPoolsAreToldAsFarAsTheirListenersMayBeSeen has two pools, one of which is
// denied; what a listener said is part of its log.
func TestPoolsAreToldAsFarAsTheirListenersMayBeSeen(t *testing.T) {
	d := newDesk(t)
	if all := read[wire.Pools](t, d.send("GET", "/pools", "")).Pools; len(all) != 2 || all[0].Listeners[0].Listener.Said != "'once'" {
		t.Errorf("somebody who may do everything sees %+v", all)
	}
	d.who.Grant = supervise.Grant{Role: supervise.Operator, Programs: []string{"*"}, Deny: []string{"odd/name"}, Actions: []supervise.Verb{auth.Restart}}
	seen := read[wire.Pools](t, d.send("GET", "/pools", "")).Pools
	if len(seen) != 1 || seen[0].Group != "web" {
		t.Fatalf("somebody who may see one sees %+v", seen)
	}
	want := wire.PoolCounts{Buffered: 3, Size: 10, Accepted: 9, Handled: 4, Dropped: 1, Rejected: 2, DroppedHour: 1}
	if one := seen[0].Listeners[0]; seen[0].Counts != want || one.Listener.Event != "TICK_5" || one.Listener.Said != "" {
		t.Errorf("without the right to read its log: %+v", seen)
	}
	d.engine.listens = true
	if l := read[wire.ProcessDetail](t, d.send("GET", "/processes/web:api", "")).Listener; l == nil || l.Said != "" || l.Breaches != 1 {
		t.Errorf("on its own: %+v", l)
	}
	d.who.Grant = supervise.Grant{Role: supervise.Viewer, Programs: []string{"nothing"}}
	if none := read[wire.Pools](t, d.send("GET", "/pools", "")).Pools; none == nil || len(none) != 0 {
		t.Errorf("somebody who sees nothing sees %+v", none)
	}
}
