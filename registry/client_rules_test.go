package registry_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/registry"
	"gatehouse/storage"
)

var catalogue = registry.NewCatalogue([]storage.Scope{{Name: "points_read", Description: map[string]string{"en": "See your points"}}})

// mini is a client that breaks no rule.
func mini() storage.Client {
	return registry.Defaults(storage.Client{
		ID: "photoprint", Name: "PhotoPrint", RedirectURIs: []string{"https://photoprint.example/cb"},
		Secrets: []storage.ClientSecret{{Hash: registry.HashSecret(strings.Repeat("s", 32))}},
		Scopes:  []storage.ClientScope{{Name: "openid", Required: true}, {Name: "points_read", Purpose: map[string]string{"en": "to show what you can spend"}}},
	})
}

func TestDefaultsAreThoseOfTheContract(t *testing.T) {
	c := registry.Defaults(storage.Client{})
	require.Equal(t, []string{"authorization_code", "refresh_token"}, c.GrantTypes)
	require.Equal(t, []string{"user"}, c.TokenTypes)
	require.Equal(t, "public", c.SubjectType)
	require.Equal(t, "approved", c.Status)
	require.Equal(t, "required", c.PKCE)
	require.Equal(t, "ES256", c.IDTokenAlg)
	require.Empty(t, c.TokenEndpointAuthMethod)
	require.Equal(t, "none", registry.Defaults(storage.Client{Public: true}).TokenEndpointAuthMethod)
	require.Empty(t, registry.CheckClient(mini(), catalogue))
}

func TestCheckClientNamesTheFieldAndTheFix(t *testing.T) {
	public := func(c *storage.Client) {
		c.Public, c.Secrets, c.TokenEndpointAuthMethod = true, nil, "none"
	}
	for _, test := range []struct {
		name        string
		change      func(*storage.Client)
		field, says string
	}{
		{"an ID with a space", func(c *storage.Client) { c.ID = "a b" }, "client_id", "1 to 64"},
		{"an ID that is a path", func(c *storage.Client) { c.ID = ".." }, "client_id", "1 to 64"},
		{"an ID that is too long", func(c *storage.Client) { c.ID = strings.Repeat("a", 65) }, "client_id", "1 to 64"},
		{"no name", func(c *storage.Client) { c.Name = " " }, "name", "must not be empty"},
		{"a long name", func(c *storage.Client) { c.Name = strings.Repeat("a", 81) }, "name", "longer than 80"},
		{"a bidirectional name", func(c *storage.Client) { c.Name = "Photo\u202ePrint" }, "name", "bidirectional"},
		{"an isolating name", func(c *storage.Client) { c.Name = "Photo\u2066Print" }, "name", "bidirectional"},
		{"a name with nothing in it", func(c *storage.Client) { c.Name = "Photo\u200bPrint" }, "name", "zero-width"},
		{"a name that draws nothing", func(c *storage.Client) { c.Name = "\u3164" }, "name", "zero-width"},
		{"a name of two lines", func(c *storage.Client) { c.Name = "Photo\nPrint" }, "name", "control"},
		{"a name that is no text", func(c *storage.Client) { c.Name = "Photo\xff" }, "name", "UTF-8"},
		{"a translation without a language", func(c *storage.Client) { c.Names = map[string]string{"spanisch!": "x"} }, "name#spanisch!", "language tag"},
		{"another status", func(c *storage.Client) { c.Status = "live" }, "status", "use draft, submitted"},
		{"another subject type", func(c *storage.Client) { c.SubjectType = "private" }, "subject_type", "use public or pairwise"},
		{"another algorithm", func(c *storage.Client) { c.IDTokenAlg = "none" }, "id_token_signed_response_alg", "use ES256 or RS256"},
		{"another pkce", func(c *storage.Client) { c.PKCE = "off" }, "pkce", "use required or optional"},
		{"another grant type", func(c *storage.Client) { c.GrantTypes = []string{"password"} }, "grant_types[0]", "use authorization_code, refresh_token, client_credentials or urn:ietf:params:oauth:grant-type:jwt-bearer"},
		{"assertions of a mini app", func(c *storage.Client) { c.GrantTypes = append(c.GrantTypes, registry.GrantJWTBearer) }, "grant_types", "first_party: true"},
		{"assertions without keys", func(c *storage.Client) {
			c.FirstParty, c.GrantTypes = true, append(c.GrantTypes, registry.GrantJWTBearer)
		}, "jwks", "public keys"},
		{"a grant type twice", func(c *storage.Client) { c.GrantTypes = []string{"refresh_token", "refresh_token"} }, "grant_types[1]", "listed twice"},
		{"another token type", func(c *storage.Client) { c.TokenTypes = []string{"robot"} }, "token_types[0]", "use user or company"},
		{"another method", func(c *storage.Client) { c.TokenEndpointAuthMethod = "client_secret_jwt" }, "token_endpoint_auth_method", "use client_secret_basic"},
		{"a confidential client without a method", func(c *storage.Client) { c.TokenEndpointAuthMethod = "none" }, "token_endpoint_auth_method", "set public: true"},
		{"an imported hash that costs too much", func(c *storage.Client) {
			c.Secrets[0].Hash = "$2a$31$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"
		}, "client_secret_hash", "bcrypt cost"},
		{"a public client with a secret", func(c *storage.Client) { public(c); c.Secrets = mini().Secrets }, "client_secret", "leave out public: true"},
		{"a public client with a method", func(c *storage.Client) { public(c); c.TokenEndpointAuthMethod = "client_secret_post" }, "token_endpoint_auth_method", "use none"},
		{"a public client without PKCE", func(c *storage.Client) { public(c); c.PKCE = "optional" }, "pkce", "must be required"},
		{"a public client with client_credentials", func(c *storage.Client) {
			public(c)
			c.GrantTypes = []string{"authorization_code", "client_credentials"}
		}, "grant_types", "RFC 6749 §4.4"},
		{"a public resource server", func(c *storage.Client) { public(c); c.ResourceServer = true }, "resource_server", "cannot introspect"},
		{"no redirect URI", func(c *storage.Client) { c.RedirectURIs = nil }, "redirect_uris", "needs at least one"},
		{"a bad redirect URI", func(c *storage.Client) { c.RedirectURIs = append(c.RedirectURIs, "http://a.example/cb") }, "redirect_uris[1]", "use https"},
		{"a redirect URI twice", func(c *storage.Client) { c.RedirectURIs = append(c.RedirectURIs, c.RedirectURIs...) }, "redirect_uris[1]", "listed twice"},
		{"a bad logout URI", func(c *storage.Client) { c.PostLogoutRedirectURIs = []string{"javascript:alert(1)"} }, "post_logout_redirect_uris[0]", "use https"},
		{"a logo from anywhere", func(c *storage.Client) { c.LogoURI = "data:image/png;base64,x" }, "logo_uri", "https://"},
		{"an unknown scope", func(c *storage.Client) { c.Scopes[1].Name = "point_read" }, "scopes[1].name", "did you mean points_read?"},
		{"a scope like no other", func(c *storage.Client) { c.Scopes[1].Name = "xyzzyx" }, "scopes[1].name", "is not in the catalogue; add the scope first"},
		{"a scope twice", func(c *storage.Client) { c.Scopes[1].Name = "openid" }, "scopes[1].name", "listed twice"},
		{"a company's scope without its tokens", func(c *storage.Client) { c.Scopes[1].Name = "user_session" }, "scopes[1].name", "add company to token_types"},
		{"a company's tokens without their scope", func(c *storage.Client) { c.TokenTypes = []string{"company"} }, "token_types", "need the scope user_session"},
		{"the host app's scope", func(c *storage.Client) { c.Scopes[1].Name = "superapp" }, "scopes[1].name", "first_party: true"},
		{"the administrator's scope", func(c *storage.Client) { c.Scopes[1].Name = "admin" }, "scopes[1].name", "first_party: true"},
		{"a purpose that reorders the page", func(c *storage.Client) { c.Scopes[1].Purpose["en"] = "x\u202e" }, "scopes[1].purpose.en", "bidirectional"},
		{"codes that never end", func(c *storage.Client) { c.CodeLifetime = storage.Never }, "code_lifetime", "cannot be never"},
		{"codes that live too long", func(c *storage.Client) { c.CodeLifetime = storage.Lifetime(301 * time.Second) }, "code_lifetime", "longer than 300s"},
		{"half a second", func(c *storage.Client) { c.AccessTokenLifetime = storage.Lifetime(time.Second / 2) }, "access_token_lifetime", "whole number"},
		{"a negative lifetime", func(c *storage.Client) { c.RefreshTokenLifetime = storage.Lifetime(-time.Hour) }, "refresh_token_lifetime", "at least one"},
		{"a thousand years", func(c *storage.Client) { c.RefreshTokenLifetime = storage.Lifetime(200 * 365 * 24 * time.Hour) }, "refresh_token_lifetime", "use never"},
		{"a long grace", func(c *storage.Client) { c.RefreshReuseGrace = 61 * time.Second }, "refresh_reuse_grace", "0s to 60s"},
		{"an empty contact", func(c *storage.Client) { c.Contacts = []string{""} }, "contacts[0]", "e-mail"},
		{"a private key", func(c *storage.Client) { c.JWKS = json.RawMessage(`{"keys":[{"kty":"EC","d":"x"}]}`) }, "jwks", "public keys only"},
		{"keys that are none", func(c *storage.Client) { c.JWKS = json.RawMessage(`[]`) }, "jwks", "JWK set"},
		{"keys twice", func(c *storage.Client) {
			c.JWKS, c.JWKSURI = json.RawMessage(`{"keys":[{"kty":"EC"}]}`), "https://a.example/jwks"
		}, "jwks_uri", "leave one out"},
		{"an unknown dialect", func(c *storage.Client) { c.Dialects = map[string]json.RawMessage{"bexo": json.RawMessage(`{}`)} }, "dialects.bexo", "did you mean boxo?"},
		{"a dialect like no other", func(c *storage.Client) { c.Dialects = map[string]json.RawMessage{"alipay": json.RawMessage(`{}`)} }, "dialects.alipay", "use "},
		{"dialect settings that are none", func(c *storage.Client) { c.Dialects = map[string]json.RawMessage{"boxo": json.RawMessage(`[]`)} }, "dialects.boxo", "map of settings"},
		{"no dialect settings", func(c *storage.Client) { c.Dialects = map[string]json.RawMessage{"boxo": nil} }, "dialects.boxo", "map of settings"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := mini()
			test.change(&c)
			problems := registry.CheckClient(c, catalogue)
			require.NotEmpty(t, problems)
			require.Equal(t, test.field, problems[0].Field)
			require.Contains(t, problems[0].Text, test.says)
			require.NotContains(t, problems[0].Text, "\u202e")
		})
	}
}

func TestCheckClientAcceptsWhatIsUnusualButRight(t *testing.T) {
	for name, change := range map[string]func(*storage.Client){
		"a confidential client with optional PKCE": func(c *storage.Client) { c.PKCE = "optional" },
		"a server without a person":                func(c *storage.Client) { c.GrantTypes, c.RedirectURIs = []string{"client_credentials"}, nil },
		"tokens that never expire":                 func(c *storage.Client) { c.AccessTokenLifetime, c.RefreshTokenLifetime = storage.Never, storage.Never },
		"no repeats":                               func(c *storage.Client) { c.RefreshReuseGrace = 0 },
		"a mini app for companies":                 func(c *storage.Client) { c.TokenTypes = []string{"company"}; c.Scopes[1].Name = "user_session" },
		"a company's server": func(c *storage.Client) {
			c.GrantTypes, c.RedirectURIs, c.TokenTypes = []string{"client_credentials"}, nil, []string{"company"}
		},
		"the super app's own client": func(c *storage.Client) { c.FirstParty = true; c.Scopes[1].Name = "superapp" },
		"a draft without a secret":   func(c *storage.Client) { c.Secrets, c.Status = nil, "draft" },
		"GAM's scopes":               func(c *storage.Client) { c.Scopes[1].Name = "gam_user_data" },
		"a name in another script":   func(c *storage.Client) { c.Name = "写真プリント" },
		"a purpose with a joiner that its script needs": func(c *storage.Client) {
			c.Scopes[1].Purpose["fa"] = "می\u200cخواهم سفارش شما را بفرستم"
		},
		"a phone's app": func(c *storage.Client) {
			c.Public, c.Secrets, c.TokenEndpointAuthMethod = true, nil, "none"
			c.RedirectURIs = []string{"com.example.app:/cb"}
		},
	} {
		c := mini()
		change(&c)
		require.Empty(t, registry.CheckClient(c, catalogue), name)
	}
}

func TestPurposesSayWhatPeopleCanReadAndBelieve(t *testing.T) {
	for text, says := range map[string]string{
		strings.Repeat("a", 141):     "longer than 140",
		"orders":                     "shorter than 10",
		"see https://a.example":      "link or markup",
		"<b>now</b>":                 "link or markup",
		"See your points":            "repeats the description",
		"to show what you can spend": "",
	} {
		c := mini()
		c.Scopes[1].Purpose["en"] = text
		problems := registry.CheckClient(c, catalogue)
		if says == "" {
			require.Empty(t, problems)
			continue
		}
		require.Len(t, problems, 1)
		require.Equal(t, "scopes[1].purpose.en", problems[0].Field)
		require.Contains(t, problems[0].Text, says)
	}
}

func TestAdviceIsToSendScopeWhereNotAllCanBeAsked(t *testing.T) {
	c := mini()
	c.TokenTypes = []string{"user", "company"}
	require.Empty(t, registry.Advice(c, catalogue))
	c.Scopes = append(c.Scopes, storage.ClientScope{Name: "user_session"})
	require.Empty(t, registry.CheckClient(c, catalogue))
	advice := registry.Advice(c, catalogue)
	require.Len(t, advice, 1)
	require.Equal(t, "scopes", advice[0].Field)
	require.Contains(t, advice[0].Text, "must always send scope")
	c.Scopes = c.Scopes[1:]
	require.Empty(t, registry.Advice(c, catalogue))
}

func TestAMissingSecretIsOneMistakeWithTheMethodNone(t *testing.T) {
	c := mini()
	c.Secrets, c.TokenEndpointAuthMethod = nil, "none"
	problems := registry.CheckClient(c, catalogue)
	require.Len(t, problems, 1)
	require.Equal(t, "token_endpoint_auth_method", problems[0].Field)
}

func TestCheckScopeKeepsNamesThatMeanSomething(t *testing.T) {
	good := storage.Scope{Name: "points_read", Title: map[string]string{"en": "Points"}, Claims: []string{"points"}}
	require.Empty(t, registry.CheckScope(good))
	for _, test := range []struct {
		change func(*storage.Scope)
		field  string
	}{
		{func(s *storage.Scope) { s.Name = "openid" }, "name"},
		{func(s *storage.Scope) { s.Name = "two words" }, "name"},
		{func(s *storage.Scope) { s.Name = "a+b" }, "name"},
		{func(s *storage.Scope) { s.Name = "a,b" }, "name"},
		{func(s *storage.Scope) { s.Name = `a"b` }, "name"},
		{func(s *storage.Scope) { s.Name = `a\b` }, "name"},
		{func(s *storage.Scope) { s.Name = "" }, "name"},
		{func(s *storage.Scope) { s.Title = nil }, "title"},
		{func(s *storage.Scope) { s.Claims = []string{"sub"} }, "claims[0]"},
		{func(s *storage.Scope) { s.Claims = []string{"a", "a"} }, "claims[1]"},
	} {
		s := good
		test.change(&s)
		problems := registry.CheckScope(s)
		require.NotEmpty(t, problems)
		require.Equal(t, test.field, problems[0].Field)
	}
}

func TestProblemsJoinIntoOneError(t *testing.T) {
	require.NoError(t, registry.Problems(nil).Err())
	err := registry.Problems{{Field: "name", Text: "must not be empty"}, {Field: "pkce", Text: "must be required"}}.Err()
	require.EqualError(t, err, "name: must not be empty; pkce: must be required")
}

func TestCatalogueKeepsBuiltInScopesInFront(t *testing.T) {
	c := registry.NewCatalogue([]storage.Scope{{Name: "zebra"}, {Name: "email", Sensitive: true}, {Name: "apple"}})
	names := c.Names()
	require.Equal(t, []string{"apple", "zebra"}, names[len(names)-2:])
	require.Equal(t, "openid", names[0])
	require.False(t, c.Scope("email").Sensitive, "an operator's scope does not take a built-in one's place")
	require.Nil(t, c.Scope("nothing"))
}
