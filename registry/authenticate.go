package registry

import (
	"context"
	"slices"
	"strings"
	"time"

	"gatehouse/storage"
)

// Authenticate reports whether one of the secrets, which are the ways to read what a request sent, is one of the client's
// live secrets. For a nil client, as for a client without secrets, it does the work of one comparison each and says
// false. Slow hashes, which were imported, are compared within limits; beyond them the error wraps
// storage.ErrUnavailable, or is the context's when that ends first, and says nothing about the secret.
func (r *Registry) Authenticate(ctx context.Context, c *storage.Client, secrets []string) (bool, error) {
	now := r.now()
	hashes := liveHashes(c, now)
	known := len(hashes) > 0
	if !known {
		hashes = []string{r.decoy}
	}
	matches, slow := false, hashes[:0:0]
	for _, hash := range hashes {
		if !strings.HasPrefix(hash, sha256Prefix) {
			slow = append(slow, hash)
			continue
		}
		for _, secret := range secrets {
			matches = VerifySecret(hash, secret) || matches
		}
	}
	if !known || matches || len(slow) == 0 || len(secrets) == 0 {
		return matches && known, nil
	}
	return r.slow.match(ctx, c.ID, slow, secrets, now)
}

// liveHashes returns the hashes that can prove a client at now: none for nil and for a public one.
func liveHashes(c *storage.Client, now time.Time) []string {
	if c == nil || c.Public {
		return nil
	}
	var hashes []string
	for _, s := range c.Secrets {
		if lives(s, now) {
			hashes = append(hashes, s.Hash)
		}
	}
	return hashes
}

// LiveSecrets returns those of the client's secrets that work at now.
func LiveSecrets(c storage.Client, now time.Time) []storage.ClientSecret {
	var live []storage.ClientSecret
	for _, s := range c.Secrets {
		if lives(s, now) {
			live = append(live, s)
		}
	}
	return live
}

func lives(s storage.ClientSecret, now time.Time) bool {
	return s.ExpiresAt.IsZero() || now.Before(s.ExpiresAt)
}

// HadSecret reports whether secret is one of the client's, or was before RotateSecret retired it, however long that takes
// to find out: for commands. Only Authenticate says whether it works.
func HadSecret(c *storage.Client, secret string) bool {
	return slices.ContainsFunc(c.Secrets, func(s storage.ClientSecret) bool { return VerifySecret(s.Hash, secret) })
}

// HadHash reports whether hash is that of one of the client's secrets, or of one that RotateSecret retired.
func HadHash(c *storage.Client, hash string) bool {
	return slices.ContainsFunc(c.Secrets, func(s storage.ClientSecret) bool { return s.Hash == hash })
}
