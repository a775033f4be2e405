package main

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// Where a standard leaves a choice, or we deviate from one (docs/divergences.md), and no other test shows it.

func TestUserinfoAnswersATokenWithoutOpenID(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	tokens := s.tokens("ana@example.com", "pairwise", "scope", "email")
	require.NotContains(t, tokens, "id_token")
	claims := s.userinfo(tokens["access_token"]).json(t)
	require.Equal(t, "ana@example.com", claims["email"])
	withOpenID := s.userinfo(s.tokens("ana@example.com", "pairwise")["access_token"]).json(t)
	require.Equal(t, withOpenID["sub"], claims["sub"], "one person is one sub to a client")
}

func TestUserinfoMarksAnEmailThatNobodyHasVerified(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	claims := s.userinfo(s.tokens("bo@example.com", "photoprint")["access_token"]).json(t)
	require.Equal(t, false, claims["email_verified"])
	claims = s.userinfo(s.tokens("ana@example.com", "photoprint", "scope", "openid phone")["access_token"]).json(t)
	require.Equal(t, false, claims["phone_number_verified"])
	require.NotContains(t, claims, "email", "only what was asked and allowed")
}

func TestUnknownParametersAreIgnored(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	more := []string{"audience", "https://api.example", "resource", "https://api.example", "claims", `{"userinfo":{"email":null}}`, "display", "popup",
		"acr_values", "urn:mace:incommon:iap:silver", "dpop_jkt", "x", "authorization_details", "[]"}
	code := s.allow("ana@example.com", request("photoprint", more...))
	form := exchangeForm(code, more...)
	tokens := s.post("/oauth2/token", "photoprint", form)
	require.Equal(t, http.StatusOK, tokens.StatusCode, tokens.body)
	require.Equal(t, "openid email", tokens.json(t)["scope"])
	_, claims := decodeJWT(t, tokens.json(t)["id_token"].(string))
	require.NotContains(t, claims, "email", "claims of the person come from userinfo (OIDC Core §5.4)")
	require.NotContains(t, claims, "acr", "nothing is claimed that was not checked")
	seen := s.post("/oauth2/introspect", "photoprint", url.Values{"token": {tokens.json(t)["access_token"].(string)}}).json(t)
	require.NotContains(t, seen, "aud")
}
