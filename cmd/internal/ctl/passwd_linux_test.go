package ctl

import (
	"strings"
	"testing"
)

func TestAPasswordIsAskedForTwiceAndNeverShown(t *testing.T) {
	server := newFakeServer(t)
	server.mu.Lock() // the client is another process
	server.live = true
	server.mu.Unlock()
	p := sitDown(t, "-s", server.URL)
	p.Sees("supervisor> ")
	p.Types("passwd ann\r")
	p.Sees("New password for ann: ")
	p.Types("correct horse\n")
	p.Sees("Once more: ")
	p.Types("correct house\n")
	p.Sees("ERROR: the two are not the same\r\n")
	p.Sees("supervisor> ")
	p.Types("passwd ann\r")
	p.Sees("New password for ann: ")
	p.Types("correct horse\n")
	p.Sees("Once more: ")
	p.Types("correct horse\n")
	p.Sees("ann: password changed\r\n")
	p.Sees("supervisor> ")
	p.Types("exit\r")
	p.Leaves(exitOK)
	if strings.Contains(p.Screen(), "correct") {
		t.Errorf("the password is on the screen: %q", p.Screen())
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	if server.passwords["ann"] != "correct horse" {
		t.Errorf("the server was told %v", server.passwords)
	}
}
