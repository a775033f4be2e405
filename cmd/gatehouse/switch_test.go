package main

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// A ticket signs somebody in where another person is signed in: they are asked, or else whoever sends them a ticket of their
// own has them use another's account unawares.

// signedInAs is a browser in which a person has signed in with their password.
func (s *testServer) signedInAs(email string) *browser {
	s.t.Helper()
	b := s.newBrowser()
	action, form := formOf(s.t, b.get("/login"), "sign-in")
	form.Set("username", email)
	form.Set("password", testPassword)
	require.Equal(s.t, http.StatusSeeOther, b.submit(action, form).StatusCode)
	require.Equal(s.t, email, b.account())
	return b
}

// is reports whether the account page is that of the person with this e-mail address.
func (b *browser) is(email string) bool {
	b.s.t.Helper()
	return strings.Contains(b.get("/account").body, email)
}

// tickets are the two ways to a ticket, each for somebody new, with where it leads.
func tickets(t *testing.T, dsn string) (s *testServer, ways map[string]func() (path, to, who string)) {
	s, token := newStore(t, dsn)
	host := s.backend("host")
	host.knows(hana)
	return s, map[string]func() (path, to, who string){
		"a company's": func() (path, to, who string) {
			return s.ticket(token, "new@acme.example"), testStore, "new@acme.example"
		},
		"the host's": func() (path, to, who string) {
			return host.handsOver("u-1", "/account/apps"), "/account/apps", "hana@host.example"
		},
	}
}

func TestATicketAsksBeforeItReplacesAnotherPerson(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, ways := tickets(t, dsn)
		for name, way := range ways {
			path, to, who := way()
			b := s.signedInAs("ana@example.com")
			page := b.get(path)
			require.Equal(t, http.StatusOK, page.StatusCode, name)
			require.Contains(t, page.body, "ana@example.com")
			require.Contains(t, page.body, who)
			require.Equal(t, "no-store", page.Header.Get("Cache-Control"))
			require.Equal(t, "same-origin", page.Header.Get("Referrer-Policy"))
			require.True(t, b.is("ana@example.com"), "nobody has pressed")

			action, form := formOf(t, page, "switch")
			a := b.submit(action, form)
			require.Equal(t, http.StatusSeeOther, a.StatusCode, a.body)
			require.Equal(t, to, a.Header.Get("Location"))
			require.True(t, b.is(who))
			again := b.get(path)
			require.Equal(t, http.StatusBadRequest, again.StatusCode, "it is spent now")
			s.logLacks(path[strings.LastIndex(path, "/")+1:])
		}
	})
}

func TestNobodyElsePressesTheButtonOfATicket(t *testing.T) {
	t.Parallel()
	s, ways := tickets(t, furnished.SQLite(t))
	for name, way := range ways {
		path, _, who := way()
		other, _, _ := way()
		b := s.signedInAs("ana@example.com")
		sealedFor := func(b *browser, path string) url.Values {
			_, form := formOf(t, b.get(path), "switch")
			return form
		}
		for what, form := range map[string]url.Values{
			"nothing sealed":    {},
			"another value":     {"interaction": {"x"}},
			"another browser's": sealedFor(s.signedInAs("bo@example.com"), path),
			"another ticket's":  sealedFor(b, other),
			"of another page":   {"interaction": {sealedIn(t, b.get("/account"), "profile")}},
			"far too long":      {"interaction": {strings.Repeat("a", 100<<10)}},
		} {
			a := b.submit(path, form)
			require.Equal(t, http.StatusSeeOther, a.StatusCode, "%s: %s", name, what)
			require.Equal(t, path, a.Header.Get("Location"), "it asks anew")
			require.True(t, b.is("ana@example.com"), what)
		}
		// A post of another site comes without the SameSite cookie, and may not take the place of the one that is there.
		crossSite := s.newBrowser().submit(path, url.Values{})
		require.Equal(t, path, crossSite.Header.Get("Location"))
		require.Empty(t, crossSite.Header.Values("Set-Cookie"))

		form := sealedFor(b, path)
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		b.Client.Jar = jar // signed out, and another person in
		require.Equal(t, path, b.submit(path, form).Header.Get("Location"))
		require.Equal(t, http.StatusSeeOther, b.get(path).StatusCode, "nothing of all this has burnt it")
		require.True(t, b.is(who))
	}
}

func sealedIn(t *testing.T, page answer, form string) string {
	t.Helper()
	_, values := formOf(t, page, form)
	return values.Get("interaction")
}

// The host knows who holds the phone: the one who is handed over next comes through. So does whoever is signed in already.
func TestTheSameClientsPeopleFollowEachOtherUnasked(t *testing.T) {
	t.Parallel()
	s, ways := tickets(t, furnished.SQLite(t))
	host := s.backend("host")
	host.knows(`{"external_id":"u-2","email":"noa@host.example"}`)
	b := s.newBrowser()
	path, _, _ := ways["the host's"]()
	require.Equal(t, http.StatusSeeOther, b.get(path).StatusCode)
	require.Equal(t, http.StatusSeeOther, b.get(host.handsOver("u-2", "")).StatusCode)
	require.True(t, b.is("noa@host.example"))

	path, _, _ = ways["a company's"]()
	require.Equal(t, http.StatusOK, b.get(path).StatusCode, "another client's people do not")
	require.True(t, b.is("noa@host.example"))

	s.register(storage.Client{ID: "second-host", Name: "Second host", FirstParty: true})
	second := s.backend("second-host")
	second.knows(`{"external_id":"u-2","email":"lev@host.example"}`)
	require.Equal(t, http.StatusOK, b.get(second.handsOver("u-2", "")).StatusCode)
	require.True(t, b.is("noa@host.example"))
}

func TestWhoIsSignedInByThemselvesKeepsTheirSessionWhenTheyAreHandedOver(t *testing.T) {
	t.Parallel()
	s, token := newStore(t, furnished.SQLite(t))
	b := s.signedInAs("bo@example.com")
	require.Equal(t, testStore, b.get(s.ticket(token, "bo@example.com")).Header.Get("Location"))
	sessions, err := s.store.UserSessions(t.Context(), s.users["bo@example.com"].ID, s.now())
	require.NoError(t, err)
	for _, session := range sessions {
		require.Empty(t, session.VouchedBy)
	}
	require.Contains(t, b.authorize(request("photoprint")).Header.Get("Location"), "/consent", "they need not sign in again")
}

// The URL is to be opened within a minute; whoever is asked then has time to read.
func TestWhoIsAskedByATicketHasTimeToAnswer(t *testing.T) {
	t.Parallel()
	s, ways := tickets(t, furnished.SQLite(t))
	path, _, who := ways["the host's"]()
	b := s.signedInAs("ana@example.com")
	action, form := formOf(t, b.get(path), "switch")
	s.forward(5 * time.Minute)
	late := b.get(path)
	require.Equal(t, http.StatusBadRequest, late.StatusCode, "it is too old to be opened")
	require.Contains(t, late.body, `data-error="expired"`)
	require.Equal(t, http.StatusSeeOther, b.submit(action, form).StatusCode)
	require.True(t, b.is(who))

	path, _, _ = ways["the host's"]()
	b = s.signedInAs("ana@example.com")
	action, form = formOf(t, b.get(path), "switch")
	s.forward(6*time.Minute + time.Second)
	a := b.submit(action, form)
	require.Contains(t, a.body, `data-error="expired"`)
	require.True(t, b.is("ana@example.com"))
}

// The redirects after the form may lead to the mini app: browsers hold them against form-action.
func TestThePageThatAsksLetsItsFormLeadOn(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.register(storage.Client{ID: "native", Name: "Native", RedirectURIs: []string{"com.example.app:/cb"}})
	host := s.backend("host")
	host.knows(hana)
	b := s.signedInAs("ana@example.com")
	for to, want := range map[string]string{
		"/account": "form-action 'self'",
		"/oauth2/authorize?client_id=photoprint&redirect_uri=https%3A%2F%2Fapp.example%2F":  "form-action 'self' https:",
		"/oauth2/authorize?client_id=native":                                                "form-action 'self' https: com.example.app:",
		"/oauth2/authorize?client_id=photoprint&redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2F": "form-action 'self' https: http://127.0.0.1:9",
	} {
		page := b.get(host.handsOver("u-1", to))
		require.Equal(t, http.StatusOK, page.StatusCode, to)
		require.True(t, strings.HasSuffix(page.Header.Get("Content-Security-Policy"), want), "%s: %s", to, page.Header.Get("Content-Security-Policy"))
	}
}

// Who vouches for people is trusted while they are approved, and a company's client while the company wants it.
func TestASessionEndsWithTheWordThatItStandsOn(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]struct {
		way string
		end func(t *testing.T, s *testServer)
	}{
		"the host is suspended":  {"the host's", func(_ *testing.T, s *testServer) { s.suspend("host") }},
		"the store is suspended": {"a company's", func(_ *testing.T, s *testServer) { s.suspend("store") }},
		"the company disconnects it": {"a company's", func(t *testing.T, s *testServer) {
			g, err := s.store.Grant(t.Context(), storage.Owner{CompanyID: "acme"}, "store")
			require.NoError(t, err)
			require.NoError(t, s.store.Apply(t.Context(), storage.Unit{storage.EndGrant{ID: g.ID, At: s.now()}}))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			furnished.Each(t, func(t *testing.T, dsn string) {
				s, ways := tickets(t, dsn)
				path, _, who := ways[end.way]()
				b := s.newBrowser()
				require.Equal(t, http.StatusSeeOther, b.get(path).StatusCode)
				require.True(t, b.is(who))
				own := s.signedInAs("ana@example.com")
				end.end(t, s)
				require.False(t, s.signedIn(b))
				require.True(t, strings.HasPrefix(b.authorize(request("photoprint")).Header.Get("Location"), "/login"))
				require.True(t, own.is("ana@example.com"), "which nobody vouched for")
			})
		})
	}
}

func (s *testServer) suspend(clientID string) {
	s.updateClient(clientID, func(c *storage.Client) { c.Status = storage.StatusSuspended })
}

// Whoever guesses at tickets costs no look at the database, signed in or not.
func TestAForgedTicketAsksNoDatabase(t *testing.T) {
	t.Parallel()
	s, ways := tickets(t, furnished.SQLite(t))
	b := s.signedInAs("ana@example.com")
	for _, way := range ways {
		path, _, _ := way()
		s.count.reset()
		require.Equal(t, http.StatusBadRequest, b.get(path[:len(path)-1]).StatusCode)
		require.Empty(t, s.count.seen())
	}
}
