package main

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// POST /oauth2/authorize-challenge: OAuth 2.0 for First-Party Applications.

// challenge is an authorization challenge request with PKCE; pairs override it, and an empty value removes.
func (s *testServer) challenge(token string, pairs ...string) answer {
	s.t.Helper()
	form := request("other", append([]string{"scope", "", "redirect_uri", testCallback, "state", ""}, pairs...)...)
	headers := []string{"Content-Type", "application/x-www-form-urlencoded"}
	if token != "" {
		headers = append(headers, "Authorization", "Bearer "+token)
	}
	return s.send(http.MethodPost, "/oauth2/authorize-challenge", form.Encode(), headers...)
}

func requireRefused(t *testing.T, a answer, status int, code string) {
	t.Helper()
	require.Equal(t, status, a.StatusCode, a.body)
	require.Equal(t, code, a.json(t)["error"])
}

func TestTheAuthorizationChallengeGivesWhatThePersonAllowed(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		token := s.hostToken("ana@example.com")
		a := s.challenge(token)
		requireRefused(t, a, http.StatusForbidden, "redirect_to_web")
		require.NotContains(t, a.json(t), "request_uri")

		s.consents("ana@example.com", "other", "openid email")
		a = s.challenge(token)
		require.Equal(t, http.StatusOK, a.StatusCode, a.body)
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
		require.Len(t, a.json(t), 1)
		tokens := s.post("/oauth2/token", "other", exchangeForm(a.json(t)["authorization_code"].(string)))
		require.Equal(t, http.StatusOK, tokens.StatusCode, tokens.body)
		require.Equal(t, "openid email", tokens.json(t)["scope"])

		requireRefused(t, s.challenge(token, "scope", "openid phone"), http.StatusForbidden, "redirect_to_web")
		require.Equal(t, http.StatusNoContent, s.send(http.MethodPost, "/superapp/v1/logout", "", "Authorization", "Bearer "+token).StatusCode)
		require.False(t, s.active("other", tokens.json(t)["access_token"]), "it ends with the host app's session")
		requireRefused(t, s.challenge(token), http.StatusForbidden, "insufficient_authorization")
	})
}

func TestTheAuthorizationChallengeRefusesInTheDraftsWords(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	token := s.hostToken("ana@example.com")
	s.consents("ana@example.com", "other", "openid email")
	mini := s.tokens("ana@example.com", "photoprint")["access_token"].(string)
	bo := s.tokens("bo@example.com", "other")["id_token"].(string)
	client := s.post("/oauth2/token", "host", url.Values{"grant_type": {"client_credentials"}, "scope": {"superapp"}}).json(t)["access_token"].(string)
	for name, c := range map[string]struct {
		token  string
		pairs  []string
		status int
		code   string
	}{
		"no token":                    {"", nil, 403, "insufficient_authorization"},
		"no such token":               {"2YotnFZFEjr1zCsicMWpAA", nil, 403, "insufficient_authorization"},
		"a mini app's token":          {mini, nil, 400, "unauthorized_client"},
		"a token without a person":    {client, nil, 400, "unauthorized_client"},
		"two tokens":                  {token, []string{"access_token", token}, 400, "invalid_request"},
		"an auth_session":             {token, []string{"auth_session", "uY29tL2F1dGhlbnRpY"}, 400, "invalid_session"},
		"no client":                   {token, []string{"client_id", ""}, 400, "invalid_request"},
		"no such client":              {token, []string{"client_id", "bb16c14c73415"}, 400, "invalid_client"},
		"one that is not approved":    {token, []string{"client_id", "suspended"}, 400, "invalid_client"},
		"a host app":                  {token, []string{"client_id", "host"}, 400, "invalid_client"},
		"the mini app's secret":       {token, []string{"client_secret", testSecret}, 400, "invalid_request"},
		"a wrong one":                 {token, []string{"client_secret", "wrong"}, 400, "invalid_request"},
		"a client assertion":          {token, []string{"client_assertion", "e30.e30."}, 400, "invalid_request"},
		"somebody else":               {token, []string{"id_token_hint", bo}, 403, "redirect_to_web"},
		"no response type":            {token, []string{"response_type", ""}, 400, "invalid_request"},
		"a request object":            {token, []string{"request", "e30.e30."}, 400, "request_not_supported"},
		"a request_uri":               {token, []string{"request_uri", "urn:ietf:params:oauth:request_uri:6esc"}, 400, "request_uri_not_supported"},
		"a strange prompt":            {token, []string{"prompt", "nonsense"}, 400, "invalid_request"},
		"a sign-in now":               {token, []string{"prompt", "login"}, 403, "redirect_to_web"},
		"a question now":              {token, []string{"prompt", "consent"}, 403, "redirect_to_web"},
		"a sign-in that is younger":   {token, []string{"max_age", "0"}, 403, "redirect_to_web"},
		"a scope that is not its own": {token, []string{"scope", "openid unknown"}, 400, "invalid_scope"},
		"a company's":                 {token, []string{"scope", "user_session"}, 400, "invalid_scope"},
		"no PKCE":                     {token, []string{"code_challenge", "", "code_challenge_method", ""}, 400, "invalid_request"},
		"a strange redirect URI":      {token, []string{"redirect_uri", "https://evil.example/"}, 400, "invalid_request"},
		"a token instead of a code":   {token, []string{"response_type", "token"}, 400, "unsupported_response_type"},
	} {
		t.Run(name, func(t *testing.T) { requireRefused(t, s.challenge(c.token, c.pairs...), c.status, c.code) })
	}
	require.Equal(t, http.StatusOK, s.challenge("", "access_token", token).StatusCode)
	require.Equal(t, http.StatusOK, s.challenge(token, "prompt", "none", "max_age", "3600").StatusCode)
	basic := s.post("/oauth2/authorize-challenge", "other", request("other", "access_token", token))
	requireRefused(t, basic, http.StatusBadRequest, "invalid_request")
	a := s.send(http.MethodGet, "/oauth2/authorize-challenge", "")
	require.Equal(t, http.StatusMethodNotAllowed, a.StatusCode)
	m := s.send(http.MethodGet, "/.well-known/oauth-authorization-server", "").json(t)
	require.Equal(t, s.url+"/oauth2/authorize-challenge", m["authorization_challenge_endpoint"])
}

// A code for an app with one redirect URI needs it neither here nor at the exchange.
func TestTheAuthorizationChallengeNeedsNoRedirectURIWhereThereIsOne(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.register(storage.Client{ID: "single", Name: "Single", RedirectURIs: []string{testCallback}})
	token := s.hostToken("ana@example.com")
	s.consents("ana@example.com", "single", "openid email")
	a := s.challenge(token, "client_id", "single", "redirect_uri", "")
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	tokens := s.post("/oauth2/token", "single", exchangeForm(a.json(t)["authorization_code"].(string), "redirect_uri", ""))
	require.Equal(t, http.StatusOK, tokens.StatusCode, tokens.body)
}
