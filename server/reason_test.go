package server

import (
	"net/http"
	"strings"
	"testing"
)

func TestTheReasonForEveryChangeByXMLRPCIsInItsLine(t *testing.T) {
	town := newTown(t)
	admin := town.person("admin")
	changes := 0
	for _, c := range calls {
		if !c.change {
			continue
		}
		changes++
		before := town.written()
		r, err := http.NewRequestWithContext(t.Context(), "POST", urlOf(town.server, 0)+"/RPC2", strings.NewReader(c.xml("insider:api")))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", admin.header)
		r.Header.Set("X-Reason", "deploy 42")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if lines := town.since(before); len(lines) != 1 || lines[0].Reason != "deploy 42" {
			t.Errorf("%s left %+v", c.method, lines)
		}
	}
	if changes < 20 {
		t.Errorf("only %d methods change anything", changes)
	}
}
