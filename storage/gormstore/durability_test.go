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
		require.Empty(t, lax(t, dsn))
		if strings.HasPrefix(dsn, "sqlite:") {
			return
		}
		separator := "?"
		if strings.Contains(dsn, "?") {
			separator = "&"
		}
		require.Equal(t, []string{"synchronous_commit=off"}, lax(t, dsn+separator+"synchronous_commit=off"))
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
