package main

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/identity"
	"gatehouse/internal/config"
	"gatehouse/storage"
)

const testStore = "https://store.example/home?from=sso"

// newStore is a server with a mini app that sends a company's people to a store.
func newStore(t *testing.T, dsn string, settings ...func(*config.Config)) (s *testServer, companyToken string) {
	s = newTestServer(t, dsn, settings...)
	s.register(storage.Client{ID: "store", Name: "Store", Dialects: dialects(t, "xoxoday", map[string]any{"store_url": testStore})})
	return s, s.tokens("bo@example.com", "store", "scope", "user_session")["access_token"].(string)
}

func (s *testServer) sso(token, body string) answer {
	s.t.Helper()
	return s.send(http.MethodPost, "/v1/oauth/sso/stores/company", body, "Authorization", "Bearer "+token)
}

func (s *testServer) ticket(token, email string) string {
	s.t.Helper()
	a := s.sso(token, `{"user_input":"`+email+`"}`)
	require.Equal(s.t, http.StatusOK, a.StatusCode, a.body)
	return "/v1/oauth/redirect/stores/" + a.json(s.t)["data"].(map[string]any)["ssoToken"].(string)
}

// account is who the account page says is signed in; empty for nobody.
func (b *browser) account() string {
	b.s.t.Helper()
	page := b.get("/account")
	if page.StatusCode != http.StatusOK {
		require.Equal(b.s.t, http.StatusSeeOther, page.StatusCode, page.body)
		return ""
	}
	for _, u := range []string{"new@acme.example", "eve@example.com", "bo@example.com", "ana@example.com"} {
		if strings.Contains(page.body, u) {
			return u
		}
	}
	b.s.t.Fatal("the account page names nobody: " + page.body)
	return ""
}

func TestATicketSignsOneOfTheCompanysPeopleInOnceAndLeadsToTheStore(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, token := newStore(t, dsn)
		path, b := s.ticket(token, "new@acme.example"), s.newBrowser()
		before := b.get("/login") // the browser has a cookie, so a session could be fixed to it
		require.Equal(t, http.StatusOK, before.StatusCode)

		a := b.get(path)
		require.Equal(t, http.StatusSeeOther, a.StatusCode, a.body)
		require.Equal(t, testStore, a.Header.Get("Location"))
		require.Equal(t, "no-referrer", a.Header.Get("Referrer-Policy"))
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
		require.Equal(t, "new@acme.example", b.account())

		u, err := s.store.UserByLogin(t.Context(), "new@acme.example")
		require.NoError(t, err)
		require.Equal(t, "acme", u.CompanyID)
		require.False(t, u.EmailVerified, "nobody has proven that the address is theirs")
		require.Empty(t, u.Roles)

		other := s.newBrowser()
		again := other.get(path)
		require.Equal(t, http.StatusBadRequest, again.StatusCode, again.body)
		require.Contains(t, again.body, `id="error"`)
		require.Empty(t, other.account())
		require.NotContains(t, s.log.String(), path[len("/v1/oauth/redirect/stores/"):])
	})
}

func TestATicketIsOnlyForTheCompanysOwnPeopleWithoutRightsOfTheOperator(t *testing.T) {
	t.Parallel()
	s, token := newStore(t, furnished.SQLite(t))
	s.join(identity.NewUser{Email: "root@acme.example", CompanyID: "acme", Roles: []string{storage.RoleAdmin}})
	s.join(identity.NewUser{Email: "rev@acme.example", CompanyID: "acme", Roles: []string{storage.RoleCompanyAdmin, storage.RoleReviewer}})
	gone := s.join(identity.NewUser{Email: "gone@acme.example", CompanyID: "acme"})
	require.NoError(t, s.store.SetDisabled(t.Context(), gone.ID, true, s.now()))
	require.NoError(t, s.store.SaveCompany(t.Context(), storage.Company{ID: "rival", Name: "Rival"}))
	s.join(identity.NewUser{Email: "spy@rival.example", CompanyID: "rival"})

	for _, email := range []string{"ana@example.com", "spy@rival.example", "root@acme.example", "rev@acme.example", "gone@acme.example", " ANA@Example.com "} {
		a := s.sso(token, `{"user_input":"`+email+`"}`)
		require.Equal(t, http.StatusForbidden, a.StatusCode, email+a.body)
		require.Equal(t, "access_denied", a.json(t)["error"])
	}
	for _, body := range []string{`{}`, `{"user_input":""}`, `{"user_input":"nobody"}`, `{"user_input":["new@acme.example"]}`, `[]`, ``} {
		require.Equal(t, http.StatusBadRequest, s.sso(token, body).StatusCode, body)
	}
	user := s.tokens("ana@example.com", "store", "scope", "email")["access_token"].(string)
	require.Equal(t, http.StatusForbidden, s.sso(user, `{"user_input":"ana@example.com"}`).StatusCode)
	require.Equal(t, http.StatusUnauthorized, s.sso(token+"x", `{"user_input":"new@acme.example"}`).StatusCode)
	elsewhere := s.tokens("bo@example.com", "photoprint", "scope", "user_session")["access_token"].(string)
	require.Equal(t, http.StatusUnauthorized, s.sso(elsewhere, `{"user_input":"new@acme.example"}`).StatusCode, "a client without the dialect")
}

func TestATicketEndsWithItsTimeItsGrantItsPersonAndItsClient(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, s *testServer){
		"time": func(_ *testing.T, s *testServer) { s.forward(5*time.Minute + time.Second) },
		"the company disconnects the mini app": func(t *testing.T, s *testServer) {
			g, err := s.store.Grant(t.Context(), storage.Owner{CompanyID: "acme"}, "store")
			require.NoError(t, err)
			require.NoError(t, s.store.Apply(t.Context(), storage.Unit{storage.EndGrant{ID: g.ID, At: s.now()}}))
		},
		"the person is disabled": func(t *testing.T, s *testServer) {
			require.NoError(t, s.store.SetDisabled(t.Context(), s.users["eve@example.com"].ID, true, s.now()))
		},
		"the person leaves the company": func(t *testing.T, s *testServer) {
			u := s.users["eve@example.com"]
			was := u.UpdatedAt
			u.CompanyID, u.UpdatedAt = "", was.Add(time.Second)
			require.NoError(t, s.store.UpdateUser(t.Context(), u, was))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, token := newStore(t, furnished.SQLite(t))
			s.users["eve@example.com"] = s.join(identity.NewUser{Email: "eve@example.com", CompanyID: "acme"})
			path, b := s.ticket(token, "eve@example.com"), s.newBrowser()
			end(t, s)
			a := b.get(path)
			require.Equal(t, http.StatusBadRequest, a.StatusCode, a.body)
			require.Empty(t, a.Header.Get("Location"))
			require.Empty(t, b.account())
		})
	}
}

func TestATicketIsNoTokenAndATokenNoTicket(t *testing.T) {
	t.Parallel()
	s, token := newStore(t, furnished.SQLite(t))
	ticket := strings.TrimPrefix(s.ticket(token, "new@acme.example"), "/v1/oauth/redirect/stores/")
	require.LessOrEqual(t, len(ticket), 128)
	require.False(t, s.active("store", ticket))
	require.Equal(t, http.StatusUnauthorized, s.sso(ticket, `{"user_input":"new@acme.example"}`).StatusCode)
	for _, form := range []url.Values{exchangeForm(ticket), refreshForm(ticket)} {
		a := s.post("/oauth2/token", "store", form)
		require.Equal(t, "invalid_grant", a.json(t)["error"])
	}
	require.Equal(t, http.StatusOK, s.post("/oauth2/revoke", "store", url.Values{"token": {ticket}}).StatusCode)
	b := s.newBrowser()
	for _, value := range []string{token, ticket[:len(ticket)-1], ticket + "A", "x"} {
		require.Equal(t, http.StatusBadRequest, b.get("/v1/oauth/redirect/stores/"+value).StatusCode)
	}
	require.Equal(t, http.StatusSeeOther, b.get("/v1/oauth/redirect/stores/"+ticket).StatusCode, "nothing has burnt it")
}

func TestOneOfManyUsesOfATicketSignsIn(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, token := newStore(t, dsn)
		path := s.ticket(token, "new@acme.example")
		var group sync.WaitGroup
		var in, out atomic.Int32
		for range 20 {
			b := s.newBrowser()
			group.Go(func() {
				switch a := b.get(path); a.StatusCode {
				case http.StatusSeeOther:
					in.Add(1)
				case http.StatusBadRequest:
					out.Add(1)
				}
			})
		}
		group.Wait()
		require.EqualValues(t, 1, in.Load())
		require.EqualValues(t, 19, out.Load())
	})
}

func TestSimultaneousTicketsForSomebodyNewMakeOneAccount(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, token := newStore(t, dsn)
		var group sync.WaitGroup
		var made atomic.Int32
		for range 20 {
			group.Go(func() {
				if a := s.sso(token, `{"user_input":"new@acme.example"}`); a.StatusCode == http.StatusOK {
					made.Add(1)
				}
			})
		}
		group.Wait()
		require.EqualValues(t, 20, made.Load())
	})
}

// A client that can make tickets could sign in as anybody of the company. It must not be able to decide for them.
func TestWhoCameByATicketAndHasAPasswordAllowsNothingWithoutIt(t *testing.T) {
	t.Parallel()
	s, token := newStore(t, furnished.SQLite(t))
	s.join(identity.NewUser{Email: "eve@example.com", CompanyID: "acme"})
	b := s.newBrowser()
	require.Equal(t, http.StatusSeeOther, b.get(s.ticket(token, "eve@example.com")).StatusCode)
	require.Equal(t, "eve@example.com", b.account())

	a := b.authorize(request("photoprint"))
	require.Contains(t, a.Header.Get("Location"), "/login", "not the consent page")
	own := b.signIn(a, "eve@example.com")
	require.Contains(t, own.Header.Get("Location"), "/consent")
	allowed := b.decide(own, "allow")
	require.NotEmpty(t, callback(t, allowed).Get("code"))

	// A ticket is for the mini app that made it, and there for what is allowed already.
	s.tokens("eve@example.com", "store", "scope", "email")
	other := s.newBrowser()
	require.Equal(t, http.StatusSeeOther, other.get(s.ticket(token, "eve@example.com")).StatusCode)
	require.NotEmpty(t, callback(t, other.authorize(request("store", "scope", "email"))).Get("code"))
	require.Equal(t, "login_required", callback(t, other.authorize(request("store", "scope", "email", "prompt", "none", "max_age", "600"))).Get("error"), "a ticket is no proof of presence")
	require.Equal(t, "login_required", callback(t, other.authorize(request("photoprint", "prompt", "none"))).Get("error"), "another mini app")
}

func TestWhoCameByATicketAndHasAnotherProvidersAccountAllowsNothingWithoutIt(t *testing.T) {
	t.Parallel()
	s, token := newStore(t, furnished.SQLite(t))
	b := s.newBrowser()
	require.Equal(t, http.StatusSeeOther, b.get(s.ticket(token, "new@acme.example")).StatusCode)
	drawn := b.authorize(request("photoprint"))
	require.Contains(t, drawn.Header.Get("Location"), "/consent")
	page := b.get(drawn.Header.Get("Location"))

	u, err := s.store.UserByLogin(t.Context(), "new@acme.example")
	require.NoError(t, err)
	require.NoError(t, s.store.LinkUser(t.Context(), storage.Link{Issuer: "https://id.example", Subject: "1", UserID: u.ID}))
	require.Contains(t, b.authorize(request("photoprint")).Header.Get("Location"), "/login")
	action, form := formOf(t, page, "consent")
	form.Set("decision", "allow")
	a := b.submit(action, form)
	require.NotContains(t, a.Header.Get("Location"), "code=", "a page that was drawn before")
	require.Contains(t, b.get(a.Header.Get("Location")).Header.Get("Location"), "/login")
}

func TestWhoWasNewToTheCompanyDecidesAfterATicket(t *testing.T) {
	t.Parallel()
	s, token := newStore(t, furnished.SQLite(t))
	b := s.newBrowser()
	require.Equal(t, http.StatusSeeOther, b.get(s.ticket(token, "new@acme.example")).StatusCode)
	a := b.authorize(request("photoprint"))
	require.Contains(t, a.Header.Get("Location"), "/consent")
	require.NotEmpty(t, callback(t, b.decide(a, "allow")).Get("code"))
}

func TestThirdPartyDataOfATicketIsKeptSealed(t *testing.T) {
	t.Parallel()
	dsn := furnished.SQLite(t)
	s, token := newStore(t, dsn)
	a := s.sso(token, `{"user_input":"new@acme.example","tpd":{"auth_header":"Bearer recognisable-secret","employee_id":"4356XC90"}}`)
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	require.NotContains(t, s.log.String(), "recognisable-secret")
	stored := 0
	for _, suffix := range []string{"", "-wal"} {
		raw, err := os.ReadFile(strings.TrimPrefix(dsn, "sqlite:") + suffix)
		require.NoError(t, err)
		require.NotContains(t, string(raw), "recognisable-secret")
		require.NotContains(t, string(raw), "4356XC90")
		stored += strings.Count(string(raw), `"tpd":`)
	}
	require.NotZero(t, stored, "it is kept")
}
