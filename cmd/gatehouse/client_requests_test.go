package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// last stops the work in the background and returns what is noted of a client, the newest first.
func (s *testServer) last(clientID string) []storage.ClientRequest {
	s.t.Helper()
	s.stopped()
	requests, err := s.store.LastRequests(s.t.Context(), clientID)
	require.NoError(s.t, err)
	return requests
}

// requireLast requires the endpoint, the outcome and the beginning of the reason of the newest request.
func (s *testServer) requireLast(clientID, endpoint, outcome, reason string) storage.ClientRequest {
	s.t.Helper()
	requests := s.last(clientID)
	require.NotEmpty(s.t, requests)
	r := requests[0]
	require.Equal(s.t, []string{endpoint, outcome}, []string{r.Endpoint, r.Outcome}, r.Reason)
	require.True(s.t, strings.HasPrefix(r.Reason, reason), "%q does not begin with %q", r.Reason, reason)
	require.Equal(s.t, outcome == storage.OutcomeOK, r.Reason == "")
	require.NotEmpty(s.t, r.RequestID)
	require.WithinDuration(s.t, s.now(), r.At, 60e9)
	return r
}

func TestAMiniAppsDevelopersSeeExactlyWhatWasWrong(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b := s.newBrowser()
		wrong := func(pairs ...string) { b.authorize(request("photoprint", pairs...)) }
		wrong("redirect_uri", "https://photoprint.example/cb2?token=secret")
		s.requireLast("photoprint", "authorize", "invalid_request",
			"redirect_uri https://photoprint.example/cb2 is not registered; registered: https://photoprint.example/cb, http://127.0.0.1/cb")
		wrong("redirect_uri", testCallback+"?a=b")
		s.requireLast("photoprint", "authorize", "invalid_request", "redirect_uri https://photoprint.example/cb is not registered; registered: https://photoprint.example/cb, http://127.0.0.1/cb; they differ")
		wrong("scope", "openid emial")
		s.requireLast("photoprint", "authorize", "invalid_scope", "scope emial is not registered for this client; registered: openid, email")
		wrong("code_challenge", "")
		s.requireLast("photoprint", "authorize", "invalid_request", "The parameter code_challenge is missing.")
		b.authorize(request("suspended"))
		s.requireLast("suspended", "authorize", "unauthorized_client", "the client is not approved: its status is suspended")

		code, _ := s.allowIn(b, "ana@example.com", request("photoprint"))
		s.requireLast("photoprint", "authorize", storage.OutcomeOK, "")
		s.postSecret("photoprint", "not-the-secret", exchangeForm(code))
		s.requireLast("photoprint", "token", "invalid_client", "client_secret is wrong")
		s.post("/oauth2/token", "public", exchangeForm(code))
		s.requireLast("public", "token", "invalid_client", "the client is public and sent a client_secret")
		s.post("/oauth2/token", "photoprint", exchangeForm(code, "code_verifier", strings.Repeat("wrong-verifier.", 4)))
		s.requireLast("photoprint", "token", "invalid_grant", "The code_verifier does not match")
		s.post("/oauth2/token", "photoprint", exchangeForm(code, "redirect_uri", "https://photoprint.example/other"))
		s.requireLast("photoprint", "token", "invalid_grant", "redirect_uri https://photoprint.example/other differs from that of the authorization request, https://photoprint.example/cb")
		s.post("/oauth2/token", "other", exchangeForm(code))
		s.requireLast("other", "token", "invalid_grant", "code or refresh token was issued to another client")
		s.post("/oauth2/token", "photoprint", exchangeForm(code[:len(code)-1]))
		s.requireLast("photoprint", "token", "invalid_grant", "code or refresh token is not one that this server issued")
		tokens := s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)
		require.True(t, s.requireLast("photoprint", "token", storage.OutcomeOK, "").Proven)
		s.userinfo(tokens["access_token"].(string))
		s.requireLast("photoprint", "userinfo", storage.OutcomeOK, "")
		s.post("/oauth2/token", "photoprint", exchangeForm(code))
		s.requireLast("photoprint", "token", "invalid_grant", "code was used before")
		s.userinfo(tokens["access_token"].(string))
		s.requireLast("photoprint", "userinfo", "invalid_token", "access token is no longer good: revoked")
		s.post("/oauth2/introspect", "photoprint", url.Values{"token": {"abc"}})
		s.requireLast("photoprint", "introspect", storage.OutcomeOK, "")
		s.post("/oauth2/revoke", "photoprint", url.Values{})
		s.requireLast("photoprint", "revoke", "invalid_request", "The parameter token is missing.")
		s.post("/oauth2/token", "photoprint", url.Values{"grant_type": {"client_credentials"}, "scope": {"catalog"}})
		s.requireLast("photoprint", "token", "invalid_scope", "scope catalog is not registered for this client")
	})
}

// postSecret sends a token request with another secret.
func (s *testServer) postSecret(clientID, secret string, form url.Values) answer {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.url+"/oauth2/token", strings.NewReader(form.Encode()))
	require.NoError(s.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(clientID, secret)
	return do(s.t, http.DefaultClient, r)
}

func TestWhatIsNotedOfRequestsHoldsNothingSecretAndNothingOfAPerson(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		p := newSpy(t, newTestServer(t, dsn))
		p.everything()
		token := p.newAccess()
		shortest := "01234567-9abcdef012_4567x9abcdef" // of 32 characters, the fewest that a secret has
		for _, misplaced := range []url.Values{
			request("photoprint", "redirect_uri", "https://ana%40example.com:"+token+"@photoprint.example/cb"),
			request("photoprint", "redirect_uri", testCallback+"/ana@example.com"),
			request("photoprint", "redirect_uri", testCallback+"/"+token+token+"?code="+token+"#"+token),
			request("photoprint", "redirect_uri", "mailto:ana@example.com"),
			request("photoprint", "scope", "openid "+token), request("photoprint", "scope", "openid ana@example.com"),
			request("photoprint", "scope", "openid "+shortest), request("photoprint", "scope", "openid "+shortest[:31]),
			request("photoprint", "response_type", token), request("photoprint", "prompt", token), request("photoprint", "request", token),
		} {
			p.b.authorize(misplaced)
		}
		p.call("/oauth2/token", testSecret, url.Values{"grant_type": {"client_credentials"}, "scope": {token}})
		p.call("/oauth2/token", testSecret, url.Values{"grant_type": {token}})
		p.call("/oauth2/token", testSecret, exchangeForm("a-code-of-nobody", "redirect_uri", testCallback+"?"+token))
		requests := p.last("photoprint")
		require.Greater(t, len(requests), 20)
		noted, err := json.Marshal(requests)
		require.NoError(t, err)
		require.Contains(t, string(noted), "(not shown)")
		p.secrets.add("e-mail", "ana@example.com")
		p.secrets.add("shortest secret", shortest)
		p.secrets.add("half of a secret", shortest[:31])
		p.secrets.add("code_verifier", testVerifier)
		p.secrets.add("code_challenge", challengeOf(testVerifier))
		p.secrets.requireAbsent(t, "what is noted", string(noted))
	})
}

func TestAnAnonymousFloodFillsNoMoreThanItsShare(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		for range 30 {
			s.post("/oauth2/introspect", "photoprint", url.Values{"token": {"abc"}})
		}
		for range 40 {
			s.postSecret("photoprint", "not-the-secret", exchangeForm("abc"))
			s.newBrowser().authorize(request("photoprint", "redirect_uri", "https://evil.example/"))
		}
		proven := 0
		requests := s.last("photoprint")
		for _, r := range requests {
			if r.Proven {
				proven++
			}
		}
		require.Equal(t, 30, proven)
		require.LessOrEqual(t, len(requests)-proven, 2*20, "the flood may have met two minutes")
		require.GreaterOrEqual(t, len(requests)-proven, 20)
	})
}

func TestAPersonDisplacesNoMoreThanTheirShare(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		access := s.post("/oauth2/token", "", exchangeForm(s.allow("ana@example.com", request("public")), "client_id", "public")).json(t)["access_token"]
		count := func(is func(r storage.ClientRequest) bool) (n int) {
			for _, r := range s.last("public") {
				if is(r) {
					n++
				}
			}
			return n
		}
		for range 60 {
			s.userinfo(access)
		}
		good := func(r storage.ClientRequest) bool {
			return r.Endpoint == "userinfo" && r.Outcome == storage.OutcomeOK && r.Proven
		}
		require.LessOrEqual(t, count(good), 2*20, "it may have met two minutes")
		require.GreaterOrEqual(t, count(good), 15)
		require.NoError(t, s.store.Apply(t.Context(), storage.Unit{storage.EndGrant{ID: s.grant("ana@example.com", "public").ID, At: s.now()}}))
		for range 60 {
			s.userinfo(access)
		}
		require.Zero(t, count(func(r storage.ClientRequest) bool { return r.Outcome != storage.OutcomeOK && r.Proven }), "a dead token proves nothing")
		require.LessOrEqual(t, count(func(r storage.ClientRequest) bool { return !r.Proven }), storage.KeptUnproven)
	})
}

func TestTheLastRequestsAreForWhoMayReadTheMiniApp(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, dev := developing(t, dsn)
		s.register(storage.Client{ID: "mini", Name: "Mini", PublisherID: "printco"})
		s.post("/oauth2/introspect", "mini", url.Values{"token": {"abc"}})
		s.post("/oauth2/token", "mini", exchangeForm("abc"))
		s.stopped()
		items := s.api(dev, "GET", "/clients/mini/requests", nil).require(t, 200).json(t)["items"].([]any)
		require.Len(t, items, 2)
		failed := items[0].(map[string]any)
		require.Equal(t, "invalid_grant", failed["outcome"])
		require.Contains(t, failed["reason"], "is not one that this server issued")
		require.Equal(t, "ok", items[1].(map[string]any)["outcome"])
		s.api(dev, "GET", "/clients/photoprint/requests", nil).require(t, 404)
		s.api(s.staff("reviewer@example.com", storage.RoleReviewer), "GET", "/clients/mini/requests", nil).require(t, 200)
	})
}

func TestWhatAVendorsFormatAnswersIsNotedWithTheFormat(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		for id, sent := range map[string]struct {
			dialect, settings, path, endpoint string
			form                              url.Values
		}{
			"g": {"gam", `{"rest_authentication": true}`, "/oauth/gam/access_token", "token",
				url.Values{"grant_type": {"authorization_code"}, "code": {"a-code"}, "client_id": {"g"}, "client_secret": {"not-the-secret"}}},
			"x": {"xoxoday", `{}`, "/v1/oauth/token/user", "token",
				url.Values{"grant_type": {"authorization_code"}, "code": {"a-code"}, "client_id": {"x"}, "client_secret": {testSecret}}},
		} {
			s.register(storage.Client{ID: id, Name: id, Dialects: map[string]json.RawMessage{sent.dialect: json.RawMessage(sent.settings)}})
			a := s.post(sent.path, "", sent.form)
			require.GreaterOrEqual(t, a.StatusCode, 400, a.body)
			requests := s.last(id)
			require.Len(t, requests, 1, a.body)
			require.Equal(t, []string{sent.dialect, sent.endpoint}, []string{requests[0].Format, requests[0].Endpoint})
			require.NotEqual(t, storage.OutcomeOK, requests[0].Outcome)
			require.NotEmpty(t, requests[0].Reason)
		}
	})
}
