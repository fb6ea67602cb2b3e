package server

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"supervisor/supervise"
)

func TestWhatIsPartOfARestartIsKnownAsSuch(t *testing.T) {
	for _, id := range []string{"", "4711"} {
		var heard context.Context
		s := &Server{log: slog.New(slog.DiscardHandler)}
		handler := s.observe(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { heard = r.Context() }))
		r := httptest.NewRequest(http.MethodPost, "/RPC2", nil)
		if id != "" {
			r.Header.Set("X-Restart", id)
		}
		handler.ServeHTTP(httptest.NewRecorder(), r)
		if got := supervise.RestartOf(heard); got != id {
			t.Errorf("the engine hears of restart %q, want %q", got, id)
		}
	}
}
