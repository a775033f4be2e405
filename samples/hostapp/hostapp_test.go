package hostapp_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/samples/hostapp"
)

const token = "the-superapp-token"

func TestSignInRefusesAnAnswerThatIsNotItsOwn(t *testing.T) {
	for name, change := range map[string]func(url.Values){
		"invalid_state":  func(q url.Values) { q.Set("state", "somebody-elses") },
		"invalid_issuer": func(q url.Values) { q.Set("iss", "https://evil.example") },
		"not_signed_in":  func(q url.Values) { q.Set("error", "access_denied") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.signIn(change)
			require.Contains(t, w.last.body, `data-error="`+name+`"`)
			require.Contains(t, w.get("/").body, `id="welcome"`)
			require.Equal(t, http.StatusSeeOther, w.get("/connected").status)
		})
	}
}

func TestSheetShowsWhatTheServerSays(t *testing.T) {
	w := newWorld(t)
	w.signIn(nil)
	page := w.get("/apps/print").body
	for _, shown := range []string{"Photo&amp;Print", "Print Co", "verified", "ana@example.com (verified)", "to send your order status", "You have none"} {
		require.Contains(t, page, shown)
	}
	require.Contains(t, page, `<input type="checkbox" name="scope" value="phone">`)
	require.NotContains(t, page, `value="email"`, "what is required has no control")
	require.Contains(t, page, `>PP</span>`, "initials where there is no logo")

	w.server.logo = "https://print.example/logo.png"
	require.Contains(t, w.get("/apps/print").body, `<img class="icon" src="https://print.example/logo.png" alt="">`)
}

func TestEveryPageOfTheListIsShown(t *testing.T) {
	w := newWorld(t)
	w.signIn(nil)
	for _, id := range []string{"app-print", "app-taxi"} {
		require.Contains(t, w.get("/").body, `id="`+id+`"`)
	}
	require.Contains(t, w.get("/connected").body, `data-app="taxi"`)
	require.NotContains(t, w.get("/connected").body, `data-app="print"`, "nothing was decided about it")
}

func TestAMiniAppThatIsNotApprovedIsNotOfferedAndCanBeDisconnected(t *testing.T) {
	w := newWorld(t)
	w.signIn(nil)
	require.Contains(t, w.get("/connected").body, `href="/apps/taxi/sheet"`)
	w.server.suspended = true
	require.NotContains(t, w.get("/").body, "taxi")
	page := w.get("/connected").body
	require.Contains(t, page, "Not available at the moment")
	require.NotContains(t, page, `href="/apps/taxi/sheet"`, "it could not be allowed")
	require.Contains(t, page, `id="disconnect-taxi"`)
}

func TestAllowNamesWhatIsRequiredAndWhatWasTicked(t *testing.T) {
	w := newWorld(t)
	w.signIn(nil)
	page := w.post("/apps/print/decision", url.Values{"decision": {"allow"}, "scope": {"phone", "admin"}})
	require.Equal(t, "/run/print", page.location)
	require.JSONEq(t, `{"decision": "allow", "scopes": ["openid", "email", "phone"]}`, w.server.sent["PUT /superapp/v1/apps/print/sharing"])

	for _, form := range []url.Values{{"decision": {"deny"}, "scope": {"phone"}}, {"scope": {"phone"}}} {
		require.Equal(t, "/", w.post("/apps/print/decision", form).location)
		require.JSONEq(t, `{"decision": "deny"}`, w.server.sent["PUT /superapp/v1/apps/print/sharing"])
	}
	require.Contains(t, w.get("/").body, "was not opened")
	require.NotContains(t, w.get("/").body, "was not opened", "a notice is shown once")
}

func TestAllowedMiniAppOpensWithoutAQuestion(t *testing.T) {
	w := newWorld(t)
	w.signIn(nil)
	require.Contains(t, w.get("/apps/print").body, `id="sheet"`)
	w.server.allowed = true
	require.Equal(t, "/run/print", w.get("/apps/print").location)
	require.Contains(t, w.get("/run/print").body, `<iframe src="https://print.example/launch"`)
	require.Contains(t, w.get("/run/print?resume=1").body, `<iframe src="https://print.example/"`)
}

const launched = "/open/print?client_id=print&response_type=code&scope=openid+email&redirect_uri=https%3A%2F%2Fprint.example%2Fcallback%3Fa%3Db" +
	"&state=the-state&nonce=the-nonce&code_challenge=the-challenge&code_challenge_method=S256"

func TestOpenAnswersTheMiniAppWithACode(t *testing.T) {
	w := newWorld(t)
	w.signIn(nil)
	w.server.allowed = true
	back, err := url.Parse(w.get(launched).location)
	require.NoError(t, err)
	require.Equal(t, "print.example/callback", back.Host+back.Path)
	require.Equal(t, url.Values{"a": {"b"}, "code": {"the-code"}, "state": {"the-state"}, "iss": {w.server.url}}, back.Query())
	require.JSONEq(t, `{"redirect_uri": "https://print.example/callback?a=b", "state": "the-state", "nonce": "the-nonce",
		"code_challenge": "the-challenge", "code_challenge_method": "S256"}`, w.server.sent["POST /superapp/v1/apps/print/code"],
		"without scope: what was allowed")
}

func TestOpenRedirectsNowhereWithoutACode(t *testing.T) {
	w := newWorld(t)
	w.signIn(nil)
	for _, code := range []string{"consent_required", "invalid_request"} {
		w.server.refusal = code
		page := w.get(launched)
		require.Equal(t, http.StatusForbidden, page.status)
		require.Empty(t, page.location)
		require.Contains(t, page.body, `data-error="`+code+`"`)
	}
}

func TestDisconnectIsTheServers(t *testing.T) {
	w := newWorld(t)
	w.signIn(nil)
	require.Equal(t, "/connected", w.post("/apps/print/disconnect", nil).location)
	require.Contains(t, w.server.sent, "DELETE /superapp/v1/apps/print/sharing")
	require.Contains(t, w.get("/connected").body, `href="/run/print?resume=1"`)
}

func TestSignOutEndsTheSessionAtTheServerToo(t *testing.T) {
	w := newWorld(t)
	w.signIn(nil)
	require.Equal(t, "/", w.post("/logout", nil).location)
	require.Contains(t, w.server.sent, "POST /superapp/v1/logout")
	require.Contains(t, w.get("/").body, `id="welcome"`)
}

func TestATokenThatHasEndedEndsTheSession(t *testing.T) {
	w := newWorld(t)
	w.signIn(nil)
	w.server.ended = true
	require.Contains(t, w.get("/").body, `data-error="signed_out"`)
	require.Contains(t, w.get("/").body, `id="welcome"`)
}

func TestNoOtherSitePressesTheButtons(t *testing.T) {
	w := newWorld(t)
	w.signIn(nil)
	req, err := http.NewRequest(http.MethodPost, w.base+"/apps/print/decision", strings.NewReader("decision=allow"))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusForbidden, w.do(req).status)
	require.Empty(t, w.server.sent["PUT /superapp/v1/apps/print/sharing"])
}

func TestTheTokenNeverLeavesTheServer(t *testing.T) {
	w := newWorld(t)
	w.signIn(nil)
	for _, path := range []string{"/", "/apps/print", "/run/print", "/connected"} {
		require.NotContains(t, w.get(path).body, token)
	}
	w.server.refusal = "invalid_request"
	w.get(launched)
	require.NotEmpty(t, w.log.String())
	for _, secret := range []string{token, "the-code", "the-client-secret", "the-state"} {
		require.NotContains(t, w.log.String(), secret)
	}
}

// world is the host app, a server that answers what the test wants, and a browser that follows no redirect.
type world struct {
	t       *testing.T
	server  *server
	log     *bytes.Buffer
	base    string
	browser *http.Client
	last    page
}

type page struct {
	status   int
	location string
	body     string
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, server: newServer(t), log: &bytes.Buffer{}}
	var handler http.Handler
	own := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handler.ServeHTTP(rw, r) }))
	t.Cleanup(own.Close)
	w.base = own.URL
	app, err := hostapp.New(t.Context(), hostapp.Options{
		Issuer: w.server.url, ClientID: "nimbus", ClientSecret: "the-client-secret", BaseURL: own.URL, Name: "Nimbus",
		MiniApps: map[string]hostapp.MiniApp{"print": {Launch: "https://print.example/launch", Home: "https://print.example/"}},
		Log:      slog.New(slog.NewTextHandler(w.log, nil)),
	})
	require.NoError(t, err)
	handler = app.Handler()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	w.browser = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return w
}

// signIn goes to the server and comes back at once, with an answer that change may falsify.
func (w *world) signIn(change func(url.Values)) {
	w.t.Helper()
	sent, err := url.Parse(w.get("/login").location)
	require.NoError(w.t, err)
	asked := sent.Query()
	require.Equal(w.t, "S256", asked.Get("code_challenge_method"))
	require.Contains(w.t, strings.Fields(asked.Get("scope")), "superapp")
	answer := url.Values{"code": {"the-code"}, "state": {asked.Get("state")}, "iss": {w.server.url}}
	if change != nil {
		change(answer)
	}
	w.last = w.get("/callback?" + answer.Encode())
}

func (w *world) get(path string) page {
	w.t.Helper()
	req, err := http.NewRequest(http.MethodGet, w.base+path, nil)
	require.NoError(w.t, err)
	return w.do(req)
}

func (w *world) post(path string, form url.Values) page {
	w.t.Helper()
	req, err := http.NewRequest(http.MethodPost, w.base+path, strings.NewReader(form.Encode()))
	require.NoError(w.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.do(req)
}

func (w *world) do(req *http.Request) page {
	w.t.Helper()
	res, err := w.browser.Do(req)
	require.NoError(w.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	return page{res.StatusCode, res.Header.Get("Location"), string(body)}
}

// server is an authorization server whose answers a test can bend.
type server struct {
	url       string
	logo      string
	allowed   bool
	suspended bool              // the mini app of page two
	ended     bool              // the token is not good any more
	refusal   string            // the error code that a call for a code gets
	sent      map[string]string // the last body by method and path
}

func newServer(t *testing.T) *server {
	s := &server{sent: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/oauth-authorization-server", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"issuer": s.url, "authorization_endpoint": s.url + "/authorize",
			"token_endpoint": s.url + "/token", "userinfo_endpoint": s.url + "/userinfo"})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": 3600})
	})
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"sub": "ana", "given_name": "Ana"})
	})
	mux.HandleFunc("/superapp/v1/", s.api)
	own := httptest.NewServer(mux)
	t.Cleanup(own.Close)
	s.url = own.URL
	return s
}

func (s *server) api(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.sent[r.Method+" "+r.URL.Path] = string(body)
	app := map[string]any{"client_id": "print", "name": "Photo&Print", "logo_uri": s.logo, "status": "none", "approved": true,
		"publisher": map[string]any{"id": "p", "name": "Print Co", "verified": true},
		"scopes": []map[string]any{
			{"name": "openid", "title": "Your identifier", "required": true, "claims": map[string]any{"sub": "x"}},
			{"name": "email", "title": "Your e-mail address", "required": true, "purpose": "to send your order status",
				"claims": map[string]any{"email": "ana@example.com", "email_verified": true}},
			{"name": "phone", "title": "Your phone number", "claims": map[string]any{}},
		}}
	switch call := strings.TrimPrefix(r.URL.Path, "/superapp/v1"); {
	case s.ended || r.Header.Get("Authorization") != "Bearer "+token:
		answer(w, http.StatusUnauthorized, map[string]any{"error": "invalid_token"})
	case call == "/apps" && r.FormValue("cursor") == "":
		answer(w, http.StatusOK, map[string]any{"apps": []any{app}, "next": "page two"})
	case call == "/apps" && r.FormValue("cursor") == "page two":
		second := maps.Clone(app)
		second["client_id"], second["name"], second["status"], second["approved"] = "taxi", "Taxi", "allowed", !s.suspended
		answer(w, http.StatusOK, map[string]any{"apps": []any{second}})
	case call == "/apps/print":
		answer(w, http.StatusOK, app)
	case call == "/apps/print/sharing" && r.Method == http.MethodDelete, call == "/logout":
		w.WriteHeader(http.StatusNoContent)
	case call == "/apps/print/sharing":
		answer(w, http.StatusOK, map[string]any{"allowed": s.allowed})
	case call == "/apps/print/code" && s.refusal != "":
		answer(w, http.StatusBadRequest, map[string]any{"error": s.refusal})
	case call == "/apps/print/code":
		answer(w, http.StatusCreated, map[string]any{"code": "the-code", "expires_in": 300, "state": "the-state", "iss": s.url})
	default:
		answer(w, http.StatusNotFound, map[string]any{"error": "invalid_client"})
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
