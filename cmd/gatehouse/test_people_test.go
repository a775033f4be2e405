package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"gatehouse/admin"
	"gatehouse/storage"
)

// Test people of publishers: who makes them, and whom they can be asked by.

// aTestPerson makes one for a publisher at the portal and returns their e-mail address and password.
func (b *browser) aTestPerson(publisher string) (email, password string) {
	b.s.t.Helper()
	action, form := formOf(b.s.t, b.get("/developer/people"), "new-"+publisher)
	form.Set("action", "create")
	return shownPassword(b.s.t, b.submit(action, form))
}

func shownPassword(t testing.TB, page answer) (email, password string) {
	t.Helper()
	require.Equal(t, http.StatusOK, page.StatusCode, page.body)
	root, err := html.Parse(strings.NewReader(page.body))
	require.NoError(t, err)
	code := findElement(root, func(n *html.Node) bool { return attribute(n, "id") == "password" })
	require.NotNil(t, code)
	note := code.Parent.Parent.FirstChild.FirstChild
	for n := range note.Descendants() {
		if n.Type == html.TextNode && strings.Contains(n.Data, "@") {
			email = n.Data
		}
	}
	return email, code.FirstChild.Data
}

// isTester gives a test person the password of everybody, so that browsers of tests can sign in as them.
func (s *testServer) isTester(email string) storage.User {
	s.t.Helper()
	u, err := s.store.UserByLogin(s.t.Context(), email)
	require.NoError(s.t, err)
	require.NoError(s.t, s.store.SetPassword(s.t.Context(), u.ID, "", s.users["ana@example.com"].PasswordHash, s.now(), false, ""))
	return u
}

func TestATestPersonMeetsTheMiniAppsOfTheirPublisherAndNoOthers(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b := s.aDeveloper("ana@example.com", "acme")
		require.Contains(t, b.get("/developer").body, `href="/developer/people"`)
		s.register(storage.Client{ID: "kiosk", Name: "Kiosk", PublisherID: "acme"})
		require.NoError(t, s.store.SavePublisher(t.Context(), storage.Publisher{ID: "globex", Name: "Globex"}))
		s.register(storage.Client{ID: "theirs", Name: "Theirs", PublisherID: "globex"})
		s.register(storage.Client{ID: "own-host", Name: "Host of Acme", PublisherID: "acme", FirstParty: true})

		email, password := b.aTestPerson("acme")
		require.Regexp(t, `^test-[a-z0-9]+@acme\.test$`, email)
		require.NotContains(t, b.get("/developer/people").body, password, "it is shown once")
		person := s.newBrowser()
		action, form := formOf(t, person.get(person.authorize(request("kiosk")).Header.Get("Location")), "sign-in")
		form.Set("username", email)
		form.Set("password", password)
		done := person.submit(action, form)
		require.Equal(t, http.StatusSeeOther, done.StatusCode)
		u := s.isTester(email)

		code := callback(t, person.agree(person.get(done.Header.Get("Location")), email)).Get("code")
		token := s.post("/oauth2/token", "kiosk", exchangeForm(code)).json(t)["access_token"].(string)
		info := s.send(http.MethodGet, "/oauth2/userinfo", "", "Authorization", "Bearer "+token)
		require.Equal(t, email, info.json(t)["email"])
		require.Equal(t, true, s.post("/oauth2/introspect", "kiosk", url.Values{"token": {token}}).json(t)["active"])

		for _, other := range []string{"theirs", "photoprint", "host"} {
			for _, prompt := range []string{"", "none", "consent"} {
				refused := callback(t, person.authorize(request(other, "prompt", prompt)))
				require.Equal(t, "access_denied", refused.Get("error"), "%s %s", other, prompt)
			}
		}
		grants, err := s.store.Grants(t.Context(), storage.Owner{UserID: u.ID})
		require.NoError(t, err)
		require.Len(t, grants, 1)

		host := hostApp{s, s.tokens(email, "own-host", "scope", hostScope)["access_token"].(string)}
		var listed []string
		for _, a := range host.get("/apps?limit=500")["apps"].([]any) {
			listed = append(listed, a.(map[string]any)["client_id"].(string))
		}
		require.Equal(t, []string{"kiosk"}, listed)
		require.Equal(t, http.StatusOK, host.call(http.MethodGet, "/apps/kiosk", "").StatusCode)
		for _, call := range [][3]string{
			{http.MethodGet, "/apps/theirs", ""}, {http.MethodGet, "/apps/theirs/sharing", ""},
			{http.MethodPut, "/apps/theirs/sharing", `{"decision":"allow","scopes":["openid","email"]}`},
		} {
			require.Equal(t, http.StatusNotFound, host.call(call[0], call[1], call[2]).StatusCode, "%s: it is none to them", call)
		}
		refused := host.call(http.MethodPost, "/apps/theirs/code", "{}")
		require.Equal(t, http.StatusForbidden, refused.StatusCode, refused.body)
		require.Equal(t, "access_denied", refused.json(t)["error"])
		challenge := s.send(http.MethodPost, "/oauth2/authorize-challenge", request("theirs").Encode(), "Content-Type", "application/x-www-form-urlencoded",
			"Authorization", "Bearer "+host.token)
		require.Equal(t, "access_denied", challenge.json(t)["error"], challenge.body)
	})
}

func TestTokensOfATestPersonEndWhenTheMiniAppGoesToAnotherPublisher(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b := s.aDeveloper("ana@example.com", "acme")
		s.register(storage.Client{ID: "kiosk", Name: "Kiosk", PublisherID: "acme"})
		email, _ := b.aTestPerson("acme")
		s.isTester(email)
		tester, own := s.tokens(email, "kiosk"), s.tokens("bo@example.com", "kiosk")
		code := s.allow(email, request("kiosk"))
		require.NoError(t, s.store.SavePublisher(t.Context(), storage.Publisher{ID: "globex", Name: "Globex"}))
		s.updateClient("kiosk", func(c *storage.Client) { c.PublisherID = "globex" })
		s = s.beside()

		require.Equal(t, http.StatusUnauthorized, s.userinfo(tester["access_token"]).StatusCode)
		for _, other := range []string{"kiosk", "resource"} {
			require.False(t, s.active(other, tester["access_token"]), other)
			require.False(t, s.active(other, tester["refresh_token"]), other)
		}
		for name, form := range map[string]url.Values{"refresh": refreshForm(tester["refresh_token"].(string)), "code": exchangeForm(code)} {
			a := s.post("/oauth2/token", "kiosk", form)
			require.Equal(t, "invalid_grant", a.json(t)["error"], name)
		}
		require.Equal(t, http.StatusOK, s.userinfo(own["access_token"]).StatusCode, "people who are real stay")
		require.Equal(t, http.StatusOK, s.post("/oauth2/token", "kiosk", refreshForm(own["refresh_token"].(string))).StatusCode)

		s.updateClient("kiosk", func(c *storage.Client) { c.PublisherID = "acme" })
		require.Equal(t, http.StatusOK, s.beside().userinfo(tester["access_token"]).StatusCode, "it came back")
	})
}

func TestATestPersonHasNoRoleAndNoCompany(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.aDeveloper("ana@example.com", "acme")
	email, _ := b.aTestPerson("acme")
	key := s.staff("admin@example.com", storage.RoleAdmin)
	for _, change := range []string{`{"roles":["reviewer"]}`, `{"company":"acme"}`, `{"test_publisher":""}`} {
		a := s.api(key, http.MethodPatch, "/users/"+email, change)
		require.Equal(t, http.StatusUnprocessableEntity, a.StatusCode, "%s: %s", change, a.body)
	}
	s.api(key, http.MethodPatch, "/users/"+email, `{"first_name":"Ada"}`).require(t, http.StatusOK)
	u, err := s.store.UserByLogin(t.Context(), email)
	require.NoError(t, err)
	require.Equal(t, "acme", u.TestPublisher, "it stays whose test person they are")
}

func TestADeveloperMakesAndDeletesTestPeopleWhileTheyDevelopForThePublisher(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.aDeveloper("ana@example.com", "acme")
	s.register(storage.Client{ID: "kiosk", Name: "Kiosk", PublisherID: "acme"})
	key := s.key(s.users["ana@example.com"], "test-user.*")
	const path = "/publishers/acme/test-users"
	var made []map[string]any
	for i := range admin.MaxTestUsers {
		a := s.api(key, http.MethodPost, path, nil).require(t, http.StatusCreated)
		require.Equal(t, fmt.Sprintf("/api/v1%s/%s", path, a.json(t)["id"]), a.Header.Get("Location"), i)
		made = append(made, a.json(t))
	}
	s.api(key, http.MethodPost, path, nil).require(t, http.StatusUnprocessableEntity)
	require.NotContains(t, b.get("/developer/people").body, `id="new-acme"`)
	require.Len(t, s.api(key, http.MethodGet, path, nil).require(t, http.StatusOK).json(t)["items"], admin.MaxTestUsers)
	s.api(key, http.MethodPost, "/publishers/globex/test-users", nil).require(t, http.StatusNotFound)

	email, id := made[0]["email"].(string), made[0]["id"].(string)
	s.isTester(email)
	person := s.newBrowser()
	code, _ := s.allowIn(person, email, request("kiosk"))
	token := s.post("/oauth2/token", "kiosk", exchangeForm(code)).json(t)["access_token"]
	require.True(t, s.active("kiosk", token))
	reset := s.api(key, http.MethodPost, path+"/"+id+"/rotate-password", nil).require(t, http.StatusOK).json(t)
	require.NotEqual(t, made[0]["password"], reset["password"])
	require.Equal(t, http.StatusSeeOther, person.get("/account").StatusCode, "they are signed out")

	s.api(key, http.MethodDelete, path+"/"+s.users["bo@example.com"].ID, nil).require(t, http.StatusNotFound)
	s.api(key, http.MethodDelete, path+"/"+id, nil).require(t, http.StatusNoContent)
	require.False(t, s.active("kiosk", token))
	_, err := s.store.User(t.Context(), id)
	require.ErrorIs(t, err, storage.ErrNotFound)
	s.api(key, http.MethodPost, path, nil).require(t, http.StatusCreated)
	for _, action := range []string{"test-user.create", "test-user.set-password", "test-user.delete"} {
		events, err := s.store.AuditEvents(t.Context(), storage.AuditFilter{Action: action, Target: storage.Target{Kind: "user", ID: id}}, "", 10)
		require.NoError(t, err)
		require.Len(t, events, 1, action)
		require.Equal(t, "acme", events[0].Detail["publisher"])
	}

	operator := s.staff("admin@example.com", storage.RoleAdmin)
	s.api(operator, http.MethodPatch, "/publishers/acme", `{"developers":["bo@example.com"]}`).require(t, http.StatusOK)
	s.api(operator, http.MethodPost, "/publishers", `{"id":"globex","name":"Globex","developers":["ana@example.com"]}`).require(t, http.StatusCreated)
	s.api(key, http.MethodGet, path, nil).require(t, http.StatusNotFound)
	s.api(key, http.MethodDelete, path+"/"+made[1]["id"].(string), nil).require(t, http.StatusNotFound)
	action, form := "/developer/people", url.Values{"publisher": {"acme"}, "person": {made[1]["id"].(string)}, "action": {"reset"}}
	require.Equal(t, http.StatusNotFound, b.byHand(action, form).StatusCode)
	require.NotContains(t, b.get("/developer/people").body, made[1]["email"])
}
