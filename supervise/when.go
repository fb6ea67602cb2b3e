package supervise

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseMoment reads a time as RFC 3339 writes it, or a date.
func ParseMoment(text string) (time.Time, error) { return parseMoment(text, time.UTC) }

// parseMoment takes a date as the beginning of the day in zone.
func parseMoment(text string, zone *time.Location) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%s is no time: expected one like 2027-01-31 or 2027-01-31T12:00:00Z", Quote(text))
}

// ParsePast reads when something was: a time, a date by the clock of now, or how
// long before now.
func ParsePast(text string, now time.Time) (time.Time, error) {
	if ago, err := ParseDuration(text); err == nil {
		return now.Add(-ago), nil
	}
	if when, err := parseMoment(text, now.Location()); err == nil {
		return when, nil
	}
	return time.Time{}, fmt.Errorf("%s is no time: expected one like 2027-01-31, 2027-01-31T12:00:00Z, or how long ago, such as 36h or 7d", Quote(text))
}

// ParseDuration reads a number with its unit: 90s, 30m, 12h, 7d.
func ParseDuration(text string) (time.Duration, error) {
	if number, found := strings.CutSuffix(text, "d"); found {
		days, err := strconv.Atoi(number)
		if err == nil && days > 0 && days < 36500 {
			return time.Duration(days) * 24 * time.Hour, nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return d, nil
	}
	return 0, fmt.Errorf("%s is no duration: expected one like 90s, 30m, 12h or 7d", Quote(text))
}

// ParseExpiry reads when something ends: a time, a date, or how long from now.
func ParseExpiry(text string, now time.Time) (time.Time, error) {
	ends, err := ParseMoment(text)
	if err != nil {
		d, problem := ParseDuration(text)
		if problem != nil {
			return time.Time{}, fmt.Errorf("%s is no time to end at: expected one like 2027-01-31, 2027-01-31T12:00:00Z, 12h or 7d", Quote(text))
		}
		ends = now.Add(d)
	}
	if !ends.After(now) {
		return time.Time{}, fmt.Errorf("%s is over already", Quote(text))
	}
	return ends, nil
}
