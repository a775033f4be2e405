package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/admin/api"
	"gatehouse/storage"
)

// Every call of the administration API is made once with success, and refused in the ways that all have in common. What is
// answered is compared with the document, as every answer in these tests is.

// asked is a call of the table, with what stands for {id} and the like, and what is sent.
type asked struct {
	call string // method and path, as in the table
	ids  string // separated by spaces; made is what was made last
	body any
}

var parameter = regexp.MustCompile(`\{[a-z_]+\}`)

// at is a path of the table with these IDs for its parameters.
func at(path string, ids ...string) string {
	return parameter.ReplaceAllStringFunc(path, func(string) string {
		id := ids[0]
		ids = ids[1:]
		return url.PathEscape(id)
	})
}

// everyCall asks everything there is, in an order in which it succeeds.
func everyCall(u storage.User, grant, delivery, session string) []asked {
	type m = map[string]any
	app := m{"client_id": "every", "client_name": "Every", "publisher": "pub", "status": "draft", "redirect_uris": []string{"https://every.example/cb"}, "scopes": []any{m{"name": "openid"}}}
	comment := m{"comment": "because it has to be said"}
	return []asked{
		{"POST /publishers", "", m{"id": "pub", "name": "Pub"}}, {"GET /publishers", "", nil}, {"GET /publishers/{id}", "pub", nil},
		{"PATCH /publishers/{id}", "pub", m{"name": "Pub 2"}}, {"POST /publishers/{id}/verify", "pub", nil}, {"POST /publishers/{id}/unverify", "pub", nil},
		{"POST /publishers/{id}/test-users", "pub", nil}, {"GET /publishers/{id}/test-users", "pub", nil},
		{"POST /publishers/{id}/test-users/{user_id}/rotate-password", "pub made", nil}, {"DELETE /publishers/{id}/test-users/{user_id}", "pub made", nil},

		{"POST /clients", "", app}, {"GET /clients", "", nil}, {"GET /clients/{id}", "every", nil}, {"PATCH /clients/{id}", "every", m{"client_name": "Everything"}},
		{"POST /clients/{id}/submit", "every", nil}, {"GET /reviews", "", nil}, {"GET /clients/{id}/hints", "every", nil},
		{"POST /clients/{id}/request-changes", "every", comment}, {"POST /clients/{id}/submit", "every", nil}, {"POST /clients/{id}/approve", "every", nil},
		{"POST /clients/{id}/comments", "every", m{"comment": "well done"}}, {"GET /clients/{id}/comments", "every", nil}, {"GET /clients/{id}/versions", "every", nil},
		{"GET /clients/{id}/requests", "every", nil}, {"GET /clients/{id}/code/{lang}", "every go", nil},
		{"POST /clients/{id}/evaluate", "every", nil}, {"POST /clients/{id}/rotate-secret", "every", nil}, {"POST /clients/{id}/revoke-registration", "every", nil},
		{"POST /clients/{id}/discard", "versioned", nil}, {"POST /clients/{id}/reject", "refused", comment},
		{"POST /clients/{id}/suspend", "every", comment}, {"POST /clients/{id}/reinstate", "every", nil}, {"POST /clients/{id}/archive", "every", nil},
		{"DELETE /clients/{id}", "every", nil}, {"DELETE /publishers/{id}", "pub", nil},

		{"POST /scopes", "", m{"name": "every_scope", "title": m{"en": "Every"}, "description": m{"en": "Every one"}}}, {"GET /scopes", "", nil}, {"GET /scopes/{id}", "every_scope", nil},
		{"PATCH /scopes/{id}", "every_scope", m{"sensitive": true}}, {"DELETE /scopes/{id}", "every_scope", nil},

		{"POST /users", "", m{"email": "every@example.com", "password": "correct horse battery staple"}}, {"GET /users", "", nil}, {"GET /users/{id}", u.ID, nil},
		{"PATCH /users/{id}", u.ID, m{"first_name": "Every"}}, {"POST /users/{id}/disable", u.ID, nil}, {"POST /users/{id}/enable", u.ID, nil},
		{"POST /users/{id}/set-password", u.ID, m{"password": "another horse battery staple"}},

		{"POST /companies", "", m{"id": "every", "name": "Every"}}, {"GET /companies", "", nil}, {"GET /companies/{id}", "every", nil},
		{"PATCH /companies/{id}", "every", m{"name": "Every Ltd"}}, {"DELETE /companies/{id}", "every", nil},

		{"GET /deliveries", "", nil}, {"GET /deliveries/{id}", delivery, nil}, {"POST /deliveries/{id}/retry", delivery, nil},
		{"GET /sessions", "", nil}, {"DELETE /sessions/{id}", session, nil},
		{"GET /grants", "", nil}, {"GET /grants/{id}", grant, nil}, {"DELETE /grants/{id}", grant, nil},
		{"GET /keys", "", nil}, {"POST /keys/rotate", "", nil}, {"GET /audit", "", nil}, {"GET /audit/export", "", nil}, {"GET /dashboard", "", nil},

		{"POST /initial-access-tokens", "", m{"name": "CI"}}, {"GET /initial-access-tokens", "", nil}, {"DELETE /initial-access-tokens/{id}", "made", nil},
		{"POST /api-keys", "", m{"name": "CI", "rights": []string{"*"}}}, {"GET /api-keys", "", nil}, {"DELETE /api-keys/{id}", "made", nil},
	}
}

func TestEveryCallOfTheAdminAPISucceedsAndIsRefusedAsDescribed(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		boss := s.staff("boss@example.com", storage.RoleAdmin)
		grant, delivery, session := s.somethingOfEach()
		u := s.person("someone@example.com", "")
		succeeded, made := map[string]bool{}, ""
		for _, c := range everyCall(u, grant, delivery, session) {
			method, path, _ := strings.Cut(c.call, " ")
			a := s.api(boss, method, at(path, strings.Fields(strings.ReplaceAll(c.ids, "made", made))...), c.body)
			require.Less(t, a.StatusCode, 300, "%s %s: %s", c.call, c.ids, a.body)
			if a.StatusCode == http.StatusCreated {
				made, _ = a.json(t)["id"].(string)
			}
			succeeded[c.call] = true
		}
		s.logoIsPut(boss, succeeded)
		for _, call := range new(api.API).Calls() {
			named := call.Method + " " + call.Path
			require.True(t, succeeded[named], "%s is asked by no test here; add it to everyCall", named)
			path := at(call.Path, "nothing-has-this", "nor-this")
			s.api("", call.Method, path, nil).require(t, http.StatusUnauthorized)
			s.api(boss, call.Method, path+"?nonsense=1", nil).require(t, http.StatusBadRequest)
			if path != call.Path {
				require.Contains(t, []int{404, 415, 422}, s.api(boss, call.Method, path, nil).StatusCode, named)
			}
		}
	})
}

// somethingOfEach makes records in every state that pages and calls tell apart, and returns the grant_id of a grant, the ID of
// a delivery that was given up, and that of a session.
func (s *testServer) somethingOfEach() (grant, delivery, session string) {
	s.t.Helper()
	ctx := s.t.Context()
	for id, status := range map[string]string{
		"drafted": storage.StatusDraft, "refused": storage.StatusSubmitted, "asked-back": storage.StatusChangesRequested, "versioned": storage.StatusApproved,
		"live": storage.StatusApproved, "stopped": storage.StatusSuspended, "ended": storage.StatusArchived,
	} {
		c := storage.Client{ID: id, Name: strings.ToUpper(id), PublisherID: "printco", Status: status, WebhookURI: "https://" + id + ".example/events", Scopes: []storage.ClientScope{{Name: "openid"}}}
		s.register(c)
	}
	require.NoError(s.t, s.store.SavePublisher(ctx, storage.Publisher{ID: "printco", Name: "Print Co", Developers: []string{"dev@example.com"}}))
	require.NoError(s.t, s.store.SavePublisher(ctx, storage.Publisher{ID: "known", Name: "Known", Verified: true, VerifiedAt: s.now()}))
	live, err := s.store.Client(ctx, "versioned")
	require.NoError(s.t, err)
	live.Name = "Another name"
	v := storage.ClientVersion{ID: "018f0000-0000-7000-8000-000000000001", ClientID: live.ID, Status: storage.StatusDraft, Client: live, CreatedAt: s.now(), UpdatedAt: s.now()}
	require.NoError(s.t, s.store.ApplyReview(ctx, storage.Review{Version: &v}))

	granted := func(id string) storage.Grant {
		g := storage.Grant{
			ID: id, Owner: storage.Owner{UserID: s.users["ana@example.com"].ID}, ClientID: "live", State: storage.GrantActive, Version: 1, CreatedAt: s.now(), UpdatedAt: s.now(),
			Decisions: []storage.Decision{{Scope: "openid", Allowed: true, DecidedAt: s.now()}},
		}
		require.NoError(s.t, s.store.Apply(ctx, storage.Unit{storage.SaveGrant{Grant: g}}))
		return g
	}
	granted("before")
	require.NoError(s.t, s.store.Apply(ctx, storage.Unit{storage.EndGrant{ID: "before", At: s.now()}}))
	leased, err := s.store.LeaseDelivery(ctx, "live", s.now(), s.now().Add(time.Minute))
	require.NoError(s.t, err)
	dead := leased
	dead.State, dead.SettledAt, dead.Failure = storage.DeliveryDead, s.now(), "no answer"
	require.NoError(s.t, s.store.SettleDelivery(ctx, leased, dead))

	signedIn := storage.Session{ID: "somebodys", UserID: s.users["bo@example.com"].ID, AuthTime: s.now(), CreatedAt: s.now(), ExpiresAt: s.now().Add(time.Hour)}
	require.NoError(s.t, s.store.Apply(ctx, storage.Unit{storage.StartSession{Session: signedIn}}))
	return granted("after").PublicID(), leased.ID, signedIn.ID
}

// logoIsPut gives a mini app a picture, the only body that is no JSON.
func (s *testServer) logoIsPut(key string, succeeded map[string]bool) {
	s.t.Helper()
	s.send("PUT", "/api/v1/clients/live/logo", string(picture(s.t, 64, red)), "Authorization", "Bearer "+key, "Content-Type", "image/png").require(s.t, 200)
	succeeded["PUT /clients/{id}/logo"] = true
}
