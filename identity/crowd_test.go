package identity

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// However many want a password looked at, only so many wait; the others are told at once to come back.
func TestOnlySoManyWaitForMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPasswords(0)
		leave, err := p.enter(t.Context(), memoryKiB)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		var refused, given atomic.Int64
		for range 5 * crowdLimit {
			go func() {
				_, err := p.Hash(ctx, "a password")
				switch {
				case errors.Is(err, storage.ErrUnavailable):
					refused.Add(1)
				case errors.Is(err, context.Canceled):
					given.Add(1)
				}
			}()
		}
		synctest.Wait()
		require.EqualValues(t, 4*crowdLimit, refused.Load())
		cancel()
		synctest.Wait()
		require.EqualValues(t, crowdLimit, given.Load())
		leave()
		_, err = p.Hash(t.Context(), "a password")
		require.NoError(t, err, "and there is room again")
	})
}
