package main

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/authz/keys"
	"gatehouse/internal/testdb"
)

// A clock that jumps an hour, forward or back.

// What was spent, revoked or ended stays so, whatever the clock says then; what is good goes on.
func TestAClockThatJumpsRevivesNothing(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		for name, jump := range map[string]time.Duration{"forward": time.Hour, "back": -time.Hour} {
			t.Run(name, func(t *testing.T) {
				s := newTestServer(t, dsn)
				b := s.newBrowser()
				code, _ := s.allowIn(b, "ana@example.com", request("photoprint"))
				spent := pairIn(s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t))
				held := pairIn(s.post("/oauth2/token", "photoprint", refreshForm(spent.refresh)).json(t))
				revoked := pairIn(s.tokens("ana@example.com", "photoprint"))
				require.Equal(t, http.StatusOK, s.post("/oauth2/revoke", "photoprint", url.Values{"token": {revoked.access}}).StatusCode)
				out := s.newBrowser()
				s.allowIn(out, "ana@example.com", request("photoprint"))
				target, form := formOf(t, out.get("/logout"), "sign-out")
				require.Less(t, out.submit(target, form).StatusCode, 400)

				for _, by := range []time.Duration{jump, -jump, jump} {
					s.forward(by)
					require.False(t, s.active("photoprint", revoked.access))
					require.Equal(t, "invalid_grant", s.post("/oauth2/token", "photoprint", refreshForm(revoked.refresh)).json(t)["error"])
					require.Contains(t, out.authorize(request("photoprint")).Header.Get("Location"), "/login", "signed out")

					require.True(t, s.active("photoprint", held.access))
					require.NotEmpty(t, callback(t, b.authorize(request("photoprint"))).Get("code"), "the session goes on")
					a := s.post("/oauth2/token", "photoprint", refreshForm(held.refresh))
					require.Equal(t, http.StatusOK, a.StatusCode, a.body)
					held = pairIn(a.json(t))
					fresh := pairIn(s.tokens("ana@example.com", "photoprint"))
					require.True(t, s.active("photoprint", fresh.access), "and new ones are good")
				}
				require.Equal(t, "invalid_grant", s.post("/oauth2/token", "photoprint", refreshForm(spent.refresh)).json(t)["error"])
				require.False(t, s.active("photoprint", held.access), "which was a replay")
			})
		}
	})
}

// A refresh token that was used while the clock was an hour ahead is a replay when the clock is right again, not a repeat within the
// grace, which would last an hour.
func TestAClockThatIsSetBackDoesNotProlongTheGraceOfARefresh(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		s.forward(time.Hour)
		had := pairIn(s.tokens("ana@example.com", "photoprint"))
		held := pairIn(s.post("/oauth2/token", "photoprint", refreshForm(had.refresh)).json(t))
		s.forward(-time.Hour)
		require.True(t, s.active("photoprint", held.access))
		require.Equal(t, "invalid_grant", s.post("/oauth2/token", "photoprint", refreshForm(had.refresh)).json(t)["error"])
		require.False(t, s.active("photoprint", held.access))

		had = pairIn(s.tokens("ana@example.com", "photoprint"))
		held = pairIn(s.post("/oauth2/token", "photoprint", refreshForm(had.refresh)).json(t))
		s.forward(-30 * time.Second) // another process, whose clock is a little behind
		require.Equal(t, held, pairIn(s.post("/oauth2/token", "photoprint", refreshForm(had.refresh)).json(t)))
	})
}

// Keys that were made, or rotated, by a clock that was an hour ahead or behind sign when it is right again.
func TestKeysOfAClockThatJumpedSign(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		root, err := testConfig(dsn, "").Root()
		require.NoError(t, err)
		set := keys.New(s.store, root, time.Hour, s.now)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go s.run(ctx) // the server follows what the other does to the keys
		for _, jump := range []time.Duration{time.Hour, -time.Hour, -time.Hour, time.Hour} {
			s.forward(jump)
			for range 2 {
				tokens := s.tokens("ana@example.com", "photoprint")
				require.NotEmpty(t, tokens["id_token"])
				require.True(t, s.active("photoprint", tokens["access_token"]))
				require.NoError(t, set.Rotate(t.Context(), false))
			}
		}
	})
}

// A code that expired while the clock was ahead may be good again when it is right, and is good once then too.
func TestACodeIsGoodOnceWhateverTheClockDoes(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		code := s.allow("ana@example.com", request("photoprint"))
		s.forward(time.Hour)
		require.Equal(t, "invalid_grant", s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)["error"])
		s.forward(-time.Hour)
		require.Equal(t, http.StatusOK, s.post("/oauth2/token", "photoprint", exchangeForm(code)).StatusCode)
		for _, jump := range []time.Duration{0, time.Hour, -2 * time.Hour} {
			s.forward(jump)
			require.Equal(t, "invalid_grant", s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)["error"])
		}
	})
}
