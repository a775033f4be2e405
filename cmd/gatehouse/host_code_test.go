package main

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/registry"
	"gatehouse/storage"
)

// Codes that the host app gets without a browser.

// A token of the host app's is no way to more than people share: not to what a company decides, and not to what makes a
// client the super app's own, also where the person has allowed that in a browser.
func TestTheHostAppGetsCodesForWhatPeopleShareOnly(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.register(storage.Client{ID: "console", Name: "Console", FirstParty: true, Scopes: scopesOf("openid", registry.ScopeAdmin)})
	s.register(storage.Client{ID: "third", Name: "Third party", Scopes: scopesOf("openid", registry.ScopeSuperapp)})
	u := s.users["ana@example.com"]
	was := u.UpdatedAt
	u.Roles, u.UpdatedAt = []string{storage.RoleAdmin}, was.Add(1e9)
	require.NoError(t, s.store.UpdateUser(t.Context(), u, was))
	h := s.hostApp("ana@example.com")
	for app, scope := range map[string]string{"console": registry.ScopeAdmin, "third": registry.ScopeSuperapp} {
		grantID := s.tokens("ana@example.com", app, "scope", "openid "+scope, "grant_management_action", "create")["grant_id"].(string)
		for _, asked := range []string{scope, "openid " + scope} {
			a := h.mints(app, asked)
			require.Equal(t, http.StatusBadRequest, a.StatusCode, a.body)
			require.Equal(t, "invalid_scope", a.json(t)["error"])
			requireRefused(t, s.challenge(h.token, "client_id", app, "scope", asked), http.StatusBadRequest, "invalid_scope")
		}
		require.Equal(t, "openid", h.tokens(app, "")["scope"])
		merge := s.challenge(h.token, "client_id", app, "scope", "openid", "grant_management_action", "merge", "grant_id", grantID)
		require.Equal(t, http.StatusOK, merge.StatusCode, merge.body)
		tokens := s.post("/oauth2/token", app, exchangeForm(merge.json(t)["authorization_code"].(string)))
		require.Equal(t, "openid", tokens.json(t)["scope"], "merge adds no more than may be asked: %s", tokens.body)
	}
}

// Every call has the same mini apps, and none says of one that it may be opened that gets no code.
func TestEveryCallAgreesWhichMiniAppsThereAreAndWhichOpen(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		s.register(storage.Client{ID: "machine", Name: "No people", GrantTypes: []string{"client_credentials"}, FirstParty: true})
		h := s.hostApp("ana@example.com")
		for _, id := range []string{"suspended", "machine", "host", "nobody", "%00"} {
			answers := map[string]bool{}
			for _, call := range [][2]string{
				{http.MethodGet, ""}, {http.MethodGet, "/sharing"}, {http.MethodPut, "/sharing"}, {http.MethodDelete, "/sharing"},
				{http.MethodPost, "/code"}, {http.MethodPost, "/access-token"},
			} {
				body := ""
				if call[0] == http.MethodPut {
					body = `{"decision":"deny"}`
				}
				a := h.call(call[0], "/apps/"+id+call[1], body)
				require.Equal(t, http.StatusNotFound, a.StatusCode, "%s %s%s: %s", call[0], id, call[1], a.body)
				answers[a.body] = true
			}
			require.Len(t, answers, 1, "and in the same words: %s", id)
		}

		h.decides("photoprint", `{"decision":"allow","scopes":["openid","email"]}`)
		require.Equal(t, http.StatusCreated, h.mints("photoprint", "openid").StatusCode)
		for name, change := range map[string]func(*storage.Client){
			"suspended":                  func(c *storage.Client) { c.Status = storage.StatusSuspended },
			"archived":                   func(c *storage.Client) { c.Status = storage.StatusArchived },
			"without authorization_code": func(c *storage.Client) { c.GrantTypes = []string{"client_credentials"} },
			"without tokens of people":   func(c *storage.Client) { c.TokenTypes = []string{"company"} },
		} {
			s.updateClient("photoprint", func(c *storage.Client) {
				c.Status, c.GrantTypes, c.TokenTypes = storage.StatusApproved, []string{"authorization_code", "refresh_token"}, []string{"user", "company"}
				change(c)
			})
			h := hostApp{s.beside(), h.token}
			sharing := h.get("/apps/photoprint/sharing")
			require.Equal(t, []any{false, "partial"}, values(sharing, "allowed", "status"), name)
			for _, scope := range [][]string{nil, {"openid"}} {
				a := h.mints("photoprint", scope...)
				require.Equal(t, http.StatusForbidden, a.StatusCode, "%s: %s", name, a.body)
				require.Equal(t, "unauthorized_client", a.json(t)["error"], name)
			}
			require.Equal(t, "denied", h.decides("photoprint", `{"decision":"deny"}`)["status"], "%s: what was allowed can be taken back", name)
			s.updateClient("photoprint", func(c *storage.Client) {
				c.Status, c.GrantTypes, c.TokenTypes = storage.StatusApproved, []string{"authorization_code"}, []string{"user"}
			})
			hostApp{s.beside(), h.token}.decides("photoprint", `{"decision":"allow","scopes":["openid","email"]}`)
		}
	})
}

// RFC 6749 §5.1, RFC 7662 §2.2: what is told of a token's end is when it ends.
func TestATokenIsToldToEndWithTheDecisionThatItHangsOn(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		h := s.hostApp("ana@example.com")
		exp := func(token any) float64 {
			m := s.post("/oauth2/introspect", "photoprint", url.Values{"token": {token.(string)}}).json(t)
			require.Equal(t, true, m["active"])
			return m["exp"].(float64) - float64(s.now().Unix())
		}
		h.decides("photoprint", `{"decision":"allow","scopes":["openid","email"],"expires_in":3600}`)
		tokens := h.tokens("photoprint", "")
		require.InDelta(t, 3600, tokens["expires_in"], 120)
		require.LessOrEqual(t, tokens["expires_in"], 3600.0)
		require.InDelta(t, 3600, exp(tokens["access_token"]), 120)
		require.InDelta(t, 3600, exp(tokens["refresh_token"]), 120)
		refreshed := s.post("/oauth2/token", "photoprint", refreshForm(tokens["refresh_token"].(string))).json(t)
		require.InDelta(t, 3600, refreshed["expires_in"], 120)

		h.decides("photoprint", `{"decision":"allow","scopes":["openid","email"]}`)
		require.Greater(t, exp(refreshed["access_token"]), 3600.0, "an allow without an end takes it away")
		require.Greater(t, h.tokens("photoprint", "")["expires_in"], 3600.0)

		h.decides("photoprint", `{"decision":"allow","scopes":["openid","email","phone"]}`)
		end := s.now().Add(time.Hour)
		s.endScopes("ana@example.com", "photoprint", end, "phone")
		require.Greater(t, h.tokens("photoprint", "openid phone")["expires_in"], 3600.0, "an optional scope goes alone")
		require.InDelta(t, 3600, h.tokens("photoprint", "phone")["expires_in"], 120, "the last one does not")
	})
}
