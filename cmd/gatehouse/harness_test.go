package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"gatehouse/identity"
	"gatehouse/internal/config"
	"gatehouse/internal/testdb"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

// The whole server in this process, on a real database and a real listener, with a clock that a test can move.

const (
	testPassword = "correct horse battery staple"
	testSecret   = "a-client-secret-of-at-least-32-characters"
	testVerifier = "a-code-verifier-of-at-least-forty-three-characters"
	testCallback = "https://photoprint.example/cb"
)

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

type testServer struct {
	t     testing.TB
	url   string
	store storage.Store
	reg   *registry.Registry
	log   *lockedBuffer
	clock *atomic.Int64 // nanoseconds that the clock is ahead
	count *statementCount
	users map[string]storage.User // by e-mail
	run   func(context.Context)   // the work in the background, which no test needs unless it says so
	ops   http.Handler            // for operators; nil where the settings have no listener for them

	program string // what launch starts in place of this test's own program
}

// statementCount observes the driver: it counts statements and can slow them down.
type statementCount struct {
	mu         sync.Mutex
	statements []string
	delay      atomic.Int64
	before     atomic.Pointer[func(sql string)] // called with each statement before it is sent
}

func (c *statementCount) observe(_ context.Context, sql string) {
	if d := time.Duration(c.delay.Load()); d > 0 {
		time.Sleep(d) // a database that takes its time
	}
	if f := c.before.Load(); f != nil {
		(*f)(sql)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.statements = append(c.statements, sql)
}

func (c *statementCount) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.statements = nil
}

func (c *statementCount) seen() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.statements...)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newTestServer starts a server on the database dsn with the people and mini apps of fixtures.
func newTestServer(t testing.TB, dsn string, settings ...func(*config.Config)) *testServer {
	t.Helper()
	log, count := &lockedBuffer{}, &statementCount{}
	s := startServer(t, dsn, slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), count.observe, settings...)
	s.log, s.count = log, count
	return s
}

// startServer does it with any log and any observer of statements.
func startServer(t testing.TB, dsn string, log *slog.Logger, statement func(context.Context, string), settings ...func(*config.Config)) *testServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	cfg := testConfig(dsn, "http://"+listener.Addr().String())
	for _, set := range settings {
		set(cfg)
	}
	s := &testServer{t: t, url: cfg.Issuer, clock: &atomic.Int64{}, users: map[string]storage.User{}}
	s.store, err = gormstore.Open(t.Context(), dsn, gormstore.Options{Migrate: true, Log: log, Statement: statement})
	require.NoError(t, err)
	closeAtEnd(t, s.store)
	a, err := wire(t.Context(), cfg, s.store, log, s.now)
	require.NoError(t, err)
	s.run, s.ops = a.Run, a.Ops
	s.reg = registry.New(s.store, s.now)
	s.fixtures(s.now)
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: a.Handler}}
	server.Start()
	closeAtEnd(t, closer(server.Close))
	return s
}

// closeAtEnd closes what a test has opened when it ends, and forgets it: the cleanups of parallel tests stay in memory until
// the last test of all has ended, and a whole server hangs on one.
func closeAtEnd(t testing.TB, opened io.Closer) {
	t.Cleanup(func() {
		_ = opened.Close()
		opened = nil
	})
}

// closer is a way to close that cannot fail.
type closer func()

func (c closer) Close() error { c(); return nil }

// furnished is a database that a server has started on, with its keys, and the fixtures in it.
var furnished = testdb.NewTemplate(func(t testing.TB, dsn string) {
	log := slog.New(slog.DiscardHandler)
	store, err := gormstore.Open(t.Context(), dsn, gormstore.Options{Migrate: true, Log: log})
	require.NoError(t, err)
	s := &testServer{t: t, store: store, clock: &atomic.Int64{}, users: map[string]storage.User{}}
	_, err = wire(t.Context(), testConfig(dsn, "http://127.0.0.1"), store, log, s.now)
	require.NoError(t, err)
	s.fixtures(s.now)
	require.NoError(t, store.Close())
})

func testConfig(dsn, issuer string) *config.Config {
	return &config.Config{
		Issuer: issuer, Database: dsn, Secret: strings.Repeat("test-root-secret-", 3), Name: "Nimbus", SignUp: true, DynamicRegistration: config.RegistrationToken,
		CodeLifetime: 5 * time.Minute, UserAccessLifetime: 360 * time.Hour, UserRefreshLifetime: 720 * time.Hour,
		CompanyAccessLifetime: 720 * time.Hour, CompanyRefreshLifetime: 1440 * time.Hour,
		IDTokenLifetime: time.Hour, SessionLifetime: 12 * time.Hour, DenyCooldown: 24 * time.Hour,
	}
}

// fixtures are two people, one of them a company's admin, and mini apps of every sort. A copy of furnished has them.
func (s *testServer) fixtures(now func() time.Time) {
	ctx := s.t.Context()
	for _, email := range []string{"ana@example.com", "bo@example.com"} {
		if u, err := s.store.UserByLogin(ctx, email); err == nil {
			s.users[email] = u
		}
	}
	if len(s.users) > 0 {
		return
	}
	require.NoError(s.t, s.store.SaveCompany(ctx, storage.Company{ID: "acme", Name: "Acme Ltd"}))
	people := identity.NewPeople(identity.PeopleOptions{
		Users: s.store, Failures: s.store, Passwords: identity.NewPasswords(passwordMemory), Now: now,
	})
	for _, n := range []identity.NewUser{
		{Email: "ana@example.com", EmailVerified: true, Phone: "+59899123456", FirstName: "Ana", LastName: "Souza", Attributes: map[string]any{"points": 120.0}, Password: testPassword},
		{Email: "bo@example.com", FirstName: "Bo", LastName: "Admin", CompanyID: "acme", Roles: []string{storage.RoleCompanyAdmin}, Password: testPassword},
	} {
		u, err := people.CreateUser(ctx, n)
		require.NoError(s.t, err)
		s.users[u.Email] = u
	}
	require.NoError(s.t, s.store.SaveScope(ctx, storage.Scope{Name: "points_read", Title: map[string]string{"en": "Your points"}, Claims: []string{"points"}}))
	require.NoError(s.t, s.store.SaveScope(ctx, storage.Scope{Name: "catalogue", Title: map[string]string{"en": "The catalogue"}, Client: true}))
	for _, c := range []storage.Client{
		{ID: "photoprint", Name: "PhotoPrint"},
		{ID: "other", Name: "Other"},
		{ID: "public", Name: "Public", Public: true},
		{ID: "relaxed", Name: "Relaxed", PKCE: "optional"},
		{ID: "pairwise", Name: "Pairwise", SubjectType: "pairwise", IDTokenAlg: "RS256"},
		{ID: "no-grace", Name: "No grace", RefreshReuseGrace: -1},
		{ID: "never", Name: "Never", AccessTokenLifetime: storage.Never},
		{ID: "resource", Name: "Resource server", ResourceServer: true},
		{ID: "suspended", Name: "Suspended", Status: storage.StatusSuspended},
		{ID: "host", Name: "Host", FirstParty: true},
	} {
		s.register(c)
	}
}

// register stores a client, filled up with what most tests want.
func (s *testServer) register(c storage.Client) {
	if len(c.RedirectURIs) == 0 {
		c.RedirectURIs = []string{testCallback, "http://127.0.0.1/cb"}
	}
	if len(c.TokenTypes) == 0 {
		c.TokenTypes = []string{"user", "company"}
	}
	if len(c.Scopes) == 0 {
		c.Scopes = []storage.ClientScope{
			{Name: "openid", Required: true}, {Name: "email", Required: true}, {Name: "profile"}, {Name: "phone"},
			{Name: "points_read"}, {Name: "user_session"}, {Name: "offline_access"}, {Name: "catalogue"},
		}
		if c.FirstParty {
			c.Scopes = append(c.Scopes, storage.ClientScope{Name: "superapp"}, storage.ClientScope{Name: "admin"})
		}
	}
	if !c.Public {
		if len(c.Secrets) == 0 {
			c.Secrets = []storage.ClientSecret{{ID: "1", Hash: registry.HashSecret(testSecret)}}
		}
		if len(c.GrantTypes) == 0 {
			c.GrantTypes = []string{"authorization_code", "refresh_token", "client_credentials"}
		}
	}
	if c.Status == "" {
		c.Status = storage.StatusApproved
	}
	switch c.RefreshReuseGrace {
	case 0: // time passes in tests too
		c.RefreshReuseGrace = registry.MaxRefreshReuseGrace
	case -1:
		c.RefreshReuseGrace = 0
	}
	c = registry.Defaults(c)
	c.CreatedAt, c.UpdatedAt = time.Now().UTC(), time.Now().UTC()
	require.NoError(s.t, s.store.CreateClient(s.t.Context(), c))
}

// now is the server's clock, and forward moves it.
func (s *testServer) now() time.Time { return time.Now().Add(time.Duration(s.clock.Load())).UTC() }

func (s *testServer) forward(d time.Duration) { s.clock.Add(int64(d)) }

// answer is a response with its body read.
type answer struct {
	*http.Response
	body string
}

// json returns the body's members.
func (a answer) json(t testing.TB) map[string]any {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.body), &m), a.body)
	return m
}

func do(t testing.TB, c *http.Client, r *http.Request) answer {
	t.Helper()
	response, err := c.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	a := answer{response, string(body)}
	requireDescribed(t, r, a)
	return a
}

// post sends a form as a mini-app server does. auth is a client_id for HTTP Basic, or empty.
func (s *testServer) post(path, auth string, form url.Values) answer {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.url+path, strings.NewReader(form.Encode()))
	require.NoError(s.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if auth != "" {
		r.SetBasicAuth(auth, testSecret)
	}
	return do(s.t, http.DefaultClient, r)
}

// browser is a person's browser: it keeps cookies and does not follow redirects by itself.
type browser struct {
	s *testServer
	*http.Client
}

func (s *testServer) newBrowser() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	return &browser{s, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (b *browser) get(target string) answer {
	b.s.t.Helper()
	r, err := http.NewRequest(http.MethodGet, b.s.absolute(target), nil)
	require.NoError(b.s.t, err)
	return do(b.s.t, b.Client, r)
}

func (b *browser) submit(target string, form url.Values) answer {
	b.s.t.Helper()
	r, err := http.NewRequest(http.MethodPost, b.s.absolute(target), strings.NewReader(form.Encode()))
	require.NoError(b.s.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return do(b.s.t, b.Client, r)
}

// byHand posts a form of the console or the portal that no page has drawn: with the seal of a page that every visitor gets, so that
// what comes of it is about the rest of the form.
func (b *browser) byHand(target string, form url.Values) answer {
	b.s.t.Helper()
	form = maps.Clone(form)
	form.Set("interaction", b.sealOf(target))
	return b.submit(target, form)
}

// sealOf is what b's forms of the console, or of the portal, carry; empty for whom these are not for.
func (b *browser) sealOf(target string) string {
	page, id := "/developer/new", "step"
	if strings.HasPrefix(target, "/admin") {
		page, id = "/admin/evaluate", "evaluate"
	}
	_, form, _ := readForm(b.get(page).body, id)
	return form.Get("interaction")
}

func (s *testServer) absolute(target string) string {
	if strings.HasPrefix(target, "/") {
		return s.url + target
	}
	return target
}

// formOf returns the action and the hidden fields of the form with this id.
func formOf(t testing.TB, page answer, id string) (string, url.Values) {
	t.Helper()
	action, values, found := readForm(page.body, id)
	require.True(t, found, "no form#%s in: %d %s", id, page.StatusCode, page.body)
	return action, values
}

// readForm is formOf where no test is at hand; false when there is no such form.
func readForm(body, id string) (string, url.Values, bool) {
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		return "", nil, false
	}
	form := findElement(root, func(n *html.Node) bool { return n.Data == "form" && attribute(n, "id") == id })
	if form == nil {
		return "", nil, false
	}
	values := url.Values{}
	findElement(form, func(n *html.Node) bool {
		if n.Data == "input" && attribute(n, "type") == "hidden" {
			values.Add(attribute(n, "name"), attribute(n, "value"))
		}
		return false
	})
	return attribute(form, "action"), values, true
}

func findElement(n *html.Node, match func(*html.Node) bool) *html.Node {
	if n.Type == html.ElementNode && match(n) {
		return n
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if found := findElement(c, match); found != nil {
			return found
		}
	}
	return nil
}

// checkboxes returns the values of the optional scopes on a consent page.
func checkboxes(t testing.TB, page answer) []string {
	t.Helper()
	values, err := readCheckboxes(page.body)
	require.NoError(t, err)
	return values
}

func readCheckboxes(body string) (values []string, err error) {
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	findElement(root, func(n *html.Node) bool {
		if n.Data == "input" && attribute(n, "name") == "scope" {
			values = append(values, attribute(n, "value"))
		}
		return false
	})
	return values, nil
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// request is an authorization request with what every test needs; pairs override it, and an empty value removes.
func request(clientID string, pairs ...string) url.Values {
	v := url.Values{
		"client_id": {clientID}, "redirect_uri": {testCallback}, "response_type": {"code"}, "scope": {"openid email"},
		"state": {"s-1"}, "code_challenge": {challengeOf(testVerifier)}, "code_challenge_method": {"S256"},
	}
	for i := 0; i < len(pairs); i += 2 {
		if v.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			v.Del(pairs[i])
		}
	}
	return v
}

func (b *browser) authorize(v url.Values) answer {
	b.s.t.Helper()
	return b.get("/oauth2/authorize?" + v.Encode())
}

// signIn fills in the sign-in form of the page that a leads to.
func (b *browser) signIn(a answer, email string) answer {
	b.s.t.Helper()
	page := b.get(a.Header.Get("Location"))
	action, form := formOf(b.s.t, page, "sign-in")
	form.Set("username", email)
	form.Set("password", testPassword)
	done := b.submit(action, form)
	require.Equal(b.s.t, http.StatusSeeOther, done.StatusCode, done.body)
	return b.get(done.Header.Get("Location"))
}

// decide answers the consent form of the page that a leads to.
func (b *browser) decide(a answer, decision string, optional ...string) answer {
	b.s.t.Helper()
	page := b.get(a.Header.Get("Location"))
	action, form := formOf(b.s.t, page, "consent")
	form["scope"] = optional
	form.Set("decision", decision)
	done := b.submit(action, form)
	require.Equal(b.s.t, http.StatusSeeOther, done.StatusCode, done.body)
	return b.get(done.Header.Get("Location"))
}

// callback returns the parameters that an authorization response carries to the redirect URI.
func callback(t testing.TB, a answer) url.Values {
	t.Helper()
	require.Equal(t, http.StatusSeeOther, a.StatusCode, a.body)
	location, err := url.Parse(a.Header.Get("Location"))
	require.NoError(t, err)
	require.True(t, location.IsAbs(), "not at the redirect URI: %s", location)
	return location.Query()
}

// allow goes through sign-in and consent, allowing everything asked, and returns the code.
func (s *testServer) allow(email string, v url.Values) string {
	s.t.Helper()
	code, _ := s.allowIn(s.newBrowser(), email, v)
	return code
}

func (s *testServer) allowIn(b *browser, email string, v url.Values) (string, *browser) {
	s.t.Helper()
	a := b.agree(b.authorize(v), email)
	code := callback(s.t, a).Get("code")
	require.NotEmpty(s.t, code, a.Header.Get("Location"))
	return code, b
}

// agree goes on from a through sign-in and consent as far as they are asked for, allowing everything.
func (b *browser) agree(a answer, email string) answer {
	b.s.t.Helper()
	if strings.HasPrefix(a.Header.Get("Location"), "/login") {
		a = b.signIn(a, email)
	}
	if strings.HasPrefix(a.Header.Get("Location"), "/consent") {
		a = b.decide(a, "allow", checkboxes(b.s.t, b.get(a.Header.Get("Location")))...)
	}
	return a
}

// exchange is a code exchange with the test's verifier.
func exchangeForm(code string, pairs ...string) url.Values {
	v := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {testCallback}, "code_verifier": {testVerifier}}
	for i := 0; i < len(pairs); i += 2 {
		if v.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			v.Del(pairs[i])
		}
	}
	return v
}

func refreshForm(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
}

// tokens gets a pair for a person and a client.
func (s *testServer) tokens(email, clientID string, pairs ...string) map[string]any {
	s.t.Helper()
	code := s.allow(email, request(clientID, pairs...))
	a := s.post("/oauth2/token", clientID, exchangeForm(code))
	require.Equal(s.t, http.StatusOK, a.StatusCode, a.body)
	return a.json(s.t)
}

// active introspects a token as its own client.
func (s *testServer) active(clientID string, token any) bool {
	s.t.Helper()
	a := s.post("/oauth2/introspect", clientID, url.Values{"token": {token.(string)}})
	require.Equal(s.t, http.StatusOK, a.StatusCode, a.body)
	return a.json(s.t)["active"].(bool)
}

// join makes an account with the password of everybody.
func (s *testServer) join(n identity.NewUser) storage.User {
	s.t.Helper()
	people := identity.NewPeople(identity.PeopleOptions{Users: s.store, Failures: s.store, Passwords: identity.NewPasswords(passwordMemory), Now: s.now})
	n.Password = testPassword
	u, err := people.CreateUser(s.t.Context(), n)
	require.NoError(s.t, err)
	return u
}

// updateClient changes a registration. A server that knows it already learns of it soon; one beside it knows at once.
func (s *testServer) updateClient(id string, change func(*storage.Client)) {
	s.t.Helper()
	c, err := s.store.Client(s.t.Context(), id)
	require.NoError(s.t, err)
	was := c.UpdatedAt
	change(&c)
	c.UpdatedAt = was.Add(time.Second)
	require.NoError(s.t, s.store.UpdateClient(s.t.Context(), c, was))
}
