package main

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// What an evaluation says is what a real request of that person gets.

// sharedWith is what a client gets of a person: their userinfo, and the claims of the ID token that do not differ from one
// request to the next; nil where there is none.
func (s *testServer) sharedWith(tokens map[string]any) (info, idToken map[string]any) {
	s.t.Helper()
	a := s.send(http.MethodGet, "/oauth2/userinfo", "", "Authorization", "Bearer "+tokens["access_token"].(string))
	require.Equal(s.t, http.StatusOK, a.StatusCode, a.body)
	signed, is := tokens["id_token"].(string)
	if !is {
		return a.json(s.t), nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(signed, ".")[1])
	require.NoError(s.t, err)
	require.NoError(s.t, json.Unmarshal(raw, &idToken))
	return a.json(s.t), constant(idToken)
}

func constant(idToken map[string]any) map[string]any {
	for _, name := range []string{"iat", "exp", "auth_time", "at_hash", "nonce"} {
		delete(idToken, name)
	}
	return idToken
}

func (s *testServer) evaluate(key, clientID, user, scope string) map[string]any {
	s.t.Helper()
	return s.api(key, http.MethodPost, "/clients/"+clientID+"/evaluate", map[string]string{"user": user, "scope": scope}).require(s.t, http.StatusOK).json(s.t)
}

func TestAnEvaluationSaysWhatARealRequestShares(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		key := s.staff("admin@example.com", storage.RoleAdmin)
		for _, c := range []struct {
			client, user, scope string
			optional            []string // that the person ticks
		}{
			{"photoprint", "ana@example.com", "openid email profile phone points_read", []string{"profile", "phone", "points_read"}},
			{"other", "ana@example.com", "openid email profile phone", []string{"phone"}},
			{"pairwise", "ana@example.com", "openid profile", []string{"profile"}},
			{"relaxed", "bo@example.com", "email phone", nil},
			{"no-grace", "bo@example.com", "user_session", nil},
			{"host", "ana@example.com", "openid email", nil},
		} {
			before := s.evaluate(key, c.client, c.user, c.scope)
			if c.client != "host" {
				require.Equal(t, "ask", before["verdict"], "%+v", c)
				require.ElementsMatch(t, strings.Fields(c.scope), before["ask"])
			}
			b := s.newBrowser()
			a := b.signIn(b.authorize(request(c.client, "scope", c.scope)), c.user)
			if strings.HasPrefix(a.Header.Get("Location"), "/consent") {
				a = b.decide(a, "allow", c.optional...)
			}
			tokens := s.post("/oauth2/token", c.client, exchangeForm(callback(t, a).Get("code"))).json(t)
			info, idToken := s.sharedWith(tokens)

			after := s.evaluate(key, c.client, c.user, c.scope)
			require.Equal(t, "allowed", after["verdict"], "%+v", c)
			require.Empty(t, after["ask"])
			require.ElementsMatch(t, strings.Fields(tokens["scope"].(string)), after["granted"])
			require.Equal(t, info, after["userinfo"], "%+v", c)
			if idToken == nil {
				require.Nil(t, after["id_token"])
				continue
			}
			require.Equal(t, idToken, constant(after["id_token"].(map[string]any)), "%+v", c)
			if c.client == "photoprint" || c.client == "pairwise" || c.client == "host" { // all was allowed, as was assumed
				require.Equal(t, info, before["userinfo"], "%+v", c)
			}
		}
	})
}

func TestAnEvaluationRefusesWhatARequestWouldBeRefused(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	key := s.staff("admin@example.com", storage.RoleAdmin)
	for _, c := range [][3]string{
		{"photoprint", "ana@example.com", "user_session"}, // she is no company's admin
		{"host", "ana@example.com", "openid admin"},
	} {
		refused := s.evaluate(key, c[0], c[1], c[2])
		require.Equal(t, "denied", refused["verdict"], c)
		require.Nil(t, refused["userinfo"])
		require.Nil(t, refused["id_token"])
	}
	for range 2 {
		b := s.newBrowser()
		b.decide(b.signIn(b.authorize(request("photoprint")), "ana@example.com"), "deny")
	}
	require.Equal(t, "denied", s.evaluate(key, "photoprint", "ana@example.com", "openid email")["verdict"], "she silenced it")
	require.NoError(t, s.store.SetDisabled(t.Context(), s.users["bo@example.com"].ID, true, s.now()))
	require.Equal(t, "denied", s.evaluate(key, "relaxed", "bo@example.com", "email")["verdict"], "his account is closed")
	for _, scope := range []string{"openid user_session", "unheard_of"} {
		s.api(key, http.MethodPost, "/clients/photoprint/evaluate", map[string]string{"scope": scope}).require(t, http.StatusUnprocessableEntity)
	}
	require.Equal(t, "suspended", s.evaluate(key, "suspended", "", "")["status"])
}

func TestAReviewerEvaluatesWithASamplePersonOnly(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	key := s.staff("reviewer@example.com", storage.RoleReviewer)
	sample := s.evaluate(key, "photoprint", "", "openid email")
	require.Equal(t, true, sample["sample"])
	require.NotEmpty(t, sample["userinfo"])
	named := map[string]string{"user": "ana@example.com"}
	s.api(key, http.MethodPost, "/clients/photoprint/evaluate", named).require(t, http.StatusForbidden)
	admin := s.staff("admin@example.com", storage.RoleAdmin)
	s.api(s.key(s.users["bo@example.com"], "*"), http.MethodPost, "/clients/photoprint/evaluate", map[string]string{}).require(t, http.StatusForbidden)
	events := func() []storage.AuditEvent {
		found, err := s.store.AuditEvents(t.Context(), storage.AuditFilter{Action: "client.evaluate"}, "", 10)
		require.NoError(t, err)
		return found
	}
	require.Len(t, events(), 1, "what was refused is not in the log")
	s.api(admin, http.MethodPost, "/clients/photoprint/evaluate", named).require(t, http.StatusOK)
	require.Equal(t, s.users["ana@example.com"].ID, events()[0].Detail["user"])
	require.NotContains(t, events()[0].Detail, "ana@example.com")
}

func TestTheConsoleEvaluatesAndShowsTheConsentPageOfThePerson(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.give("bo@example.com", storage.RoleAdmin)
	b := s.newBrowser()
	page := b.signIn(b.get("/admin/evaluate"), "bo@example.com")
	require.Contains(t, page.body, `id="evaluate"`)
	asked := url.Values{"client_id": {"photoprint"}, "user": {"ana@example.com"}, "scope": {"openid email phone"}}
	audited := func(n int, why string) {
		found, err := s.store.AuditEvents(t.Context(), storage.AuditFilter{Action: "client.evaluate"}, "", 10)
		require.NoError(t, err)
		require.Len(t, found, n, why)
	}
	result := b.byHand("/admin/evaluate", asked)
	require.Equal(t, http.StatusOK, result.StatusCode, result.body)
	require.Contains(t, result.body, "<code>ask</code>")
	require.Contains(t, result.body, "&#34;email&#34;: &#34;ana@example.com&#34;")
	consent := b.get("/admin/evaluate/consent?" + url.Values{"client_id": {"photoprint"}, "user": {s.users["ana@example.com"].ID}, "scope": {"openid email phone"}}.Encode())
	require.Equal(t, http.StatusOK, consent.StatusCode, consent.body)
	audited(1, "the consent page is a part of the evaluation")
	require.Contains(t, consent.body, "+59899123456")
	require.Contains(t, consent.body, "this person would see now")
	require.Contains(t, result.body, "/admin/evaluate/consent?client_id=photoprint")
	require.Contains(t, result.body, `<iframe class="phone" src="/admin/evaluate/consent?client_id=photoprint`)
	require.Contains(t, result.Header.Get("Content-Security-Policy"), "frame-src 'self'")
	require.Contains(t, result.body, "The person would be asked.", "the verdict is in words")
	framed := b.get("/admin/evaluate/consent?frame=1&client_id=photoprint")
	require.NotContains(t, framed.body, "This is what people will see", "the page around the frame says so")
	audited(2, "of nobody, and for other scopes: it is another one")
	require.Equal(t, "SAMEORIGIN", framed.Header.Get("X-Frame-Options"))
	require.Contains(t, b.get("/admin/people/"+s.users["ana@example.com"].ID).body, `href="/admin/evaluate?user=`+s.users["ana@example.com"].ID)
	require.Contains(t, b.get("/admin/evaluate?user=ana%40example.com&client_id=photoprint").body, `value="ana@example.com"`)
	require.Contains(t, b.get("/admin/apps/photoprint").body, `href="/admin/evaluate?client_id=photoprint"`)
	asked.Set("user", "nobody@example.com")
	require.Equal(t, http.StatusUnprocessableEntity, b.byHand("/admin/evaluate", asked).StatusCode)

	s.give("bo@example.com", storage.RoleReviewer)
	require.NotContains(t, b.get("/admin/evaluate").body, `name="user"`)
	asked.Set("user", "ana@example.com")
	require.Equal(t, http.StatusForbidden, b.byHand("/admin/evaluate", asked).StatusCode)
}
