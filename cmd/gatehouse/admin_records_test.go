package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/registry"
	"gatehouse/storage"
)

// What the REST API does with everything but mini apps.

// pages reads a list to its end, so many items at a time, and returns what key of each item says.
func (s *testServer) pages(token, path, key string, limit string) (all []string) {
	s.t.Helper()
	glue := "?"
	if strings.Contains(path, "?") {
		glue = "&"
	}
	next := ""
	for range 100 {
		list := s.api(token, "GET", path+glue+"limit="+limit+"&cursor="+url.QueryEscape(next), nil).require(s.t, 200).json(s.t)
		for _, item := range list["items"].([]any) {
			all = append(all, item.(map[string]any)[key].(string))
		}
		if list["next"] == nil {
			return all
		}
		next = list["next"].(string)
	}
	s.t.Fatal("the list has no end")
	return nil
}

func TestEveryListComesInPagesWithoutGapsOrRepetitions(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		admin := s.staff("admin@example.com", storage.RoleAdmin)
		for _, id := range []string{"a", "b", "c"} {
			require.NoError(t, s.store.SavePublisher(t.Context(), storage.Publisher{ID: id, Name: "P" + id}))
			require.NoError(t, s.store.SaveCompany(t.Context(), storage.Company{ID: id, Name: "C" + id}))
			s.key(s.person(id+"@example.com", "acme"), "*")
			s.register(storage.Client{ID: "hooked-" + id, Name: "Hooked", WebhookURI: "https://mini.example/hook"})
			s.consents("ana@example.com", "hooked-"+id, "openid email")
			s.consents("bo@example.com", "hooked-"+id, "openid email")
		}
		for _, path := range s.pages(admin, "/grants?user=ana@example.com", "grant_id", "200") {
			s.api(admin, "DELETE", "/grants/"+path, nil).require(t, 204)
		}
		for path, key := range map[string]string{
			"/clients": "client_id", "/clients?q=hooked": "client_id", "/publishers": "id", "/scopes": "name", "/users": "id", "/users?company=acme": "id",
			"/companies": "id", "/sessions": "id", "/sessions?user=bo@example.com": "id", "/grants": "grant_id", "/grants?user=bo@example.com": "grant_id",
			"/grants?client=hooked-a": "grant_id", "/audit": "id", "/deliveries": "id", "/deliveries?state=pending&client=hooked-a": "id", "/api-keys": "id",
		} {
			whole := s.pages(admin, path, key, "200")
			require.NotEmpty(t, whole, path)
			require.Equal(t, whole, s.pages(admin, path, key, "2"), path)
			sorted := slices.Clone(whole)
			slices.Sort(sorted)
			require.Len(t, slices.Compact(sorted), len(whole), path)
		}
	})
}

func TestPublishersCompaniesAndScopesAreKeptThroughTheAPI(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		admin := s.staff("admin@example.com", storage.RoleAdmin)
		made := s.api(admin, "POST", "/publishers", map[string]any{"id": "printco", "name": "Print Co", "developers": []string{"DEV@Example.com"}}).require(t, 201)
		require.Equal(t, "/api/v1/publishers/printco", made.Header.Get("Location"))
		require.Equal(t, []any{"dev@example.com"}, made.json(t)["developers"])
		verified := s.api(admin, "POST", "/publishers/printco/verify", nil).require(t, 200).json(t)
		require.Equal(t, true, verified["verified"])
		require.NotEmpty(t, verified["verified_at"])
		require.Equal(t, verified["verified_at"], s.api(admin, "PATCH", "/publishers/printco", map[string]any{"name": "Prints"}).require(t, 200).json(t)["verified_at"])
		require.NotContains(t, s.api(admin, "POST", "/publishers/printco/unverify", nil).require(t, 200).json(t), "verified_at")

		s.api(admin, "POST", "/companies", map[string]any{"id": "globex", "name": "Globex"}).require(t, 201)
		require.Equal(t, "Globex Ltd", s.api(admin, "PATCH", "/companies/globex", map[string]any{"name": "Globex Ltd"}).require(t, 200).json(t)["name"])
		require.Equal(t, []string{"name"}, s.api(admin, "PATCH", "/companies/globex", map[string]any{"name": nil}).require(t, 422).fields(t))

		scope := map[string]any{"name": "orders:read", "title": map[string]any{"en": "Your orders"}, "claims": []string{"orders"}}
		s.api(admin, "POST", "/scopes", scope).require(t, 201)
		changed := s.api(admin, "PATCH", "/scopes/orders:read", map[string]any{"title": map[string]any{"es": "Tus pedidos"}, "sensitive": true}).require(t, 200).json(t)
		require.Equal(t, map[string]any{"en": "Your orders", "es": "Tus pedidos"}, changed["title"])
		require.Equal(t, []any{"orders"}, changed["claims"])
		s.api(admin, "POST", "/clients", map[string]any{"client_id": "orders", "client_name": "Orders", "redirect_uris": []string{"https://o.example/cb"}, "scopes": []any{map[string]any{"name": "orders:read", "purpose": map[string]any{"en": "to show what you have bought"}}}}).require(t, 201)
		require.Equal(t, "in-use", s.api(admin, "DELETE", "/scopes/orders:read", nil).require(t, 409).problemType(t))
		s.api(admin, "PATCH", "/clients/orders", map[string]any{"scopes": nil}).require(t, 200)
		s.api(admin, "DELETE", "/scopes/orders:read", nil).require(t, 204)
		s.api(admin, "GET", "/scopes/orders:read", nil).require(t, 404)

		events := s.api(admin, "GET", "/audit?limit=200", nil).body
		for _, action := range []string{"publisher.save", "publisher.verify", "company.save", "scope.save", "scope.delete"} {
			require.Contains(t, events, `"action":"`+action+`"`)
		}
	})
}

func TestPeopleAndTheirSessionsAreKeptThroughTheAPI(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		admin := s.staff("admin@example.com", storage.RoleAdmin)
		made := s.api(admin, "POST", "/users", map[string]any{
			"email": "New@Example.com", "phone": "+598 99 000 111", "password": testPassword, "roles": []string{"company_admin"}, "company": "acme",
			"attributes": map[string]any{"points": 12345678901234567, "nested": map[string]any{"a": []any{1.5, nil}}},
		}).require(t, 201)
		u := made.json(t)
		require.Equal(t, "new@example.com", u["email"])
		require.Equal(t, "+59899000111", u["phone"])
		require.Contains(t, made.body, "12345678901234567")
		require.Equal(t, true, u["has_password"])
		require.NotContains(t, made.body, "argon2")
		id := u["id"].(string)
		require.Equal(t, id, s.api(admin, "GET", "/users/"+url.PathEscape("+598 99 000-111"), nil).require(t, 200).json(t)["id"])
		require.Len(t, s.api(admin, "GET", "/users?q=NEW@", nil).json(t)["items"], 1)

		changed := s.api(admin, "PATCH", "/users/"+id, map[string]any{"phone": nil, "first_name": "Nia", "attributes": map[string]any{"points": nil, "city": "Salto"}}).require(t, 200).json(t)
		require.NotContains(t, changed, "phone")
		require.Equal(t, map[string]any{"city": "Salto", "nested": map[string]any{"a": []any{1.5, nil}}}, changed["attributes"])
		require.Equal(t, []string{"roles"}, s.api(admin, "PATCH", "/users/"+id, map[string]any{"company": nil}).require(t, 422).fields(t))
		require.Equal(t, []string{"email"}, s.api(admin, "PATCH", "/users/"+id, map[string]any{"email": "nobody"}).require(t, 422).fields(t))
		s.api(admin, "PATCH", "/users/"+id, map[string]any{"email": "ana@example.com"}).require(t, 409)

		b := s.newBrowser()
		b.agree(b.get("/account"), "new@example.com")
		session := s.pages(admin, "/sessions?user=new@example.com", "id", "50")
		require.Len(t, session, 1)
		s.api(admin, "DELETE", "/sessions/"+session[0], nil).require(t, 204)
		s.api(admin, "DELETE", "/sessions/"+session[0], nil).require(t, 404)
		require.Equal(t, http.StatusSeeOther, b.get("/account").StatusCode)

		require.Equal(t, true, s.api(admin, "POST", "/users/"+id+"/disable", nil).require(t, 200).json(t)["disabled"])
		require.Equal(t, false, s.api(admin, "POST", "/users/"+id+"/enable", nil).require(t, 200).json(t)["disabled"])
		s.api(admin, "POST", "/users/"+id+"/set-password", map[string]any{"password": "short"}).require(t, 422)
		s.api(admin, "POST", "/users/"+id+"/set-password", map[string]any{"password": "another horse battery staple"}).require(t, 200)

		events := s.api(admin, "GET", "/audit?target=user:"+id, nil).require(t, 200).body
		for _, action := range []string{"create", "update", "disable", "enable", "set-password"} {
			require.Contains(t, events, `"action":"user.`+action+`"`)
		}
		for _, value := range []string{"new@example.com", "Nia", "Salto", "99000111", "battery"} {
			require.NotContains(t, events, value, "no values of people")
		}
		s.logLacks(testPassword, "another horse battery staple")
	})
}

func TestGrantsKeysAndDeliveriesAreLookedAfterThroughTheAPI(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		admin := s.staff("admin@example.com", storage.RoleAdmin)
		s.register(storage.Client{ID: "hooked", Name: "Hooked", WebhookURI: "https://mini.example/hook"})
		token := s.tokens("ana@example.com", "hooked")["access_token"]
		grants := s.api(admin, "GET", "/grants?client=hooked", nil).require(t, 200).json(t)["items"].([]any)
		require.Len(t, grants, 1)
		grant := grants[0].(map[string]any)
		require.Equal(t, s.users["ana@example.com"].ID, grant["user_id"])
		path := "/grants/" + grant["grant_id"].(string)
		require.Equal(t, grant, s.api(admin, "GET", path, nil).require(t, 200).json(t))
		require.True(t, s.active("hooked", token))
		s.api(admin, "DELETE", path, nil).require(t, 204)
		s.api(admin, "DELETE", path, nil).require(t, 404)
		require.False(t, s.active("hooked", token))
		require.Empty(t, s.api(admin, "GET", "/grants?user=nobody@example.com", nil).require(t, 200).json(t)["items"])

		deliveries := s.api(admin, "GET", "/deliveries?client=hooked&state=pending", nil).require(t, 200).json(t)["items"].([]any)
		require.Len(t, deliveries, 1)
		id := deliveries[0].(map[string]any)["id"].(string)
		require.Equal(t, "wrong-status", s.api(admin, "POST", "/deliveries/"+id+"/retry", nil).require(t, 409).problemType(t))
		leased, err := s.store.LeaseDelivery(t.Context(), "hooked", s.now(), s.now().Add(time.Minute).Truncate(time.Microsecond))
		require.NoError(t, err)
		dead := leased
		dead.State, dead.SettledAt, dead.Failure = storage.DeliveryDead, s.now(), "the server answered 500"
		require.NoError(t, s.store.SettleDelivery(t.Context(), leased, dead))
		require.Equal(t, "pending", s.api(admin, "POST", "/deliveries/"+id+"/retry", nil).require(t, 200).json(t)["state"])
		s.api(admin, "POST", "/deliveries/nobody/retry", nil).require(t, 404)

		before := s.api(admin, "GET", "/keys", nil).require(t, 200).json(t)["items"].([]any)
		after := s.api(admin, "POST", "/keys/rotate", map[string]any{"immediately": true}, "Idempotency-Key", "rotate").require(t, 200)
		require.Len(t, after.json(t)["items"], len(before)+2)
		require.Equal(t, after.body, s.api(admin, "POST", "/keys/rotate", map[string]any{"immediately": true}, "Idempotency-Key", "rotate").require(t, 200).body)
		require.Len(t, s.api(admin, "GET", "/keys", nil).json(t)["items"], len(before)+2)
		events := s.api(admin, "GET", "/audit?limit=200", nil).body
		for _, action := range []string{"grant.revoke", "delivery.retry", "key.rotate"} {
			require.Contains(t, events, `"action":"`+action+`"`)
		}
	})
}

func TestAnAPIKeyCanDoNoMoreThanWhoMadeIt(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		boss := s.person("admin@example.com", "", storage.RoleAdmin)
		admin := s.key(boss, "client.*", "api-key.*")
		require.Equal(t, []string{"rights[0]", "rights[2]"}, s.api(admin, "POST", "/api-keys", map[string]any{"name": "CI", "rights": []string{"*", "client.read", "user.read"}}).require(t, 422).fields(t))
		made := s.api(admin, "POST", "/api-keys", map[string]any{"name": "CI", "rights": []string{"client.read"}, "expires_at": s.now().Add(time.Hour)}).require(t, 201)
		key := made.json(t)["key"].(string)
		require.Equal(t, boss.ID, made.json(t)["user_id"])
		s.api(key, "GET", "/clients", nil).require(t, 200)
		s.api(key, "GET", "/users", nil).require(t, 403)
		s.api(key, "POST", "/clients", newMiniApp).require(t, 403)

		list := s.api(admin, "GET", "/api-keys", nil).require(t, 200)
		require.NotContains(t, list.body, key)
		require.NotContains(t, list.body, key[len(key)-43:])
		id := made.json(t)["id"].(string)
		s.give("admin@example.com")
		s.api(key, "GET", "/clients", nil).require(t, 403)
		s.give("admin@example.com", storage.RoleAdmin)
		s.api(admin, "DELETE", "/api-keys/"+id, nil).require(t, 204)
		s.api(admin, "DELETE", "/api-keys/"+id, nil).require(t, 404)
		s.api(key, "GET", "/clients", nil).require(t, 401)

		own := s.post("/oauth2/token", "host", url.Values{"grant_type": {"client_credentials"}, "scope": {"admin"}}).json(t)["access_token"].(string)
		require.Equal(t, []string{"user_id"}, s.api(own, "POST", "/api-keys", map[string]any{"name": "CI", "rights": []string{"*"}}).require(t, 422).fields(t))
		s.api(own, "POST", "/api-keys", map[string]any{"name": "CI", "rights": []string{"*"}, "user_id": boss.ID}).require(t, 201)
		s.logLacks(key, key[len(key)-43:])
	})
}

func TestTheAPISaysSoWhenTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	own := s.post("/oauth2/token", "host", url.Values{"grant_type": {"client_credentials"}, "scope": {"admin"}}).json(t)["access_token"].(string)
	admin := s.staff("admin@example.com", storage.RoleAdmin)
	require.NoError(t, s.store.Close())
	for _, token := range []string{own, admin} {
		a := s.api(token, "GET", "/users", nil).require(t, 503)
		require.NotEmpty(t, a.Header.Get("Retry-After"))
	}
}

func TestASecretOfADialectIsWrittenAndNotRead(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	admin := s.staff("admin@example.com", storage.RoleAdmin)
	const secret = "the-super-app-s-own-secret-of-this-mini-app"
	body := map[string]any{"client_id": "gam", "client_name": "GAM", "redirect_uris": []string{"https://g.example/cb"}, "dialects": map[string]any{
		"gam": map[string]any{"superapp": map[string]any{"url": "https://super.example", "client_id": "mini", "client_secret": secret}}}}
	made := s.api(admin, "POST", "/clients", body).require(t, 201)
	require.NotContains(t, made.body, secret)
	require.NotContains(t, made.body, "sealed:")
	stored := func() string {
		c, err := s.store.Client(t.Context(), "gam")
		require.NoError(t, err)
		require.NotContains(t, string(c.Dialects["gam"]), secret)
		g, _ := registry.GAMOf(&c)
		return g.SuperApp.ClientSecret
	}
	kept := stored()
	require.True(t, registry.IsSealed(kept))
	s.api(admin, "PATCH", "/clients/gam", map[string]any{"dialects": map[string]any{"gam": map[string]any{"error_format": "gam"}}}).require(t, 200)
	require.Equal(t, kept, stored(), "what a change does not name stays")
	s.api(admin, "PATCH", "/clients/gam", map[string]any{"dialects": map[string]any{"gam": map[string]any{"superapp": map[string]any{"client_secret": secret}}}}).require(t, 200)
	require.Equal(t, kept, stored(), "the same secret is no change")
	s.api(admin, "PATCH", "/clients/gam", map[string]any{"dialects": map[string]any{"gam": map[string]any{"superapp": map[string]any{"client_secret": "sealed:AAAA"}}}}).require(t, 422)
	s.api(admin, "PATCH", "/clients/gam", map[string]any{"dialects": map[string]any{"gam": map[string]any{"superapp": nil}}}).require(t, 200)
	require.Empty(t, stored())
}
