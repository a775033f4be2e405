package registry

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"gatehouse/storage"
)

// busy returns slowSecrets of which every place is taken.
func busy() *slowSecrets {
	s := newSlowSecrets()
	for range cap(s.room) {
		s.room <- struct{}{}
	}
	return s
}

func TestASlowComparisonWaitsForASecondAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, began := busy(), time.Now()
		_, err := s.match(t.Context(), "c", []string{"hash"}, []string{"secret"}, began)
		require.ErrorIs(t, err, storage.ErrUnavailable)
		require.Equal(t, time.Second, time.Since(began))
		<-s.room
		ok, err := s.match(t.Context(), "c", []string{"hash"}, []string{"secret"}, began)
		require.NoError(t, err)
		require.False(t, ok)
	})
}

func TestAnAbandonedRequestLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, began := busy(), time.Now()
		ctx, abandon := context.WithCancel(t.Context())
		results := make(chan error)
		for range 100 {
			go func() {
				_, err := s.match(ctx, "c", []string{"hash"}, []string{"secret"}, began)
				results <- err
			}()
		}
		synctest.Wait()
		abandon()
		for range 100 {
			require.ErrorIs(t, <-results, context.Canceled)
		}
		require.Equal(t, began, time.Now(), "at once")
		require.Zero(t, s.guessesOf("c", began).wrong.Load(), "what was not compared does not count")
	})
}

func TestAClientTakesOnePlaceAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, began := newSlowSecrets(), time.Now()
		s.guessesOf("c", began).turn <- struct{}{} // a comparison of this client is under way
		_, err := s.match(t.Context(), "c", []string{"hash"}, []string{"secret"}, began)
		require.ErrorIs(t, err, storage.ErrUnavailable)
		require.Empty(t, s.room)
		_, err = s.match(t.Context(), "other", []string{"hash"}, []string{"secret"}, began)
		require.NoError(t, err)
	})
}

func TestWhoWasProvenNeverWaits(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("vendor secret"), bcrypt.MinCost)
	require.NoError(t, err)
	s, now := newSlowSecrets(), time.Now()
	prove := func(ctx context.Context) {
		t.Helper()
		ok, err := s.match(ctx, "c", []string{string(hash)}, []string{"vendor secret"}, now)
		require.NoError(t, err)
		require.True(t, ok)
	}
	prove(t.Context())
	for range cap(s.room) {
		s.room <- struct{}{}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	prove(ended)
}

func TestWhatSlowSecretsRememberIsBounded(t *testing.T) {
	s, now := newSlowSecrets(), time.Now()
	for i := range maxProven + 10 {
		s.remember("hash", fmt.Sprint(i))
	}
	require.LessOrEqual(t, len(s.proven), maxProven)
	require.NotContains(t, fmt.Sprint(s.proven), "hash")
	for i := range 100 {
		s.guessesOf(strings.Repeat("c", i), now)
	}
	s.guessesOf("c", now.Add(guessWindow))
	require.Len(t, s.clients, 1)
	s.guessesOf("d", now)
	require.Len(t, s.clients, 1, "a clock that was set back opens a new window")
}
