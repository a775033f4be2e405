package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/identity"
	"gatehouse/storage"
)

// What people do leaves events in the audit log; what programs do on the strength of it leaves none.

// events returns what was recorded, the oldest first, as "action kind:actor target detail…".
func (s *testServer) events() []storage.AuditEvent {
	s.t.Helper()
	events, err := s.store.AuditEvents(s.t.Context(), storage.AuditFilter{}, "", 1000)
	require.NoError(s.t, err)
	slices.Reverse(events)
	return events
}

// deeds runs do and returns the actions that it left in the audit log.
func (s *testServer) deeds(do func()) (actions []string, events []storage.AuditEvent) {
	s.t.Helper()
	before := len(s.events())
	do()
	events = s.events()[before:]
	for _, e := range events {
		actions = append(actions, e.Action)
	}
	return actions, events
}

func TestWhatPeopleDoIsInTheAuditLogOnce(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b, ana := s.newBrowser(), s.users["ana@example.com"].ID
		wants := func(name string, want []string, do func()) []storage.AuditEvent {
			t.Helper()
			actions, events := s.deeds(do)
			require.Equal(t, want, actions, name)
			for _, e := range events {
				require.Equal(t, ana, e.Actor.ID, name)
				require.NotEmpty(t, e.Actor.Address, name)
				require.NotContains(t, fmt.Sprint(e), "ana@example.com", name)
			}
			return events
		}
		asked := request("photoprint", "scope", "openid email points_read")
		var at answer
		started := wants("sign-in", []string{"session.start"}, func() { at = b.signIn(b.authorize(asked), "ana@example.com") })
		require.Equal(t, "session", started[0].Target.Kind)
		allowed := wants("allow", []string{"grant.allow"}, func() { at = b.decide(at, "allow", "email", "points_read") })
		require.Equal(t, map[string]string{"client": "photoprint", "user": ana, "allowed": "email openid points_read"}, allowed[0].Detail)

		var tokens map[string]any
		wants("tokens", nil, func() {
			tokens = s.post("/oauth2/token", "photoprint", exchangeForm(callback(t, at).Get("code"))).json(t)
			s.post("/oauth2/token", "photoprint", refreshForm(tokens["refresh_token"].(string)))
			b.authorize(asked)
		})

		app := func(action string, pairs ...string) func() {
			return func() {
				target, form := formOf(t, b.get("/account/apps"), "app-photoprint")
				form.Set("action", action)
				for i := 0; i < len(pairs); i += 2 {
					form.Set(pairs[i], pairs[i+1])
				}
				require.Equal(t, http.StatusSeeOther, b.submit(target, form).StatusCode)
			}
		}
		withdrawn := wants("withdraw", []string{"grant.withdraw"}, app("withdraw", "scope", "points_read"))
		require.Equal(t, allowed[0].Target, withdrawn[0].Target, "the grant's public ID stays")
		require.Equal(t, "email openid", withdrawn[0].Detail["allowed"])
		ended := wants("disconnect", []string{"grant.disconnect"}, app("disconnect"))
		require.Equal(t, allowed[0].Target, ended[0].Target)
		wants("deny", []string{"grant.deny"}, func() { b.decide(b.authorize(asked), "deny") })
		wants("clear", []string{"grant.clear"}, app("clear"))

		elsewhere := s.newBrowser()
		wants("sign-in elsewhere", []string{"session.start"}, func() { elsewhere.signIn(elsewhere.authorize(asked), "ana@example.com") })
		wants("sign the others out", []string{"session.end-others"}, func() {
			target, form := formOf(t, b.get("/account"), "sessions")
			form.Set("action", "sessions")
			require.Equal(t, http.StatusSeeOther, b.submit(target, form).StatusCode)
		})
		wants("new password", []string{"user.set-password", "session.start"}, func() {
			target, form := formOf(t, b.get("/account"), "change-password")
			form.Set("action", "password")
			form.Set("current_password", testPassword)
			form.Set("new_password", "another horse battery staple")
			require.Equal(t, http.StatusSeeOther, b.submit(target, form).StatusCode)
		})
		wants("profile", []string{"user.update"}, func() {
			target, form := formOf(t, b.get("/account"), "profile")
			form.Set("action", "profile")
			form.Set("first_name", "Anna")
			require.Equal(t, http.StatusSeeOther, b.submit(target, form).StatusCode)
		})
		wants("sign-out", []string{"session.end"}, func() {
			target, form := formOf(t, b.get("/logout"), "sign-out")
			require.Equal(t, http.StatusSeeOther, b.submit(target, form).StatusCode)
		})
	})
}

func TestASignUpIsInTheAuditLogUnderItsNewAccount(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	actions, events := s.deeds(func() {
		target, form := formOf(t, b.get("/signup"), "sign-up")
		form.Set("email", "new@example.com")
		form.Set("password", testPassword)
		a := b.submit(target, form)
		require.Equal(t, http.StatusSeeOther, a.StatusCode, a.body)
	})
	require.Equal(t, []string{"user.create", "session.start"}, actions)
	u, err := s.store.UserByLogin(t.Context(), "new@example.com")
	require.NoError(t, err)
	require.Equal(t, storage.Target{Kind: "user", ID: u.ID}, events[0].Target)
	require.Equal(t, u.ID, events[0].Actor.ID)
}

func TestAccountsThatOthersMakeAreInTheAuditLogAsWhatTheyDid(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		host := s.backend("host")
		tells := func(email string) func() {
			return func() { host.knows(`{"external_id":"bank-1","email":"` + email + `","first_name":"Carla"}`) }
		}
		actions, made := s.deeds(tells("carla@bank.example"))
		require.Equal(t, []string{"user.create"}, actions)
		require.Equal(t, storage.Actor{Kind: storage.ActorClient, ID: "host"}, made[0].Actor)
		actions, _ = s.deeds(tells("carla@bank.example"))
		require.Empty(t, actions, "nothing changed")
		actions, changed := s.deeds(tells("carla@elsewhere.example"))
		require.Equal(t, []string{"user.update"}, actions)
		require.Equal(t, made[0].Target, changed[0].Target)
		require.NotContains(t, fmt.Sprint(made, changed), "example", "no value of a person")
	})
	t.Run("by a company's ticket", func(t *testing.T) {
		s, token := newStore(t, furnished.SQLite(t))
		actions, events := s.deeds(func() { s.ticket(token, "new@acme.example"); s.ticket(token, "new@acme.example") })
		require.Equal(t, []string{"user.create"}, actions)
		require.Equal(t, storage.Actor{Kind: storage.ActorClient, ID: "store"}, events[0].Actor)
	})
	t.Run("by another server's word", func(t *testing.T) {
		own, provider := twoServers(t, furnished.SQLite(t), ", link_verified_email: true")
		for _, email := range []string{"new@example.com", "dora@example.com"} {
			provider.join(identity.NewUser{Email: email, EmailVerified: true})
		}
		dora := own.join(identity.NewUser{Email: "dora@example.com", EmailVerified: true})
		for email, did := range map[string]string{"new@example.com": "user.create", "dora@example.com": "user.link"} {
			b := own.newBrowser()
			actions, events := own.deeds(func() { b.walk(b.get("/login"), email) })
			require.Equal(t, []string{did, "session.start"}, actions)
			require.Equal(t, events[0].Target.ID, events[0].Actor.ID)
			require.Equal(t, events[1].Actor, events[0].Actor, "with the browser's address")
			require.Equal(t, provider.url, events[0].Detail["by"])
			require.Equal(t, did == "user.link", events[0].Target.ID == dora.ID)
		}
	})
}

// An event for each failure would let anybody fill the log.
func TestFailedSignInsLeaveOneEventWhenTheLimitIsReached(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	fails := func(username string, n int) func() {
		return func() {
			for range n {
				target, form := formOf(t, b.get("/login"), "sign-in")
				form.Set("username", username)
				form.Set("password", "wrong")
				b.submit(target, form)
			}
		}
	}
	actions, _ := s.deeds(fails("ana@example.com", 9))
	require.Empty(t, actions)
	actions, events := s.deeds(fails("ana@example.com", 5))
	require.Equal(t, []string{"user.sign-in-limit"}, actions)
	require.Equal(t, s.users["ana@example.com"].ID, events[0].Target.ID)
	require.NotEmpty(t, events[0].Actor.Address)
	actions, _ = s.deeds(fails("a password typed into the wrong field", 12))
	require.Empty(t, actions)
	s.forward(16 * time.Minute)
	actions, _ = s.deeds(fails("ana@example.com", 12))
	require.Equal(t, []string{"user.sign-in-limit"}, actions, "once in every window")
}

func TestDecisionsThroughTheHostAppAndByClientsAreInTheAuditLog(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		h, ana := s.hostApp("ana@example.com"), s.users["ana@example.com"].ID
		actions, events := s.deeds(func() {
			h.decides("photoprint", `{"decision":"allow","scopes":["openid","email"]}`)
			h.decides("photoprint", `{"decision":"deny"}`)
			h.forgets("photoprint")
		})
		require.Equal(t, []string{"grant.allow", "grant.deny", "grant.disconnect"}, actions)
		for _, e := range events {
			require.Equal(t, storage.Actor{Kind: storage.ActorUser, ID: ana}, e.Actor)
			require.Equal(t, "photoprint", e.Detail["client"])
			require.Equal(t, "host", e.Detail["via"])
		}
		m := newManaged(t, furnished.SQLite(t))
		id := m.gets("openid", "grant_management_action", "create")["grant_id"].(string)
		actions, events = m.deeds(func() { require.Equal(t, http.StatusNoContent, m.grant(http.MethodDelete, id, m.token).StatusCode) })
		require.Equal(t, []string{"grant.revoke"}, actions)
		require.Equal(t, storage.Actor{Kind: storage.ActorClient, ID: "tpp"}, events[0].Actor)
		require.Equal(t, storage.Target{Kind: "grant", ID: id}, events[0].Target)
	})
}

func TestClientCredentialsAndRevocationLeaveNoEvents(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	tokens := s.tokens("ana@example.com", "photoprint")
	actions, _ := s.deeds(func() {
		s.post("/oauth2/token", "photoprint", url.Values{"grant_type": {"client_credentials"}})
		s.post("/oauth2/introspect", "photoprint", url.Values{"token": {tokens["access_token"].(string)}})
		s.post("/oauth2/revoke", "photoprint", url.Values{"token": {tokens["access_token"].(string)}})
	})
	require.Empty(t, actions)
}
