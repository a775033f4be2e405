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

// What reviewers see of a mini app, what can be removed, and who makes API keys.

func TestReviewersReadTheQueueTheHintsAndTheVersionsThroughTheAPI(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, dev := developing(t, dsn)
		reviewer := s.staff("reviewer@example.com", storage.RoleReviewer)
		s.api(dev, "POST", "/clients", newMiniApp).require(t, 201)
		require.Empty(t, s.api(reviewer, "GET", "/reviews", nil).require(t, 200).json(t)["items"])
		s.api(dev, "POST", "/clients/mini/submit", nil).require(t, 200)
		waiting := s.api(reviewer, "GET", "/reviews", nil).require(t, 200).json(t)["items"].([]any)
		require.Len(t, waiting, 1)
		require.Equal(t, "mini", waiting[0].(map[string]any)["client_id"])
		require.NotContains(t, waiting[0], "version")
		s.api(dev, "GET", "/reviews", nil).require(t, 403)
		s.api(dev, "GET", "/clients/mini/hints", nil).require(t, 403)
		s.api(reviewer, "POST", "/clients/mini/approve", nil).require(t, 200)

		elsewhere := map[string]any{"client_uri": "https://mini.example/", "redirect_uris": []string{"https://mini.example/cb", "https://elsewhere.example/cb"}}
		s.api(dev, "PATCH", "/clients/mini", elsewhere).require(t, 200)
		s.api(dev, "POST", "/clients/mini/submit", nil).require(t, 200)
		queued := s.api(reviewer, "GET", "/reviews", nil).require(t, 200).json(t)["items"].([]any)[0].(map[string]any)
		hints := s.api(reviewer, "GET", "/clients/mini/hints", nil).require(t, 200)
		require.Equal(t, queued["hints"], hints.json(t)["items"])
		require.Contains(t, hints.body, `"kind":"new_domain","value":"elsewhere.example"`)

		versions := s.api(dev, "GET", "/clients/mini/versions", nil).require(t, 200).json(t)["items"].([]any)
		require.Len(t, versions, 2)
		waits, approved := versions[0].(map[string]any), versions[1].(map[string]any)
		require.Equal(t, queued["version"], waits["id"])
		require.Equal(t, "submitted", waits["status"])
		require.ElementsMatch(t, []any{"client_uri", "redirect_uris"}, waits["changed"])
		require.Equal(t, "approved", approved["status"])
		require.NotContains(t, approved, "changed")
		other := s.staff("other@example.com", storage.RoleDeveloper)
		s.api(other, "GET", "/clients/mini/versions", nil).require(t, 404)
	})
}

func TestASecretIsRotatedOnlyInTheStateThatIfMatchNames(t *testing.T) {
	t.Parallel()
	s, dev := developing(t, furnished.SQLite(t))
	s.api(dev, "POST", "/clients", newMiniApp).require(t, 201)
	was := s.api(dev, "GET", "/clients/mini", nil).Header.Get("ETag")
	now := s.api(dev, "POST", "/clients/mini/rotate-secret", nil, "If-Match", was).require(t, 200).Header.Get("ETag")
	require.NotEqual(t, was, now)
	s.api(dev, "POST", "/clients/mini/rotate-secret", nil, "If-Match", was).require(t, 412)
	require.Equal(t, now, s.api(dev, "GET", "/clients/mini", nil).Header.Get("ETag"))
}

func TestTwoRotationsAtOnceOfOneStateMakeOneSecret(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, dev := developing(t, dsn)
		s.api(dev, "POST", "/clients", newMiniApp).require(t, 201)
		was := s.api(dev, "GET", "/clients/mini", nil).Header.Get("ETag")
		answers := make(chan int, 4)
		for range cap(answers) {
			go func() {
				answers <- s.api(dev, "POST", "/clients/mini/rotate-secret", nil, "If-Match", was).StatusCode
			}()
		}
		counts := map[int]int{}
		for range cap(answers) {
			counts[<-answers]++
		}
		require.Equal(t, map[int]int{http.StatusOK: 1, http.StatusPreconditionFailed: 3}, counts)
		c, err := s.store.Client(t.Context(), "mini")
		require.NoError(t, err)
		require.Len(t, c.Secrets, 2, "the first and one more")
	})
}

func TestAPublisherAndACompanyAreRemovedOnceNothingIsTheirs(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		boss := s.staff("boss@example.com", storage.RoleAdmin)
		s.api(boss, "POST", "/publishers", map[string]any{"id": "printco", "name": "Print Co"}).require(t, 201)
		s.api(boss, "POST", "/clients", newMiniApp).require(t, 201)
		refused := s.api(boss, "DELETE", "/publishers/printco", nil).require(t, 409)
		require.Equal(t, "in-use", refused.problemType(t))
		require.Contains(t, refused.body, "mini")
		s.api(boss, "DELETE", "/clients/mini", nil).require(t, 204)
		s.api(boss, "DELETE", "/publishers/printco", nil, "If-Match", `"x"`).require(t, 412)
		s.api(boss, "DELETE", "/publishers/printco", nil).require(t, 204)
		s.api(boss, "DELETE", "/publishers/printco", nil).require(t, 404)
		s.api(boss, "POST", "/clients", newMiniApp).require(t, 422)

		s.api(boss, "POST", "/companies", map[string]any{"id": "globex", "name": "Globex"}).require(t, 201)
		u := s.person("worker@example.com", "globex")
		refused = s.api(boss, "DELETE", "/companies/globex", nil).require(t, 409)
		require.Equal(t, "in-use", refused.problemType(t))
		require.Contains(t, refused.body, u.ID)
		s.api(boss, "PATCH", "/users/"+u.ID, map[string]any{"company": nil}).require(t, 200)
		s.api(boss, "DELETE", "/companies/globex", nil).require(t, 204)
		s.api(boss, "GET", "/companies/globex", nil).require(t, 404)
		events := s.api(boss, "GET", "/audit?limit=200", nil)
		require.Contains(t, events.body, `"action":"publisher.delete"`)
		require.Contains(t, events.body, `"action":"company.delete"`)
	})
}

func TestDevelopersAndReviewersMakeKeysOfTheirOwnThatCanDoNoMoreThanThey(t *testing.T) {
	t.Parallel()
	s, _ := developing(t, furnished.SQLite(t))
	u := s.person("developer@example.com", "", storage.RoleDeveloper)
	mine := s.key(u, "*")
	made := s.api(mine, "POST", "/api-keys", map[string]any{"name": "CI", "rights": []string{"client.*", "api-key.read"}}).require(t, 201).json(t)
	require.Equal(t, u.ID, made["user_id"])
	ci := made["key"].(string)
	s.api(ci, "GET", "/users", nil).require(t, 403)
	s.api(mine, "POST", "/api-keys", map[string]any{"name": "CI", "rights": []string{"client.read", "user.read"}}).require(t, 422)
	s.api(mine, "POST", "/api-keys", map[string]any{"name": "CI", "rights": []string{"user.*"}}).require(t, 422)
	everything := s.api(mine, "POST", "/api-keys", map[string]any{"name": "CI", "rights": []string{"*"}}).require(t, 201).json(t)["key"].(string)
	s.api(everything, "GET", "/users", nil).require(t, 403)
	require.Len(t, s.api(ci, "GET", "/api-keys", nil).require(t, 200).json(t)["items"], 3)

	boss := s.person("boss@example.com", "", storage.RoleAdmin)
	theirs := s.api(s.key(boss, "*"), "POST", "/api-keys", map[string]any{"name": "CI", "rights": []string{"*"}}).require(t, 201).json(t)
	s.api(mine, "POST", "/api-keys", map[string]any{"name": "CI", "rights": []string{"client.read"}, "user_id": boss.ID}).require(t, 403)
	s.api(mine, "DELETE", "/api-keys/"+theirs["id"].(string), nil).require(t, 404)
	s.api(theirs["key"].(string), "GET", "/users", nil).require(t, 200)
	s.api(mine, "DELETE", "/api-keys/"+made["id"].(string), nil).require(t, 204)
	s.api(ci, "GET", "/clients", nil).require(t, 401)

	s.give("developer@example.com")
	s.api(everything, "GET", "/api-keys", nil).require(t, 403)
}

func TestAKeyMakesNoneThatOutlivesIt(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	boss := s.staff("boss@example.com", storage.RoleAdmin)
	soon, later := s.now().Add(time.Hour), s.now().Add(2*time.Hour)
	short := s.api(boss, "POST", "/api-keys", map[string]any{"name": "CI", "rights": []string{"*"}, "expires_at": soon}).require(t, 201).json(t)["key"].(string)
	for _, end := range []map[string]any{{}, {"expires_at": later}} {
		end["name"], end["rights"] = "more", []string{"*"}
		require.Equal(t, []string{"expires_at"}, s.api(short, "POST", "/api-keys", end).require(t, 422).fields(t))
	}
	s.api(short, "POST", "/api-keys", map[string]any{"name": "as long", "rights": []string{"*"}, "expires_at": soon.Add(-time.Minute)}).require(t, 201)
}

func TestTokensOfADeletedClientStayDeadWhenItsIDIsRegisteredAgain(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		boss := s.staff("boss@example.com", storage.RoleAdmin)
		register := func() { // with the same secret
			require.NoError(t, s.reg.Create(t.Context(), storage.Client{
				ID: "reborn", Name: "Reborn", FirstParty: true, RedirectURIs: []string{testCallback}, Status: storage.StatusApproved,
				GrantTypes: []string{registry.GrantAuthorizationCode, registry.GrantRefreshToken, registry.GrantClientCredentials},
				Scopes:     []storage.ClientScope{{Name: "openid"}, {Name: "superapp"}},
				Secrets:    []storage.ClientSecret{registry.NewSecret(registry.HashSecret(testSecret), s.now())},
			}))
		}
		own := func() any {
			form := url.Values{"grant_type": {"client_credentials"}, "scope": {"superapp"}}
			return s.post("/oauth2/token", "reborn", form).require(t, 200).json(t)["access_token"]
		}
		register()
		itsOwn, persons := own(), s.tokens("ana@example.com", "reborn", "scope", "openid")
		code := s.allow("ana@example.com", request("reborn", "scope", "openid"))
		for _, token := range []any{itsOwn, persons["access_token"], persons["refresh_token"]} {
			require.True(t, s.active("reborn", token))
		}
		s.api(boss, "DELETE", "/clients/reborn", nil).require(t, 204)
		register()
		for what, token := range map[string]any{"its own": itsOwn, "a person's": persons["access_token"], "a refresh token": persons["refresh_token"]} {
			require.False(t, s.active("reborn", token), what)
		}
		for _, form := range []url.Values{refreshForm(persons["refresh_token"].(string)), exchangeForm(code)} {
			require.Equal(t, "invalid_grant", s.post("/oauth2/token", "reborn", form).require(t, 400).json(t)["error"])
		}
		require.True(t, s.active("reborn", own()), "the new client's live")
	})
}
