package auth

import (
	"strings"
	"testing"
)

func TestAFileThatCannotBeReadIsToldWithWhatThatMeans(t *testing.T) {
	p := newPeople(t)
	for name, tt := range map[string]struct {
		load func() error
		loss string
	}{
		"sessions.json": {newSessions(p.state, 0, 0, p.bell).load, "everybody has to log in again"},
		"links.json":    {newLinks(p.state, p.bell, nil).load, "links have to be made anew"},
	} {
		if err := tt.load(); err != nil {
			t.Errorf("without %s: %v", name, err)
		}
		if err := p.state.Write(name, []byte("{")); err != nil {
			t.Fatal(err)
		}
		if err := tt.load(); err == nil || !strings.HasPrefix(err.Error(), "read "+name+": ") || !strings.HasSuffix(err.Error(), "; "+tt.loss) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
