package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage"
)

// Hand-over: people who exist at the host app come here by POST /superapp/v1/people and /superapp/v1/sessions.

// backend is the host's server, with its client's own token.
type backend struct {
	s     *testServer
	token string
}

func (s *testServer) backend(clientID string) backend {
	s.t.Helper()
	a := s.post("/oauth2/token", clientID, url.Values{"grant_type": {"client_credentials"}, "scope": {"superapp"}})
	require.Equal(s.t, http.StatusOK, a.StatusCode, a.body)
	return backend{s, a.json(s.t)["access_token"].(string)}
}

func (b backend) call(path, body string) answer {
	b.s.t.Helper()
	return b.s.send(http.MethodPost, "/superapp/v1/"+path, body, "Content-Type", "application/json", "Authorization", "Bearer "+b.token)
}

// knows makes a person known and returns the account.
func (b backend) knows(body string) storage.User {
	b.s.t.Helper()
	a := b.call("people", body)
	require.Equal(b.s.t, http.StatusOK, a.StatusCode, a.body)
	u, err := b.s.store.User(b.s.t.Context(), a.json(b.s.t)["id"].(string))
	require.NoError(b.s.t, err)
	return u
}

// handsOver asks for a one-time URL and returns its path.
func (b backend) handsOver(externalID, to string) string {
	b.s.t.Helper()
	a := b.call("sessions", fmt.Sprintf(`{"external_id":%q,"continue":%q}`, externalID, to))
	require.Equal(b.s.t, http.StatusCreated, a.StatusCode, a.body)
	require.EqualValues(b.s.t, 60, a.json(b.s.t)["expires_in"])
	path, ours := strings.CutPrefix(a.json(b.s.t)["url"].(string), b.s.url)
	require.True(b.s.t, ours, "on our issuer: %s", a.body)
	return path
}

const hana = `{"external_id":"u-1","email":"Hana@Host.example","email_verified":true,"phone":"+59899777888","first_name":"Hana","last_name":"Ho","attributes":{"points":7,"big":12345678901234567890}}`

func (s *testServer) signedIn(b *browser) bool {
	s.t.Helper()
	page := b.get("/account")
	if page.StatusCode == http.StatusSeeOther {
		require.Equal(s.t, "/login", page.Header.Get("Location"))
	}
	return page.StatusCode == http.StatusOK
}

func TestAPersonOfTheHostIsKnownByTheExternalIDAlone(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		host := s.backend("host")
		u := host.knows(hana)
		require.Equal(t, "hana@host.example", u.Email)
		require.True(t, u.EmailVerified)
		require.False(t, u.PhoneVerified)
		require.Empty(t, u.PasswordHash)
		require.Equal(t, "7", fmt.Sprint(u.Attributes["points"]))
		require.Equal(t, "12345678901234567890", fmt.Sprint(u.Attributes["big"]))

		same := host.knows(hana)
		require.Equal(t, u, same, "nothing to change is no change")
		changed := host.knows(`{"external_id":"u-1","last_name":"Hu","phone_verified":true}`)
		require.Equal(t, u.ID, changed.ID)
		require.Equal(t, "Hana Hu", changed.FirstName+" "+changed.LastName, "what is not sent stays")
		require.True(t, changed.PhoneVerified)
		require.True(t, changed.EmailVerified)
		require.Equal(t, u.Attributes, changed.Attributes)
		moved := host.knows(`{"external_id":"u-1","email":"hana@new.example","phone":"","attributes":{}}`)
		require.Equal(t, "hana@new.example", moved.Email)
		require.False(t, moved.EmailVerified, "another address is another proof")
		require.Empty(t, moved.Phone)
		require.False(t, moved.PhoneVerified)
		require.Empty(t, moved.Attributes)

		s.register(storage.Client{ID: "second-host", Name: "Second host", FirstParty: true})
		other := s.backend("second-host").knows(`{"external_id":"u-1"}`)
		require.NotEqual(t, u.ID, other.ID, "each host names its own people")
	})
}

func TestAPersonOfTheHostIsNeverSomebodyElse(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		host := s.backend("host")
		before := s.people()
		ana, err := s.store.User(t.Context(), s.users["ana@example.com"].ID)
		require.NoError(t, err)
		for _, body := range []string{
			`{"external_id":"thief","email":"ANA@example.com","email_verified":true}`,
			`{"external_id":"thief","phone":"+598 99 123 456","phone_verified":true}`,
		} {
			a := host.call("people", body)
			require.Equal(t, http.StatusConflict, a.StatusCode, a.body)
			require.Equal(t, "conflict", a.json(t)["error"])
			require.Contains(t, a.json(t)["error_description"], "Leave it out", "it names the fix")
		}
		require.Equal(t, before, s.people())
		require.Equal(t, http.StatusNotFound, host.call("sessions", `{"external_id":"thief"}`).StatusCode)
		host.knows(hana)
		a := host.call("people", `{"external_id":"u-1","first_name":"H","email":"ana@example.com"}`)
		require.Equal(t, http.StatusConflict, a.StatusCode, a.body)
		require.Equal(t, "Hana", host.knows(`{"external_id":"u-1"}`).FirstName, "a refusal changes nothing")
		still, err := s.store.User(t.Context(), ana.ID)
		require.NoError(t, err)
		require.Equal(t, ana, still)
	})
}

func TestManyCallsMakeOnePersonKnown(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		host := s.backend("host")
		before := s.people()
		ids := make([]any, 20)
		var group sync.WaitGroup
		for i := range ids {
			group.Go(func() {
				a := host.call("people", fmt.Sprintf(`{"external_id":"u-1","email":"hana@host.example","attributes":{"n":%d}}`, i))
				if assert.Equal(t, http.StatusOK, a.StatusCode, a.body) {
					ids[i] = a.json(t)["id"]
				}
			})
		}
		group.Wait()
		require.Equal(t, before+1, s.people())
		for _, id := range ids {
			require.Equal(t, host.knows(`{"external_id":"u-1"}`).ID, id)
		}
	})
}

// Each says something else, so what one says is never undone by another that had read before it.
func TestManyCallsAboutOnePersonAllCount(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		host := s.backend("host")
		u := host.knows(hana)
		for range 3 {
			var group sync.WaitGroup
			for i := range 12 {
				said := []string{`"first_name":"Noa"`, `"last_name":"Levi"`, `"email":"noa@host.example"`, `"attributes":{"points":9}`}[i%4]
				group.Go(func() {
					a := host.call("people", `{"external_id":"u-1",`+said+`}`)
					assert.Equal(t, http.StatusOK, a.StatusCode, a.body)
				})
			}
			group.Wait()
			is, err := s.store.User(t.Context(), u.ID)
			require.NoError(t, err)
			require.Equal(t, "Noa Levi noa@host.example map[points:9]", fmt.Sprint(is.FirstName, " ", is.LastName, " ", is.Email, " ", is.Attributes))
			host.knows(hana)
		}
	})
}

func TestWhatTheHostSaysOfAPersonIsChecked(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	host, before := s.backend("host"), s.people()
	for _, body := range []string{
		``, `{`, `[]`, `null`, `"x"`, `external_id=u-1`, `{}`, `{"external_id":""}`, `{"external_id":1}`, `{"external_id":null}`,
		`{"external_id":"a","external_id":"b"}`, `{"external_id":"a\u0000"}`, `{"external_id":"a\n"}`, `{"external_id":"` + strings.Repeat("a", 256) + `"}`,
		`{"external_id":"a","email":"nobody"}`, `{"external_id":"a","email":null}`, `{"external_id":"a","email_verified":"true"}`,
		`{"external_id":"a","email_verified":null}`, `{"external_id":"a","phone":"123"}`, `{"external_id":"a","first_name":"` + strings.Repeat("a", 101) + `"}`,
		`{"external_id":"a","attributes":[]}`, `{"external_id":"a","attributes":null}`, `{"external_id":"a","attributes":{"x":"\u0000"}}`,
		`{"external_id":"a","attributes":{"x":"` + strings.Repeat("a", 16<<10) + `"}}`,
	} {
		a := host.call("people", body)
		require.Equal(t, http.StatusBadRequest, a.StatusCode, "%s: %s", body, a.body)
		require.Equal(t, "invalid_request", a.json(t)["error"], body)
	}
	require.Equal(t, http.StatusRequestEntityTooLarge, host.call("people", `{"external_id":"`+strings.Repeat("a", 1<<20)+`"}`).StatusCode)
	require.Equal(t, before, s.people())
}

func TestHandOverNeedsTheHostClientsOwnToken(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.register(storage.Client{ID: "third", Name: "Third party", Scopes: scopesOf("superapp")})
	own := s.post("/oauth2/token", "host", url.Values{"grant_type": {"client_credentials"}})
	for what, c := range map[string]struct {
		token  string
		status int
		code   any
	}{
		"none":              {"", http.StatusUnauthorized, nil},
		"no token of ours":  {"x", http.StatusUnauthorized, "invalid_token"},
		"without the scope": {own.json(t)["access_token"].(string), http.StatusForbidden, "insufficient_scope"},
		"a person's":        {s.hostToken("ana@example.com"), http.StatusForbidden, "insufficient_scope"},
		"a mini app's":      {s.tokens("ana@example.com", "photoprint")["access_token"].(string), http.StatusForbidden, "insufficient_scope"},
		"a third party's":   {s.backend("third").token, http.StatusForbidden, "insufficient_scope"},
	} {
		for _, path := range []string{"people", "sessions"} {
			a := backend{s, c.token}.call(path, `{"external_id":"u-1"}`)
			require.Equal(t, c.status, a.StatusCode, "%s at %s: %s", what, path, a.body)
			require.Equal(t, c.code, a.json(t)["error"], what)
		}
	}
}

func TestAPersonOfTheHostIsAskedOnlyToAllow(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		host := s.backend("host")
		u := host.knows(hana)
		path := host.handsOver("u-1", "/oauth2/authorize?"+request("photoprint").Encode())
		b := s.newBrowser()
		opened := b.get(path)
		require.Equal(t, http.StatusSeeOther, opened.StatusCode, opened.body)
		require.Equal(t, "no-store", opened.Header.Get("Cache-Control"))
		require.Equal(t, "no-referrer", opened.Header.Get("Referrer-Policy"))
		asked := b.get(opened.Header.Get("Location"))
		require.True(t, strings.HasPrefix(asked.Header.Get("Location"), "/consent"), "not to sign in: %s", asked.Header.Get("Location"))
		code := callback(t, b.decide(asked, "allow")).Get("code")
		tokens := s.post("/oauth2/token", "photoprint", exchangeForm(code))
		require.Equal(t, http.StatusOK, tokens.StatusCode, tokens.body)
		info := s.send(http.MethodGet, "/oauth2/userinfo", "", "Authorization", "Bearer "+tokens.json(t)["access_token"].(string))
		require.Equal(t, "hana@host.example", info.json(t)["email"])

		sessions, err := s.store.UserSessions(t.Context(), u.ID, s.now())
		require.NoError(t, err)
		require.Len(t, sessions, 1)
		require.Equal(t, "host", sessions[0].VouchedBy)
		require.Equal(t, http.StatusSeeOther, b.get(host.handsOver("u-1", "/account/apps?lang=de")).StatusCode)
		s.logLacks(path[len("/superapp/sign-in/"):], host.token, "hana@host.example")
	})
}

func TestAOneTimeURLSignsInOnce(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		host := s.backend("host")
		host.knows(hana)
		for range 5 {
			path := host.handsOver("u-1", "")
			var in, out atomic.Int32
			var group sync.WaitGroup
			for range 20 {
				b := s.newBrowser()
				group.Go(func() {
					if a := b.get(path); a.StatusCode == http.StatusSeeOther && s.signedIn(b) {
						in.Add(1)
					} else if a.StatusCode == http.StatusBadRequest && strings.Contains(a.body, `id="error"`) && !s.signedIn(b) {
						out.Add(1)
					}
				})
			}
			group.Wait()
			require.EqualValues(t, 1, in.Load())
			require.EqualValues(t, 19, out.Load())
		}
	})
}

func TestAOneTimeURLThatIsNotGoodSignsNobodyIn(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, s *testServer, host backend, path string) string{
		"expired": func(_ *testing.T, s *testServer, _ backend, path string) string {
			s.forward(61 * time.Second)
			return path
		},
		"truncated": func(_ *testing.T, _ *testServer, _ backend, path string) string { return path[:len(path)-1] },
		"longer":    func(_ *testing.T, _ *testServer, _ backend, path string) string { return path + "A" },
		"tampered": func(_ *testing.T, _ *testServer, _ backend, path string) string {
			other := map[bool]string{true: "B", false: "A"}[path[40] == 'A']
			return path[:40] + other + path[41:]
		},
		"nothing": func(*testing.T, *testServer, backend, string) string { return "/superapp/sign-in/x" },
		"NUL":     func(*testing.T, *testServer, backend, string) string { return "/superapp/sign-in/%00" },
		"an access token": func(_ *testing.T, _ *testServer, host backend, _ string) string {
			return "/superapp/sign-in/" + host.token
		},
		"another server's": func(t *testing.T, _ *testServer, _ backend, _ string) string {
			foreign := newTestServer(t, testdb.SQLite(t))
			foreign.backend("host").knows(hana)
			return foreign.backend("host").handsOver("u-1", "")
		},
		"the host's token is revoked": func(t *testing.T, s *testServer, host backend, path string) string {
			require.Equal(t, http.StatusOK, s.post("/oauth2/revoke", "host", url.Values{"token": {host.token}}).StatusCode)
			return path
		},
		"the person is disabled": func(t *testing.T, s *testServer, host backend, path string) string {
			require.NoError(t, s.store.SetDisabled(t.Context(), host.knows(hana).ID, true, s.now()))
			require.Equal(t, http.StatusForbidden, host.call("people", hana).StatusCode)
			require.Equal(t, http.StatusForbidden, host.call("sessions", `{"external_id":"u-1"}`).StatusCode)
			return path
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTestServer(t, furnished.SQLite(t))
			host := s.backend("host")
			host.knows(hana)
			path, b := end(t, s, host, host.handsOver("u-1", "")), s.newBrowser()
			a := b.get(path)
			require.Equal(t, http.StatusBadRequest, a.StatusCode, a.body)
			require.Contains(t, a.body, `id="error"`)
			require.Contains(t, a.body, "Go back to the app that you came from")
			require.NotContains(t, a.body, "cannot trust")
			require.Empty(t, a.Header.Get("Location"))
			require.False(t, s.signedIn(b))
		})
	}
}

func TestTheHostsTicketsAndACompanysAreNotTheSame(t *testing.T) {
	t.Parallel()
	s, token := newStore(t, furnished.SQLite(t))
	s.updateClient("host", func(c *storage.Client) { c.Dialects = dialects(t, "xoxoday", map[string]any{"store_url": testStore}) })
	host := s.backend("host")
	host.knows(hana)
	ours, companys := host.handsOver("u-1", ""), s.ticket(token, "new@acme.example")
	const here, there = "/superapp/sign-in/", "/v1/oauth/redirect/stores/"
	for _, path := range []string{there + ours[len(here):], here + companys[len(there):]} {
		b := s.newBrowser()
		require.Equal(t, http.StatusBadRequest, b.get(path).StatusCode)
		require.False(t, s.signedIn(b))
	}
	require.Equal(t, http.StatusSeeOther, s.newBrowser().get(ours).StatusCode, "and neither is burnt")
	require.Equal(t, http.StatusSeeOther, s.newBrowser().get(companys).StatusCode)
}

func TestAHandOverLeadsToOurPagesAndMiniAppsRequestsOnly(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	host := s.backend("host")
	host.knows(hana)
	for _, to := range []string{
		"https://evil.example/", "//evil.example/account", `/\evil.example`, `\\evil.example`, "/account//evil.example", "/account/../logout", "/logout", "/login",
		"/account#x", "/account\r\nSet-Cookie: a=b", "/%61ccount", "account", "javascript:alert(1)", "/account?%zz", "?", "/", s.url + "/account",
		"/oauth2/authorize", "/oauth2/authorize?client_id=nobody", "/oauth2/authorize?client_id=suspended", "/oauth2/authorize?client_id=%00",
		"/oauth2/authorize?interaction=x&client_id=photoprint", "/oauth2/authorize/?client_id=photoprint", "/oauth2/token?client_id=photoprint",
		"/account?x=" + strings.Repeat("a", 4096),
	} {
		a := host.call("sessions", fmt.Sprintf(`{"external_id":"u-1","continue":%s}`, quoted(to)))
		require.Equal(t, http.StatusBadRequest, a.StatusCode, "%q: %s", to, a.body)
		require.Equal(t, "invalid_request", a.json(t)["error"], to)
	}
	for to, want := range map[string]string{
		"":               "/account",
		"/account":       "/account",
		"/account/apps":  "/account/apps",
		"/account?a=%0d": "/account?a=%0D",
		"/oauth2/authorize?client_id=photoprint&redirect_uri=https%3A%2F%2Fevil.example": "/oauth2/authorize?client_id=photoprint&redirect_uri=https%3A%2F%2Fevil.example",
	} {
		b := s.newBrowser()
		a := b.get(host.handsOver("u-1", to))
		require.Equal(t, want, a.Header.Get("Location"))
		require.Contains(t, []int{http.StatusOK, http.StatusBadRequest}, b.get(want).StatusCode, "a wrong redirect URI is an error page")
	}
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, "\r", `\r`, "\n", `\n`).Replace(s) + `"`
}

// Who has a way in of their own was trusted by others than the host: it cannot decide for them.
func TestWhoHasAWayInOfTheirOwnDecidesForThemselves(t *testing.T) {
	t.Parallel()
	for name, trust := range map[string]func(t *testing.T, s *testServer, u storage.User){
		"a password": func(t *testing.T, s *testServer, u storage.User) {
			require.NoError(t, s.store.SetPassword(t.Context(), u.ID, "", s.users["ana@example.com"].PasswordHash, s.now(), false, ""))
		},
		"a role": func(t *testing.T, s *testServer, u storage.User) {
			was := u.UpdatedAt
			u.Roles, u.UpdatedAt = []string{storage.RoleAdmin}, was.Add(time.Second)
			require.NoError(t, s.store.UpdateUser(t.Context(), u, was))
		},
		"another provider's account": func(t *testing.T, s *testServer, u storage.User) {
			require.NoError(t, s.store.LinkUser(t.Context(), storage.Link{Issuer: "https://id.example", Subject: "1", UserID: u.ID}))
		},
		"another host": func(t *testing.T, s *testServer, u storage.User) {
			require.NoError(t, s.store.LinkUser(t.Context(), storage.Link{Issuer: storage.ClientIssuer("host"), Subject: "1", UserID: u.ID}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTestServer(t, furnished.SQLite(t))
			key := s.hostKey()
			host := s.backend("backend")
			u := host.knows(hana)
			trust(t, s, u)
			b := s.newBrowser()
			opened := b.get(host.handsOver("u-1", "/oauth2/authorize?"+request("photoprint").Encode()))
			theirs := "/login?interaction="
			if name == "a role" { // and nothing to type into a form
				theirs = "/cb?error=login_required&"
			}
			require.Contains(t, b.get(opened.Header.Get("Location")).Header.Get("Location"), theirs)
			require.Contains(t, b.authorize(request("host", "scope", "openid superapp")).Header.Get("Location"), theirs)
			a := s.assert(key.sign(t, s.claims("u-1", "j-1")))
			require.Equal(t, "invalid_grant", a.json(t)["error"], a.body)
			for _, said := range []string{
				`"email":"mine@host.example","email_verified":true`, `"email":""`, `"email":"ana@example.com"`, `"email_verified":false`,
				`"phone":"+59899000111"`, `"phone":"","phone_verified":false`, `"phone_verified":true`,
			} {
				is := host.knows(`{"external_id":"u-1",` + said + `}`)
				require.Equal(t, "hana@host.example +59899777888 true false", fmt.Sprint(is.Email, " ", is.Phone, " ", is.EmailVerified, " ", is.PhoneVerified), "what they sign in by is theirs: %s", said)
			}
			require.Equal(t, http.StatusBadRequest, host.call("people", `{"external_id":"u-1","email":"nobody"}`).StatusCode)
			require.Equal(t, "Hanna", host.knows(`{"external_id":"u-1","email":"mine@host.example","first_name":"Hanna"}`).FirstName)
		})
	}
}

// The hand-over is the sign-in that the resumed request wants, and no other request's. Who has no way in but the host is
// never sent to a form that they can type nothing into (OIDC Core §3.1.2.6 login_required).
func TestAHandOverIsTheSignInOfTheRequestThatItResumes(t *testing.T) {
	t.Parallel()
	for name, pairs := range map[string][]string{
		"prompt=login":                {"prompt", "login"},
		"prompt=login select_account": {"prompt", "login select_account"},
		"prompt=select_account":       {"prompt", "select_account"},
		"max_age=0":                   {"max_age", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTestServer(t, furnished.SQLite(t))
			host := s.backend("host")
			host.knows(hana)
			v := request("photoprint", pairs...)
			path := "/oauth2/authorize?" + v.Encode()
			b := s.newBrowser()
			opened := b.get(host.handsOver("u-1", path))
			require.NotEmpty(t, callback(t, b.decide(b.follow(opened), "allow")).Get("code"))
			again := b.get(host.handsOver("u-1", path))
			require.NotEmpty(t, callback(t, b.follow(again)).Get("code"), "and so is the next one")
			require.NotEmpty(t, callback(t, b.authorize(request("photoprint"))).Get("code"))

			direct := b.authorize(v)
			if name == "prompt=select_account" {
				page := b.follow(direct)
				require.Contains(t, page.body, "hana@host.example")
				require.NotContains(t, page.body, `id="sign-in"`)
				require.NotEmpty(t, callback(t, b.follow(b.post(page, "continue", url.Values{"continue": {"1"}}))).Get("code"))
				other := b.follow(b.post(page, "switch-account", nil))
				require.Contains(t, other.body, `id="sign-in"`, "somebody else may sign in")
				return
			}
			refused := callback(t, direct)
			require.Equal(t, "login_required", refused.Get("error"), direct.Header.Get("Location"))
			require.Equal(t, v.Get("state"), refused.Get("state"))
			require.Equal(t, s.url, refused.Get("iss"))
		})
	}
}

func TestWhoIsHandedOverIsAskedToComeAnewWhenMaxAgeIsOver(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	host := s.backend("host")
	host.knows(hana)
	v := request("photoprint", "max_age", "600")
	b := s.newBrowser()
	require.NotEmpty(t, callback(t, b.decide(b.follow(b.get(host.handsOver("u-1", "/oauth2/authorize?"+v.Encode()))), "allow")).Get("code"))
	require.NotEmpty(t, callback(t, b.authorize(v)).Get("code"))
	s.forward(11 * time.Minute)
	require.Equal(t, "login_required", callback(t, b.authorize(v)).Get("error"))
	require.NotEmpty(t, callback(t, b.follow(b.get(host.handsOver("u-1", "/oauth2/authorize?"+v.Encode())))).Get("code"))
}

// The host's word is no sign-in of a person who has a way in of their own, whether they are signed in by it or not.
func TestAHandOverIsNoSignInOfWhoHasAWayInOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	host := s.backend("host")
	u := host.knows(hana)
	require.NoError(t, s.store.SetPassword(t.Context(), u.ID, "", s.users["ana@example.com"].PasswordHash, s.now(), false, ""))
	path := "/oauth2/authorize?" + request("photoprint", "prompt", "login").Encode()
	b := s.newBrowser()
	page := b.follow(b.follow(b.get(host.handsOver("u-1", path))))
	require.Contains(t, page.body, `id="sign-in"`)
	done := b.post(page, "sign-in", url.Values{"username": {"hana@host.example"}, "password": {testPassword}})
	require.NotEmpty(t, callback(t, b.decide(b.follow(done), "allow")).Get("code"))

	page = b.follow(b.follow(b.get(host.handsOver("u-1", path))))
	require.Contains(t, page.body, `id="sign-in"`, "signed in by themselves, but not anew")
}

// The host may not decide for who has a role, and they are sent to no form that they can type nothing into either.
func TestWhoHasARoleAndNoCredentialsIsToldAtTheRedirectURI(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		host := s.backend("host")
		u := host.knows(hana)
		was := u.UpdatedAt
		u.Roles, u.CompanyID, u.UpdatedAt = []string{storage.RoleCompanyAdmin}, "acme", was.Add(time.Millisecond)
		require.NoError(t, s.store.UpdateUser(t.Context(), u, was))
		path := "/oauth2/authorize?" + request("photoprint").Encode()
		b := s.newBrowser()
		answer := callback(t, b.follow(b.get(host.handsOver("u-1", path))))
		require.Equal(t, "login_required", answer.Get("error"))
		require.Contains(t, answer.Get("error_description"), "role")

		require.NoError(t, s.store.SetPassword(t.Context(), u.ID, "", s.users["ana@example.com"].PasswordHash, s.now(), false, ""))
		b = s.newBrowser()
		require.Contains(t, b.follow(b.follow(b.get(host.handsOver("u-1", path)))).body, `id="sign-in"`, "with a password there is a form")
	})
}

// Where the mini app wants somebody else, there is a form for them.
func TestAHandOverOfAnotherPersonThanTheHintedOneLeadsToTheForm(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	host := s.backend("host")
	host.knows(hana)
	hint := s.tokens("ana@example.com", "photoprint")["id_token"].(string)
	b := s.newBrowser()
	a := b.follow(b.get(host.handsOver("u-1", "/oauth2/authorize?"+request("photoprint", "id_token_hint", hint).Encode())))
	require.Equal(t, "login_required", callback(t, a).Get("error"), "the host brings this one, and the mini app wants that one")
	require.Contains(t, b.follow(b.authorize(request("photoprint", "id_token_hint", hint))).body, `id="sign-in"`)
}
