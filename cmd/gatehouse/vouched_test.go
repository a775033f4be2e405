package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/identity"
	"gatehouse/registry"
	"gatehouse/storage"
)

// What a client cannot do with people whom it signs in by tickets.

func TestATicketNeedsTheScopeThatMakesAnAuthorizationACompanys(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t, furnished.SQLite(t))
	pair := s.tokens("bo@example.com", "store", "scope", "user_session points_read")
	form := refreshForm(pair["refresh_token"].(string))
	form.Set("scope", "points_read")
	narrowed := s.post("/oauth2/token", "store", form)
	require.Equal(t, http.StatusOK, narrowed.StatusCode, narrowed.body)
	a := s.sso(narrowed.json(t)["access_token"].(string), `{"user_input":"new@acme.example"}`)
	require.Equal(t, http.StatusForbidden, a.StatusCode, a.body)
	require.Equal(t, "insufficient_scope", a.json(t)["error"])
	_, err := s.store.UserByLogin(t.Context(), "new@acme.example")
	require.ErrorIs(t, err, storage.ErrNotFound)
}

// A token of the super app's own client speaks for the person: it could allow other mini apps what it likes.
func TestWhoCameByATicketGivesNothingToTheSuperAppsOwnClients(t *testing.T) {
	t.Parallel()
	s, token := newStore(t, furnished.SQLite(t))
	s.join(identity.NewUser{Email: "eve@example.com", CompanyID: "acme"})
	own := s.newBrowser()
	v := request("host", "scope", "openid superapp")
	require.NotEmpty(t, callback(t, own.agree(own.authorize(v), "eve@example.com")).Get("code"), "eve's own sign-in is enough")

	b := s.newBrowser()
	require.Equal(t, http.StatusSeeOther, b.get(s.ticket(token, "eve@example.com")).StatusCode)
	silent := request("host", "scope", "openid superapp", "prompt", "none")
	require.Equal(t, "login_required", callback(t, b.authorize(silent)).Get("error"))
	a := b.authorize(v)
	require.True(t, strings.HasPrefix(a.Header.Get("Location"), "/login"), a.Header.Get("Location"))
	require.NotEmpty(t, callback(t, b.signIn(a, "eve@example.com")).Get("code"))
}

// A role is trust that the operator puts in a person. The client that brings them here does not get it with them.
func TestWhoCameByATicketAndHasARoleDecidesNothingByIt(t *testing.T) {
	t.Parallel()
	for name, roles := range map[string][]string{
		"a company's admin": {storage.RoleCompanyAdmin},
		"the operator's":    {storage.RoleAdmin},
	} {
		t.Run(name, func(t *testing.T) {
			s, token := newStore(t, furnished.SQLite(t))
			b := s.newBrowser()
			require.Equal(t, http.StatusSeeOther, b.get(s.ticket(token, "new@acme.example")).StatusCode)
			before := b.authorize(request("photoprint"))
			require.Contains(t, before.Header.Get("Location"), "/consent", "so far nobody trusts them with more than themselves")
			action, form := formOf(t, b.get(before.Header.Get("Location")), "consent")

			u, err := s.store.UserByLogin(t.Context(), "new@acme.example")
			require.NoError(t, err)
			was := u.UpdatedAt
			u.Roles, u.UpdatedAt = roles, was.Add(1e9)
			require.NoError(t, s.store.UpdateUser(t.Context(), u, was))

			form.Set("decision", "allow")
			drawn := b.submit(action, form)
			require.Equal(t, http.StatusSeeOther, drawn.StatusCode, drawn.body)
			require.Equal(t, "login_required", callback(t, b.get(drawn.Header.Get("Location"))).Get("error"), "a form that was drawn before")
			for _, v := range []map[string]string{{"client_id": "photoprint", "scope": registry.ScopeUserSession}, {"client_id": "host", "scope": registry.ScopeAdmin}, {"client_id": "photoprint", "scope": "openid email"}} {
				a := b.authorize(request(v["client_id"], "scope", v["scope"]))
				require.NotContains(t, a.Header.Get("Location"), "code=")
				require.NotContains(t, a.Header.Get("Location"), "/consent")
			}
			a := callback(t, b.authorize(request("store", "scope", "email")))
			require.Equal(t, "login_required", a.Get("error"), "the mini app that made the ticket sends them to no form either")
		})
	}
}

// Or one company's client could disconnect another's, and sign the person out elsewhere.
func TestWhoCameByATicketChangesNothingAtTheirOwnPagesWithoutTheirPassword(t *testing.T) {
	t.Parallel()
	s, token := newStore(t, furnished.SQLite(t))
	s.tokens("bo@example.com", "photoprint", "scope", registry.ScopeUserSession)
	elsewhere := s.newBrowser()
	s.allowIn(elsewhere, "bo@example.com", request("other"))
	b := s.newBrowser()
	require.Equal(t, http.StatusSeeOther, b.get(s.ticket(token, "bo@example.com")).StatusCode)

	for path, form := range map[string]struct{ id, action string }{
		"/account/apps": {"app-photoprint", "disconnect"}, "/account": {"sessions", "sessions"},
	} {
		action, fields := formOf(t, b.get(path), form.id)
		fields.Set("action", form.action)
		a := b.submit(action, fields)
		require.Equal(t, http.StatusSeeOther, a.StatusCode, a.body)
		require.True(t, strings.HasPrefix(a.Header.Get("Location"), "/login?interaction="), a.Header.Get("Location"))
	}
	g, err := s.store.Grant(t.Context(), storage.Owner{CompanyID: "acme"}, "photoprint")
	require.NoError(t, err)
	require.NotEmpty(t, g.ID)
	require.Equal(t, "bo@example.com", elsewhere.account(), "still signed in there")

	action, fields := formOf(t, b.get("/account/apps"), "app-photoprint")
	fields.Set("action", "disconnect")
	back := b.signIn(b.submit(action, fields), "bo@example.com")
	require.Equal(t, http.StatusOK, back.StatusCode, "and back at the page")
	action, fields = formOf(t, back, "app-photoprint")
	fields.Set("action", "disconnect")
	require.Contains(t, b.submit(action, fields).Header.Get("Location"), "done=disconnect")
}

// Whoever revokes a stolen token of a company's takes back what the thief made with it.
func TestATicketEndsWithTheTokensThatItWasMadeWith(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, token := newStore(t, dsn)
		paths := map[string]bool{}
		for range 20 {
			paths[s.ticket(token, "new@acme.example")] = true
		}
		require.Len(t, paths, 20)
		other := s.ticket(s.tokens("bo@example.com", "store", "scope", "user_session")["access_token"].(string), "new@acme.example")

		require.Equal(t, http.StatusOK, s.post("/oauth2/revoke", "store", url.Values{"token": {token}}).StatusCode)
		for path := range paths {
			b := s.newBrowser()
			require.Equal(t, http.StatusBadRequest, b.get(path).StatusCode)
			require.Empty(t, b.account())
		}
		require.Equal(t, http.StatusSeeOther, s.newBrowser().get(other).StatusCode, "made with another authorization")
	})
}

// Or a client could take every address whose owner has no account here yet, and ask who has one.
func TestACompanysClientCannotNamePeopleWithoutLimit(t *testing.T) {
	t.Parallel()
	s, token := newStore(t, furnished.SQLite(t))
	s.ticket(token, "first@acme.example")
	require.Equal(t, http.StatusForbidden, s.sso(token, `{"user_input":"ana@example.com"}`).StatusCode)
	made := 2
	for ; made < 2000; made++ {
		a := s.sso(token, fmt.Sprintf(`{"user_input":"victim%d@elsewhere.example"}`, made))
		if a.StatusCode == http.StatusTooManyRequests {
			require.Equal(t, "900", a.Header.Get("Retry-After"))
			require.Equal(t, "temporarily_unavailable", a.json(t)["error"])
			break
		}
		require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	}
	require.Equal(t, 500, made)
	require.Equal(t, http.StatusTooManyRequests, s.sso(token, `{"user_input":"ana@example.com"}`).StatusCode, "nor is it told who has an account")
	s.ticket(token, "first@acme.example") // who is known can always be sent
	s.forward(15 * time.Minute)
	s.ticket(token, "another@acme.example")
}
