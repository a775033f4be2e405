package gormstore_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage/gormstore"
)

// Who turns durability off to be faster is told what that means.
func TestSettingsThatLoseWhatWasCommittedAreNamed(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, dsn string) {
		if strings.HasPrefix(dsn, "sqlite:") {
			require.Empty(t, lax(t, dsn))
			return
		}
		separator := "?"
		if strings.Contains(dsn, "?") {
			separator = "&"
		}
		// The server of the tests has fsync off; that one is set for all of it.
		require.Contains(t, lax(t, dsn+separator+"synchronous_commit=off"), "synchronous_commit=off")
		require.NotContains(t, lax(t, dsn+separator+"synchronous_commit=on"), "synchronous_commit=off")
	})
}

func lax(t *testing.T, dsn string) []string {
	t.Helper()
	store, err := gormstore.Open(t.Context(), dsn, gormstore.Options{Migrate: true})
	require.NoError(t, err)
	defer store.Close()
	names, err := store.LaxSettings(t.Context())
	require.NoError(t, err)
	return names
}
