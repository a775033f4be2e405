package consent

import (
	"errors"
	"fmt"

	"gatehouse/storage"
)

// retries is how often somebody else's change of a grant may come before one's own. Each time theirs was stored.
const retries = 20

// Retry calls change, which reads a grant and stores what becomes of it, again where the grant moved in between: where
// change returns storage.ErrConflict. Other errors are returned as they are; storage.ErrUnavailable, when the grant never
// rests.
func Retry(change func() error) error {
	var err error
	for range retries {
		if err = change(); !errors.Is(err, storage.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("consent: others changed the grant %d times meanwhile: %w", retries, storage.ErrUnavailable)
}
