package main

import (
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

func TestAnAdminMakesAnInitialAccessTokenInTheConsoleAndDeletesIt(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b, page := s.inConsole("/admin/new/initial-access-tokens", storage.RoleAdmin)
	bad := b.press(page, "create", "create", "name", "Partners", "publisher", "nobody", "status", "approved", "scopes", "openid\nemial", "max_uses", "-1", "expires_at", "2001-01-01")
	require.Equal(t, http.StatusUnprocessableEntity, bad.StatusCode, bad.body)
	for _, member := range []string{"publisher", "scopes[1]", "max_uses", "expires_at"} {
		require.Contains(t, bad.body, "<code>"+member+"</code>")
	}
	made := b.press(page, "create", "create", "name", "Partners", "status", "approved", "scopes", "openid", "max_uses", "1", "expires_at", "2099-01-31")
	require.Equal(t, http.StatusOK, made.StatusCode, made.body)
	stored, err := s.store.InitialAccessTokens(t.Context(), "", 10)
	require.NoError(t, err)
	require.Equal(t, "2099-02-01T00:00:00Z", stored[0].ExpiresAt.Format(time.RFC3339), "it works on the day that was chosen, as API keys do")
	token := regexp.MustCompile(`gia_[A-Za-z0-9_-]+`).FindString(made.body)
	require.NotEmpty(t, token)
	s.registration(token, "POST", "", `{"redirect_uris": ["https://a.example/cb"]}`).require(t, 201)
	s.registration(token, "POST", "", `{"redirect_uris": ["https://a.example/cb"]}`).require(t, 401)

	list := b.get("/admin/initial-access-tokens")
	require.Contains(t, list.body, "Partners")
	require.Contains(t, list.body, "1 / 1")
	require.NotContains(t, list.body, token)
	id := regexp.MustCompile(`name="item" value="([a-z0-9]+)"`).FindStringSubmatch(list.body)[1]
	done := b.byHand("/admin/initial-access-tokens", map[string][]string{"action": {"delete"}, "item": {id}})
	require.Equal(t, http.StatusSeeOther, done.StatusCode, done.body)
	require.NotContains(t, b.get("/admin/initial-access-tokens").body, "Partners")

	reviewer, page := newTestServer(t, furnished.SQLite(t)).inConsole("/admin/initial-access-tokens", storage.RoleReviewer)
	require.Equal(t, http.StatusForbidden, page.StatusCode)
	require.Equal(t, http.StatusForbidden, reviewer.get("/admin/new/initial-access-tokens").StatusCode)
}
