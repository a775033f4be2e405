package gormstore_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

// A file that may not grow any more refuses writes as an outage, keeps what was answered, stays whole, and takes writes again when
// it may grow.
func TestAFullFileRefusesWritesAndLosesNothing(t *testing.T) {
	s := open(t, testdb.SQLite(t))
	for range 3 {
		pages, err := s.Pages()
		require.NoError(t, err)
		require.NoError(t, s.LimitPages(pages+20))
		answered, refused := insertUntilFull(t, s)
		require.NotEmpty(t, answered)
		for _, err := range refused {
			require.ErrorIs(t, err, storage.ErrUnavailable)
		}
		require.NoError(t, s.LimitPages(1<<30))
		for _, token := range answered {
			requireStored(t, s, token)
		}
		token := newToken()
		require.NoError(t, insert(s, token))
		requireStored(t, s, token)
		verdict, err := s.Query("SELECT * FROM pragma_integrity_check")
		require.NoError(t, err)
		require.Equal(t, "ok", verdict)
	}
}

// insertUntilFull inserts tokens from several sides until each was refused several times.
func insertUntilFull(t *testing.T, s *gormstore.Store) (answered []storage.Token, refused []error) {
	t.Helper()
	var mu sync.Mutex
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for failures := 0; failures < 5; {
				token := newToken()
				err := insert(s, token)
				mu.Lock()
				if err == nil {
					answered = append(answered, token)
				} else {
					refused = append(refused, err)
					failures++
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return answered, refused
}
