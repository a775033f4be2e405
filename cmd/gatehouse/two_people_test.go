package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/config"
	"gatehouse/storage"
)

const askingHealth = `"redirect_uris": ["https://a.example/cb"], "scopes": [{"name": "openid"}, {"name": "health", "purpose": {"en": "to plan your training"}}]`

// withTwoPeople is a server where health needs two people.
func withTwoPeople(t *testing.T, dsn string) *testServer {
	t.Helper()
	s := newTestServer(t, dsn, func(c *config.Config) { c.TwoReviewers = true })
	require.NoError(t, s.store.SaveScope(t.Context(), storage.Scope{Name: "health", Title: map[string]string{"en": "Your health"}, Sensitive: true}))
	require.NoError(t, s.store.SavePublisher(t.Context(), storage.Publisher{ID: "printco", Name: "PrintCo", Developers: []string{"dana@example.com"}}))
	return s
}

func TestTheAPICountsPeopleNotKeysAndSaysWhatAnApprovalWaitsFor(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := withTwoPeople(t, dsn)
		one, admin := s.person("one@example.com", "", storage.RoleReviewer), s.staff("admin@example.com", storage.RoleAdmin)
		first, again, second := s.key(one, "*"), s.key(one, "*"), s.staff("two@example.com", storage.RoleReviewer)
		s.api(admin, "POST", "/clients", `{"client_id": "fit", "client_name": "Fit", "status": "submitted", `+askingHealth+`}`).require(t, 201)
		done := s.api(first, "POST", "/clients/fit/approve", `{"changes": {"client_name": "Fit Two"}}`).require(t, 200).json(t)
		require.Equal(t, "submitted", done["status"])
		require.Equal(t, "Fit Two", done["client_name"], "what the first one changed is what the second one sees")
		require.Contains(t, done["waits_for"], "A second person")
		s.api(again, "POST", "/clients/fit/approve", `{}`).require(t, 422)
		done = s.api(second, "POST", "/clients/fit/approve", `{"changes": {"redirect_uris": ["https://evil.example/cb"]}}`).require(t, 200).json(t)
		require.Contains(t, done["waits_for"], "A second person")
		done = s.api(again, "POST", "/clients/fit/approve", `{}`).require(t, 200).json(t)
		require.Equal(t, "approved", done["status"])
		require.NotContains(t, done, "waits_for")
		event := s.api(admin, "GET", "/audit?target=client:fit&action=client.approve", nil).json(t)["items"].([]any)[0].(map[string]any)
		require.Equal(t, one.ID, event["detail"].(map[string]any)["person"])
	})
}

func TestNobodyAloneMakesLiveWhatTwoPeopleHaveToApprove(t *testing.T) {
	t.Parallel()
	s := withTwoPeople(t, furnished.SQLite(t))
	admin := s.staff("admin@example.com", storage.RoleAdmin)
	for _, status := range []string{"", `"status": "approved", `, `"status": "suspended", `} {
		require.Contains(t, s.api(admin, "POST", "/clients", `{"client_name": "Fit", `+status+askingHealth+`}`).require(t, 422).body, "two people have to approve")
	}
	s.api(admin, "POST", "/clients", `{"client_id": "plain", "client_name": "Plain", "redirect_uris": ["https://a.example/cb"]}`).require(t, 201)
	require.Contains(t, s.api(admin, "PATCH", "/clients/plain", `{`+askingHealth+`}`).require(t, 422).body, "two people have to approve")
	s.register(storage.Client{ID: "fit", Name: "Fit", FirstParty: true, RedirectURIs: []string{"https://a.example/cb", "https://b.example/cb"}, Scopes: []storage.ClientScope{{Name: "openid"}, {Name: "health"}}})
	s.api(admin, "PATCH", "/clients/fit", `{"redirect_uris": ["https://a.example/cb", "https://evil.example/cb"]}`).require(t, 422)
	s.api(admin, "PATCH", "/clients/fit", `{"redirect_uris": ["https://a.example/cb"], "first_party": false, "contacts": ["a@example.com"]}`).require(t, 200)
}

func TestAReviewerDoesNotApproveWhatTheyDevelop(t *testing.T) {
	t.Parallel()
	s := withTwoPeople(t, furnished.SQLite(t))
	both := s.staff("dana@example.com", storage.RoleDeveloper, storage.RoleReviewer)
	submitted := func(id string) {
		s.register(storage.Client{ID: id, Name: id, PublisherID: "printco", Status: storage.StatusSubmitted, Scopes: []storage.ClientScope{{Name: "openid"}}})
	}
	submitted("own")
	require.Contains(t, s.api(both, "POST", "/clients/own/approve", `{}`).require(t, 403).body, "you develop for its publisher")
	s.api(both, "POST", "/clients/own/request-changes", `{"comment": "not yet"}`).require(t, 200)
	submitted("theirs")
	s.api(s.staff("rev@example.com", storage.RoleReviewer), "POST", "/clients/theirs/approve", `{}`).require(t, 200)
	s.give("dana@example.com", storage.RoleDeveloper, storage.RoleReviewer, storage.RoleAdmin)
	submitted("admins")
	s.api(both, "POST", "/clients/admins/approve", `{}`).require(t, 200)
}

func TestAnAnswerIsRepeatedToWhomeverMayStillAsk(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := withTwoPeople(t, dsn)
		dana := s.staff("dana@example.com", storage.RoleDeveloper)
		create := func(status int) answer {
			return s.api(dana, "POST", "/clients", `{"client_name": "A", "publisher": "printco", "redirect_uris": ["https://a.example/cb"]}`, "Idempotency-Key", "one").require(t, status)
		}
		made := create(201).json(t)
		id := made["client_id"].(string)
		rotate := func(status int) answer {
			return s.api(dana, "POST", "/clients/"+id+"/rotate-secret", `{}`, "Idempotency-Key", "two").require(t, status)
		}
		secret := rotate(200).json(t)["client_secret"]
		require.Equal(t, made["client_secret"], create(201).json(t)["client_secret"])
		require.Equal(t, secret, rotate(200).json(t)["client_secret"])

		require.NoError(t, s.store.SavePublisher(t.Context(), storage.Publisher{ID: "others", Name: "Others"}))
		s.api(s.staff("admin@example.com", storage.RoleAdmin), "PATCH", "/clients/"+id, `{"publisher": "others"}`).require(t, 200)
		for _, refused := range []answer{create(403), rotate(403)} {
			require.False(t, strings.Contains(refused.body, "client_secret"))
		}
	})
}

func TestTheEventOfARegistrationSaysWhatWasStored(t *testing.T) {
	t.Parallel()
	s, admin := registering(t, furnished.SQLite(t), func(c *config.Config) { c.TwoReviewers = true })
	require.NoError(t, s.store.SaveScope(t.Context(), storage.Scope{Name: "health", Title: map[string]string{"en": "Your health"}, Sensitive: true}))
	status := func(id any) any {
		items := s.api(admin, "GET", "/audit?action=client.create&target=client:"+id.(string), nil).json(t)["items"].([]any)
		return items[0].(map[string]any)["detail"].(map[string]any)["status"]
	}
	made := s.registration(s.initialToken(admin, map[string]any{"status": "approved"}), "POST", "", `{"client_name": "A", `+askingHealth+`}`).require(t, 201).json(t)
	require.Equal(t, "submitted", status(made["client_id"]))
	made = s.api(admin, "POST", "/clients", `{"client_name": "B", "redirect_uris": ["https://a.example/cb"]}`).require(t, 201).json(t)
	require.Equal(t, "approved", status(made["client_id"]))
}

func TestTheEventOfASaveSaysWhatChangedAndASaveOfTheSameLeavesNone(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	admin := s.staff("admin@example.com", storage.RoleAdmin)
	last := func(target string) map[string]any {
		items := s.api(admin, "GET", "/audit?target="+target, nil).json(t)["items"].([]any)
		detail, _ := items[0].(map[string]any)["detail"].(map[string]any)
		delete(detail, "person")
		return detail
	}
	for _, step := range []struct {
		method, path, body, target string
		detail                     map[string]any
	}{
		{"POST", "/publishers", `{"id": "p9", "name": "P", "developers": ["a@example.com"]}`, "publisher:p9", map[string]any{"created": "true", "developers_added": "1"}},
		{"PATCH", "/publishers/p9", `{"developers": ["b@example.com", "c@example.com"]}`, "publisher:p9", map[string]any{"changed": "developers", "developers_added": "2", "developers_removed": "1"}},
		{"POST", "/scopes", `{"name": "s9", "title": {"en": "S"}, "description": {"en": "See it"}}`, "scope:s9", map[string]any{"created": "true"}},
		{"PATCH", "/scopes/s9", `{"sensitive": true}`, "scope:s9", map[string]any{"changed": "sensitive"}},
		{"POST", "/companies", `{"id": "c9", "name": "C"}`, "company:c9", map[string]any{"created": "true"}},
		{"PATCH", "/companies/c9", `{"name": "D"}`, "company:c9", map[string]any{"changed": "name"}},
	} {
		a := s.api(admin, step.method, step.path, step.body)
		require.Less(t, a.StatusCode, 300, a.body)
		require.Equal(t, step.detail, last(step.target), step.path)
	}
	id := s.users["ana@example.com"].ID
	for range 2 {
		s.api(admin, "POST", "/users/"+id+"/disable", nil).require(t, 200)
	}
	require.Len(t, s.api(admin, "GET", "/audit?action=user.disable", nil).json(t)["items"], 1)
	for _, actor := range []string{"%00:x", "%ff:x", "robot:x"} {
		require.Contains(t, s.api(admin, "GET", "/audit?actor="+actor, nil).require(t, 400).body, "api_key")
	}
}
