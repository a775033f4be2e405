package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// Gatehouse as the server of a GAM mini app, and a peer as its super app.

const (
	commonSecret  = "the secret & that=both + sides % know"
	superAppToken = "ae47229f-e133-42d1-87e0-c5ac59e51edf!65nKKCceSct11IEYKTOLkcdpvtRpm0CS3gV3qeCaigxNIaVf5doQ6y36fmCab2BVkZfq3v9nPizP8o"
	tokenPath     = "/virtual_dir/oauth/gam/v2.0/access_token"
	userInfoPath  = "/virtual_dir/oauth/gam/v2.0/userinfo"

	// What the vendor's page has, but for the scope of attributes, which it leaves out.
	vendorsToken = `{"access_token":"` + superAppToken + `","expires_in":0,"refresh_token":"",` +
		`"scope":"user_email+user_first_name+user_last_name","token_type":"Bearer","user_guid":"139f4332-3f40-47b0-8fb4-ee7b3dbddc4f"}`
	vendorsUserInfo = `{"guid":"","email":"testuser@genexus.com","verified_email":true,"first_name":"test","last_name":"user",` +
		`"external_id":"8dfeee37-4d00-4fad-8fee-26fe71cd8ea7","custominfo":"{\"City\":\"Canelones\",\"Country\":\"Uruguay\"}",` +
		`"attributes":[{"Id":"EmployeeID","IsMultiValue":false,"Value":"123100"}]}`
	vendorsPerson = "8dfeee37-4d00-4fad-8fee-26fe71cd8ea7"
)

// newMiniAppServer starts a server with a mini app "print-here", which its super app knows as "print-there".
func newMiniAppServer(t *testing.T, dsn string) (*testServer, *peer) {
	t.Helper()
	s, super := newTestServer(t, dsn, privateNetworks), newPeer(t)
	super.answers(tokenPath, 200, vendorsToken, "Content-Type", "application/json")
	super.answers(userInfoPath, 200, vendorsUserInfo, "Content-Type", "application/json")
	s.registerMiniApp("print-here", "print-there", super.URL+"/virtual_dir/", nil)
	return s, super
}

func (s *testServer) registerMiniApp(id, there, superAppURL string, change func(*storage.Client)) {
	s.t.Helper()
	c := storage.Client{
		ID: id, Name: "Print", Scopes: scopesOf("user_email!", "user_first_name", "user_last_name", "user_guid"),
		Dialects: dialects(s.t, "gam", map[string]any{
			"superapp": map[string]any{"url": superAppURL, "client_id": there, "client_secret": sealed(s.t, id, commonSecret)},
		}),
	}
	if change != nil {
		change(&c)
	}
	s.register(c)
}

// signInForm is the body that a super app sends.
func signInForm(pairs ...string) string {
	v := []string{"oauth", "miniapp", "client_id", "print-there", "client_secret", commonSecret, "code", "the-code"}
	for i := 0; i < len(pairs); i += 2 {
		for j := 0; j < len(v); j += 2 {
			if v[j] == pairs[i] {
				v[j+1] = pairs[i+1]
			}
		}
	}
	var form []string
	for i := 0; i < len(v); i += 2 {
		form = append(form, url.QueryEscape(v[i])+"="+url.QueryEscape(v[i+1]))
	}
	return strings.Join(form, "&")
}

func (s *testServer) gamSignIn(body string) answer {
	s.t.Helper()
	return s.send(http.MethodPost, "/oauth/gam/signin", body, "Content-Type", "application/x-www-form-urlencoded")
}

func TestAMiniAppsServerSignsInWhomItsSuperAppSpeaksOf(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, super := newMiniAppServer(t, dsn)
		before := s.people()
		a := s.gamSignIn(signInForm())
		require.Equal(t, http.StatusOK, a.StatusCode, a.body)
		got := a.json(t)
		token, guid := got["access_token"].(string), got["user_guid"].(string)
		require.Equal(t, map[string]any{
			"access_token": token, "token_type": "Bearer", "expires_in": 1800.0, "refresh_token": "",
			"scope": "user_email+user_first_name+user_last_name", "user_guid": guid,
		}, got)

		asked := super.asked()
		require.Equal(t, []string{"POST " + tokenPath, "GET " + userInfoPath}, lines(asked))
		form, err := url.ParseQuery(asked[0].body)
		require.NoError(t, err)
		require.Equal(t, url.Values{
			"code": {"the-code"}, "client_id": {"print-there"}, "client_secret": {commonSecret}, "Grant_type": {"authorization_code"},
		}, form)
		for _, r := range asked {
			require.Equal(t, "application/x-www-form-urlencoded", r.header.Get("Content-Type"))
		}
		require.Empty(t, asked[0].header.Get("Authorization"))
		require.Equal(t, superAppToken, asked[1].header.Get("Authorization"), "bare")

		u, err := s.store.LinkedUser(t.Context(), super.URL+"/virtual_dir", vendorsPerson)
		require.NoError(t, err)
		require.Equal(t, guid, u.ID)
		require.Equal(t, []any{"testuser@genexus.com", true, "test", "user"}, []any{u.Email, u.EmailVerified, u.FirstName, u.LastName})
		require.Equal(t, map[string]any{"EmployeeID": "123100", "custominfo": map[string]any{"City": "Canelones", "Country": "Uruguay"}}, u.Attributes)
		require.Equal(t, before+1, s.people())

		require.True(t, s.active("print-here", token))
		info := s.send(http.MethodGet, "/oauth/gam/v2.0/userinfo", "", "Authorization", token)
		require.Equal(t, "testuser@genexus.com", info.json(t)["email"])

		again := s.gamSignIn(signInForm("code", "another-code"))
		require.Equal(t, guid, again.json(t)["user_guid"], "the same person")
		require.Equal(t, before+1, s.people())
		s.logLacks(commonSecret, url.QueryEscape(commonSecret), "the-code", superAppToken, vendorsPerson, "testuser@genexus.com", token)
	})
}

func TestAMiniAppsServerAsksNothingForWhoeverLacksTheSecret(t *testing.T) {
	t.Parallel()
	s, super := newMiniAppServer(t, furnished.SQLite(t))
	s.registerMiniApp("gam-format", "gam-format", super.URL, func(c *storage.Client) {
		c.Dialects = dialects(t, "gam", map[string]any{"error_format": "gam", "superapp": map[string]any{
			"url": super.URL, "client_id": "gam-format", "client_secret": sealed(t, "gam-format", commonSecret),
		}})
	})
	s.registerMiniApp("suspended-mini", "suspended-there", super.URL, func(c *storage.Client) { c.Status = storage.StatusSuspended })
	var refusals []string
	for what, pairs := range map[string][]string{
		"a wrong secret":                   {"client_secret", commonSecret + "x"},
		"the secret of the client itself":  {"client_secret", testSecret},
		"no secret":                        {"client_secret", ""},
		"an unknown mini app":              {"client_id", "nobody"},
		"no client_id":                     {"client_id", ""},
		"our own name of it":               {"client_id", "print-here"},
		"a client that speaks no GAM":      {"client_id", "photoprint", "client_secret", testSecret},
		"a mini app that is not approved":  {"client_id", "suspended-there"},
		"a client_id that no database has": {"client_id", "\x01"},
	} {
		a := s.gamSignIn(signInForm(pairs...))
		require.Equal(t, http.StatusUnauthorized, a.StatusCode, "%s: %s", what, a.body)
		require.Equal(t, "invalid_client", a.json(t)["error"], what)
		require.NotEmpty(t, a.Header.Get("WWW-Authenticate"), what)
		refusals = append(refusals, a.body)
	}
	for _, body := range refusals {
		require.Equal(t, refusals[0], body)
	}
	a := s.gamSignIn(signInForm("client_id", "gam-format", "client_secret", "wrong"))
	require.Equal(t, http.StatusUnauthorized, a.StatusCode)
	require.IsType(t, map[string]any{}, a.json(t)["error"], "in the format that the client's record asks for")
	require.Empty(t, super.asked())
}

func TestAMiniAppsServerRefusesAMalformedSignIn(t *testing.T) {
	t.Parallel()
	s, super := newMiniAppServer(t, furnished.SQLite(t))
	before := s.people()
	for what, body := range map[string]string{
		"no oauth":             strings.TrimPrefix(signInForm(), "oauth=miniapp&"),
		"another oauth":        signInForm("oauth", "auth"),
		"no code":              signInForm("code", ""),
		"a code twice":         signInForm() + "&code=x",
		"in two spellings":     signInForm() + "&Code=x",
		"malformed JSON":       `{"oauth":"miniapp"`,
		"an array for a text":  `{"oauth":["miniapp"]}`,
		"null for a text":      `{"oauth":null}`,
		"NUL":                  signInForm("code", "\x00"),
		"1 MiB":                signInForm("code", strings.Repeat("a", 1<<20)),
		"not form-encoded":     "oauth=%zz",
		"nothing":              "",
		"a list":               `[]`,
		"no UTF-8":             "oauth=%ff",
		"an escaped NUL":       `{"oauth":"miniapp\u0000"}`,
		"a number":             `{"oauth":1}`,
		"a member twice":       `{"oauth":"miniapp","oauth":"miniapp"}`,
		"an object for a text": `{"oauth":{}}`,
	} {
		a := s.gamSignIn(body)
		require.Contains(t, []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge}, a.StatusCode, "%s: %s", what, a.body)
		require.Equal(t, "invalid_request", a.json(t)["error"], what)
	}
	query := s.send(http.MethodPost, "/oauth/gam/signin?client_secret=x", signInForm(), "Content-Type", "application/x-www-form-urlencoded")
	require.Equal(t, http.StatusBadRequest, query.StatusCode)
	require.Empty(t, super.asked())
	require.Equal(t, before, s.people())

	spelt := s.gamSignIn("CODE=c&Client_Secret=" + url.QueryEscape(commonSecret) + "&CLIENT_ID=print-there&OAuth=miniapp")
	require.Equal(t, http.StatusOK, spelt.StatusCode, "oauth is anywhere, and names are in any case: %s", spelt.body)
	for _, path := range []string{"/oauth/gam/signin/", "//oauth//gam/signin"} {
		a := s.send(http.MethodPost, path, signInForm(), "Content-Type", "application/x-www-form-urlencoded")
		require.Equal(t, http.StatusOK, a.StatusCode, "%s: %s", path, a.body)
	}
	wrong := s.send(http.MethodPut, "/oauth/gam/signin", "")
	require.Equal(t, http.StatusMethodNotAllowed, wrong.StatusCode)
	require.Equal(t, "GET, HEAD, POST", wrong.Header.Get("Allow"))
}

// What a super app may answer, and what becomes of it. Whatever it is, nobody has an account for it.
func TestASuperAppThatDoesNotAnswerAsItShouldSignsNobodyIn(t *testing.T) {
	t.Parallel()
	s, super := newMiniAppServer(t, furnished.SQLite(t))
	before := s.people()
	const refused, failed = "invalid_grant", "super_app_failed"
	token := func(body string) map[string]reply { return map[string]reply{tokenPath: {body: body}} }
	info := func(body string) map[string]reply { return map[string]reply{userInfoPath: {body: body}} }
	status := func(path string, status int, body string) map[string]reply {
		return map[string]reply{path: {status: status, body: body}}
	}
	for what, c := range map[string]struct {
		replies map[string]reply
		status  int
		code    string
		calls   int
	}{
		"the code is refused as by the RFC":    {status(tokenPath, 400, `{"error":"invalid_grant"}`), 400, refused, 1},
		"the code is refused as by GAM":        {status(tokenPath, 401, `{"error":{"code":"103","message":"Token expired, log in again."}}`), 400, refused, 1},
		"or with 403":                          {status(tokenPath, 403, `{"error":{"code":"103","message":"Token expired, log in again."}}`), 400, refused, 1},
		"a status without a word":              {status(tokenPath, 401, "go away"), 502, failed, 1},
		"a failure":                            {status(tokenPath, 500, `{"error":"server_error"}`), 502, failed, 1},
		"another success":                      {status(tokenPath, 201, vendorsToken), 502, failed, 1},
		"a redirect":                           {map[string]reply{tokenPath: {status: 307, header: map[string]string{"Location": super.URL + userInfoPath}}}, 502, failed, 1},
		"no JSON":                              {token("<html>"), 502, failed, 1},
		"a list":                               {token(`[` + vendorsToken + `]`), 502, failed, 1},
		"nothing":                              {token(""), 502, failed, 1},
		"no access_token":                      {token(`{"scope":"user_email"}`), 502, failed, 1},
		"an empty access_token":                {token(`{"access_token":"","scope":"user_email"}`), 502, failed, 1},
		"an access_token that is a number":     {token(`{"access_token":1,"scope":"user_email"}`), 502, failed, 1},
		"an access_token that is no header":    {token(`{"access_token":"a\r\nX: y","scope":"user_email"}`), 502, failed, 1},
		"a scope that is a list":               {token(`{"access_token":"t","scope":["user_email"]}`), 502, failed, 1},
		"more than 64 KiB":                     {token(`{"access_token":"` + strings.Repeat("a", 64<<10) + `"}`), 502, failed, 1},
		"a userinfo that is refused":           {status(userInfoPath, 401, `{"error":"invalid_token"}`), 400, refused, 2},
		"a userinfo that fails":                {status(userInfoPath, 503, ""), 502, failed, 2},
		"a userinfo that is not there":         {status(userInfoPath, 404, ""), 502, failed, 3},
		"a userinfo that is no JSON":           {info("ok"), 502, failed, 2},
		"a userinfo of nobody":                 {info(`{"email":"testuser@genexus.com","first_name":"test"}`), 502, failed, 2},
		"a userinfo with empty identifiers":    {info(`{"guid":"","external_id":""}`), 502, failed, 2},
		"a userinfo whose identifier is a map": {info(`{"guid":"a","external_id":{}}`), 502, failed, 2},
		"an identifier with a NUL":             {info(`{"external_id":"a\u0000b"}`), 502, failed, 2},
		"an identifier that cannot be seen":    {info(`{"external_id":"a\u200bb"}`), 502, failed, 2},
		"an identifier that has no end":        {info(`{"external_id":"` + strings.Repeat("a", 256) + `"}`), 502, failed, 2},
	} {
		super.answers(tokenPath, 200, vendorsToken)
		super.answers(userInfoPath, 200, vendorsUserInfo)
		for path, r := range c.replies {
			super.replies[path] = r
		}
		a := s.gamSignIn(signInForm())
		require.Equal(t, c.status, a.StatusCode, "%s: %s", what, a.body)
		require.Equal(t, c.code, a.json(t)["error"], what)
		require.Len(t, super.asked(), c.calls, what)
		require.Equal(t, before, s.people(), what)
	}
	super.Close()
	away := s.gamSignIn(signInForm())
	require.Equal(t, http.StatusBadGateway, away.StatusCode, away.body)
	require.Equal(t, before, s.people())
}

func TestAUserInfoIsFoundUnderItsOtherNameOnlyWhereTheFirstIsNotThere(t *testing.T) {
	t.Parallel()
	s, super := newMiniAppServer(t, furnished.SQLite(t))
	super.answers(userInfoPath, 404, "")
	super.answers("/virtual_dir/oauth/gam/v2.0/user_info", 200, vendorsUserInfo)
	require.Equal(t, http.StatusOK, s.gamSignIn(signInForm()).StatusCode)
	require.Equal(t, []string{"POST " + tokenPath, "GET " + userInfoPath, "GET /virtual_dir/oauth/gam/v2.0/user_info"}, lines(super.asked()))
	super.answers(userInfoPath, 500, "")
	require.Equal(t, http.StatusBadGateway, s.gamSignIn(signInForm()).StatusCode)
	require.Len(t, super.asked(), 2)
}

func TestAMiniAppsServerIsBoundByWhatIsDecidedHere(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, super := newMiniAppServer(t, dsn)
		require.Equal(t, http.StatusOK, s.gamSignIn(signInForm()).StatusCode)
		u, err := s.store.LinkedUser(t.Context(), super.URL+"/virtual_dir", vendorsPerson)
		require.NoError(t, err)

		super.answers(tokenPath, 200, strings.Replace(vendorsToken, "user_email+user_first_name+user_last_name", "gam_user_roles openid", 1))
		none := s.gamSignIn(signInForm())
		require.Equal(t, "access_denied", none.json(t)["error"], "nothing that the client is registered for: %s", none.body)

		super.answers(tokenPath, 200, strings.Replace(vendorsToken, "user_email+user_first_name+user_last_name", "user_email fullcontrol,superapp", 1))
		some := s.gamSignIn(signInForm())
		require.Equal(t, "user_email", some.json(t)["scope"], some.body)

		require.NoError(t, s.store.SetDisabled(t.Context(), u.ID, true, s.now()))
		disabled := s.gamSignIn(signInForm())
		require.Equal(t, http.StatusForbidden, disabled.StatusCode, disabled.body)
		require.Equal(t, "access_denied", disabled.json(t)["error"])
	})
}

func TestAMiniAppThatIsNotToldUserIDsGetsNone(t *testing.T) {
	t.Parallel()
	s, super := newMiniAppServer(t, furnished.SQLite(t))
	s.registerMiniApp("private-here", "private-there", super.URL, func(c *storage.Client) { c.SubjectType = "pairwise" })
	for _, path := range []string{tokenPath, userInfoPath} {
		super.replies[strings.TrimPrefix(path, "/virtual_dir")] = super.replies[path]
	}
	a := s.gamSignIn(signInForm("client_id", "private-there"))
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	require.Equal(t, "", a.json(t)["user_guid"])
}

// Who may choose their external_id at a super app must not become somebody whose guid it is.
func TestAGUIDAndAnExternalIDAreNeverTheSamePerson(t *testing.T) {
	t.Parallel()
	s, super := newMiniAppServer(t, furnished.SQLite(t))
	guid := func(userInfo string) string {
		super.answers(userInfoPath, 200, userInfo)
		a := s.gamSignIn(signInForm())
		require.Equal(t, http.StatusOK, a.StatusCode, a.body)
		return a.json(t)["user_guid"].(string)
	}
	victim := guid(`{"guid":"v","external_id":""}`)
	require.NotEqual(t, victim, guid(`{"guid":"m","external_id":"v"}`))
	require.Equal(t, victim, guid(`{"guid":"v"}`))
	require.Equal(t, guid(`{"guid":"x","external_id":"v"}`), guid(`{"guid":"y","external_id":"v"}`), "external_id comes first")
}

// An e-mail address is a value like any other: it leads to nobody's account.
func TestASuperAppsEMailLeadsToNobodysAccount(t *testing.T) {
	t.Parallel()
	s, super := newMiniAppServer(t, furnished.SQLite(t))
	super.answers(userInfoPath, 200, `{"external_id":"mallory","email":"ana@example.com","verified_email":true}`)
	a := s.gamSignIn(signInForm())
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	require.NotEqual(t, s.users["ana@example.com"].ID, a.json(t)["user_guid"])
	info := s.send(http.MethodGet, "/oauth/gam/v2.0/userinfo", "", "Authorization", a.json(t)["access_token"].(string))
	require.NotContains(t, info.body, "ana@example.com")
}

func TestTheSpellingOfASuperAppsURLDoesNotMakeItAnother(t *testing.T) {
	t.Parallel()
	s, super := newMiniAppServer(t, furnished.SQLite(t))
	s.registerMiniApp("second-here", "second-there", super.URL+"/virtual_dir", nil)
	require.Equal(t, http.StatusOK, s.gamSignIn(signInForm()).StatusCode)
	people := s.people()
	require.Equal(t, http.StatusOK, s.gamSignIn(signInForm("client_id", "second-there")).StatusCode)
	require.Equal(t, people, s.people())
}

func TestASuperAppOnAPrivateNetworkIsNotCalled(t *testing.T) {
	t.Parallel()
	s, super := newTestServer(t, furnished.SQLite(t)), newPeer(t)
	super.answers(tokenPath, 200, vendorsToken)
	s.registerMiniApp("print-here", "print-there", super.URL+"/virtual_dir", nil)
	a := s.gamSignIn(signInForm())
	require.Equal(t, http.StatusBadGateway, a.StatusCode, a.body)
	require.Empty(t, super.asked())
	require.Contains(t, s.log.String(), "GATEHOUSE_ALLOW_PRIVATE_NETWORK", "the log names the fix")
}

func TestASecretThatCannotBeOpenedIsOurFault(t *testing.T) {
	t.Parallel()
	s, super := newMiniAppServer(t, furnished.SQLite(t))
	s.updateClient("print-here", func(c *storage.Client) {
		c.Dialects["gam"] = json.RawMessage(strings.Replace(string(c.Dialects["gam"]), sealedOf(t, c), sealed(t, "another", commonSecret), 1))
	})
	beside := s.beside(privateNetworks)
	a := beside.gamSignIn(signInForm())
	require.Equal(t, http.StatusInternalServerError, a.StatusCode, a.body)
	require.Empty(t, super.asked())
}

func sealedOf(t testing.TB, c *storage.Client) string {
	t.Helper()
	var settings struct {
		SuperApp struct {
			Secret string `json:"client_secret"`
		} `json:"superapp"`
	}
	require.NoError(t, json.Unmarshal(c.Dialects["gam"], &settings))
	return settings.SuperApp.Secret
}

func TestSignInsAtOnceOfSomebodyNewAreOnePerson(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, _ := newMiniAppServer(t, dsn)
		before := s.people()
		answers := make([]answer, 20)
		var group sync.WaitGroup
		for i := range answers {
			group.Go(func() { answers[i] = s.gamSignIn(signInForm()) })
		}
		group.Wait()
		guids := map[any]bool{}
		for _, a := range answers {
			require.Equal(t, http.StatusOK, a.StatusCode, a.body)
			guids[a.json(t)["user_guid"]] = true
			require.True(t, s.active("print-here", a.json(t)["access_token"]))
		}
		require.Len(t, guids, 1)
		require.Equal(t, before+1, s.people())
	})
}
