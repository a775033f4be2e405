package main

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// Gatehouse as the Boxo platform, and a peer as the host app's server and the mini app's at once.

const (
	appSecret   = "the-secret-of-the-mini-app"
	hostToken   = "the-host-apps-access-token"
	hostAnswer  = `{"access_token":"` + hostToken + `","refresh_token":"unused"}`
	dataAnswer  = `{"user_data":{"reference":"ref-1","email":"u@example.com","phone":"+59899123456","first_name":"U","last_name":"Ser","custom_attributes":{"tier":"gold","n":1.50},"extra":"left out"}}`
	miniAnswer  = `{"auth_token":"the-mini-apps-token","refresh_token":"to-refresh-it"}`
	accessPath  = "/api/get_access_token/"
	dataPath    = "/api/get_user_data/"
	miniAppPath = "/boxo/token"
	connectBody = `{"client_id":"boxo-client","app_id":"boxo-app","auth_code":"the-auth-code"}`
	directBody  = `{"client_id":"boxo-client","app_id":"boxo-app","user_data":{"reference":"ref-1","email":"u@example.com"}}`
)

// newPlatform starts a server with a client "boxo-client" whose mini app is "boxo-app".
func newPlatform(t *testing.T, dsn string, change ...func(*storage.Client)) (*testServer, *peer) {
	t.Helper()
	s, others := newTestServer(t, dsn, privateNetworks), newPeer(t)
	others.answers(accessPath, 200, hostAnswer, "Content-Type", "text/plain")
	others.answers(dataPath, 200, dataAnswer)
	others.answers(miniAppPath, 200, miniAnswer, "Content-Type", "application/json")
	c := storage.Client{ID: "boxo-client", Name: "Boxo", PKCE: "optional", Dialects: platformSettings(t, others.URL, nil)}
	for _, f := range change {
		f(&c)
	}
	s.register(c)
	return s, others
}

func platformSettings(t testing.TB, base string, more map[string]any) map[string]json.RawMessage {
	t.Helper()
	platform := map[string]any{
		"access_token_url": base + accessPath, "user_data_url": base + dataPath, "token_url": base + miniAppPath,
		"app_secret": sealed(t, "boxo-client", appSecret),
	}
	settings := map[string]any{"app_id": "boxo-app", "authorization_prefix": "Hostapp", "required_fields": []string{"email"}, "platform": platform}
	for name, value := range more {
		if _, ofPlatform := platform[name]; ofPlatform {
			platform[name] = value
		} else {
			settings[name] = value
		}
	}
	return dialects(t, "boxo", settings)
}

func pairOf(id, secret string) string {
	return base64.StdEncoding.EncodeToString([]byte(id + ":" + secret))
}

// connect posts to the platform as the host app does; headers override its own.
func (s *testServer) connect(body string, headers ...string) answer {
	s.t.Helper()
	headers = append([]string{"Authorization", "Token " + pairOf("boxo-client", testSecret), "Content-Type", "application/json"}, headers...)
	return s.send(http.MethodPost, "/api/v1/connect/", body, headers...)
}

func TestThePlatformBringsAPersonOfAHostAppToAMiniApp(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, others := newPlatform(t, dsn)
		people := s.people()
		a := s.connect(connectBody)
		require.Equal(t, http.StatusOK, a.StatusCode, a.body)
		require.Equal(t, map[string]any{"auth_token": "the-mini-apps-token", "refresh_token": "to-refresh-it"}, a.json(t))

		asked := others.asked()
		require.Equal(t, []string{"POST " + accessPath, "GET " + dataPath, "POST " + miniAppPath}, lines(asked))
		for _, r := range asked {
			require.Equal(t, "boxo-app", r.header.Get("X-Miniapp-App-ID"))
			require.Equal(t, "boxo-client", r.header.Get("X-Hostapp-Client-ID"))
			require.Equal(t, "application/json", r.header.Get("Content-Type"))
		}
		require.Equal(t, "Hostapp "+pairOf("boxo-client", testSecret), asked[0].header.Get("Authorization"), "the client's own prefix")
		require.JSONEq(t, `{"auth_code":"the-auth-code"}`, asked[0].body)
		require.Equal(t, "Token "+hostToken, asked[1].header.Get("Authorization"))
		require.Empty(t, asked[1].body)
		require.Equal(t, "Basic "+pairOf("boxo-app", appSecret), asked[2].header.Get("Authorization"))
		require.Equal(t, `{"reference":"ref-1","email":"u@example.com","phone":"+59899123456","first_name":"U","last_name":"Ser","custom_attributes":{"tier":"gold","n":1.50}}`, asked[2].body)
		require.Equal(t, people, s.people(), "the person is the mini app's, not ours")

		direct := s.connect(directBody)
		require.Equal(t, http.StatusOK, direct.StatusCode, direct.body)
		require.Equal(t, map[string]any{"token": "the-mini-apps-token", "refresh_token": "to-refresh-it"}, direct.json(t))
		asked = others.asked()
		require.Equal(t, []string{"POST " + miniAppPath}, lines(asked))
		require.Equal(t, `{"reference":"ref-1","email":"u@example.com"}`, asked[0].body)

		others.answers(miniAppPath, 200, `{"auth_token":"t"}`)
		require.Equal(t, map[string]any{"auth_token": "t"}, s.connect(connectBody).json(t))
		require.Equal(t, map[string]any{"token": "t"}, s.connect(directBody).json(t))
		s.logLacks("the-auth-code", hostToken, appSecret, testSecret, pairOf("boxo-client", testSecret), pairOf("boxo-app", appSecret),
			"the-mini-apps-token", "to-refresh-it", "u@example.com", "ref-1")
	})
}

// requireBoxo wants Boxo's error with this code.
func requireBoxo(t *testing.T, code string, a answer, what string) {
	t.Helper()
	require.Equal(t, http.StatusBadRequest, a.StatusCode, "%s: %s", what, a.body)
	body := a.json(t)
	require.Equal(t, code, body["error_code"], "%s: %s", what, a.body)
	require.NotEmpty(t, body["error_message"], what)
	require.Len(t, body, 2, what)
}

// What most answers come to is in testdata/dialects/boxo/partner-connect-failed.txtar; this is the rest.
func TestThePlatformSaysWhatWasWrongWithWhoeverAnswered(t *testing.T) {
	t.Parallel()
	s, others := newPlatform(t, furnished.SQLite(t))
	const leak = "a-word-of-theirs"
	replies := map[string]struct {
		path  string
		reply reply
		code  string
		calls int
	}{
		"an old code":              {accessPath, reply{body: `{"error_code":"EXPIRED_AUTH_CODE"}`}, "EXPIRED_AUTH_CODE", 1},
		"an error with 400":        {accessPath, reply{status: 400, body: `{"error_code":"PARSING_ERROR_INVALID_REQUEST_BODY"}`}, "PARSING_ERROR_INVALID_REQUEST_BODY", 1},
		"an error and a token":     {accessPath, reply{body: `{"error_code":"PROCESS_FAIL","access_token":"t"}`}, "PROCESS_FAIL", 1},
		"an error that is no text": {accessPath, reply{body: `{"error_code":7,"access_token":"t"}`}, "UNEXPECTED_RESPONSE_ERROR", 1},
		"401 without a word":       {accessPath, reply{status: 401, body: `{"detail":"` + leak + `"}`}, "UNEXPECTED_RESPONSE_ERROR", 1},
		"a redirect":               {accessPath, reply{status: 302, header: map[string]string{"Location": miniAppPath}}, "UNEXPECTED_RESPONSE_ERROR", 1},
		"a list":                   {accessPath, reply{body: `[{"access_token":"t"}]`}, "FAILED_TO_PARSE_RESPONSE", 1},
		"nothing":                  {accessPath, reply{}, "FAILED_TO_PARSE_RESPONSE", 1},
		"a null access_token":      {accessPath, reply{body: `{"access_token":null,"error_code":null}`}, "RESPONSE_ATTRIBUTE_MISSING", 1},
		"an access_token that no header can hold": {accessPath, reply{body: `{"access_token":"a\r\nX-Evil: 1"}`}, "FAILED_TO_PARSE_RESPONSE", 1},
		"more than 64 KiB":                        {accessPath, reply{body: `{"access_token":"` + strings.Repeat("a", 64<<10) + `"}`}, "UNEXPECTED_RESPONSE_ERROR", 1},
		"an old token":                            {dataPath, reply{status: 401, body: `{"error_code":"EXPIRED_ACCESS_TOKEN"}`}, "EXPIRED_ACCESS_TOKEN", 2},
		"null for user_data":                      {dataPath, reply{body: `{"user_data":null}`}, "RESPONSE_ATTRIBUTE_MISSING", 2},
		"a text for user_data":                    {dataPath, reply{body: `{"user_data":"` + leak + `"}`}, "INVALID_USER_DATA", 2},
		"a reference of 101 characters":           {dataPath, reply{body: `{"user_data":{"reference":"` + strings.Repeat("é", 101) + `","email":"u@example.com"}}`}, "INVALID_USER_DATA", 2},
		"an e-mail address that is a list":        {dataPath, reply{body: `{"user_data":{"reference":"r","email":["u@example.com"]}}`}, "INVALID_USER_DATA", 2},
		"a required field empty":                  {dataPath, reply{body: `{"user_data":{"reference":"r","email":""}}`}, "INVALID_USER_DATA", 2},
		"an auth_token that is a map":             {miniAppPath, reply{body: `{"auth_token":{}}`}, "FAILED_TO_PARSE_RESPONSE", 3},
		"a refresh_token that is a map":           {miniAppPath, reply{body: `{"auth_token":"t","refresh_token":{}}`}, "FAILED_TO_PARSE_RESPONSE", 3},
		"a mini app that fails":                   {miniAppPath, reply{status: 503, body: leak}, "UNEXPECTED_RESPONSE_ERROR", 3},
		"a mini app that answers HTML":            {miniAppPath, reply{body: "<html>" + leak}, "FAILED_TO_PARSE_RESPONSE", 3},
		"a mini app that answers 201":             {miniAppPath, reply{status: 201, body: miniAnswer}, "UNEXPECTED_RESPONSE_ERROR", 3},
	}
	for what, c := range replies {
		good := others.replies[c.path]
		others.replies[c.path] = c.reply
		a := s.connect(connectBody)
		requireBoxo(t, c.code, a, what)
		require.NotContains(t, a.body, leak, what)
		require.Len(t, others.asked(), c.calls, what)
		others.replies[c.path] = good
	}
	others.Close()
	requireBoxo(t, "UNEXPECTED_RESPONSE_ERROR", s.connect(connectBody), "nobody is there")
	s.logLacks(leak, "the-auth-code", testSecret)
}

// Most of what is refused is in testdata/dialects/boxo/partner-connect-refused.txtar; this is the rest.
func TestThePlatformCallsNobodyBeforeItKnowsWhoAsks(t *testing.T) {
	t.Parallel()
	s, others := newPlatform(t, furnished.SQLite(t))
	s.register(storage.Client{ID: "second", Name: "Second", Dialects: dialects(t, "boxo", map[string]any{"app_id": "second-app"})})
	authorization := func(value string) []string { return []string{"Authorization", value} }
	for what, c := range map[string]struct {
		body    string
		headers []string
		code    string
	}{
		"a wrong secret":                  {connectBody, authorization("Token " + pairOf("boxo-client", "wrong")), "ACCESS_DENIED"},
		"data without a reference":        {strings.Replace(directBody, "reference", "ref", 1), nil, "INVALID_USER_DATA"},
		"no base64":                       {connectBody, authorization("Token boxo-client:" + testSecret), "ACCESS_DENIED"},
		"another client's credentials":    {connectBody, authorization("Token " + pairOf("second", testSecret)), "HOSTAPP_NOT_FOUND"},
		"a header that names another app": {connectBody, []string{"X-Miniapp-App-ID", "nobody"}, "MINIAPP_NOT_FOUND"},
		"an empty code":                   {strings.Replace(connectBody, "the-auth-code", "", 1), nil, "PARSING_ERROR_INVALID_REQUEST_BODY"},
		"nothing":                         {"", nil, "PARSING_ERROR_INVALID_REQUEST_BODY"},
	} {
		requireBoxo(t, c.code, s.connect(c.body, c.headers...), what)
		require.Empty(t, others.asked(), what)
	}
	for _, prefix := range []string{"Token", "basic", "HOSTAPP"} {
		a := s.connect(connectBody, "Authorization", prefix+" "+pairOf("boxo-client", testSecret))
		require.Equal(t, http.StatusOK, a.StatusCode, "%s: %s", prefix, a.body)
		require.Equal(t, "Hostapp "+pairOf("boxo-client", testSecret), others.asked()[0].header.Get("Authorization"))
	}
}

func TestThePlatformCallsNobodyWhereAnAddressIsNotSet(t *testing.T) {
	t.Parallel()
	for missing, code := range map[string]string{
		"access_token_url": "ENDPOINT_URL_NOT_SET", "user_data_url": "ENDPOINT_URL_NOT_SET", "token_url": "ENDPOINT_URL_NOT_SET",
		"app_secret": "MINIAPP_INTEGRATION_NOT_SET",
	} {
		var others *peer
		s, _ := newPlatform(t, furnished.SQLite(t), func(c *storage.Client) {
			others = newPeer(t)
			c.Dialects = platformSettings(t, others.URL, map[string]any{missing: ""})
		})
		requireBoxo(t, code, s.connect(connectBody), missing)
		require.Empty(t, others.asked(), missing)
		if strings.HasPrefix(missing, "access") || strings.HasPrefix(missing, "user") {
			others.answers(miniAppPath, 200, miniAnswer)
			require.Equal(t, http.StatusOK, s.connect(directBody).StatusCode, "Direct needs the mini app's only")
		}
	}
}

func TestThePlatformDoesNotCallPrivateNetworks(t *testing.T) {
	t.Parallel()
	s, others := newPlatform(t, furnished.SQLite(t))
	strict := s.beside()
	requireBoxo(t, "UNEXPECTED_RESPONSE_ERROR", strict.connect(connectBody), "OAuth")
	requireBoxo(t, "UNEXPECTED_RESPONSE_ERROR", strict.connect(directBody), "Direct")
	require.Empty(t, others.asked())
}

// consentOf asks the platform what somebody has allowed.
func (s *testServer) consentOf(reference string, headers ...string) answer {
	s.t.Helper()
	query := url.Values{"client_id": {"boxo-client"}, "app_id": {"boxo-app"}, "user_reference": {reference}}
	headers = append([]string{"Authorization", "Basic " + pairOf("boxo-client", testSecret)}, headers...)
	return s.send(http.MethodGet, "/api/v1/accounts/consent/get_consent/?"+query.Encode(), "", headers...)
}

func TestThePlatformTellsWhatAPersonAllowed(t *testing.T) {
	t.Parallel()
	for _, subject := range []string{"public", "pairwise"} {
		furnished.Each(t, func(t *testing.T, dsn string) {
			s, _ := newPlatform(t, dsn, func(c *storage.Client) {
				c.SubjectType = subject
				c.Scopes = scopesOf("openid", "email!", "profile", "phone")
			})
			nobody := s.consentOf("nobody")
			require.Equal(t, http.StatusOK, nobody.StatusCode, nobody.body)
			require.Equal(t, map[string]any{
				"client_id": "boxo-client", "app_id": "boxo-app", "user_reference": "nobody", "consent": false, "scopes": []any{}, "updated_at": nil,
			}, nobody.json(t))

			b := s.newBrowser()
			tokens := s.post("/oauth2/token", "boxo-client", exchangeForm(first(s.allowIn(b, "ana@example.com", request("boxo-client", "scope", "openid email profile")))))
			reference := s.post("/oauth2/introspect", "boxo-client", url.Values{"token": {tokens.json(t)["access_token"].(string)}}).json(t)["sub"].(string)
			require.Equal(t, subject == "public", reference == s.users["ana@example.com"].ID)
			s.allow("bo@example.com", request("boxo-client", "scope", "openid email"))

			allowed := s.consentOf(reference).json(t)
			updated, err := time.Parse(time.RFC3339, allowed["updated_at"].(string))
			require.NoError(t, err)
			require.WithinDuration(t, time.Now(), updated, time.Minute)
			delete(allowed, "updated_at")
			require.Equal(t, map[string]any{
				"client_id": "boxo-client", "app_id": "boxo-app", "user_reference": reference, "consent": true, "scopes": []any{"openid", "email", "profile"},
			}, allowed)
			if subject == "pairwise" {
				require.Equal(t, false, s.consentOf(s.users["ana@example.com"].ID).json(t)["consent"], "nobody is found by the ID that the client must not know")
			}

			page := b.get("/account/apps")
			action, form := formOf(t, page, "app-boxo-client")
			form.Set("action", "disconnect")
			require.Equal(t, http.StatusSeeOther, b.submit(action, form).StatusCode)
			gone := s.consentOf(reference).json(t)
			require.Equal(t, []any{false, []any{}}, []any{gone["consent"], gone["scopes"]})
			b.decide(b.authorize(request("boxo-client", "scope", "openid email")), "deny")
			denied := s.consentOf(reference).json(t)
			require.Equal(t, []any{false, []any{}}, []any{denied["consent"], denied["scopes"]})
			require.NotNil(t, denied["updated_at"], "a deny is a decision")

			requireBoxo(t, "HOSTAPP_USER_ID_REQUIRED", s.consentOf(""), "nobody is asked about")
			requireBoxo(t, "ACCESS_DENIED", s.consentOf(reference, "Authorization", "Basic "+pairOf("boxo-client", "wrong")), "a wrong secret")
			post := s.send(http.MethodPost, "/api/v1/accounts/consent/get_consent", "")
			require.Equal(t, "GET", post.Header.Get("Allow"))
		})
	}
}

func first[A, B any](a A, _ B) A { return a }
