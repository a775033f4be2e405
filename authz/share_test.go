package authz

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/registry"
	"gatehouse/storage"
)

func enter(ctx context.Context, s *turns, key string) error {
	_, err := s.enter(ctx, key)
	return err
}

func TestAClientThatHasItsShareWaitsAndOthersDoNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := turns{of: map[string]*share{}}
		for range shareAtOnce {
			require.NoError(t, enter(t.Context(), &s, "flood"))
		}
		var order []int
		for n := range 3 {
			go func() {
				require.NoError(t, enter(t.Context(), &s, "flood"))
				order = append(order, n)
			}()
			synctest.Wait()
		}
		require.Empty(t, order)
		require.NoError(t, enter(t.Context(), &s, "other"), "who has nothing in work does not wait")
		s.leave("other")
		for range 3 {
			s.leave("flood")
			synctest.Wait()
		}
		require.Equal(t, []int{0, 1, 2}, order, "one after another as they came")
		for range shareAtOnce {
			s.leave("flood")
		}
		require.Empty(t, s.of, "nothing is kept of who has nothing in work")
	})
}

func TestAClientWaitsOnlySoLongAndWithOnlySoMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := turns{of: map[string]*share{}}
		for range shareAtOnce {
			require.NoError(t, enter(t.Context(), &s, "flood"))
		}
		gone, leave := context.WithCancel(t.Context())
		var refused atomic.Int64
		wait := func(ctx context.Context) {
			if errors.Is(enter(ctx, &s, "flood"), errCrowded) {
				refused.Add(1)
			}
		}
		for range shareWaiting - 1 {
			go wait(t.Context())
		}
		go wait(gone)
		synctest.Wait()
		require.ErrorIs(t, enter(t.Context(), &s, "flood"), errCrowded, "at once: too many are waiting")
		leave()
		synctest.Wait()
		require.EqualValues(t, 1, refused.Load(), "who has gone waits no more")
		time.Sleep(sharePatience)
		synctest.Wait()
		require.EqualValues(t, shareWaiting, refused.Load())
		for range shareAtOnce {
			s.leave("flood")
		}
		require.Empty(t, s.of)
	})
}

func TestTooManyRequestsAreNoWordAboutAToken(t *testing.T) {
	answer := failBearer(nil, errCrowded)
	require.Equal(t, http.StatusTooManyRequests, answer.Status)
	require.Empty(t, answer.Header, "a challenge would ask for another token (RFC 6750 §3)")
}

func TestATokenThatEndsWhileItWaitsForATurnIsRefused(t *testing.T) {
	s := &Server{values: newTestValues(t, 'a', 0), turns: turns{of: map[string]*share{}}, now: time.Now}
	store, token, value := opened(t, s.values)
	s.store, s.registry = store, registry.New(store, time.Now)
	require.NoError(t, store.CreateClient(t.Context(), storage.Client{ID: "c", Status: storage.StatusApproved}))
	request := func() *Request { return &Request{Route: &Route{}, from: httptest.NewRequest("GET", "/", nil)} }
	var inWork []*Request
	for range shareAtOnce {
		inWork = append(inWork, request())
		_, err := s.presented(t.Context(), inWork[len(inWork)-1], value)
		require.NoError(t, err)
	}
	_, err := s.take(t.Context(), request(), &storage.Client{ID: "c"}, false)
	require.NoError(t, err, "whoever has the secret does not wait for those who have a token")

	answer := make(chan error, 1)
	go func() {
		_, err := s.presented(t.Context(), request(), value)
		answer <- err
	}()
	require.Eventually(t, func() bool {
		s.turns.mu.Lock()
		defer s.turns.mu.Unlock()
		return len(s.turns.of["c by its tokens"].waiting) == 1
	}, 60*time.Second, time.Millisecond)
	require.NoError(t, store.Apply(t.Context(), storage.Unit{storage.RevokeFamily{Family: token.Family, At: time.Now()}}))
	s.giveBack(inWork[0])
	require.ErrorContains(t, <-answer, CodeInvalidToken)
}
