package secret_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/secret"
)

func TestSealedValueOpensOnlyAsItWasSealed(t *testing.T) {
	root, err := secret.New(bytes.Repeat([]byte("a"), 32), nil)
	require.NoError(t, err)
	s := root.Sealer("test")
	sealed := s.Seal([]byte("value"), "context")

	got, err := s.Open(sealed, "context")
	require.NoError(t, err)
	require.Equal(t, "value", string(got))

	_, err = s.Open(sealed, "other context")
	require.ErrorIs(t, err, secret.ErrSealed)
	_, err = root.Sealer("other label").Open(sealed, "context")
	require.ErrorIs(t, err, secret.ErrSealed)
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		_, err = s.Open(changed, "context")
		require.ErrorIs(t, err, secret.ErrSealed, "byte %d", i)
		_, err = s.Open(sealed[:i], "context")
		require.ErrorIs(t, err, secret.ErrSealed, "cut at %d", i)
	}
}

func TestRotationOpensUnderBothSecretsInEitherOrder(t *testing.T) {
	a, b := bytes.Repeat([]byte("a"), 32), bytes.Repeat([]byte("b"), 32)
	old, _ := secret.New(a, nil)
	before, _ := secret.New(a, b)
	after, _ := secret.New(b, a)
	sealed := old.Sealer("x").Seal([]byte("v"), "")
	for _, root := range []secret.Root{before, after} {
		_, err := root.Sealer("x").Open(sealed, "")
		require.NoError(t, err)
	}
	require.True(t, before.Sealer("x").Current(sealed))
	require.False(t, after.Sealer("x").Current(sealed))
	require.Equal(t, before.Keys("t")[0], after.Keys("t")[1])
}

func TestRootRefusesAShortSecret(t *testing.T) {
	_, err := secret.New(make([]byte, 31), nil)
	require.Error(t, err)
	_, err = secret.New(make([]byte, 32), make([]byte, 5))
	require.Error(t, err)
}
