package authz

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

// opened is a store with a token of the client c, and the token's value.
func opened(t *testing.T, v *values) (storage.Store, storage.Token, string) {
	t.Helper()
	store, err := gormstore.Open(t.Context(), testdb.SQLite(t), gormstore.Options{Migrate: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	now := time.Now()
	key := storage.TokenKey{Family: newFamily(), Kind: storage.KindAccess, Generation: 1}
	value := v.random(key)
	token := storage.Token{
		TokenKey: key, Hash: hashValue(value), ClientID: "c", State: storage.TokenActive,
		IssuedAt: now, ExpiresAt: now.Add(time.Hour), KeepUntil: now.Add(time.Hour),
	}
	require.NoError(t, store.Apply(t.Context(), storage.Unit{storage.InsertToken{Token: token}}))
	return store, token, value
}

// Whoever presents a code a second time may have been robbed of it, and may have a client that soon gives up.
func TestAReplayEndsAFamilyAlsoWhenWhoeverBroughtItHasGone(t *testing.T) {
	s := &Server{values: newTestValues(t, 'a', 0)}
	store, token, _ := opened(t, s.values)
	s.store = store
	gone, leave := context.WithCancel(t.Context())
	leave()
	require.NoError(t, s.revokeNow(gone, &exchange{now: time.Now()}, token.Family))
	stored, err := store.Token(t.Context(), token.TokenKey)
	require.NoError(t, err)
	require.True(t, stored.FamilyRevoked)
}
