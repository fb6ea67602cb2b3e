package supervise

import (
	"strings"
	"testing"
	"time"
)

func TestWhenSomethingEnds(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"12h": "2026-06-02T00:00:00Z", "7d": "2026-06-08T12:00:00Z", "90s": "2026-06-01T12:01:30Z",
		"2027-01-31": "2027-01-31T00:00:00Z", "2027-01-31T12:00:00+02:00": "2027-01-31T10:00:00Z",
	} {
		if got, err := ParseExpiry(text, now); err != nil || got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"": "no time to end at", "soon": "no time to end at", "-1h": "no time to end at", "0d": "no time to end at", "1e9d": "no time to end at",
		"2026-06-01": "is over already", "2026-06-01T12:00:00Z": "is over already",
	} {
		if got, err := ParseExpiry(text, now); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %s, %v, want %s", text, got, err, want)
		}
	}
}

func TestWhenSomethingWas(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.FixedZone("", 2*60*60))
	for text, want := range map[string]string{
		"36h": "2026-05-30T22:00:00Z", "7d": "2026-05-25T10:00:00Z",
		"2026-01-31": "2026-01-30T22:00:00Z", "2026-01-31T12:00:00Z": "2026-01-31T12:00:00Z",
	} {
		if got, err := ParsePast(text, now); err != nil || got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "yesterday", "-1h", "0d"} {
		if got, err := ParsePast(text, now); err == nil || !strings.Contains(err.Error(), "no time") {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
}
