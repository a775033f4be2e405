package claims

import (
	"context"
	"crypto/rand"
	"fmt"

	"gatehouse/internal/secret"
)

// SaltName is the name under which the salt of pairwise identifiers is stored. Its value is sealed by the root's sealer
// for ConstantLabel with the name as context.
const SaltName = "claims.salt"

// ConstantLabel is the sealer's label for stored constants. All of them share it and are bound to their own name, so
// that whoever swaps the root secret can seal every constant anew without knowing what it is.
const ConstantLabel = "constant"

const saltSize = 32

// ConstantStore keeps values that are drawn once; see storage.Keys.
type ConstantStore interface {
	Constant(ctx context.Context, name string, value []byte) ([]byte, error)
	ReplaceSealed(ctx context.Context, keys, constants map[string][]byte) error
}

// LoadSalt returns the salt of pairwise identifiers. The first call on a database draws it and stores it sealed under
// root; it is never drawn again, because another salt would give every person another name at every client. One that is
// sealed under the other root secret is sealed anew under the current one, so that the other one can be given up.
func LoadSalt(ctx context.Context, store ConstantStore, root secret.Root) ([]byte, error) {
	sealer := root.Sealer(ConstantLabel)
	drawn := make([]byte, saltSize)
	_, _ = rand.Read(drawn) // never fails (crypto/rand)
	stored, err := store.Constant(ctx, SaltName, sealer.Seal(drawn, SaltName))
	if err != nil {
		return nil, fmt.Errorf("loading the salt of pairwise identifiers: %w", err)
	}
	salt, err := sealer.Open(stored, SaltName)
	if err != nil {
		return nil, fmt.Errorf("the salt of pairwise identifiers cannot be opened: set GATEHOUSE_SECRET, or GATEHOUSE_SECRET_PREVIOUS during a rotation, to the secret that it was sealed under: %w", err)
	}
	if sealer.Current(stored) {
		return salt, nil
	}
	anew := map[string][]byte{SaltName: sealer.Seal(salt, SaltName)}
	if err := store.ReplaceSealed(ctx, nil, anew); err != nil {
		return nil, fmt.Errorf("sealing the salt of pairwise identifiers anew: %w", err)
	}
	return salt, nil
}
