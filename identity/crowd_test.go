package identity

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

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

// However many attempts wait that come from one network address, there is room for those from another.
func TestOneAddressDoesNotTakeTheRoomOfTheOthers(t *testing.T) {
	s := newSite(t)
	const flood = "192.0.2.66"
	for range addressAtOnce { // so that nobody from there gets on
		done, err := s.people.limits.addresses.take(t.Context(), flood)
		require.NoError(t, err)
		defer done()
	}
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	var refused atomic.Int64
	var group sync.WaitGroup
	for n := range crowdLimit + 100 {
		group.Go(func() {
			_, err := s.people.SignIn(ctx, fmt.Sprintf("nobody-%d@example.com", n), "wrong", From{Address: flood})
			if errors.Is(err, errCrowded) {
				refused.Add(1)
			}
		})
	}
	require.Eventually(t, func() bool { return refused.Load() >= 100 }, 30*time.Second, time.Millisecond)
	_, err := s.people.SignIn(t.Context(), anaEmail, anaPassword, From{Address: elsewhere(s.people.limits.addresses, flood)})
	require.NoError(t, err)
	giveUp()
	group.Wait()
	require.EqualValues(t, crowdLimit+100-crowdShare, refused.Load())
	for _, c := range []*crowd{&s.people.door, s.people.limits.crowd} {
		require.Zero(t, c.waiting)
		require.Empty(t, c.from, "nothing is kept of who has gone")
	}
}

// elsewhere is an address that does not happen to queue up with this one.
func elsewhere(t *turns, address string) string {
	queue := func(address string) uint64 { return maphash.String(t.seed, address) % uint64(len(t.queues)) }
	for n := 1; ; n++ {
		if other := fmt.Sprintf("198.51.100.%d", n); queue(other) != queue(address) {
			return other
		}
	}
}
