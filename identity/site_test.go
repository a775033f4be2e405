package identity

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/httpx"
	"gatehouse/internal/interaction"
	"gatehouse/internal/rim"
	"gatehouse/internal/secret"
	"gatehouse/internal/testdb"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
	"gatehouse/templates"
)

const (
	anaEmail    = "ana@example.com"
	anaPhone    = "+59899123456"
	anaPassword = "lighthouse keeper of old"
)

// site is the pages on a real database, behind a real server.
type site struct {
	t          testing.TB
	store      *gormstore.Store
	statements atomic.Int64 // sent to the database
	clock      atomic.Int64 // Unix nanoseconds
	logged     *lockedBuffer
	passwords  *Passwords
	sessions   *Sessions
	people     *People
	sealer     *interaction.Sealer
	handler    http.Handler
	server     *httptest.Server
	ana        storage.User
}

func newSite(t testing.TB, change ...func(*PagesOptions)) *site {
	t.Helper()
	s := &site{t: t, logged: &lockedBuffer{}, passwords: NewPasswords(64 << 20)}
	s.clock.Store(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano())
	log := slog.New(slog.NewTextHandler(s.logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	s.store, err = gormstore.Open(t.Context(), testdb.SQLite(t), gormstore.Options{Migrate: true, Log: log,
		Statement: func(context.Context, string) { s.statements.Add(1) }})
	require.NoError(t, err)
	t.Cleanup(func() { s.store.Close() })

	root := testRoot(t, "a", "")
	s.sessions = NewSessions(SessionOptions{Store: s.store, Root: root, Issuer: "http://127.0.0.1:9096", Now: s.now, Log: log})
	s.people = NewPeople(PeopleOptions{Users: s.store, Links: s.store, Failures: s.store, Passwords: s.passwords, Now: s.now, Log: log})
	s.sealer = interaction.NewSealer(root, s.now)
	pages, err := templates.New(templates.Brand{Name: "Host"}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	o := PagesOptions{People: s.people, Sessions: s.sessions, Sealer: s.sealer, Companies: s.store, SignUp: true,
		Now: s.now, ClientAddress: func(r *http.Request) string { return r.Header.Get("X-Test-Address") },
		Writer: rim.Writer{Pages: pages, Log: log, Apps: func(_ context.Context, id string) (*templates.App, error) {
			return &templates.App{ClientID: id, Name: "PhotoPrint", HomeURI: "https://photoprint.example/"}, nil
		}}}
	for _, f := range change {
		f(&o)
	}
	mux := http.NewServeMux()
	NewPages(o).Mount(mux)
	s.handler = httpx.Protect(mux)
	s.server = httptest.NewServer(s.handler)
	t.Cleanup(s.server.Close)

	s.ana, err = s.people.CreateUser(t.Context(), NewUser{Email: anaEmail, Phone: anaPhone, Password: anaPassword,
		FirstName: "Ana", LastName: "Souza"})
	require.NoError(t, err)
	return s
}

func testRoot(t testing.TB, current, other string) secret.Root {
	root, err := secret.New(bytes.Repeat([]byte(current), 32), bytes.Repeat([]byte(other), 32))
	require.NoError(t, err)
	return root
}

func (s *site) now() time.Time       { return time.Unix(0, s.clock.Load()).UTC() }
func (s *site) wait(d time.Duration) { s.clock.Add(int64(d)) }
func (s *site) noLeak(secret string) { require.NotContains(s.t, s.logged.String(), secret) }
func (s *site) from(n string) From   { return From{Address: "192.0.2." + n} }

// browser is one with a cookie jar that does not follow redirects.
type browser struct {
	*site
	client  *http.Client
	address string
}

func (s *site) browser() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	return &browser{site: s, address: "192.0.2.1", client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
}

type answer struct {
	*http.Response
	body string
}

func (b *browser) do(method, path string, form url.Values) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.server.URL+path, strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("X-Test-Address", b.address)
	response, err := b.client.Do(r)
	require.NoError(b.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	return answer{response, string(body)}
}

func (b *browser) get(path string) answer { b.t.Helper(); return b.do(http.MethodGet, path, nil) }
func (b *browser) post(path string, form url.Values) answer {
	b.t.Helper()
	return b.do(http.MethodPost, path, form)
}

var interactionField = regexp.MustCompile(`name="interaction" value="([^"]+)"`)

// sealed is the page's hidden interaction.
func (a answer) sealed() string {
	if m := interactionField.FindStringSubmatch(a.body); m != nil {
		return m[1]
	}
	return ""
}

func (a answer) shows(t testing.TB, status int, text ...string) {
	t.Helper()
	require.Equal(t, status, a.StatusCode, a.body)
	for _, s := range text {
		require.Contains(t, a.body, s)
	}
}

func (a answer) leadsTo(t testing.TB, path string) url.Values {
	t.Helper()
	require.Equal(t, http.StatusSeeOther, a.StatusCode, a.body)
	u, err := url.Parse(a.Header.Get("Location"))
	require.NoError(t, err)
	require.Equal(t, path, u.Path)
	require.Empty(t, u.Host)
	return u.Query()
}

// signIn posts the form that GET /login shows.
func (b *browser) signIn(login, password string) answer {
	b.t.Helper()
	page := b.get("/login")
	page.shows(b.t, http.StatusOK, `id="sign-in"`)
	return b.post("/login", url.Values{"interaction": {page.sealed()}, "username": {login}, "password": {password}})
}

func (b *browser) mustSignIn() {
	b.t.Helper()
	b.signIn(anaEmail, anaPassword).leadsTo(b.t, "/account")
}

// isSignedIn asks the server.
func (b *browser) isSignedIn() bool {
	b.t.Helper()
	return b.get("/account").StatusCode == http.StatusOK
}

// cookie is what the browser would send.
func (b *browser) cookie() *http.Cookie {
	u, _ := url.Parse(b.server.URL)
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == b.sessions.name {
			return c
		}
	}
	return nil
}

// thief is another browser with a copy of this one's cookie.
func (b *browser) thief() *browser {
	other := b.site.browser()
	u, _ := url.Parse(b.server.URL)
	other.client.Jar.SetCookies(u, []*http.Cookie{b.cookie()})
	return other
}

// content is what the cookie carries.
func (b *browser) content() cookie {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(b.cookie())
	_, content := b.sessions.get(r)
	return content
}

// lockedBuffer is a log that handlers write to while a test reads.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}
func (l *lockedBuffer) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }
