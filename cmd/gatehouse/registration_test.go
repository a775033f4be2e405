package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/config"
	"gatehouse/registry"
	"gatehouse/storage"
)

// Dynamic registration: RFC 7591, RFC 7592, OIDC Dynamic Client Registration.

// registering is a server with an admin's key.
func registering(t *testing.T, dsn string, settings ...func(*config.Config)) (s *testServer, admin string) {
	t.Helper()
	s = newTestServer(t, dsn, settings...)
	require.NoError(t, s.store.SavePublisher(t.Context(), storage.Publisher{ID: "printco", Name: "Print Co", Developers: []string{"dev@example.com"}}))
	return s, s.staff("admin@example.com", storage.RoleAdmin)
}

// initialToken makes an initial access token through the API.
func (s *testServer) initialToken(admin string, members map[string]any) string {
	s.t.Helper()
	all := map[string]any{"name": "Partners"}
	for name, value := range members {
		all[name] = value
	}
	return s.api(admin, "POST", "/initial-access-tokens", all).require(s.t, 201).json(s.t)["initial_access_token"].(string)
}

// registration sends a request to the registration endpoint.
func (s *testServer) registration(token, method, path, body string) answer {
	s.t.Helper()
	var headers []string
	if token != "" {
		headers = append(headers, "Authorization", "Bearer "+token)
	}
	if body != "" {
		headers = append(headers, "Content-Type", "application/json")
	}
	a := s.send(method, "/oauth2/register"+path, body, headers...)
	require.Equal(s.t, "no-store", a.Header.Get("Cache-Control"))
	return a
}

func (a answer) oauthError(t testing.TB) string { t.Helper(); return a.json(t)["error"].(string) }

const printRegistration = `{"client_name": "Prints", "client_name#es": "Copias", "redirect_uris": ["https://prints.example/cb"], "logo_uri": "https://prints.example/logo.png",
	"contacts": ["dev@prints.example"], "scope": "openid email", "scopes": [{"name": "openid"}, {"name": "email", "purpose": {"en": "to send you your order status"}}],
	"software_id": "unknown to us", "client_id": "chosen", "first_party": true, "resource_server": true, "status": "approved", "publisher": "others"}`

func TestWhatAProgramRegistersIsSubmittedAndGoesThroughTheReview(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, admin := registering(t, dsn)
		token := s.initialToken(admin, map[string]any{"publisher": "printco"})
		a := s.registration(token, "POST", "", printRegistration).require(t, 201)
		made := a.json(t)
		id, mine := made["client_id"].(string), made["registration_access_token"].(string)
		require.NotEqual(t, "chosen", id)
		require.NotEmpty(t, made["client_secret"])
		require.EqualValues(t, 0, made["client_secret_expires_at"])
		require.Equal(t, s.url+"/oauth2/register/"+id, made["registration_client_uri"])
		for member, want := range map[string]any{
			"client_name": "Prints", "client_name#es": "Copias", "status": "submitted", "publisher": "printco", "token_endpoint_auth_method": "client_secret_basic",
			"id_token_signed_response_alg": "RS256", "scope": "openid email", "grant_types": []any{"authorization_code"}, "response_types": []any{"code"},
		} {
			require.Equal(t, want, made[member], member)
		}
		for _, member := range []string{"software_id", "first_party", "resource_server"} {
			require.NotContains(t, made, member)
		}
		stored, err := s.store.Client(t.Context(), id)
		require.NoError(t, err)
		require.False(t, stored.FirstParty)
		require.False(t, stored.ResourceServer)
		kept, err := s.store.Registration(t.Context(), id)
		require.NoError(t, err)
		require.Len(t, kept.Hash, sha256.Size)

		got := s.registration(mine, "GET", "/"+id, "").require(t, 200).json(t)
		require.Equal(t, mine, got["registration_access_token"])
		require.NotContains(t, got, "client_secret")

		changed := func(pairs ...string) string {
			body := strings.Replace(printRegistration, `"client_id": "chosen"`, `"client_id": "`+id+`"`, 1)
			return strings.NewReplacer(pairs...).Replace(body)
		}
		// While it is under review it stays as it was submitted, as in the portal.
		require.Equal(t, "access_denied", s.registration(mine, "PUT", "/"+id, changed("Prints", "Sprints")).require(t, 403).oauthError(t))
		s.api(admin, "POST", "/clients/"+id+"/request-changes", map[string]any{"comment": "Another name"}).require(t, 200)
		require.Equal(t, "submitted", s.registration(mine, "PUT", "/"+id, changed("Prints", "Sprints")).require(t, 200).json(t)["status"])
		s.api(admin, "POST", "/clients/"+id+"/approve", nil).require(t, 200)

		// What was read can be sent back: nothing changes, and nothing waits.
		read := s.registration(mine, "GET", "/"+id, "").require(t, 200).body
		require.NotContains(t, s.registration(mine, "PUT", "/"+id, read).require(t, 200).json(t), "version")

		// What is live stays so, while the rest waits; contacts do not.
		put := s.registration(mine, "PUT", "/"+id, changed("Prints", "Sprints", `prints.example/cb`, `prints.example/cb2`, "dev@", "ops@")).require(t, 200).json(t)
		require.Equal(t, []any{"https://prints.example/cb"}, put["redirect_uris"])
		require.Equal(t, []any{"ops@prints.example"}, put["contacts"])
		require.Equal(t, map[string]any{"status": "submitted", "changed": []any{"redirect_uris"}}, put["version"])
		s.api(admin, "POST", "/clients/"+id+"/approve", nil).require(t, 200)
		got = s.registration(mine, "GET", "/"+id, "").require(t, 200).json(t)
		require.Equal(t, []any{"https://prints.example/cb2"}, got["redirect_uris"])
		require.NotContains(t, got, "version")

		s.registration(mine, "DELETE", "/"+id, "").require(t, 204)
		a = s.registration(mine, "GET", "/"+id, "").require(t, 401)
		require.Contains(t, a.Header.Get("WWW-Authenticate"), `error="invalid_token"`)
		stored, err = s.store.Client(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, storage.StatusArchived, stored.Status)

		events := s.api(admin, "GET", "/audit?target=client:"+id, nil).require(t, 200).body
		for _, event := range []string{`"client.create"`, `"client.submit"`, `"client.update"`, `"client.archive"`, `"kind":"client"`, `"initial_access_token"`} {
			require.Contains(t, events, event)
		}
	})
}

// What an OIDC conformance suite sends: hardly anything, and no purposes, which the token has to allow.
func TestAClientOfATokenThatApprovesWorksAtOnce(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, admin := registering(t, dsn)
		token := s.initialToken(admin, map[string]any{"status": "approved", "purposes": "optional", "scopes": []string{"openid", "email", "offline_access"}})
		made := s.registration(token, "POST", "", `{"redirect_uris": ["`+testCallback+`"]}`).require(t, 201).json(t)
		require.Equal(t, "approved", made["status"])
		require.Equal(t, "openid email offline_access", made["scope"])
		callback, err := url.Parse(testCallback)
		require.NoError(t, err)
		require.Equal(t, callback.Hostname(), made["client_name"], "people know a host, and no ID")
		id, secret, mine := made["client_id"].(string), made["client_secret"].(string), made["registration_access_token"].(string)
		code := s.allow("ana@example.com", request(id))
		r, err := http.NewRequest(http.MethodPost, s.url+"/oauth2/token", strings.NewReader(exchangeForm(code).Encode()))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(id, secret)
		tokens := do(t, http.DefaultClient, r).require(t, 200).json(t)
		header, err := base64.RawURLEncoding.DecodeString(strings.Split(tokens["id_token"].(string), ".")[0])
		require.NoError(t, err)
		require.Contains(t, string(header), `"RS256"`)
		introspect := func() bool {
			r, err := http.NewRequest(http.MethodPost, s.url+"/oauth2/introspect", strings.NewReader(url.Values{"token": {tokens["access_token"].(string)}}.Encode()))
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.SetBasicAuth("resource", testSecret)
			return do(t, http.DefaultClient, r).require(t, 200).json(t)["active"].(bool)
		}
		require.True(t, introspect())

		// Suspended, it can be read and its change waits; ended, its tokens are dead.
		s.api(admin, "POST", "/clients/"+id+"/suspend", map[string]any{"comment": "It misbehaves"}).require(t, 200)
		require.Equal(t, "suspended", s.registration(mine, "GET", "/"+id, "").require(t, 200).json(t)["status"])
		require.False(t, introspect())
		s.registration(mine, "DELETE", "/"+id, "").require(t, 204)

		require.Equal(t, "invalid_client_metadata", s.registration(token, "POST", "", `{"redirect_uris": ["`+testCallback+`"], "scope": "openid phone"}`).require(t, 400).oauthError(t))
		public := s.registration(token, "POST", "", `{"redirect_uris": ["com.example.app:/cb"], "application_type": "native", "token_endpoint_auth_method": "none"}`).require(t, 201).json(t)
		require.NotContains(t, public, "client_secret")
		require.NotContains(t, public, "client_secret_expires_at")
	})
}

func TestWhatIsApprovedAtOnceSaysWhyItWantsWhatPeopleShare(t *testing.T) {
	t.Parallel()
	dsn := furnished.SQLite(t)
	s, admin := registering(t, dsn)
	s.api(admin, "POST", "/initial-access-tokens", map[string]any{"name": "Partners", "purposes": "some"}).require(t, 422)
	token := s.initialToken(admin, map[string]any{"status": "approved"})
	const asking = `"redirect_uris": ["https://prints.example/cb"], "scope": "openid email"`
	a := s.registration(token, "POST", "", `{`+asking+`}`).require(t, 400)
	require.Contains(t, a.body, "purpose")
	s.registration(token, "POST", "", `{"redirect_uris": ["https://prints.example/cb"]}`).require(t, 201)

	body := map[string]any{"client_name": "Prints", "redirect_uris": []string{"https://prints.example/cb"}, "scopes": []any{map[string]any{"name": "email"}}}
	for _, status := range []any{nil, "approved"} {
		body["status"] = status
		require.Equal(t, []string{"scopes[0].purpose"}, s.api(admin, "POST", "/clients", body).require(t, 422).fields(t))
	}
	said, code := s.command(dsn, "", "client", "create", "--name", "Prints", "--redirect-uris", "https://prints.example/cb", "--scopes", "email")
	require.NotZero(t, code)
	require.Contains(t, said, "purpose")
	said, code = s.command(dsn, "", "client", "create", "--name", "Prints", "--redirect-uris", "https://prints.example/cb", "--scopes", "{name: email, purpose: {en: to send your order status}}")
	require.Zero(t, code, said)
}

func TestASecretOfADialectStaysWhereWhatWasReadIsSentBack(t *testing.T) {
	t.Parallel()
	s, admin := registering(t, furnished.SQLite(t))
	made := s.registration(s.initialToken(admin, nil), "POST", "", `{"client_name": "GAM", "redirect_uris": ["https://g.example/cb"], "dialects": {"gam": {"signin_url": "https://g.example/signin",
		"superapp": {"url": "https://super.example", "client_id": "mini", "client_secret": "the-super-app-s-own-secret-of-this-mini-app"}}}}`).require(t, 201).json(t)
	id, mine := made["client_id"].(string), made["registration_access_token"].(string)
	s.api(admin, "POST", "/clients/"+id+"/approve", nil).require(t, 200)
	stored := func() registry.GAM {
		c, err := s.store.Client(t.Context(), id)
		require.NoError(t, err)
		g, _ := registry.GAMOf(&c)
		return g
	}
	was := stored()
	require.True(t, registry.IsSealed(was.SuperApp.ClientSecret))
	require.True(t, registry.IsSealed(was.SigninSecret))
	read := s.registration(mine, "GET", "/"+id, "").require(t, 200)
	require.NotContains(t, read.body, "sealed:")
	require.NotContains(t, s.registration(mine, "PUT", "/"+id, read.body).require(t, 200).json(t), "version", "nothing changes, so nothing waits")
	require.Equal(t, was, stored())

	// A secret that is taken back is missing, and one whose settings are left out is gone with them.
	put := func(dialects string) answer {
		return s.registration(mine, "PUT", "/"+id, `{"client_id": "`+id+`", "client_name": "GAM", "redirect_uris": ["https://g.example/cb"]`+dialects+`}`)
	}
	const superapp = `, "dialects": {"gam": {"superapp": {"url": "https://super.example", "client_id": "mini", "client_secret": `
	require.Contains(t, put(superapp+`""}}}`).require(t, 400).body, "dialects.gam.superapp.client_secret")
	put("").require(t, 200)
	w, err := s.store.OpenVersion(t.Context(), id)
	require.NoError(t, err)
	require.Empty(t, w.Client.Dialects)
}

func TestWhatIsApprovedAtOnceHasNothingThatOnlyAReviewerLetsIn(t *testing.T) {
	t.Parallel()
	s, admin := registering(t, furnished.SQLite(t))
	approved, submitted := s.initialToken(admin, map[string]any{"status": "approved"}), s.initialToken(admin, nil)
	for member, value := range map[string]string{"dialects": `{"boxo": {}}`, "access_token_lifetime": `"never"`, "pkce": `"optional"`} {
		body := `{"client_name": "A", "redirect_uris": ["https://a.example/cb"], "` + member + `": ` + value + `}`
		a := s.registration(approved, "POST", "", body).require(t, 400)
		require.Equal(t, "invalid_client_metadata", a.oauthError(t), member)
		require.Contains(t, a.json(t)["error_description"], member+": need")
		require.Equal(t, "submitted", s.registration(submitted, "POST", "", body).require(t, 201).json(t)["status"], member)
	}
	made := s.registration(approved, "POST", "", `{"redirect_uris": ["https://a.example/cb"], "pkce": "required", "access_token_lifetime": "1h", "subject_type": "public"}`).require(t, 201).json(t)
	require.Equal(t, "approved", made["status"])
	require.Equal(t, "public", made["subject_type"])

	put := s.registration(made["registration_access_token"].(string), "PUT", "/"+made["client_id"].(string), `{"client_id": "`+made["client_id"].(string)+`", "client_name": "a.example", "redirect_uris": ["https://a.example/cb"], "pkce": "optional", "subject_type": "public"}`).require(t, 200).json(t)
	require.Equal(t, "submitted", put["version"].(map[string]any)["status"], "changed later, it waits for a review")
}

func TestAManagedRegistrationAsksForItsOwnToken(t *testing.T) {
	t.Parallel()
	s, _ := registering(t, furnished.SQLite(t))
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		require.Contains(t, s.registration("", method, "/prints", `{}`).require(t, 401).body, "registration_access_token", method)
	}
	require.Contains(t, s.registration("", "POST", "", `{}`).require(t, 401).body, "initial access token")
}

func TestRegistrationRefusesWithTheErrorsOfTheRFCsAndLeavesNothing(t *testing.T) {
	t.Parallel()
	s, admin := registering(t, furnished.SQLite(t))
	token := s.initialToken(admin, map[string]any{"publisher": "printco", "max_uses": 2})
	before := len(s.clients())
	const good = `"client_name": "A", "redirect_uris": ["https://a.example/cb"]`
	for _, test := range []struct{ name, body, code, says string }{
		{"no JSON", `nonsense`, "invalid_client_metadata", "not one JSON object"},
		{"invalid UTF-8", "{\"client_name\": \"\xff\"}", "invalid_client_metadata", "not UTF-8"},
		{"a member twice", `{"client_name": "A", "client_name": "B"}`, "invalid_client_metadata", "client_name: is there twice"},
		{"a list for a text", `{"client_name": []}`, "invalid_client_metadata", "client_name: must be a text"},
		{"no redirect URI", `{"client_name": "A"}`, "invalid_redirect_uri", "redirect_uris: authorization_code needs at least one"},
		{"a fragment", `{"client_name": "A", "redirect_uris": ["https://a.example/#x"]}`, "invalid_redirect_uri", "has a fragment"},
		{"a wildcard", `{"client_name": "A", "redirect_uris": ["https://*.a.example/"]}`, "invalid_redirect_uri", "has a wildcard"},
		{"a private-use scheme for a web application", `{"client_name": "A", "redirect_uris": ["com.example.app:/cb"], "application_type": "web"}`, "invalid_redirect_uri", "for native applications"},
		{"https on loopback for a native application", `{"client_name": "A", "redirect_uris": ["https://127.0.0.1/cb"], "application_type": "native"}`, "invalid_redirect_uri", "listens there by http"},
		{"another application type", `{` + good + `, "application_type": "other"}`, "invalid_client_metadata", "use web or native"},
		{"the implicit flow", `{` + good + `, "response_types": ["token"]}`, "invalid_client_metadata", "use code"},
		{"a response type without its grant type", `{` + good + `, "response_types": ["code"], "grant_types": ["client_credentials"]}`, "invalid_client_metadata", "add it to grant_types"},
		{"a grant type that there is not", `{` + good + `, "grant_types": ["password"]}`, "invalid_client_metadata", `grant_types[0]: "password" is not allowed`},
		{"another authentication", `{` + good + `, "token_endpoint_auth_method": "private_key_jwt"}`, "invalid_client_metadata", "token_endpoint_auth_method"},
		{"jwks and jwks_uri", `{` + good + `, "jwks": {"keys": [{"kty": "EC"}]}, "jwks_uri": "https://a.example/jwks"}`, "invalid_client_metadata", "exclude each other"},
		{"scopes that differ", `{` + good + `, "scope": "openid", "scopes": [{"name": "email"}]}`, "invalid_client_metadata", "same scopes"},
		{"a scope without a purpose", `{` + good + `, "scope": "openid email"}`, "invalid_client_metadata", "scopes[1].purpose: is missing; say in 10 to 140 characters"},
		{"a scope of the super app's own", `{` + good + `, "scope": "admin"}`, "invalid_client_metadata", "super app's own clients"},
		{"the grant that signs people in", `{` + good + `, "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"]}`, "invalid_client_metadata", "super app's own clients"},
		{"a name that hides something", `{"client_name": "A\u202eB", "redirect_uris": ["https://a.example/cb"]}`, "invalid_client_metadata", "client_name: has a control"},
		{"a software statement", `{` + good + `, "software_statement": "eyJ.eyJ.sig"}`, "unapproved_software_statement", "not taken"},
	} {
		a := s.registration(token, "POST", "", test.body).require(t, 400)
		require.Equal(t, test.code, a.oauthError(t), test.name)
		description := a.json(t)["error_description"].(string)
		require.Contains(t, description, test.says, test.name)
		require.NotRegexp(t, `[^ -~]`, description, test.name)
	}
	require.Equal(t, "invalid_request", s.registration(token, "POST", "", `{"client_name": "`+strings.Repeat("a", 70<<10)+`"}`).require(t, 413).oauthError(t))
	s.send("POST", "/oauth2/register", "client_name=A", "Authorization", "Bearer "+token, "Content-Type", "application/x-www-form-urlencoded").require(t, 400)
	a := s.registration("", "GET", "", "").require(t, 405)
	require.Equal(t, "POST", a.Header.Get("Allow"))
	require.Equal(t, "DELETE, GET, PUT", s.registration("", "POST", "/photoprint", "{}").require(t, 405).Header.Get("Allow"))
	require.Len(t, s.clients(), before)

	// None of them was a use.
	for range 2 {
		s.registration(token, "POST", "", `{`+good+`}`).require(t, 201)
	}
	s.registration(token, "POST", "", `{`+good+`}`).require(t, 401)
}

func (s *testServer) clients() []storage.Client {
	s.t.Helper()
	all, err := s.store.Clients(s.t.Context(), "", 1000)
	require.NoError(s.t, err)
	return all
}

func TestRegistrationTokensOpenNothingElse(t *testing.T) {
	t.Parallel()
	s, admin := registering(t, furnished.SQLite(t))
	token := s.initialToken(admin, map[string]any{"status": "approved", "expires_at": s.now().Add(time.Hour)})
	register := func() (id, mine string) {
		made := s.registration(token, "POST", "", `{"redirect_uris": ["https://a.example/cb"]}`).require(t, 201).json(t)
		return made["client_id"].(string), made["registration_access_token"].(string)
	}
	a, mineA := register()
	b, _ := register()
	for _, bad := range []string{"", token, mineA + "x", admin, "gia_", "gia_x_y", "gra_"} {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			s.registration(bad, method, "/"+a, "").require(t, 401)
		}
	}
	for _, id := range []string{b, "photoprint", "none", "%00", "%ff"} {
		s.registration(mineA, "GET", "/"+id, "").require(t, 401)
	}
	for _, bad := range []string{"", mineA, token + "x", strings.Replace(token, "gia_", "gia_a", 1), "gia_", "gia_\x01", admin} {
		refused := s.registration(strings.ReplaceAll(bad, "\x01", "1"), "POST", "", `{"redirect_uris": ["https://a.example/cb"]}`).require(t, 401)
		require.Contains(t, refused.Header.Get("WWW-Authenticate"), "Bearer")
	}
	s.api(token, "GET", "/clients", nil).require(t, 401)
	s.api(mineA, "GET", "/clients/"+a, nil).require(t, 401)

	// Its own client_id, and no other's secret (RFC 7592 §2.2).
	for _, body := range []string{`{}`, `{"client_id": "` + b + `"}`, `{"client_id": "` + a + `", "client_secret": "chosen"}`} {
		require.Equal(t, "invalid_client_metadata", s.registration(mineA, "PUT", "/"+a, body).require(t, 400).oauthError(t), body)
	}
	s.forward(2 * time.Hour)
	s.registration(token, "POST", "", `{"redirect_uris": ["https://a.example/cb"]}`).require(t, 401)
	s.registration(mineA, "GET", "/"+a, "").require(t, 200)
	s.api(admin, "DELETE", "/initial-access-tokens/"+strings.Split(token, "_")[1], nil).require(t, 204)
	s.registration(mineA, "GET", "/"+a, "").require(t, 200)
	s.api(admin, "DELETE", "/clients/"+a, nil).require(t, 204)
	s.registration(mineA, "GET", "/"+a, "").require(t, 401)
}

func TestOfSimultaneousRegistrationsAsManySucceedAsTheTokenHasUses(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, admin := registering(t, dsn)
		token := s.initialToken(admin, map[string]any{"max_uses": 3, "status": "approved"})
		statuses := make([]int, 10)
		var group sync.WaitGroup
		for i := range statuses {
			group.Go(func() {
				statuses[i] = s.registration(token, "POST", "", fmt.Sprintf(`{"client_name": "A %d", "redirect_uris": ["https://a.example/cb"]}`, i)).StatusCode
			})
		}
		group.Wait()
		slices.Sort(statuses)
		require.Equal(t, []int{201, 201, 201, 401, 401, 401, 401, 401, 401, 401}, statuses)
	})
}

func TestOpenRegistrationIsLimitedAndOffIsOff(t *testing.T) {
	t.Parallel()
	const body = `{"client_name": "A", "redirect_uris": ["https://a.example/cb"]}`
	s, admin := registering(t, furnished.SQLite(t), func(c *config.Config) { c.DynamicRegistration = config.RegistrationOpen })
	made := s.registration("", "POST", "", body).require(t, 201).json(t)
	require.Equal(t, "submitted", made["status"])
	require.NotContains(t, made, "publisher")
	s.registration("gia_none_x", "POST", "", body).require(t, 401)
	for range 19 {
		s.registration("", "POST", "", body).require(t, 201)
	}
	require.NotEmpty(t, s.registration("", "POST", "", body).require(t, 429).Header.Get("Retry-After"))
	s.registration(s.initialToken(admin, nil), "POST", "", body).require(t, 201)
	s.forward(61 * time.Minute)
	s.registration("", "POST", "", body).require(t, 201)
	require.Equal(t, s.url+"/oauth2/register", s.send("GET", "/.well-known/openid-configuration", "").json(t)["registration_endpoint"])

	off, _ := registering(t, furnished.SQLite(t), func(c *config.Config) { c.DynamicRegistration = config.RegistrationOff })
	require.Equal(t, 404, off.send("POST", "/oauth2/register", body, "Content-Type", "application/json").StatusCode)
	for _, document := range []string{"openid-configuration", "oauth-authorization-server"} {
		require.NotContains(t, off.send("GET", "/.well-known/"+document, "").json(t), "registration_endpoint")
	}
}

func TestWhatAsksForSensitiveScopesIsNotApprovedByOneToken(t *testing.T) {
	t.Parallel()
	s, admin := registering(t, furnished.SQLite(t), func(c *config.Config) { c.TwoReviewers = true })
	require.NoError(t, s.store.SaveScope(t.Context(), storage.Scope{Name: "health", Title: map[string]string{"en": "Your health"}, Sensitive: true}))
	token := s.initialToken(admin, map[string]any{"status": "approved"})
	made := s.registration(token, "POST", "", `{"client_name": "A", "redirect_uris": ["https://a.example/cb"], "scopes": [{"name": "health", "purpose": {"en": "to plan your training"}}]}`).require(t, 201).json(t)
	require.Equal(t, "submitted", made["status"])
}

func TestARegistrationAccessTokenIsTakenBackAndEndsWhereTheMiniAppIsAnothers(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, admin := registering(t, dsn)
		require.NoError(t, s.store.SavePublisher(t.Context(), storage.Publisher{ID: "movedto", Name: "Moved"}))
		for name, take := range map[string]func(id string){
			"by an operator":   func(id string) { s.api(admin, "POST", "/clients/"+id+"/revoke-registration", nil).require(t, 200) },
			"as first party":   func(id string) { s.api(admin, "PATCH", "/clients/"+id, `{"first_party": true}`).require(t, 200) },
			"to another owner": func(id string) { s.api(admin, "PATCH", "/clients/"+id, `{"publisher": "movedto"}`).require(t, 200) },
			"": func(id string) {
				s.api(admin, "PATCH", "/clients/"+id, `{"contacts": ["a@example.com"]}`).require(t, 200)
			},
		} {
			made := s.registration(s.initialToken(admin, nil), "POST", "", `{"client_name": "A", "redirect_uris": ["https://a.example/cb"]}`).require(t, 201).json(t)
			id, token := made["client_id"].(string), made["registration_access_token"].(string)
			s.registration(token, "GET", "/"+id, "").require(t, 200)
			take(id)
			status := 401
			if name == "" {
				status = 200
			}
			s.registration(token, "GET", "/"+id, "").require(t, status)
			if name == "by an operator" {
				s.api(admin, "POST", "/clients/"+id+"/revoke-registration", nil).require(t, 200)
				require.Len(t, s.api(admin, "GET", "/audit?action=client.revoke-registration&target=client:"+id, nil).json(t)["items"], 1)
			}
		}
	})
}
