package authz

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
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
