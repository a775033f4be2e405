package registry

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"gatehouse/storage"
)

// NeverText is how a lifetime without an end is written.
const NeverText = "never"

// ParseSpan reads a time as everybody writes it: a whole number of seconds, or a Go duration. The error says what to write.
func ParseSpan(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		switch {
		case seconds > math.MaxInt64/int64(time.Second):
			return 0, errTooLong
		case seconds < 0:
			return 0, errSpan
		}
		return time.Duration(seconds) * time.Second, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, errSpan
	}
	return d, nil
}

// ParseLifetime reads a lifetime: a span of at least something, or never.
func ParseLifetime(text string) (storage.Lifetime, error) {
	if text == NeverText {
		return storage.Never, nil
	}
	switch d, err := ParseSpan(text); {
	case err == errTooLong:
		return 0, err
	case err != nil || d <= 0:
		return 0, errLifetime
	default:
		return storage.Lifetime(d), nil
	}
}

var (
	errSpan     = errors.New("must be a number of seconds, or a duration such as 90s, 5m or 720h")
	errTooLong  = errors.New("is too long; write never where no end is meant")
	errLifetime = errors.New("must be at least one second, as a number or a duration such as 720h, or never")
)
