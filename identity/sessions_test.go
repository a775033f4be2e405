package identity

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

func TestSignInGivesTheBrowserANewSessionAndEndsTheOldOne(t *testing.T) {
	b := newSite(t).browser()
	b.get("/login")
	before := b.content()
	require.NotEmpty(t, before.Browser)
	require.Empty(t, before.Secret)

	b.mustSignIn()
	first := b.content()
	require.Equal(t, before.Browser, first.Browser, "the browser stays the same one")
	require.NotEmpty(t, first.Secret)
	old := b.thief()
	require.True(t, old.isSignedIn())

	b.mustSignInAgain()
	require.NotEqual(t, first.Secret, b.content().Secret)
	require.Equal(t, first.Browser, b.content().Browser)
	require.True(t, b.isSignedIn())
	require.False(t, old.isSignedIn())
}

// mustSignInAgain signs in although somebody is signed in.
func (b *browser) mustSignInAgain() {
	b.t.Helper()
	i := b.sealer.Seal(b.content().Browser, "login", b.request("prompt=login"))
	b.post("/login", url.Values{"interaction": {i}, "username": {anaEmail}, "password": {anaPassword}}).leadsTo(b.t, "/oauth2/authorize")
}

// vouching registers a client whose word on people counts.
func (s *site) vouching(id string) {
	s.t.Helper()
	err := s.store.CreateClient(s.t.Context(), storage.Client{ID: id, Status: storage.StatusApproved, FirstParty: true})
	if !errors.Is(err, storage.ErrExists) {
		require.NoError(s.t, err)
	}
}

// vouch starts a session by a ticket in the browser.
func (b *browser) vouch(userID string) storage.Session {
	b.t.Helper()
	b.vouching("storefront")
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
	if c := b.cookie(); c != nil {
		r.AddCookie(c)
	}
	record, err := b.sessions.StartVouched(w, r, storage.Token{UserID: userID, ClientID: "storefront"}, nil)
	require.NoError(b.t, err)
	u, err := url.Parse(b.server.URL)
	require.NoError(b.t, err)
	b.client.Jar.SetCookies(u, w.Result().Cookies())
	return record
}

// current is who is signed in in the browser.
func (b *browser) current() *SignedIn {
	b.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(b.cookie())
	signedIn, err := b.sessions.Current(r)
	require.NoError(b.t, err)
	return signedIn
}

func TestATicketGivesTheBrowserANewSessionThatSaysWhoVouched(t *testing.T) {
	s := newSite(t)
	bo, err := s.people.CreateUser(t.Context(), NewUser{Email: "bo@example.com"})
	require.NoError(t, err)
	b := s.browser()
	b.mustSignIn()
	before, old := b.content(), b.thief()
	require.Empty(t, b.current().Session.VouchedBy)

	record := b.vouch(bo.ID)
	require.Equal(t, "storefront", record.VouchedBy)
	require.WithinDuration(t, s.now(), record.AuthTime, time.Second)
	signedIn := b.current()
	require.Equal(t, bo.ID, signedIn.User.ID)
	require.Equal(t, record, signedIn.Session)
	require.Equal(t, before.Browser, b.content().Browser, "the browser stays the same one")
	require.NotEqual(t, before.Secret, b.content().Secret)
	require.False(t, old.isSignedIn(), "the browser's earlier session has ended")
	require.True(t, b.isSignedIn())

	b.mustSignInAgain()
	require.Empty(t, b.current().Session.VouchedBy, "own credentials begin a session of one's own")
	_, _, err = s.store.Session(t.Context(), record.ID, s.now())
	require.ErrorIs(t, err, storage.ErrNotFound)

	_, err = s.sessions.StartVouched(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), storage.Token{UserID: bo.ID}, nil)
	require.Error(t, err, "somebody must vouch")
}

func TestATicketDoesNotMakeTheBrowserKnown(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	knows := func() bool {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(b.cookie())
		return s.sessions.Knows(r, s.ana.ID)
	}
	b.vouch(s.ana.ID)
	require.False(t, knows())
	b.mustSignInAgain()
	require.True(t, knows())
	b.vouch(s.ana.ID)
	require.True(t, knows(), "what was known before stays so")
}

func TestSignOutEndsASessionThatAClientVouchedFor(t *testing.T) {
	b := newSite(t).browser()
	record := b.vouch(b.ana.ID)
	page := b.get("/logout")
	b.post("/logout", url.Values{"interaction": {page.sealed()}}).leadsTo(t, "/logout")
	require.Nil(t, b.current())
	_, _, err := b.store.Session(t.Context(), record.ID, b.now())
	require.ErrorIs(t, err, storage.ErrNotFound)
}

// A program for schema 1 reads the same cookie, hashes the whole secret, and does not know VouchedBy.
func TestAProgramFromBeforeTicketsFindsNoSessionOfOne(t *testing.T) {
	b := newSite(t).browser()
	idOfSchema1 := func() string {
		sum := sha256.Sum256([]byte(b.content().Secret))
		return hex.EncodeToString(sum[:])
	}
	b.mustSignIn()
	_, _, err := b.store.Session(t.Context(), idOfSchema1(), b.now())
	require.NoError(t, err)
	b.vouch(b.ana.ID)
	_, _, err = b.store.Session(t.Context(), idOfSchema1(), b.now())
	require.ErrorIs(t, err, storage.ErrNotFound)
}

func TestSignOutEndsTheSessionOnTheServer(t *testing.T) {
	b := newSite(t).browser()
	b.mustSignIn()
	copied := b.thief()
	page := b.get("/logout")
	page.shows(t, http.StatusOK, `id="sign-out"`)
	require.True(t, b.isSignedIn(), "GET signs nobody out")
	b.post("/logout", url.Values{"interaction": {page.sealed()}}).leadsTo(t, "/logout")
	done := b.get("/logout")
	require.NotContains(t, done.body, `id="sign-out"`)
	require.False(t, b.isSignedIn())
	require.False(t, copied.isSignedIn())
	b.post("/logout", url.Values{"interaction": {page.sealed()}}).leadsTo(t, "/logout")
}

func TestPasswordChangeEndsEverySession(t *testing.T) {
	s := newSite(t)
	b, elsewhere := s.browser(), s.browser()
	b.mustSignIn()
	elsewhere.mustSignIn()
	stolen := b.thief()
	form := url.Values{"interaction": {b.get("/account").sealed()}, "action": {"password"},
		"current_password": {anaPassword}, "new_password": {"a better lighthouse"}}
	require.Equal(t, "password", b.post("/account", form).leadsTo(t, "/account").Get("saved"))
	require.True(t, b.isSignedIn())
	require.False(t, elsewhere.isSignedIn())
	require.False(t, stolen.isSignedIn())
	elsewhere.signIn(anaEmail, anaPassword).shows(t, http.StatusUnauthorized)
	elsewhere.signIn(anaEmail, "a better lighthouse").leadsTo(t, "/account")

	require.NoError(t, s.people.SetPassword(t.Context(), s.ana.ID, "set by the operator"))
	require.False(t, b.isSignedIn())
	require.False(t, elsewhere.isSignedIn())
}

func TestDisablingAnAccountEndsItsSessions(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.mustSignIn()
	require.NoError(t, s.people.Disable(t.Context(), s.ana.ID))
	require.False(t, b.isSignedIn())
	b.signIn(anaEmail, anaPassword).shows(t, http.StatusUnauthorized)
	require.NoError(t, s.people.Enable(t.Context(), s.ana.ID))
	require.False(t, b.isSignedIn())
	b.mustSignIn()
}

func TestSessionEndsWithItsLifetime(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.mustSignIn()
	s.wait(DefaultSessionLifetime - time.Second)
	require.True(t, b.isSignedIn())
	s.wait(time.Second)
	require.False(t, b.isSignedIn())
}

func TestForgedCookieCostsNoStatement(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.mustSignIn()
	good := b.cookie().Value
	s.statements.Store(0)
	for _, value := range []string{"", "x", good + "A", good[:len(good)-1], strings.ToUpper(good), "A" + good[1:], strings.Repeat("A", 5000)} {
		r := httptest.NewRequest(http.MethodGet, "/account", nil)
		r.AddCookie(&http.Cookie{Name: s.sessions.name, Value: value})
		signedIn, err := s.sessions.Current(r)
		require.NoError(t, err)
		require.Nil(t, signedIn)
	}
	require.Zero(t, s.statements.Load())
}

func TestCookieMadeUnderAnotherNameOrSecretIsForged(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.mustSignIn()
	for name, other := range map[string]*Sessions{
		"another issuer": NewSessions(SessionOptions{Store: s.store, Root: testRoot(t, "a", ""), Issuer: "http://127.0.0.1:9097", Now: s.now}),
		"another secret": NewSessions(SessionOptions{Store: s.store, Root: testRoot(t, "b", ""), Issuer: "http://127.0.0.1:9096", Now: s.now}),
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: other.name, Value: b.cookie().Value})
		signedIn, err := other.Current(r)
		require.NoError(t, err)
		require.Nil(t, signedIn, name)
	}
}

func TestSessionLivesThroughARotationOfTheRootSecret(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.mustSignIn()
	rotated := NewSessions(SessionOptions{Store: s.store, Root: testRoot(t, "b", "a"), Issuer: "http://127.0.0.1:9096", Now: s.now})
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(b.cookie())
	signedIn, err := rotated.Current(r)
	require.NoError(t, err)
	require.Equal(t, s.ana.ID, signedIn.User.ID)
}

func TestCurrentReadsOncePerRequest(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.mustSignIn()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(b.cookie())
	s.statements.Store(0)
	for range 3 {
		signedIn, err := s.sessions.Current(r)
		require.NoError(t, err)
		require.Equal(t, s.ana.ID, signedIn.User.ID)
	}
	require.Equal(t, int64(1), s.statements.Load())
}

func TestBrowserIDCostsNoStatementAndOneCookie(t *testing.T) {
	s := newSite(t)
	s.statements.Store(0)
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
	id := s.sessions.Browser(w, r)
	require.NotEmpty(t, id)
	require.Equal(t, id, s.sessions.Browser(w, r))
	require.Zero(t, s.statements.Load())
	_, err := s.sessions.Start(w, r, s.ana.ID)
	require.NoError(t, err)
	require.Len(t, w.Result().Cookies(), 1, "the later cookie replaces the earlier one")
	signedIn, err := s.sessions.Current(r)
	require.NoError(t, err)
	require.Equal(t, s.ana.ID, signedIn.User.ID, "known in the same request")
}

func TestCookieAttributes(t *testing.T) {
	for issuer, secure := range map[string]bool{"https://id.example": true, "http://127.0.0.1:9096": false} {
		s := NewSessions(SessionOptions{Root: testRoot(t, "a", ""), Issuer: issuer, Now: time.Now})
		w := httptest.NewRecorder()
		s.Browser(w, httptest.NewRequest(http.MethodGet, "/", nil))
		c := w.Result().Cookies()[0]
		require.Regexp(t, `^(__Host-)?gatehouse-[0-9a-f]{8}$`, c.Name)
		require.Equal(t, secure, strings.HasPrefix(c.Name, "__Host-"))
		require.Equal(t, secure, c.Secure)
		require.True(t, c.HttpOnly)
		require.Equal(t, http.SameSiteLaxMode, c.SameSite)
		require.Equal(t, "/", c.Path)
		require.Empty(t, c.Domain)
	}
}

func TestOutageIsNotTheSameAsNobody(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.mustSignIn()
	interaction := b.get("/account").sealed()
	require.NoError(t, s.store.Close())
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(b.cookie())
	_, err := s.sessions.Current(r)
	require.ErrorIs(t, err, storage.ErrUnavailable)
	for _, a := range []answer{b.get("/account"), b.get("/logout"), b.post("/logout", url.Values{"interaction": {interaction}}),
		b.post("/account", url.Values{"interaction": {interaction}, "action": {"sessions"}})} {
		a.shows(t, http.StatusServiceUnavailable, `data-error="temporarily_unavailable"`)
		require.NotEmpty(t, a.Header.Get("Retry-After"))
	}
	i := s.sealer.Seal(b.content().Browser, "login", s.request(""))
	b.post("/login", url.Values{"interaction": {i}, "username": {anaEmail}, "password": {anaPassword}}).shows(t, http.StatusServiceUnavailable)
}

func TestLastSeenIsWrittenInTheBackgroundAtMostOnceAMinute(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.mustSignIn()
	signedInAt := s.now()
	flush := func() time.Time {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 3 { // writes what is left, also where that takes a moment longer than it has
			s.sessions.Run(ctx)
		}
		records, err := s.sessions.Of(t.Context(), s.ana.ID)
		require.NoError(t, err)
		return records[0].SeenAt
	}
	s.wait(59 * time.Second)
	require.True(t, b.isSignedIn())
	require.WithinDuration(t, signedInAt, flush(), 0)
	s.wait(time.Second)
	require.True(t, b.isSignedIn())
	require.WithinDuration(t, s.now(), flush(), 0)
	seen := s.now()
	s.wait(59 * time.Second)
	require.True(t, b.isSignedIn())
	require.WithinDuration(t, seen, flush(), 0)
}

func FuzzSessionCookie(f *testing.F) {
	s := newSite(f)
	b := s.browser()
	b.mustSignIn()
	good := b.cookie().Value
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add("")
	s.statements.Store(0)
	f.Fuzz(func(t *testing.T, value string) {
		r := httptest.NewRequest(http.MethodGet, "/account", nil)
		r.Header.Set("Cookie", s.sessions.name+"="+value)
		signedIn, err := s.sessions.Current(r)
		if err != nil || signedIn != nil && !strings.Contains(value, good) {
			t.Fatalf("%q: %v, %v", value, signedIn, err)
		}
	})
}
