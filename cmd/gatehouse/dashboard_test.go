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

func TestTheDashboardCountsWhatHappensAtEveryProcess(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		reviewer := s.staff("reviewer@example.com", storage.RoleReviewer)
		before := s.totals(reviewer, "24h")
		other := s.beside()
		for _, one := range []*testServer{s, other} {
			b := one.newBrowser()
			page := b.get("/login")
			action, form := formOf(t, page, "sign-in")
			form.Set("username", "ana@example.com")
			form.Set("password", "not the password")
			b.submit(action, form)
		}
		tokens := s.tokens("ana@example.com", "photoprint") // a sign-in, a consent
		s.post("/oauth2/token", "photoprint", refreshForm(tokens["refresh_token"].(string)))
		b := other.newBrowser()
		b.decide(b.signIn(b.authorize(request("other")), "ana@example.com"), "deny")
		other.post("/oauth2/token", "other", exchangeForm("abc"))
		s.stopped()
		other.stopped()
		after := s.totals(reviewer, "24h")
		for counter, want := range map[string]float64{
			"sign_ins": 2, "failed_sign_ins": 2, "consents": 1, "denials": 1, "tokens_issued": 2, "token_errors": 1,
		} {
			require.Equal(t, want, after[counter].(float64)-before[counter].(float64), counter)
		}
		s.forward(25 * time.Hour)
		require.Zero(t, s.totals(reviewer, "24h")["sign_ins"])
		require.Equal(t, after["sign_ins"], s.totals(reviewer, "7d")["sign_ins"])
		require.Equal(t, after["sign_ins"], s.totals(reviewer, "30d")["sign_ins"])
	})
}

// totals are those of the dashboard of a range.
func (s *testServer) totals(token, over string) map[string]any {
	s.t.Helper()
	d := s.api(token, "GET", "/dashboard?range="+over, nil).require(s.t, 200).json(s.t)
	for name, numbers := range d["series"].(map[string]any) {
		require.Len(s.t, numbers, len(d["starts"].([]any)), name)
	}
	return d["totals"].(map[string]any)
}

func TestTheDashboardSaysWhatNeedsSomebody(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, dev := developing(t, dsn)
		reviewer := s.staff("reviewer@example.com", storage.RoleReviewer)
		soon := s.now().Add(10 * 24 * time.Hour).Truncate(time.Microsecond)
		s.register(storage.Client{ID: "ending", Name: "Ending", Secrets: []storage.ClientSecret{
			{ID: "old", Hash: registry.HashSecret(testSecret), ExpiresAt: soon}, {ID: "new", Hash: registry.HashSecret(testSecret + "2")},
		}})
		s.api(dev, "POST", "/clients", newMiniApp).require(t, 201)
		s.api(dev, "POST", "/clients/mini/submit", map[string]any{}).require(t, 200)
		d := s.api(reviewer, "GET", "/dashboard", nil).require(t, 200).json(t)
		require.Equal(t, "24h", d["range"])
		require.EqualValues(t, 1, d["reviews"].(map[string]any)["count"])
		require.NotEmpty(t, d["reviews"].(map[string]any)["oldest"])
		secrets := d["expiring_secrets"].([]any)
		require.Len(t, secrets, 1)
		require.Equal(t, "old", secrets[0].(map[string]any)["secret_id"])
		require.NotZero(t, d["unsealed_audit_events"])
		require.EqualValues(t, 0, d["deliveries"].(map[string]any)["given_up"].(map[string]any)["count"])
		s.api(reviewer, "GET", "/dashboard?range=1y", nil).require(t, 400)
		s.api(dev, "GET", "/dashboard", nil).require(t, 403)
	})
}

func TestTheConsoleLeadsToTheDashboard(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.give("ana@example.com", storage.RoleReviewer)
	b := s.newBrowser()
	s.allowIn(b, "ana@example.com", request("photoprint"))
	s.post("/oauth2/token", "photoprint", url.Values{"grant_type": {"client_credentials"}})
	s.stopped()
	require.Equal(t, "/admin/dashboard", b.get("/admin").Header.Get("Location"))
	for _, over := range []string{"", "?range=7d", "?range=30d"} {
		page := b.get("/admin/dashboard" + over)
		require.Equal(t, http.StatusOK, page.StatusCode, page.body)
		require.Contains(t, page.body, `<div class="plot" id="plot-tokens_issued">`)
		require.Contains(t, page.body, `<path d="M`)
	}
	require.Equal(t, http.StatusNotFound, b.get("/admin/dashboard?range=1y").StatusCode)
	require.Contains(t, b.get("/admin/apps/photoprint").body, `<ul class="items" id="requests">`)
}
