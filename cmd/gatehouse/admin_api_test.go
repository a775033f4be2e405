package main

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/registry"
	"gatehouse/storage"
)

// The REST API for reviewers, operators and developers.

// person stores an account with these roles and returns it.
func (s *testServer) person(email, company string, roles ...string) storage.User {
	s.t.Helper()
	now := s.now().Truncate(time.Microsecond)
	u := storage.User{ID: registry.GenerateID(), Email: email, CompanyID: company, Roles: roles, CreatedAt: now, UpdatedAt: now}
	require.NoError(s.t, s.store.CreateUser(s.t.Context(), u))
	return u
}

// key stores an API key of a person and returns its value.
func (s *testServer) key(u storage.User, rights ...string) string {
	s.t.Helper()
	id := strings.ToLower(registry.GenerateID())
	value := "gak_" + id + "_" + registry.GenerateSecret()
	hash := sha256.Sum256([]byte(value))
	require.NoError(s.t, s.store.CreateAPIKey(s.t.Context(), storage.APIKey{
		ID: id, Hash: hash[:], Name: "test", UserID: u.ID, Rights: rights, CreatedAt: s.now(),
	}))
	return value
}

// give replaces a person's roles.
func (s *testServer) give(email string, roles ...string) {
	s.t.Helper()
	u, err := s.store.UserByLogin(s.t.Context(), email)
	require.NoError(s.t, err)
	was := u.UpdatedAt
	u.Roles, u.UpdatedAt = roles, was.Add(time.Second)
	require.NoError(s.t, s.store.UpdateUser(s.t.Context(), u, was))
}

// staff is an API key of a new person with these roles that may do what they may.
func (s *testServer) staff(email string, roles ...string) string {
	s.t.Helper()
	return s.key(s.person(email, "", roles...), "*")
}

// api calls the API with a token or key; body may be empty, or anything that is JSON then.
func (s *testServer) api(token, method, path string, body any, headers ...string) answer {
	s.t.Helper()
	text, is := body.(string)
	if !is && body != nil {
		raw, err := json.Marshal(body)
		require.NoError(s.t, err)
		text = string(raw)
	}
	if text != "" {
		media := "application/json"
		if method == http.MethodPatch {
			media = "application/merge-patch+json"
		}
		headers = append([]string{"Content-Type", media}, headers...)
	}
	if token != "" {
		headers = append([]string{"Authorization", "Bearer " + token}, headers...)
	}
	return s.send(method, "/api/v1"+path, text, headers...)
}

// require checks the status of an answer.
func (a answer) require(t testing.TB, status int) answer {
	t.Helper()
	require.Equal(t, status, a.StatusCode, "%s", a.body)
	return a
}

// fields are the fields that a problem names.
func (a answer) fields(t testing.TB) (names []string) {
	t.Helper()
	errors, _ := a.json(t)["errors"].([]any)
	for _, e := range errors {
		names = append(names, e.(map[string]any)["field"].(string))
	}
	return names
}

func (a answer) problemType(t testing.TB) string {
	t.Helper()
	return strings.TrimPrefix(a.json(t)["type"].(string), "urn:gatehouse:problem:")
}

var newMiniApp = map[string]any{
	"client_id": "mini", "client_name": "Mini", "client_name#es": "Míni", "publisher": "printco", "redirect_uris": []string{"https://mini.example/cb"},
	"scopes": []any{map[string]any{"name": "openid", "required": true}, map[string]any{"name": "email", "purpose": map[string]any{"en": "to send you your order status"}}},
}

// developing is a server with a publisher whose developer has a key.
func developing(t *testing.T, dsn string) (s *testServer, developer string) {
	t.Helper()
	s = newTestServer(t, dsn)
	require.NoError(t, s.store.SavePublisher(t.Context(), storage.Publisher{ID: "printco", Name: "Print Co", Developers: []string{"dev@example.com"}}))
	return s, s.staff("dev@example.com", storage.RoleDeveloper)
}

func TestAMiniAppGoesFromDraftToLiveAndChangesThroughTheAPI(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, dev := developing(t, dsn)
		reviewer := s.staff("reviewer@example.com", storage.RoleReviewer)
		a := s.api(dev, "POST", "/clients", newMiniApp).require(t, 201)
		made := a.json(t)
		require.Equal(t, "draft", made["status"])
		require.Equal(t, "/api/v1/clients/mini", a.Header.Get("Location"))
		require.NotEmpty(t, made["client_secret"])
		require.EqualValues(t, 0, made["client_secret_expires_at"])
		require.Equal(t, "Míni", made["client_name#es"])

		got := s.api(reviewer, "GET", "/clients/mini", nil).require(t, 200)
		require.NotContains(t, got.body, made["client_secret"])
		s.api(dev, "POST", "/clients/mini/approve", nil).require(t, 403)
		require.Equal(t, "wrong-status", s.api(reviewer, "POST", "/clients/mini/approve", nil).require(t, 409).problemType(t))
		s.api(dev, "POST", "/clients/mini/submit", nil).require(t, 200)
		require.Equal(t, []string{"comment"}, s.api(reviewer, "POST", "/clients/mini/request-changes", nil).require(t, 422).fields(t))
		s.api(reviewer, "POST", "/clients/mini/request-changes", map[string]any{"comment": "Say more about orders"}).require(t, 200)
		s.api(dev, "PATCH", "/clients/mini", map[string]any{"client_name#es": nil, "client_uri": "https://mini.example/"}).require(t, 200)
		s.api(dev, "POST", "/clients/mini/submit", nil).require(t, 200)
		approved := s.api(reviewer, "POST", "/clients/mini/approve", map[string]any{"changes": map[string]any{"client_name": "Mini Prints"}}).require(t, 200).json(t)
		require.Equal(t, "approved", approved["status"])
		require.Equal(t, "Mini Prints", approved["client_name"])
		require.NotContains(t, approved, "client_name#es")

		// What needs a review waits beside the live mini app; contacts do not.
		a = s.api(dev, "PATCH", "/clients/mini", map[string]any{"contacts": []string{"ops@mini.example"}, "redirect_uris": []string{"https://mini.example/cb", "https://mini.example/cb2"}}).require(t, 200)
		live := a.json(t)
		require.Equal(t, []any{"https://mini.example/cb"}, live["redirect_uris"])
		require.Equal(t, []any{"ops@mini.example"}, live["contacts"])
		version := live["version"].(map[string]any)
		require.Equal(t, []any{"redirect_uris"}, version["changed"])
		require.Equal(t, "draft", version["status"])
		s.api(dev, "POST", "/clients/mini/submit", nil).require(t, 200)
		list := s.api(reviewer, "GET", "/clients?status=submitted", nil).require(t, 200).json(t)
		require.Len(t, list["items"], 1)
		s.api(reviewer, "POST", "/clients/mini/approve", nil).require(t, 200)
		got = s.api(dev, "GET", "/clients/mini", nil).require(t, 200)
		require.Len(t, got.json(t)["redirect_uris"], 2)
		require.NotContains(t, got.json(t), "version")

		s.api(dev, "PATCH", "/clients/mini", map[string]any{"client_name": "Other"}).require(t, 200)
		require.NotContains(t, s.api(dev, "POST", "/clients/mini/discard", nil).require(t, 200).json(t), "version")
		s.api(dev, "POST", "/clients/mini/discard", nil).require(t, 404)

		require.Equal(t, "comment", s.api(dev, "POST", "/clients/mini/comments", map[string]any{"comment": " "}).require(t, 422).fields(t)[0])
		require.Equal(t, "Thanks", s.api(dev, "POST", "/clients/mini/comments", map[string]any{"comment": "Thanks"}).require(t, 201).json(t)["comment"])
		notes := s.api(reviewer, "GET", "/clients/mini/comments", nil).require(t, 200)
		require.Len(t, notes.json(t)["items"], 7)
		require.NotContains(t, notes.body, "127.0.0.1", "where people are is nobody's business")

		rotated := s.api(dev, "POST", "/clients/mini/rotate-secret", map[string]any{"keep_old": 60}).require(t, 200).json(t)
		require.NotEmpty(t, rotated["client_secret"])
		require.Len(t, s.api(dev, "GET", "/clients/mini", nil).json(t)["secrets"], 2)
		require.Equal(t, "suspended", s.api(reviewer, "POST", "/clients/mini/suspend", map[string]any{"comment": "It misbehaves"}).require(t, 200).json(t)["status"])
		s.api(reviewer, "POST", "/clients/mini/reinstate", nil).require(t, 200)
		s.api(dev, "DELETE", "/clients/mini", nil).require(t, 403)
		require.Equal(t, "archived", s.api(dev, "POST", "/clients/mini/archive", nil).require(t, 200).json(t)["status"])

		admin := s.staff("admin@example.com", storage.RoleAdmin)
		s.api(admin, "DELETE", "/clients/mini", nil).require(t, 204)
		s.api(admin, "GET", "/clients/mini", nil).require(t, 404)
		events := s.api(admin, "GET", "/audit?target=client:mini&limit=200", nil).require(t, 200)
		for _, action := range []string{"create", "submit", "request-changes", "update", "approve", "discard", "comment", "rotate-secret", "suspend", "reinstate", "archive", "delete"} {
			require.Contains(t, events.body, `"action":"client.`+action+`"`)
		}
		s.logLacks(made["client_secret"].(string), rotated["client_secret"].(string), dev, admin)
	})
}

func TestTheAPITakesKeysAndTokensAndNothingElse(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	u := s.person("boss@example.com", "", storage.RoleAdmin)
	good := s.key(u, "*")
	own := s.post("/oauth2/token", "host", url.Values{"grant_type": {"client_credentials"}, "scope": {"admin"}}).json(t)["access_token"].(string)
	superapp := s.post("/oauth2/token", "host", url.Values{"grant_type": {"client_credentials"}, "scope": {"superapp"}}).json(t)["access_token"].(string)
	s.give("ana@example.com", storage.RoleAdmin)
	ana := s.tokens("ana@example.com", "host", "scope", "openid admin")["access_token"].(string)
	s.api(ana, "GET", "/clients", nil).require(t, 200)
	s.give("ana@example.com")
	for what, c := range map[string]struct {
		token  string
		status int
	}{
		"a key":                     {good, 200},
		"a client's own token":      {own, 200},
		"nothing":                   {"", 401},
		"no token of ours":          {"x", 401},
		"another secret":            {good[:len(good)-1] + "_", 401},
		"another ID":                {"gak_x" + good[4:], 401},
		"half a key":                {"gak_", 401},
		"a key without the right":   {s.key(u, "user.*", "client.create"), 403},
		"a key of one with no role": {s.key(s.person("nobody@example.com", ""), "*"), 403},
		"a token of another scope":  {superapp, 403},
		"one who lost their role":   {ana, 403},
	} {
		a := s.api(c.token, "GET", "/clients", nil).require(t, c.status)
		if c.status == 401 {
			require.Contains(t, a.Header.Get("WWW-Authenticate"), "Bearer", what)
		}
	}
	s.send("GET", "/api/v1/clients", "", "Authorization", "Basic Zm9vOmJhcg==").require(t, 401)
	expired := "gak_expired_" + registry.GenerateSecret()
	hash := sha256.Sum256([]byte(expired))
	require.NoError(t, s.store.CreateAPIKey(t.Context(), storage.APIKey{ID: "expired", Hash: hash[:], UserID: u.ID, Rights: []string{"*"}, CreatedAt: s.now(), ExpiresAt: s.now().Add(time.Minute)}))
	s.api(expired, "GET", "/clients", nil).require(t, 200)
	s.forward(2 * time.Minute)
	s.api(expired, "GET", "/clients", nil).require(t, 401)
	require.NoError(t, s.store.SetDisabled(t.Context(), u.ID, true, s.now()))
	s.api(good, "GET", "/clients", nil).require(t, 401)
	s.logLacks(good, own, expired)
}

func TestAPersonSignsInAgainForWhatOpensDoors(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.give("ana@example.com", storage.RoleAdmin)
	token := s.tokens("ana@example.com", "host", "scope", "openid admin")["access_token"].(string)
	comment := map[string]any{"comment": "It misbehaves"}
	s.api(token, "POST", "/clients/other/suspend", comment).require(t, 200)
	s.forward(11 * time.Minute)
	require.Equal(t, "sign-in-again", s.api(token, "POST", "/clients/other/reinstate", nil).require(t, 403).problemType(t))
	s.api(token, "GET", "/clients/other", nil).require(t, 200)
	require.Equal(t, "suspended", s.api(token, "GET", "/clients/other", nil).json(t)["status"])
	events, err := s.store.AuditEvents(t.Context(), storage.AuditFilter{Action: "client.suspend"}, "", 10)
	require.NoError(t, err)
	require.Equal(t, storage.Actor{Kind: storage.ActorUser, ID: s.users["ana@example.com"].ID, Address: "127.0.0.1"}, events[0].Actor)
}

func TestTheAPIRefusesWhatIsNotAsItShouldBe(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	admin := s.staff("admin@example.com", storage.RoleAdmin)
	for _, c := range []struct {
		what, method, path, body string
		status                   int
		fields                   []string
	}{
		{"no JSON", "POST", "/companies", "{", 400, nil},
		{"no object", "POST", "/companies", "[]", 400, nil},
		{"more than one", "POST", "/companies", "{}{}", 400, nil},
		{"a member twice", "POST", "/companies", `{"id":"a","id":"b","name":"A"}`, 400, []string{"id"}},
		{"a member twice, deep", "POST", "/scopes", `{"name":"a","title":{"en":"A","en":"B"}}`, 400, []string{"title.en"}},
		{"a member that there is not", "POST", "/companies", `{"id":"a","nam":"A"}`, 422, []string{"nam"}},
		{"another case", "POST", "/companies", `{"id":"a","Name":"A"}`, 422, []string{"Name"}},
		{"another kind", "POST", "/companies", `{"id":1,"name":["A"]}`, 422, []string{"id", "name"}},
		{"NUL", "POST", "/companies", `{"id":"a","name":"A\u0000"}`, 400, nil},
		{"no UTF-8", "POST", "/companies", "{\"id\":\"a\",\"name\":\"\xff\"}", 400, nil},
		{"nested too deep", "POST", "/companies", `{"id":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, 400, nil},
		{"too large", "POST", "/companies", `{"id":"` + strings.Repeat("a", 65<<10) + `"}`, 413, nil},
		{"a rule of the registry", "POST", "/companies", `{"id":"a b","name":""}`, 422, []string{"id", "name"}},
		{"an ID that is taken", "POST", "/companies", `{"id":"acme","name":"Acme"}`, 409, nil},
		{"names of RFC 7591", "POST", "/clients", `{"client_name":"","redirect_uris":["http://a.example/"]}`, 422, []string{"client_name", "redirect_uris[0]"}},
		{"a lifetime", "POST", "/clients", `{"client_name":"A","access_token_lifetime":0,"refresh_reuse_grace":"x"}`, 422, []string{"access_token_lifetime", "refresh_reuse_grace"}},
		{"an item of another kind", "POST", "/clients", `{"client_name":"A","contacts":["a",null,1]}`, 422, []string{"contacts[1]", "contacts[2]"}},
		{"a status by a patch", "PATCH", "/clients/photoprint", `{"status":"archived"}`, 422, []string{"status"}},
		{"an ID by a patch", "PATCH", "/clients/photoprint", `{"client_id":"other"}`, 422, []string{"client_id"}},
		{"a patch that is no object", "PATCH", "/clients/photoprint", `null`, 400, nil},
		{"an empty patch that is no JSON", "PATCH", "/clients/photoprint", ` `, 400, nil},
		{"a scope that comes with Gatehouse", "PATCH", "/scopes/email", `{"sensitive":true}`, 422, []string{"name"}},
		{"a scope that is needed", "DELETE", "/scopes/points_read", "", 409, nil},
		{"a password that is weak", "POST", "/users", `{"email":"new@example.com","password":"password"}`, 422, []string{"password"}},
		{"a company that there is not", "POST", "/users", `{"email":"new@example.com","company":"nobody"}`, 422, []string{"company"}},
		{"an address that is taken", "POST", "/users", `{"email":"ANA@example.com"}`, 409, nil},
		{"a language that there is not", "PATCH", "/users/ana@example.com", `{"locale":"x y"}`, 422, []string{"locale"}},
		{"who is disabled by a patch", "PATCH", "/users/ana@example.com", `{"disabled":true}`, 422, []string{"disabled"}},
		{"a right that there is not", "POST", "/api-keys", `{"name":"CI","rights":["client.fly"]}`, 422, []string{"rights[0]"}},
		{"a key that has expired", "POST", "/api-keys", `{"name":"","rights":[],"expires_at":"2020-01-01T00:00:00Z"}`, 422, []string{"name", "rights", "expires_at"}},
		{"a parameter that there is not", "GET", "/clients?statu=draft", "", 400, []string{"statu"}},
		{"a parameter twice", "GET", "/clients?status=draft&status=approved", "", 400, []string{"status"}},
		{"a status", "GET", "/clients?status=aproved", "", 400, nil},
		{"a limit", "GET", "/clients?limit=201", "", 400, nil},
		{"a limit of nothing", "GET", "/users?limit=0", "", 400, nil},
		{"a cursor of another", "GET", "/clients?cursor=abc", "", 400, nil},
		{"an actor without a kind", "GET", "/audit?actor=ana", "", 400, nil},
		{"a time", "GET", "/audit?since=yesterday", "", 400, nil},
		{"a state", "GET", "/deliveries?state=lost", "", 400, nil},
		{"a method", "PUT", "/clients/photoprint", "{}", 405, nil},
		{"a path", "GET", "/nothing", "", 404, nil},
		{"a client that there is not", "GET", "/clients/nobody", "", 404, nil},
		{"a client that cannot be", "GET", "/clients/%00", "", 404, nil},
		{"a user that cannot be", "GET", "/users/%ff", "", 404, nil},
		{"changes elsewhere than at approve", "POST", "/clients/photoprint/reject", `{"changes":{}}`, 422, []string{"changes"}},
	} {
		a := s.api(admin, c.method, c.path, c.body)
		require.Equal(t, c.status, a.StatusCode, "%s: %s", c.what, a.body)
		require.Equal(t, c.fields, a.fields(t), "%s: %s", c.what, a.body)
	}
	a := s.api(admin, "POST", "/companies", `{"id":"a","nam":"A"}`)
	require.Contains(t, a.body, "did you mean name?")
	require.Equal(t, "GET, HEAD, PATCH", strings.Replace(s.api(admin, "PUT", "/companies/acme", "{}").Header.Get("Allow"), "DELETE, ", "", 1))
	a = s.send("PATCH", "/api/v1/companies/acme", `{}`, "Authorization", "Bearer "+admin, "Content-Type", "text/plain").require(t, 415)
	require.Equal(t, "application/merge-patch+json", a.Header.Get("Accept-Patch"))
	require.Empty(t, s.send("HEAD", "/api/v1/companies/acme", "", "Authorization", "Bearer "+admin).require(t, 200).body)
}

func TestAChangeIsMadeToTheStateThatIfMatchNames(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		admin := s.staff("admin@example.com", storage.RoleAdmin)
		require.NoError(t, s.store.SavePublisher(t.Context(), storage.Publisher{ID: "printco", Name: "Print Co"}))
		for path, patch := range map[string][2]string{
			"/clients/photoprint":   {`{"client_uri":"https://a.example/"}`, `{"client_uri":"https://b.example/"}`},
			"/publishers/printco":   {`{"name":"A"}`, `{"name":"B"}`},
			"/companies/acme":       {`{"name":"A"}`, `{"name":"B"}`},
			"/scopes/points_read":   {`{"title":{"en":"A"}}`, `{"title":{"en":"B"}}`},
			"/users/bo@example.com": {`{"first_name":"A"}`, `{"first_name":"B"}`},
		} {
			tag := s.api(admin, "GET", path, nil).require(t, 200).Header.Get("ETag")
			require.Regexp(t, `^"[0-9a-f-]+"$`, tag, path)
			a := s.api(admin, "PATCH", path, patch[0], "If-Match", `"other", `+tag).require(t, 200)
			require.Equal(t, s.api(admin, "GET", path, nil).Header.Get("ETag"), a.Header.Get("ETag"), path)
			require.Equal(t, "changed", s.api(admin, "PATCH", path, patch[1], "If-Match", tag).require(t, 412).problemType(t))
			s.api(admin, "PATCH", path, patch[1], "If-Match", "*").require(t, 200)
			s.api(admin, "PATCH", path, patch[1], "If-Match", "W/"+s.api(admin, "GET", path, nil).Header.Get("ETag")).require(t, 412)
			s.api(admin, "PATCH", path, patch[0]).require(t, 200)
			before := s.api(admin, "GET", path, nil)
			s.api(admin, "PATCH", path, before.body).require(t, 200)
			after := s.api(admin, "GET", path, nil)
			require.Equal(t, before.body, after.body, "what was read can be sent as it is")
			require.Equal(t, before.Header.Get("ETag"), after.Header.Get("ETag"))
		}
		tag := s.api(admin, "GET", "/clients/other", nil).Header.Get("ETag")
		s.api(admin, "PATCH", "/clients/other", `{"client_uri":"https://a.example/"}`).require(t, 200)
		s.api(admin, "POST", "/clients/other/suspend", `{"comment":"why"}`, "If-Match", tag).require(t, 412)
		s.api(admin, "DELETE", "/clients/other", nil, "If-Match", tag).require(t, 412)
		s.api(admin, "DELETE", "/clients/other", nil, "If-Match", "*").require(t, 204)
	})
}

func TestARequestWithAnIdempotencyKeyHappensOnce(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		admin := s.staff("admin@example.com", storage.RoleAdmin)
		body := map[string]any{"client_name": "Mini", "redirect_uris": []string{"https://mini.example/cb"}}
		key := []string{"Idempotency-Key", `"8e03978e-40d5-43e8-bc93-6894a57f9324"`}
		first := s.api(admin, "POST", "/clients", body, key...).require(t, 201)
		again := s.api(admin, "POST", "/clients", body, key...).require(t, 201)
		require.Equal(t, first.body, again.body)
		for _, header := range []string{"Location", "ETag", "Content-Type"} {
			require.Equal(t, first.Header.Get(header), again.Header.Get(header))
		}
		require.Len(t, s.api(admin, "GET", "/clients?q=mini", nil).json(t)["items"], 1)
		other := map[string]any{"client_name": "Maxi", "redirect_uris": []string{"https://mini.example/cb"}}
		require.Equal(t, "key-reused", s.api(admin, "POST", "/clients", other, key...).require(t, 422).problemType(t))
		require.Equal(t, "key-reused", s.api(admin, "POST", "/companies", body, key...).require(t, 422).problemType(t))
		s.api(s.staff("second@example.com", storage.RoleAdmin), "POST", "/clients", body, key...).require(t, 201)
		for _, bad := range []string{`""`, `"` + strings.Repeat("k", 256) + `"`, `"a" "b"`, "ü"} {
			s.api(admin, "POST", "/clients", body, "Idempotency-Key", bad).require(t, 400)
		}

		// What was refused did nothing, and may be sent again once it can be.
		suspend := []string{"Idempotency-Key", "suspend-1"}
		s.api(admin, "POST", "/clients/draft/suspend", `{"comment":"why"}`, suspend...).require(t, 404)
		s.register(storage.Client{ID: "draft", Name: "Draft"})
		s.api(admin, "POST", "/clients/draft/suspend", `{"comment":"why"}`, suspend...).require(t, 200)
		s.api(admin, "POST", "/clients/draft/suspend", `{"comment":"why"}`, suspend...).require(t, 200)
		s.api(admin, "POST", "/clients/draft/suspend", `{"comment":"why"}`).require(t, 409)

		s.forward(23 * time.Hour)
		require.Equal(t, first.body, s.api(admin, "POST", "/clients", body, key...).require(t, 201).body)
		s.forward(2 * time.Hour)
		require.NotEqual(t, first.body, s.api(admin, "POST", "/clients", body, key...).require(t, 201).body)
		secret := first.json(t)["client_secret"].(string)
		require.NotContains(t, string(dump(t, dsn)), secret, "a remembered answer is sealed")
	})
}

func TestOfRequestsAtOnceWithOneKeyOneHappens(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		admin := s.staff("admin@example.com", storage.RoleAdmin)
		var group sync.WaitGroup
		statuses := make([]int, 8)
		for i := range statuses {
			group.Go(func() {
				r, _ := http.NewRequest("POST", s.url+"/api/v1/clients", strings.NewReader(`{"client_name":"Once","redirect_uris":["https://mini.example/cb"]}`))
				r.Header.Set("Authorization", "Bearer "+admin)
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("Idempotency-Key", `"once"`)
				if response, err := http.DefaultClient.Do(r); err == nil {
					statuses[i] = response.StatusCode
					response.Body.Close()
				}
			})
		}
		group.Wait()
		require.Contains(t, statuses, 201)
		for _, status := range statuses {
			require.Contains(t, []int{201, 409}, status)
		}
		require.Len(t, s.api(admin, "GET", "/clients?q=once", nil).json(t)["items"], 1)
	})
}

// dump is everything that a SQLite database has on disk, nothing of another.
func dump(t *testing.T, dsn string) (all []byte) {
	t.Helper()
	path, is := strings.CutPrefix(dsn, "sqlite:")
	if !is {
		return nil
	}
	for _, file := range []string{path, path + "-wal"} {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		all = append(all, raw...)
	}
	return all
}
