package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gatehouse/storage"
)

// maxRetired is how many hashes of secrets that work no more a client keeps, so that a seed file which still names one is
// known to be behind, not to ask for another.
const maxRetired = 5

// rotateTries is how often RotateSecret starts over when somebody else changed the client meanwhile.
const rotateTries = 5

// RotateSecret gives a client a new secret and returns it, this once. The one before works for keepOld longer, but not past the
// end it had; two work at a time, so what is older ends now. The last few stay known afterwards (see HadSecret). What GAM's
// sign-in call sends is the new secret from then on, sealed by o, unless it was another than the client's own. Problems for a
// public client, for an archived one and for a keepOld of more than MaxKeepOld, storage.ErrNotFound when there is none of this ID.
func (r *Registry) RotateSecret(ctx context.Context, o *Outbound, id string, keepOld time.Duration) (string, error) {
	if err := checkKeep(keepOld); err != nil {
		return "", err
	}
	for try := 1; ; try++ {
		secret, err := r.rotateSecret(ctx, o, id, keepOld, time.Time{})
		if !errors.Is(err, storage.ErrConflict) || try == rotateTries {
			return secret, err
		}
	}
}

// RotateSecretOnce is RotateSecret for a client whose UpdatedAt still is was, else storage.ErrConflict: who asks twice about
// one state of it gets one secret.
func (r *Registry) RotateSecretOnce(ctx context.Context, o *Outbound, id string, keepOld time.Duration, was time.Time) (string, error) {
	if err := checkKeep(keepOld); err != nil {
		return "", err
	}
	return r.rotateSecret(ctx, o, id, keepOld, was)
}

// MaxKeepOld is the longest that an old secret works beside its new one.
const MaxKeepOld = 7 * 24 * time.Hour

func checkKeep(keepOld time.Duration) error {
	switch {
	case keepOld < 0:
		return Problems{{Field: "keep_old", Text: "must not be negative"}}
	case keepOld > MaxKeepOld:
		return Problems{{Field: "keep_old", Text: "must be at most seven days; rotate once the mini app has the new secret everywhere"}}
	}
	return nil
}

// rotateSecret tries once; a zero was is any state of the client.
func (r *Registry) rotateSecret(ctx context.Context, o *Outbound, id string, keepOld time.Duration, was time.Time) (string, error) {
	c, err := r.store.Client(ctx, id) // not from the cache: it may be a second old
	if err != nil {
		return "", fmt.Errorf("client %q: %w", id, err)
	}
	if !was.IsZero() && !c.UpdatedAt.Equal(was) {
		return "", storage.ErrConflict
	}
	if c.Public {
		return "", Problems{{Field: "public", Text: "a public client has no secret; register a confidential one"}}
	}
	if c.Status == storage.StatusArchived {
		return "", Problems{{Field: "status", Text: "an archived client signs in no more, by no secret; register another one"}}
	}
	now := r.now().UTC().Truncate(stamp)
	secret := GenerateSecret()
	o.followRotation(&c, secret)
	c.Secrets = append(endSecrets(c.Secrets, now, now.Add(keepOld)), NewSecret(HashSecret(secret), now))
	if err := r.update(ctx, c, c.UpdatedAt); err != nil {
		return "", err
	}
	return secret, nil
}

// endSecrets returns secrets of which the newest that works at now ends at end and the others at now, none later than it
// would have, and of those that are retired the last maxRetired.
func endSecrets(secrets []storage.ClientSecret, now, end time.Time) []storage.ClientSecret {
	var kept []storage.ClientSecret
	retired := 0
	for _, s := range slices.Backward(secrets) {
		if s.ExpiresAt.IsZero() || s.ExpiresAt.After(end) {
			s.ExpiresAt = end
		}
		if s.ExpiresAt.After(now) {
			end = now // of what is older
		} else if retired++; retired > maxRetired {
			continue
		}
		kept = append(kept, s)
	}
	slices.Reverse(kept)
	return kept
}
