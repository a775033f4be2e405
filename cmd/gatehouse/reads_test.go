package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// lastRead is what /account/apps says of when a mini app last read what it may, and what the person's record has.
func (b *browser) lastRead(clientID string) (shown string, at any) {
	b.s.t.Helper()
	for _, says := range []string{"just now", "min ago", "h ago", "No reading on record yet"} {
		_, article, _ := strings.Cut(b.get("/account/apps").body, `aria-labelledby="app-`+clientID+`-name"`)
		article, _, _ = strings.Cut(article, "</article>")
		if strings.Contains(article, says) {
			shown = says
		}
	}
	for _, app := range b.get("/account/export").json(b.s.t)["apps"].([]any) {
		if app := app.(map[string]any); app["client_id"] == clientID {
			at = app["read_at"]
		}
	}
	return shown, at
}

func TestPeopleSeeWhenAMiniAppLastReadTheirData(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(s *testServer, access string) bool{
		"userinfo": func(s *testServer, access string) bool { return s.userinfo(access).StatusCode == 200 },
		"an API of somebody else's that has people's data": func(s *testServer, access string) bool { return s.active("resource", access) },
	} {
		t.Run(name, func(t *testing.T) {
			furnished.Each(t, func(t *testing.T, dsn string) { provesLastRead(t, newTestServer(t, dsn), read) })
		})
	}
}

func provesLastRead(t *testing.T, s *testServer, read func(s *testServer, access string) bool) {
	b := s.newBrowser()
	code, _ := s.allowIn(b, "ana@example.com", request("photoprint"))
	tokens := s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)
	access := tokens["access_token"].(string)
	grant := s.grant("ana@example.com", "photoprint")
	requireLast := func(want string, recorded bool) {
		t.Helper()
		shown, at := b.lastRead("photoprint")
		require.Equal(t, want, shown)
		require.Equal(t, recorded, at != nil, at)
	}
	tokens = s.post("/oauth2/token", "photoprint", refreshForm(tokens["refresh_token"].(string))).json(t)
	require.True(t, s.active("photoprint", access), "the app looks at its own token")
	require.True(t, s.active("resource", tokens["refresh_token"]))
	require.Equal(t, 401, s.userinfo(access[:len(access)-4]+"AAAA").StatusCode)
	requireLast("No reading on record yet", false) // an ID token tells who somebody is, and nothing of them

	require.NoError(t, s.store.StampReads(t.Context(), map[string]time.Time{grant.ID: s.now().Add(-2 * time.Hour)}))
	requireLast("h ago", true)
	require.True(t, read(s, access))
	requireLast("just now", true)
	s.stopped()
	require.Equal(t, grant, s.grant("ana@example.com", "photoprint"), "a stamp is not a change of the grant")
	last, err := s.store.LastReads(t.Context(), grant.Owner)
	require.NoError(t, err)
	require.WithinDuration(t, s.now(), last[grant.ID], time.Minute, "what was noted is written when the server ends")
}

// stopped runs the background work until it has ended.
func (s *testServer) stopped() {
	ctx, cancel := context.WithCancel(s.t.Context())
	cancel()
	s.run(ctx)
}

func TestAReadThatIsRefusedIsNone(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	code, _ := s.allowIn(b, "ana@example.com", request("photoprint"))
	access := s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)["access_token"].(string)
	grant := s.grant("ana@example.com", "photoprint")
	require.NoError(t, s.store.SetDisabled(t.Context(), grant.Owner.UserID, true, s.now()))
	require.Equal(t, 401, s.userinfo(access).StatusCode)
	require.False(t, s.active("resource", access))
	s.stopped()
	last, err := s.store.LastReads(t.Context(), grant.Owner)
	require.NoError(t, err)
	require.Zero(t, last[grant.ID])
}

func TestAStampStaysWhenOneScopeIsTakenBackAndGoesWithTheApp(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b := s.newBrowser()
		asked := request("photoprint", "scope", "openid email points_read")
		code, _ := s.allowIn(b, "ana@example.com", asked)
		access := s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)["access_token"]
		require.Equal(t, 200, s.userinfo(access).StatusCode)
		change := func(pairs ...string) {
			action, form := formOf(t, b.get("/account/apps"), "app-photoprint")
			for i := 0; i < len(pairs); i += 2 {
				form.Set(pairs[i], pairs[i+1])
			}
			require.Equal(t, 303, b.submit(action, form).StatusCode)
		}
		change("action", "withdraw", "scope", "points_read")
		s.stopped() // what was read before counts, although its grant has ended
		shown, _ := b.lastRead("photoprint")
		require.Equal(t, "just now", shown)
		change("action", "disconnect")
		code, _ = s.allowIn(b, "ana@example.com", asked)
		require.NotEmpty(t, code)
		shown, _ = b.lastRead("photoprint")
		require.Equal(t, "No reading on record yet", shown, "a new beginning")
	})
}
