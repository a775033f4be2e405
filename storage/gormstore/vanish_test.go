package gormstore_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage"
)

// A machine that lost its power, or its network, in the middle of a transaction closes nothing. What it has locked, such as the
// row that every write to clients shares, is free again soon: the database ends a transaction in which nothing happens.
func TestAMachineThatVanishesInATransactionHoldsNobodyUpForLong(t *testing.T) {
	t.Parallel()
	dsn := testdb.Postgres(t)
	setting, err := open(t, dsn).Query("SHOW idle_in_transaction_session_timeout")
	require.NoError(t, err)
	require.Equal(t, "15s", setting)
	own, err := open(t, dsn+"&idle_in_transaction_session_timeout=7s").Query("SHOW idle_in_transaction_session_timeout")
	require.NoError(t, err)
	require.Equal(t, "7s", own, "an operator's own")

	if os.Getenv("GATEHOUSE_TEST_FAULTS") == "" {
		return // the rest takes as long
	}
	tap := testdb.NewTap(t, dsn)
	vanishing, writing := open(t, tap.DSN), open(t, dsn)
	locked := make(chan error, 1)
	go func() {
		locked <- vanishing.WriteSlowly("UPDATE revision SET value = value + 1 WHERE id = 1", tap.Silence)
	}()
	require.Error(t, <-locked, "it cannot commit any more")
	began := time.Now()
	require.Eventually(t, func() bool {
		return writing.SaveScope(t.Context(), storage.Scope{Name: "points_read"}) == nil
	}, 30*time.Second, 10*time.Millisecond)
	t.Logf("free after %s more", time.Since(began))
}
