package main

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

func TestTheFirstSecretIsShownToWhoeverAsksForIt(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b := s.aDeveloper("ana@example.com", "acme")
		at := b.draft("Kiosk")
		id := at[len("/developer/apps/"):]
		c, err := s.store.Client(t.Context(), id)
		require.NoError(t, err)
		require.Empty(t, c.Secrets)
		s.updateClient(id, func(c *storage.Client) {
			c.Status, c.RedirectURIs, c.GrantTypes = storage.StatusApproved, []string{testCallback}, []string{"authorization_code", "client_credentials"}
		})
		none := s.post("/oauth2/token", "", url.Values{"client_id": {id}, "client_secret": {"gas_guessed-guessed-guessed-guessed"}, "grant_type": {"client_credentials"}})
		require.Equal(t, http.StatusUnauthorized, none.StatusCode, none.body)
		wrong := s.post("/oauth2/token", "", url.Values{"client_id": {"photoprint"}, "client_secret": {"gas_guessed-guessed-guessed-guessed"}, "grant_type": {"client_credentials"}})
		require.Equal(t, wrong.StatusCode, none.StatusCode)
		require.Equal(t, wrong.body, none.body, "no secret and a wrong one are answered alike")

		page := b.get(at)
		require.Contains(t, page.body, "Create your secret")
		made := b.fill(page, "secret")
		require.Equal(t, http.StatusOK, made.StatusCode)
		require.Contains(t, made.body, `<code id="client-secret">`)
		require.NotContains(t, b.get(at).body, "Create your secret")
		c, err = s.store.Client(t.Context(), id)
		require.NoError(t, err)
		require.Len(t, c.Secrets, 1)
	})
}

func TestTheDataStepOffersOnlyDataOfPeople(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	require.NoError(t, s.store.SaveScope(t.Context(), storage.Scope{Name: "stock_write", Title: map[string]string{"en": "Stock"}, Client: true}))
	b := s.aDeveloper("ana@example.com", "acme")
	at := b.draft("Kiosk")
	page := b.get(at + "/data")
	require.Contains(t, page.body, `name="use:email"`)
	require.Contains(t, page.body, `name="purpose:email:en"`)
	require.NotContains(t, page.body, "use:stock_write", "which mini apps ask for themselves, and no person shares")
	require.NotContains(t, page.body, "purpose:openid", "its purpose is known")
	require.Contains(t, b.get(at+"/redirects").body, `<label for="redirect_uris-0">Redirect URI 1</label>`)
}
