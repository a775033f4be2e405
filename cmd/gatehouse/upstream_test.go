package main

import (
	"fmt"
	"html"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/identity"
	"gatehouse/internal/config"
	"gatehouse/internal/testdb"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

const (
	attemptOver = 11 * time.Minute // after the time that a person may be away
	restOver    = 4 * time.Second  // after the time that a provider is left alone when it did not answer
)

// Sign-in by another server. Here that is a second Gatehouse, which knows its mini app under the name "nimbus".

// withUpstreams writes GATEHOUSE_UPSTREAMS_FILE.
func withUpstreams(t testing.TB, entries ...string) func(*config.Config) {
	file := filepath.Join(t.TempDir(), "upstreams.yaml")
	content := "upstreams:\n"
	for _, e := range entries {
		content += "  - " + e + "\n"
	}
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	return func(c *config.Config) { c.UpstreamsFile, c.AllowPrivateNetwork = file, true }
}

// upstreamEntry is one provider of the file.
func upstreamEntry(id, issuer, more string) string {
	return fmt.Sprintf("{id: %s, name: Second %s, names: {ja: 第二}, issuer: %q, client_id: nimbus, client_secret: %s%s}", id, id, issuer, testSecret, more)
}

// twoServers starts a provider, and a server whose people may sign in with it. more is appended to the provider's entry.
func twoServers(t testing.TB, dsn, more string, settings ...func(*config.Config)) (own, provider *testServer) {
	t.Helper()
	provider = newTestServer(t, testdb.SQLite(t))
	own = newTestServer(t, dsn, append(settings, withUpstreams(t, upstreamEntry("second", provider.url, more)))...)
	provider.register(storage.Client{ID: "nimbus", Name: "Nimbus", RedirectURIs: []string{own.url + "/login/upstream/second/callback"}})
	return own, provider
}

var upstreamLink = regexp.MustCompile(`href="(/login/upstream/[^"]+)"`)

// button returns where the page's first button for another server leads, empty when it has none.
func button(page answer) string {
	if m := upstreamLink.FindStringSubmatch(page.body); m != nil {
		return html.UnescapeString(m[1])
	}
	return ""
}

// follow goes where a redirect leads, on whichever server.
func (b *browser) follow(a answer) answer {
	b.s.t.Helper()
	location, err := a.Location()
	require.NoError(b.s.t, err, a.body)
	return b.get(location.String())
}

// walk goes on from a as a person who, wherever they may, signs in with the other server, there as email, and allows what
// they are asked. It ends where there is nothing left to do, or at a callback of the first server when before says so.
func (b *browser) walk(a answer, email string, stop ...string) answer {
	b.s.t.Helper()
	for range 25 {
		location, err := a.Location()
		switch {
		case err == nil && (location.Hostname() != "127.0.0.1" || len(stop) > 0 && strings.HasSuffix(location.Path, stop[0])):
			return a
		case err == nil:
			a = b.get(location.String())
		case a.StatusCode != http.StatusOK:
			return a
		case button(a) != "":
			a = b.get(button(a))
		case strings.Contains(a.body, `id="sign-in"`):
			a = b.post(a, "sign-in", url.Values{"username": {email}, "password": {testPassword}})
		case strings.Contains(a.body, `id="consent"`):
			a = b.post(a, "consent", url.Values{"decision": {"allow"}, "scope": checkboxes(b.s.t, a)})
		default:
			return a
		}
	}
	b.s.t.Fatalf("it does not end: %d %s", a.StatusCode, a.Request.URL)
	return a
}

// post submits a form of page, on whichever server it is.
func (b *browser) post(page answer, id string, values url.Values) answer {
	b.s.t.Helper()
	action, form := formOf(b.s.t, page, id)
	for name, list := range values {
		form[name] = list
	}
	to, err := page.Request.URL.Parse(action)
	require.NoError(b.s.t, err)
	return b.submit(to.String(), form)
}

// who returns the person who is signed in to s in b, by what the mini app is told.
func (b *browser) who(clientID string) map[string]any {
	b.s.t.Helper()
	code := callback(b.s.t, b.walk(b.authorize(request(clientID, "scope", "openid email profile")), "")).Get("code")
	require.NotEmpty(b.s.t, code)
	token := b.s.post("/oauth2/token", clientID, exchangeForm(code))
	require.Equal(b.s.t, http.StatusOK, token.StatusCode, token.body)
	r, err := http.NewRequest(http.MethodGet, b.s.url+"/oauth2/userinfo", nil)
	require.NoError(b.s.t, err)
	r.Header.Set("Authorization", "Bearer "+token.json(b.s.t)["access_token"].(string))
	a := do(b.s.t, http.DefaultClient, r)
	require.Equal(b.s.t, http.StatusOK, a.StatusCode, a.body)
	return a.json(b.s.t)
}

func TestAPersonOfAnotherServerSignsInByOneClickAndDecides(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		own, provider := twoServers(t, dsn, "")
		provider.join(identity.NewUser{Email: "carla@elsewhere.example", EmailVerified: true, FirstName: "Carla", LastName: "Ruiz"})
		b := own.newBrowser()
		a := b.walk(b.authorize(request("photoprint")), "carla@elsewhere.example")
		require.NotEmpty(t, callback(t, a).Get("code"), a.Header.Get("Location"))
		first := b.who("photoprint")
		require.Equal(t, "carla@elsewhere.example", first["email"])
		require.Equal(t, false, first["email_verified"], "the operator did not say to take that server's word")
		require.Equal(t, "Carla", first["given_name"])

		other := own.newBrowser()
		other.walk(other.get("/login"), "carla@elsewhere.example")
		require.Equal(t, first["sub"], other.who("photoprint")["sub"], "the same person in another browser")

		sessions, err := own.store.UserSessions(t.Context(), first["sub"].(string), own.now())
		require.NoError(t, err)
		for _, s := range sessions {
			require.Empty(t, s.VouchedBy, "they signed in themselves")
		}
	})
}

func TestSignInByAnotherServerWithoutARequestLeadsToTheAccount(t *testing.T) {
	t.Parallel()
	own, _ := twoServers(t, furnished.SQLite(t), "")
	b := own.newBrowser()
	a := b.walk(b.get("/signup"), "bo@example.com")
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	require.Equal(t, own.url+"/account", a.Request.URL.String())
}

func TestAButtonIsNamedInThePagesLanguage(t *testing.T) {
	t.Parallel()
	own, _ := twoServers(t, furnished.SQLite(t), "")
	for path, text := range map[string]string{"/login": "第二", "/signup": "第二"} {
		r, err := http.NewRequest(http.MethodGet, own.url+path, nil)
		require.NoError(t, err)
		r.Header.Set("Accept-Language", "ja")
		require.Contains(t, do(t, http.DefaultClient, r).body, text)
	}
	require.Contains(t, own.newBrowser().get("/login").body, "Second second")
}

// Another site that links here must not start anything.
func TestNobodyLeavesForAnotherServerButFromOurPage(t *testing.T) {
	t.Parallel()
	own, _ := twoServers(t, furnished.SQLite(t), "")
	b := own.newBrowser()
	require.Equal(t, "/login", b.get("/login/upstream/second").Header.Get("Location"))
	require.Equal(t, http.StatusBadRequest, b.get("/login/upstream/second?interaction=x").StatusCode)
	page := button(b.get("/login"))
	require.Equal(t, http.StatusBadRequest, own.newBrowser().get(page).StatusCode, "of another browser")
	require.Equal(t, http.StatusNotFound, b.get("/login/upstream/nobody").StatusCode)
	require.Equal(t, http.StatusNotFound, b.get("/login/upstream/nobody/callback").StatusCode)
}

// Whoever has an address verified at both sides is one person, if the operator says so. Nothing less links.
func TestAnAccountIsLinkedOnlyByAnAddressThatBothSidesVerified(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name        string
		trusted     bool
		there, here bool
		linked      bool
	}{
		{"both verified, and the provider's word is taken", true, true, true, true},
		{"the provider's word is not taken", false, true, true, false},
		{"not verified there", true, false, true, false},
		{"not verified here: somebody made the account to wait for its owner", true, true, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			own, provider := twoServers(t, furnished.SQLite(t), fmt.Sprintf(", link_verified_email: %v", test.trusted))
			provider.join(identity.NewUser{Email: "Dora@example.com", EmailVerified: test.there})
			here := own.join(identity.NewUser{Email: "dora@example.com", EmailVerified: test.here})
			b := own.newBrowser()
			b.walk(b.get("/login"), "dora@example.com")
			seen := b.who("photoprint")
			if test.linked {
				require.Equal(t, here.ID, seen["sub"])
				return
			}
			require.NotEqual(t, here.ID, seen["sub"])
			require.NotContains(t, seen, "email", "the address belongs to the other account")
			stored, err := own.store.User(t.Context(), here.ID)
			require.NoError(t, err)
			require.Equal(t, here, stored)
		})
	}
}

// A role is given to whoever knows the account's password. A provider's word on an address is not enough for it.
func TestAnAccountWithARoleIsNeverLinkedByItsAddress(t *testing.T) {
	t.Parallel()
	own, provider := twoServers(t, furnished.SQLite(t), ", link_verified_email: true")
	for _, role := range []string{storage.RoleAdmin, storage.RoleReviewer, storage.RoleDeveloper, storage.RoleCompanyAdmin} {
		email := role + "@example.com"
		there := provider.join(identity.NewUser{Email: email, EmailVerified: true})
		own.join(identity.NewUser{Email: email, EmailVerified: true, CompanyID: "acme", Roles: []string{role}})
		before := own.people()
		b := own.newBrowser()
		a := b.walk(b.get("/login"), email)
		require.Equal(t, http.StatusForbidden, a.StatusCode, a.body)
		require.Contains(t, a.body, `data-error="upstream_role"`)
		require.Contains(t, a.body, "your own password", "it names the fix")
		require.False(t, own.signedIn(b))
		require.Equal(t, before, own.people(), "nor is there a second account")
		_, err := own.store.LinkedUser(t.Context(), provider.url, there.ID)
		require.ErrorIs(t, err, storage.ErrNotFound)
	}
}

func TestAnAddressIsVerifiedOnlyOnATrustedProvidersWord(t *testing.T) {
	t.Parallel()
	own, provider := twoServers(t, furnished.SQLite(t), ", link_verified_email: true")
	provider.join(identity.NewUser{Email: "eli@example.com", EmailVerified: true})
	b := own.newBrowser()
	b.walk(b.get("/login"), "eli@example.com")
	require.Equal(t, true, b.who("photoprint")["email_verified"])
}

func TestWithoutSignUpAnotherServersPeopleGetNoAccounts(t *testing.T) {
	t.Parallel()
	closed := func(c *config.Config) { c.SignUp = false }
	own, _ := twoServers(t, furnished.SQLite(t), "", closed)
	b := own.newBrowser()
	a := b.walk(b.get("/login"), "bo@example.com")
	require.Equal(t, http.StatusForbidden, a.StatusCode, a.body)
	require.Contains(t, a.body, `data-error="upstream_nobody"`)

	own, _ = twoServers(t, furnished.SQLite(t), ", sign_up: true", closed)
	b = own.newBrowser()
	require.Equal(t, own.url+"/account", b.walk(b.get("/login"), "bo@example.com").Request.URL.String())
}

func TestADisabledAccountIsNotSignedInByAnotherServer(t *testing.T) {
	t.Parallel()
	own, _ := twoServers(t, furnished.SQLite(t), "")
	b := own.newBrowser()
	b.walk(b.get("/login"), "bo@example.com")
	id := b.who("photoprint")["sub"].(string)
	require.NoError(t, own.store.SetDisabled(t.Context(), id, true, own.now()))
	b = own.newBrowser()
	a := b.walk(b.get("/login"), "bo@example.com")
	require.Contains(t, a.body, `data-error="upstream_nobody"`)
	require.True(t, strings.HasPrefix(b.get("/account").Header.Get("Location"), "/login"), "nobody is signed in")
}

// Nor by a new account beside it: the address is theirs, so they are who the operator has shut out.
func TestTheOwnerOfADisabledAccountGetsNoOtherOneByTheSameAddress(t *testing.T) {
	t.Parallel()
	own, provider := twoServers(t, furnished.SQLite(t), ", link_verified_email: true")
	provider.join(identity.NewUser{Email: "dora@example.com", EmailVerified: true})
	here := own.join(identity.NewUser{Email: "dora@example.com", EmailVerified: true})
	require.NoError(t, own.store.SetDisabled(t.Context(), here.ID, true, own.now()))
	before := own.people()
	b := own.newBrowser()
	a := b.walk(b.get("/login"), "dora@example.com")
	require.Equal(t, http.StatusForbidden, a.StatusCode, a.body)
	require.Contains(t, a.body, `data-error="upstream_nobody"`)
	require.False(t, own.signedIn(b))
	require.Equal(t, before, own.people())
	links, err := own.store.UserLinks(t.Context(), []string{here.ID})
	require.NoError(t, err)
	require.Empty(t, links)
}

// A provider tells its people apart by sub, never by address (OIDC Core §5.7).
func TestTwoPeopleOfOneProviderAreTwoPeopleHereWhateverTheirAddress(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		l := newLiar(t, nil)
		own := newTestServer(t, dsn, withUpstreams(t, upstreamEntry("second", l.url, ", link_verified_email: true")))
		here := own.join(identity.NewUser{Email: "dora@corp.example", EmailVerified: true})
		l.claims["email"], l.claims["email_verified"] = "dora@corp.example", true
		b := own.newBrowser()
		l.signIn(b, b.get("/login"))
		require.Equal(t, here.ID, b.who("photoprint")["sub"])

		delete(l.claims, "nonce")
		l.claims["sub"] = "liar-2" // who has the address now
		b = own.newBrowser()
		l.signIn(b, b.get("/login"))
		second := b.who("photoprint")
		require.NotEqual(t, here.ID, second["sub"])
		require.NotContains(t, second, "email")
	})
}

// Who is closed out while they sign in stays out when the account is opened again.
func TestNoSignInOutlivesTheClosingOfTheAccountAtThatMoment(t *testing.T) {
	t.Parallel()
	l := newLiar(t, nil)
	s, token := newStore(t, furnished.Postgres(t), withUpstreams(t, upstreamEntry("second", l.url, "")))
	host := s.backend("host")
	hostsOwn := host.knows(hana)
	b := s.newBrowser()
	l.signIn(b, b.get("/login"))
	upstreams, err := s.store.LinkedUser(t.Context(), l.url, "liar-1")
	require.NoError(t, err)
	delete(l.claims, "nonce")
	for name, way := range map[string]struct {
		user string
		open func(b *browser) answer
		says string
	}{
		"a one-time URL": {hostsOwn.ID, func(b *browser) answer { return b.get(host.handsOver("u-1", "")) }, "invalid_request"},
		"a ticket":       {s.users["bo@example.com"].ID, func(b *browser) answer { return b.get(s.ticket(token, "bo@example.com")) }, "invalid_request"},
		"a provider":     {upstreams.ID, func(b *browser) answer { return l.signIn(b, b.get("/login")) }, "upstream_nobody"},
		"a password": {s.users["ana@example.com"].ID, func(b *browser) answer {
			return b.post(b.get("/login"), "sign-in", url.Values{"username": {"ana@example.com"}, "password": {testPassword}})
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var once sync.Once
			closing := func(sql string) {
				if strings.Contains(sql, "INSERT INTO sessions") {
					once.Do(func() { require.NoError(t, s.store.SetDisabled(t.Context(), way.user, true, s.now())) })
				}
			}
			b := s.newBrowser()
			s.count.before.Store(&closing)
			a := way.open(b)
			s.count.before.Store(nil)
			require.Contains(t, []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden}, a.StatusCode, a.body)
			if way.says == "" {
				require.Contains(t, a.body, `id="sign-in"`)
			} else {
				require.Contains(t, a.body, `data-error="`+way.says+`"`)
			}
			require.NoError(t, s.store.SetDisabled(t.Context(), way.user, false, s.now()))
			require.False(t, s.signedIn(b))
		})
	}
}

// What only looks, as a scanner of links does, uses up no code.
func TestHEADAtTheCallbackSignsNobodyIn(t *testing.T) {
	t.Parallel()
	own, _ := twoServers(t, furnished.SQLite(t), "")
	b := own.newBrowser()
	back, err := b.walk(b.get("/login"), "bo@example.com", "/callback").Location()
	require.NoError(t, err)
	r, err := http.NewRequest(http.MethodHead, back.String(), nil)
	require.NoError(t, err)
	a := do(t, b.Client, r)
	require.Equal(t, http.StatusMethodNotAllowed, a.StatusCode)
	require.Equal(t, "GET", a.Header.Get("Allow"))
	require.False(t, own.signedIn(b))
	require.Equal(t, "/account", b.get(back.String()).Header.Get("Location"))
}

func TestPromptLoginAndMaxAgeAskAgainAtTheOtherServerAndEnd(t *testing.T) {
	t.Parallel()
	own, provider := twoServers(t, furnished.SQLite(t), "")
	b := own.newBrowser()
	b.walk(b.authorize(request("photoprint")), "ana@example.com") // signed in at both
	for name, v := range map[string]url.Values{
		"prompt=login": request("photoprint", "prompt", "login", "login_hint", "ana@example.com"),
		"max_age=0":    request("photoprint", "max_age", "0"),
	} {
		t.Run(name, func(t *testing.T) {
			page := b.follow(b.authorize(v))
			leaving := b.get(button(page))
			asked, err := leaving.Location()
			require.NoError(t, err)
			require.Equal(t, "0", asked.Query().Get("max_age"))
			require.Equal(t, v.Get("login_hint"), asked.Query().Get("login_hint"))
			there := b.follow(b.follow(leaving))
			require.True(t, strings.HasPrefix(there.Request.URL.String(), provider.url+"/login"), "%s", there.Request.URL)
			require.NotEmpty(t, callback(t, b.walk(there, "ana@example.com")).Get("code"))
		})
	}
}

func TestAnAnswerOfAnotherServerIsGoodOnceForOneBrowserAndOneProvider(t *testing.T) {
	t.Parallel()
	provider := newTestServer(t, furnished.SQLite(t))
	own := newTestServer(t, furnished.SQLite(t), withUpstreams(t, upstreamEntry("second", provider.url, ""), upstreamEntry("third", provider.url, "")))
	provider.register(storage.Client{ID: "nimbus", Name: "Nimbus", RedirectURIs: []string{own.url + "/login/upstream/second/callback"}})
	back := func(b *browser) string {
		location, err := b.walk(b.get("/login"), "ana@example.com", "/callback").Location()
		require.NoError(t, err)
		return location.String()
	}
	b := own.newBrowser()
	answered := back(b)
	refused := func(b *browser, target, code string) {
		t.Helper()
		a := b.get(target)
		require.GreaterOrEqual(t, a.StatusCode, 400, "%s", a.Header.Get("Location"))
		require.Contains(t, a.body, `data-error="`+code+`"`)
	}
	victim := own.newBrowser()
	victim.get("/login")
	refused(victim, answered, "invalid_request")
	refused(b, strings.Replace(answered, "/second/", "/third/", 1), "invalid_request")
	refused(b, strings.Replace(answered, "state=", "state=x", 1), "invalid_request")
	refused(b, strings.Replace(answered, url.QueryEscape(provider.url), "https%3A%2F%2Fevil.example", 1), "upstream_failed")
	refused(b, regexp.MustCompile(`iss=[^&]*&?`).ReplaceAllString(answered, ""), "upstream_failed") // it announces that it sends one
	refused(b, answered+"&iss="+url.QueryEscape(provider.url), "upstream_failed")
	refused(b, answered+"&code=x", "upstream_failed")
	refused(b, regexp.MustCompile(`code=[^&]*&?`).ReplaceAllString(answered, ""), "upstream_failed")

	a := b.get(answered)
	require.Equal(t, "/account", a.Header.Get("Location"), a.body)
	require.Equal(t, http.StatusSeeOther, b.submit("/logout", signOutForm(b)).StatusCode)
	refused(b, answered, "upstream_failed") // the code is spent

	late := own.newBrowser()
	answered = back(late)
	own.forward(attemptOver)
	refused(late, answered, "expired")

	for _, code := range regexp.MustCompile(`code=([^&]+)`).FindAllStringSubmatch(answered, -1) {
		require.NotContains(t, own.log.String(), code[1])
	}
	require.NotContains(t, own.log.String(), testSecret)
}

func signOutForm(b *browser) url.Values {
	_, form := formOf(b.s.t, b.get("/logout"), "sign-out")
	return form
}

func TestWhoDeniesAtTheOtherServerGetsAWayBack(t *testing.T) {
	t.Parallel()
	own, _ := twoServers(t, furnished.SQLite(t), "")
	b := own.newBrowser()
	page := b.follow(b.authorize(request("photoprint")))
	at := b.follow(b.follow(b.get(button(page))))                                                                           // the provider's sign-in
	at = b.follow(b.follow(b.post(at, "sign-in", url.Values{"username": {"ana@example.com"}, "password": {testPassword}}))) // its consent
	a := b.post(at, "consent", url.Values{"decision": {"deny"}})
	for a.StatusCode == http.StatusSeeOther {
		a = b.follow(a)
	}
	require.Equal(t, http.StatusForbidden, a.StatusCode, a.body)
	require.Contains(t, a.body, `data-error="upstream_denied"`)
	retry := regexp.MustCompile(`href="(/login\?interaction=[^"]+)"`).FindStringSubmatch(a.body)
	require.NotNil(t, retry, a.body)
	again := b.get(html.UnescapeString(retry[1]))
	require.Contains(t, again.body, "PhotoPrint", "the request is not lost")
	done := b.post(again, "sign-in", url.Values{"username": {"ana@example.com"}, "password": {testPassword}})
	require.NotEmpty(t, callback(t, b.decide(b.follow(done), "allow")).Get("code"))
}

// A provider that is away is away for its own people only, and as soon as it is back it is back.
func TestAServerStartsWhileItsProviderIsDown(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	own := newTestServer(t, furnished.SQLite(t), withUpstreams(t, upstreamEntry("second", "http://"+address, "")))
	b := own.newBrowser()
	a := b.get(button(b.get("/login")))
	require.Equal(t, http.StatusBadGateway, a.StatusCode, a.body)
	require.Contains(t, a.body, `data-error="upstream_unavailable"`)

	listener, err := net.Listen("tcp", address)
	require.NoError(t, err)
	provider := newLiar(t, listener)
	own.forward(restOver)
	require.Equal(t, http.StatusSeeOther, b.get(button(b.get("/login"))).StatusCode)
	require.NotZero(t, provider.asked.Load())
}

func TestAnUpstreamsFileWithAMistakeStopsTheStart(t *testing.T) {
	t.Parallel()
	dsn := furnished.SQLite(t)
	store, err := gormstore.Open(t.Context(), dsn, gormstore.Options{Migrate: true})
	require.NoError(t, err)
	t.Cleanup(func() { store.Close() })
	cfg := testConfig(dsn, "http://127.0.0.1:1")
	withUpstreams(t, "{id: a, nme: x}")(cfg)
	_, err = wire(t.Context(), cfg, store, slog.New(slog.DiscardHandler), time.Now)
	require.ErrorContains(t, err, "did you mean name?")
	require.True(t, isUsage(err))
}
