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
	p.sees("supervisor> ")
	p.types("passwd ann\r")
	p.sees("New password for ann: ")
	p.types("correct horse\n")
	p.sees("Once more: ")
	p.types("correct house\n")
	p.sees("ERROR: the two are not the same\r\n")
	p.sees("supervisor> ")
	p.types("passwd ann\r")
	p.sees("New password for ann: ")
	p.types("correct horse\n")
	p.sees("Once more: ")
	p.types("correct horse\n")
	p.sees("ann: password changed\r\n")
	p.sees("supervisor> ")
	p.types("exit\r")
	p.leaves()
	if strings.Contains(p.screen.String(), "correct") {
		t.Errorf("the password is on the screen: %q", p.screen)
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	if server.passwords["ann"] != "correct horse" {
		t.Errorf("the server was told %v", server.passwords)
	}
}
