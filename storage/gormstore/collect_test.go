package gormstore_test

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

func TestOneProcessCollectsAtATimeAndADeadOneHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	dsn := testdb.Postgres(t)
	s := open(t, dsn)
	expired := newToken()
	expired.ExpiresAt, expired.KeepUntil = time.Now().Add(-time.Hour), time.Now().Add(-time.Minute)
	require.NoError(t, insert(s, expired))

	another, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	defer another.Close()
	collecting, err := another.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	var alone bool
	var pid int
	require.NoError(t, collecting.QueryRow(gormstore.AskToCollect).Scan(&alone))
	require.True(t, alone)
	require.NoError(t, collecting.QueryRow("SELECT pg_backend_pid()").Scan(&pid))
	collect := func() int {
		t.Helper()
		n, err := s.Collect(t.Context(), time.Now(), 10)
		require.NoError(t, err, "that another one collects is no failure")
		return n
	}
	require.Zero(t, collect())
	requireStored(t, s, expired)

	_, err = s.Query(fmt.Sprintf("SELECT pg_terminate_backend(%d)::text", pid)) // as when its process is killed
	require.NoError(t, err)
	require.Eventually(t, func() bool { return collect() == 1 }, 60*time.Second, 10*time.Millisecond)
	_, err = s.Token(t.Context(), expired.TokenKey)
	require.ErrorIs(t, err, storage.ErrNotFound)
}
