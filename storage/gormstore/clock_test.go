package gormstore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage/gormstore"
)

func TestTheClockOfTheDatabaseIsReadToTheMillisecond(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		s, err := gormstore.Open(t.Context(), dsn, gormstore.Options{AnySchema: true})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		before := time.Now()
		now, err := s.Clock(t.Context())
		require.NoError(t, err)
		require.WithinRange(t, now, before.Add(-2*time.Millisecond), time.Now().Add(2*time.Millisecond))
	})
}
