package main

import (
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
)

// slow is what every statement takes in these tests: a race that a fast database hides shows with a slow one (F2).
const slow = 20 * time.Millisecond

// together sends n requests at the same moment.
func together(n int, send func() answer) []answer {
	answers := make([]answer, n)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range answers {
		group.Go(func() {
			<-start
			answers[i] = send()
		})
	}
	close(start)
	group.Wait()
	return answers
}

// tally sorts answers into good ones and refusals, and fails for anything but 200 and invalid_grant.
func tally(t *testing.T, answers []answer) (good []map[string]any, refused int) {
	t.Helper()
	for _, a := range answers {
		switch a.StatusCode {
		case http.StatusOK:
			good = append(good, a.json(t))
		case http.StatusBadRequest:
			require.Equal(t, "invalid_grant", a.json(t)["error"])
			refused++
		default:
			t.Fatalf("status %d: %s", a.StatusCode, a.body)
		}
	}
	return good, refused
}

func TestOfSimultaneousExchangesOfOneCodeOneSucceeds(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		code := s.allow("ana@example.com", request("photoprint"))
		s.count.delay.Store(int64(slow))
		good, refused := tally(t, together(50, func() answer {
			return s.post("/oauth2/token", "photoprint", exchangeForm(code))
		}))
		s.count.delay.Store(0)
		require.Len(t, good, 1)
		require.Equal(t, 49, refused)
		require.False(t, s.active("photoprint", good[0]["access_token"]), "the others are replays: the family is dead")
	})
}

func TestOfSimultaneousRefreshesThereIsOneChild(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		refresh := s.tokens("ana@example.com", "photoprint")["refresh_token"].(string)
		s.count.delay.Store(int64(slow))
		good, refused := tally(t, together(50, func() answer {
			return s.post("/oauth2/token", "photoprint", refreshForm(refresh))
		}))
		s.count.delay.Store(0)
		require.Zero(t, refused)
		for _, tokens := range good {
			require.Equal(t, good[0]["access_token"], tokens["access_token"], "the same pair for all")
			require.Equal(t, good[0]["refresh_token"], tokens["refresh_token"])
		}
		require.True(t, s.active("photoprint", good[0]["access_token"]))
	})
}

func TestWithoutAGraceOneOfSimultaneousRefreshesWins(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		refresh := s.tokens("ana@example.com", "no-grace")["refresh_token"].(string)
		s.count.delay.Store(int64(slow))
		good, refused := tally(t, together(50, func() answer {
			return s.post("/oauth2/token", "no-grace", refreshForm(refresh))
		}))
		s.count.delay.Store(0)
		require.Len(t, good, 1)
		require.Equal(t, 49, refused)
	})
}

// After the last answer nothing of a disconnected app is alive, whoever raced with whom.
func TestDisconnectWinsAgainstSimultaneousRefreshes(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b := s.newBrowser()
		for range 10 {
			code, _ := s.allowIn(b, "ana@example.com", request("photoprint"))
			tokens := s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)
			action, form := formOf(t, b.get("/account/apps"), "app-photoprint")
			form.Set("action", "disconnect")
			var group sync.WaitGroup
			group.Go(func() { b.submit(action, form) })
			answers := together(4, func() answer {
				return s.post("/oauth2/token", "photoprint", refreshForm(tokens["refresh_token"].(string)))
			})
			group.Wait()
			good, _ := tally(t, answers)
			for _, pair := range append(good, tokens) {
				require.False(t, s.active("photoprint", pair["access_token"]))
				require.False(t, s.active("photoprint", pair["refresh_token"]))
			}
		}
	})
}

func TestSimultaneousRevocationAndRefreshLeaveNothingAlive(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		for range 10 {
			tokens := s.tokens("ana@example.com", "photoprint")
			refresh := tokens["refresh_token"].(string)
			var group sync.WaitGroup
			group.Go(func() {
				a := s.post("/oauth2/revoke", "photoprint", url.Values{"token": {refresh}})
				require.Equal(t, http.StatusOK, a.StatusCode)
			})
			good, _ := tally(t, together(4, func() answer {
				return s.post("/oauth2/token", "photoprint", refreshForm(refresh))
			}))
			group.Wait()
			for _, pair := range good {
				require.False(t, s.active("photoprint", pair["access_token"]))
			}
		}
	})
}
