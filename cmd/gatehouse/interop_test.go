package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"gatehouse/authz/keys"
	"gatehouse/registry"
	"gatehouse/storage"
)

// Clients that we did not write, against the running server.

// awkwardSecret has every character that the encodings of client_secret_basic and client_secret_post treat differently.
const awkwardSecret = "100% of+this & that: a =?/ secret \u00fc"

// miniApp is a mini app's server made of golang.org/x/oauth2 and go-oidc, as their documentation has it.
type miniApp struct {
	s        *testServer
	browser  *browser
	provider *oidc.Provider
	oauth    *oauth2.Config
	ids      *oidc.IDTokenVerifier
}

// newMiniApp discovers the server.
func (s *testServer) newMiniApp(t *testing.T, b *browser, clientID, secret string, style oauth2.AuthStyle) *miniApp {
	t.Helper()
	provider, err := oidc.NewProvider(t.Context(), s.url)
	require.NoError(t, err)
	m := &miniApp{s: s, browser: b, provider: provider}
	m.oauth = &oauth2.Config{
		ClientID: clientID, ClientSecret: secret, RedirectURL: testCallback, Endpoint: provider.Endpoint(),
		Scopes: []string{oidc.ScopeOpenID, oidc.ScopeOfflineAccess, "email", "profile"},
	}
	m.oauth.Endpoint.AuthStyle = style
	m.ids = provider.Verifier(&oidc.Config{ClientID: clientID, Now: s.now})
	return m
}

// signIn sends the person's browser through the code flow with PKCE and returns the tokens and the checked ID token.
func (m *miniApp) signIn(t *testing.T, email string) (*oauth2.Token, *oidc.IDToken) {
	t.Helper()
	const state, nonce = "state of this browser", "nonce of this browser"
	verifier := oauth2.GenerateVerifier()
	target := m.oauth.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier))
	got := callback(t, m.browser.agree(m.browser.get(target), email))
	require.Equal(t, state, got.Get("state"))
	require.Equal(t, m.s.url, got.Get("iss"), "RFC 9207")
	token, err := m.oauth.Exchange(t.Context(), got.Get("code"), oauth2.VerifierOption(verifier))
	require.NoError(t, err)
	id := m.verify(t, token)
	require.Equal(t, nonce, id.Nonce)
	return token, id
}

// verify checks the ID token that came with an access token, and that the two belong together.
func (m *miniApp) verify(t *testing.T, token *oauth2.Token) *oidc.IDToken {
	t.Helper()
	raw, _ := token.Extra("id_token").(string)
	id, err := m.ids.Verify(t.Context(), raw)
	require.NoError(t, err)
	require.NoError(t, id.VerifyAccessToken(token.AccessToken), "at_hash")
	return id
}

// refreshed returns what a token source makes of tokens whose access token has expired.
func (m *miniApp) refreshed(ctx context.Context, token *oauth2.Token) (*oauth2.Token, error) {
	expired := *token
	expired.Expiry = time.Now().Add(-time.Minute)
	return m.oauth.TokenSource(ctx, &expired).Token()
}

// libraryClients are the ways in which a library may be told to authenticate, and a client that each is right for.
var libraryClients = map[string]struct {
	clientID, secret string
	style            oauth2.AuthStyle
	algorithm        string
}{
	"client_secret_basic":             {"photoprint", testSecret, oauth2.AuthStyleInHeader, "ES256"},
	"client_secret_post":              {"photoprint", testSecret, oauth2.AuthStyleInParams, "ES256"},
	"a style found by trying":         {"photoprint", testSecret, oauth2.AuthStyleAutoDetect, "ES256"},
	"a first try with a wrong method": {"post-only", testSecret, oauth2.AuthStyleAutoDetect, "ES256"},
	"a secret to encode, in header":   {"awkward", awkwardSecret, oauth2.AuthStyleInHeader, "ES256"},
	"a secret to encode, in body":     {"awkward", awkwardSecret, oauth2.AuthStyleInParams, "ES256"},
	"a public client":                 {"public", "", oauth2.AuthStyleInParams, "ES256"},
	"a public client, by trying":      {"public", "", oauth2.AuthStyleAutoDetect, "ES256"},
	"RS256 and a pairwise subject":    {"pairwise", testSecret, oauth2.AuthStyleAutoDetect, "RS256"},
}

func TestLibrariesOfOthersCompleteTheWholeFlow(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		s.register(storage.Client{ID: "post-only", Name: "Post", TokenEndpointAuthMethod: "client_secret_post"})
		s.register(storage.Client{ID: "awkward", Name: "Awkward", Secrets: []storage.ClientSecret{{ID: "1", Hash: registry.HashSecret(awkwardSecret)}}})
		for name, c := range libraryClients {
			t.Run(name, func(t *testing.T) {
				m := s.newMiniApp(t, s.newBrowser(), c.clientID, c.secret, c.style)
				m.completeFlow(t, c.algorithm)
			})
		}
	})
}

// completeFlow is everything that a mini app does with its tokens, from the first to the last.
func (m *miniApp) completeFlow(t *testing.T, algorithm string) {
	first, id := m.signIn(t, "ana@example.com")
	require.Equal(t, algorithm, header(t, first).Algorithm)
	require.Equal(t, "Bearer", first.Type())
	require.WithinDuration(t, time.Now().Add(15*24*time.Hour), first.Expiry, time.Minute)

	info, err := m.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(first))
	require.NoError(t, err)
	require.Equal(t, id.Subject, info.Subject)
	require.Equal(t, "ana@example.com", info.Email)
	require.True(t, info.EmailVerified)

	m.s.forward(15 * 24 * time.Hour)
	_, err = m.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(first))
	require.ErrorContains(t, err, "401", "expired")
	second, err := m.refreshed(t.Context(), first)
	require.NoError(t, err)
	require.NotEqual(t, first.AccessToken, second.AccessToken)
	require.NotEqual(t, first.RefreshToken, second.RefreshToken)
	require.Equal(t, id.Subject, m.verify(t, second).Subject, "OIDC Core §12.2")
	_, err = m.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(second))
	require.NoError(t, err)

	require.Equal(t, id.Subject, m.introspect(t, second.AccessToken)["sub"])
	require.Equal(t, http.StatusOK, m.call(t, "revocation_endpoint", second.RefreshToken, m.oauth.ClientID, m.oauth.ClientSecret).StatusCode)
	require.Equal(t, map[string]any{"active": false}, m.introspect(t, second.AccessToken))
	_, err = m.refreshed(t.Context(), second)
	var refused *oauth2.RetrieveError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "invalid_grant", refused.ErrorCode)
}

// introspect asks about a token as a resource server, by RFC 7662 alone: the libraries have no client for it.
func (m *miniApp) introspect(t *testing.T, token string) map[string]any {
	t.Helper()
	a := m.call(t, "introspection_endpoint", token, "resource", testSecret)
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	return a.json(t)
}

// call posts a token to an endpoint that the metadata names (RFC 7662 §2.1, RFC 7009 §2.1).
func (m *miniApp) call(t *testing.T, endpoint, token, clientID, secret string) answer {
	t.Helper()
	var metadata map[string]any
	require.NoError(t, m.provider.Claims(&metadata))
	form := url.Values{"token": {token}, "client_id": {clientID}}
	if secret != "" {
		form.Set("client_secret", secret)
	}
	r, err := http.NewRequest(http.MethodPost, metadata[endpoint].(string), strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return do(t, http.DefaultClient, r)
}

// joseHeader is what a JWS says about its signature (RFC 7515 §4.1).
type joseHeader struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
}

func header(t *testing.T, token *oauth2.Token) (h joseHeader) {
	t.Helper()
	encoded, _, _ := strings.Cut(token.Extra("id_token").(string), ".")
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &h))
	return h
}

func TestOAuth2GetsTokensOfEachKindFromTheirEndpoint(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	for kind, who := range map[string]struct{ email, subject, scope string }{
		"user":    {"ana@example.com", s.users["ana@example.com"].ID, "email"},
		"company": {"bo@example.com", "acme", "user_session"},
	} {
		m := s.newMiniApp(t, s.newBrowser(), "photoprint", testSecret, oauth2.AuthStyleAutoDetect)
		m.oauth.Scopes = []string{who.scope}
		m.oauth.Endpoint.TokenURL = s.url + "/oauth2/token/" + kind
		verifier := oauth2.GenerateVerifier()
		a := m.browser.get(m.oauth.AuthCodeURL("s", oauth2.S256ChallengeOption(verifier)))
		code := callback(t, m.browser.agree(a, who.email)).Get("code")
		token, err := m.oauth.Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
		require.NoError(t, err, kind)
		token, err = m.refreshed(t.Context(), token)
		require.NoError(t, err, kind)
		got := m.introspect(t, token.AccessToken)
		require.Equal(t, kind, got["token_kind"])
		require.Equal(t, who.subject, got["sub"])
	}
}

func TestOAuth2UsesATokenThatNeverExpiresForEver(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	m := s.newMiniApp(t, s.newBrowser(), "never", testSecret, oauth2.AuthStyleAutoDetect)
	token, id := m.signIn(t, "ana@example.com")
	require.True(t, token.Expiry.IsZero())
	s.forward(20 * 365 * 24 * time.Hour)
	source := m.oauth.TokenSource(t.Context(), token)
	info, err := m.provider.UserInfo(t.Context(), source)
	require.NoError(t, err)
	require.Equal(t, id.Subject, info.Subject)
}

func TestClientCredentialsOfOAuth2GetTokensInEveryStyle(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		m := s.newMiniApp(t, nil, "photoprint", testSecret, oauth2.AuthStyleAutoDetect)
		for _, style := range []oauth2.AuthStyle{oauth2.AuthStyleInHeader, oauth2.AuthStyleInParams, oauth2.AuthStyleAutoDetect} {
			config := clientcredentials.Config{
				ClientID: "photoprint", ClientSecret: testSecret, TokenURL: m.oauth.Endpoint.TokenURL,
				Scopes: []string{"catalogue"}, AuthStyle: style,
			}
			token, err := config.Token(t.Context())
			require.NoError(t, err)
			require.Empty(t, token.RefreshToken, "RFC 6749 §4.4.3")
			got := m.introspect(t, token.AccessToken)
			require.Equal(t, "catalogue", got["scope"])
			require.Equal(t, "photoprint", got["sub"])
		}
		wrong := clientcredentials.Config{ClientID: "photoprint", ClientSecret: "wrong", TokenURL: m.oauth.Endpoint.TokenURL}
		_, err := wrong.Token(t.Context())
		var refused *oauth2.RetrieveError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, "invalid_client", refused.ErrorCode)
	})
}

// Keys rotate at once, by another process, while ID tokens are made and verified: none fails, old or new.
func TestIDTokensVerifyAcrossAKeyRotationUnderWay(t *testing.T) {
	t.Parallel()
	for _, clientID := range []string{"photoprint", "pairwise"} { // ES256 and RS256
		t.Run(clientID, func(t *testing.T) {
			furnished.Each(t, func(t *testing.T, dsn string) {
				s := newTestServer(t, dsn)
				ctx, stop := context.WithCancel(t.Context())
				ended := make(chan struct{})
				go func() { defer close(ended); s.run(ctx) }()
				defer func() { stop(); <-ended }()

				m := s.newMiniApp(t, s.newBrowser(), clientID, testSecret, oauth2.AuthStyleAutoDetect)
				old, _ := m.signIn(t, "ana@example.com")
				s.rotateKeys(t)
				token := old
				for deadline := time.Now().Add(60 * time.Second); header(t, token) == header(t, old); {
					require.True(t, time.Now().Before(deadline), "the server signs with the old key")
					var err error
					token, err = m.refreshed(t.Context(), token)
					require.NoError(t, err)
					m.verify(t, token)
					m.verify(t, old)
				}
				later := s.newMiniApp(t, m.browser, clientID, testSecret, oauth2.AuthStyleAutoDetect)
				later.verify(t, token)
				later.verify(t, old)
			})
		})
	}
}

// rotateKeys makes a new generation as a command beside the server does.
func (s *testServer) rotateKeys(t *testing.T) {
	t.Helper()
	root, err := testConfig("", s.url).Root()
	require.NoError(t, err)
	set := keys.New(s.store, root, time.Hour, s.now)
	require.NoError(t, set.Load(t.Context()))
	require.NoError(t, set.Rotate(t.Context(), true))
}
