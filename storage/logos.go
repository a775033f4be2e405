package storage

import (
	"context"
	"time"
)

// Logo is a mini app's picture. It is named by what is in it, and never changes.
type Logo struct {
	Hash      string         // SHA-256 in hex
	Images    map[int][]byte // PNG files by the length of their sides in pixels
	KeepUntil time.Time      // until then it is kept though no registration names it
}

// Logos keeps pictures.
type Logos interface {
	// SaveLogo stores a logo. One that is there already is kept until the later of the two times.
	SaveLogo(ctx context.Context, l Logo) error
	// LogoImage returns a logo as a PNG file of this size; ErrNotFound when there is none.
	LogoImage(ctx context.Context, hash string, side int) ([]byte, error)
}
