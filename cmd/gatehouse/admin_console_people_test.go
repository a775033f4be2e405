package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/admin"
	"gatehouse/storage"
)

func TestPeopleAreFoundByTheBeginningOfTheirEMailAddressAndByCompany(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b, all := s.inConsole("/admin/people", storage.RoleAdmin)
		bo, ana := "/admin/people/"+s.users["bo@example.com"].ID, "/admin/people/"+s.users["ana@example.com"].ID
		require.Contains(t, all.body, bo)
		require.Contains(t, all.body, ana)
		found := b.get("/admin/people?q=BO%40")
		require.Contains(t, found.body, bo)
		require.NotContains(t, found.body, ana)
		none := b.get("/admin/people?company=nobody")
		require.Equal(t, http.StatusOK, none.StatusCode)
		require.NotContains(t, none.body, bo)
	})
}

func TestAnAdminChangesAPersonInTheConsole(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		bo := s.users["bo@example.com"]
		path := "/admin/people/" + bo.ID
		b, page := s.inConsole(path, storage.RoleAdmin)
		bad := b.press(page, "change", "save", "first_name", "Bo <b>", "company", "nobody", "roles", "reviewer")
		require.Equal(t, http.StatusUnprocessableEntity, bad.StatusCode)
		require.Contains(t, bad.body, `<a href="#change-company"><code>company</code></a>`)
		require.Contains(t, bad.body, `value="Bo &lt;b&gt;"`)
		require.Contains(t, bad.body, `value="reviewer" checked`)

		done := b.press(page, "change", "save", "first_name", "Bo", "last_name", "Berg", "roles", "reviewer", "roles", "developer")
		require.Equal(t, http.StatusSeeOther, done.StatusCode, done.body)
		now, err := s.store.User(t.Context(), bo.ID)
		require.NoError(t, err)
		require.Equal(t, "Berg", now.LastName)
		require.ElementsMatch(t, []string{"reviewer", "developer"}, now.Roles)
		require.Equal(t, bo.Email, now.Email)
		require.Equal(t, bo.Attributes, now.Attributes)
		require.Equal(t, http.StatusConflict, b.press(page, "change", "save", "first_name", "Old").StatusCode, "the form was about what is no more")
	})
}

func TestAPasswordThatIsSetKeepsTheRulesAndIsNeverOnAPage(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	path := "/admin/people/" + s.users["bo@example.com"].ID
	b, page := s.inConsole(path, storage.RoleAdmin)
	short := b.press(page, "set-password", "set-password", "password", "short-1")
	require.Equal(t, http.StatusUnprocessableEntity, short.StatusCode)
	require.NotContains(t, short.body, "short-1")

	s.forward(admin.RecentFor + time.Second)
	again := b.press(page, "set-password", "set-password", "password", "a wholly new one 17")
	require.Equal(t, http.StatusForbidden, again.StatusCode)
	require.NotContains(t, again.body, "a wholly new one 17")
	require.NotContains(t, again.body, `id="resend"`, "it is typed anew")
	b.signInAgain(again)
	done := b.press(page, "set-password", "set-password", "password", "a wholly new one 17")
	require.Equal(t, http.StatusSeeOther, done.StatusCode, done.body)
	bo := s.newBrowser()
	_, form := formOf(t, bo.follow(bo.get("/account")), "sign-in")
	form.Set("username", "bo@example.com")
	form.Set("password", "a wholly new one 17")
	require.Equal(t, http.StatusSeeOther, bo.submit("/login", form).StatusCode)
}

func TestAnAdminDisablesAPersonAndEndsOneSession(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		bo := s.users["bo@example.com"]
		there, kept := s.newBrowser(), s.newBrowser()
		there.signIn(there.get("/account"), "bo@example.com")
		b, page := s.inConsole("/admin/people/"+bo.ID, storage.RoleAdmin)
		sessions, err := s.store.UserSessions(t.Context(), bo.ID, s.now())
		require.NoError(t, err)
		require.Len(t, sessions, 1)
		kept.signIn(kept.get("/account"), "bo@example.com")
		require.Contains(t, page.body, sessions[0].ID)
		done := b.byHand("/admin/people/"+bo.ID, url.Values{"action": {"end-session"}, "item": {sessions[0].ID}})
		require.Equal(t, http.StatusSeeOther, done.StatusCode, done.body)
		require.Equal(t, http.StatusSeeOther, there.get("/account").StatusCode)
		require.Equal(t, http.StatusOK, kept.get("/account").StatusCode)

		done = b.press(page, "disabled", "disable")
		require.Equal(t, http.StatusSeeOther, done.StatusCode, done.body)
		require.Equal(t, http.StatusSeeOther, kept.get("/account").StatusCode)
		done = b.press(b.get("/admin/people/"+bo.ID), "disabled", "enable")
		require.Equal(t, http.StatusSeeOther, done.StatusCode, done.body)
		require.Equal(t, http.StatusOK, there.signIn(there.get("/account"), "bo@example.com").StatusCode)
	})
}

func TestAnAdminMakesACompanyAndSomebodyInIt(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b, page := s.inConsole("/admin/new/companies", storage.RoleAdmin)
		made := b.press(page, "create", "create", "id", "printers", "name", "Printers & Sons")
		require.Equal(t, http.StatusSeeOther, made.StatusCode, made.body)
		company := b.get(made.Header.Get("Location"))
		done := b.press(company, "change", "save", "name", "Printers")
		require.Equal(t, http.StatusSeeOther, done.StatusCode, done.body)
		require.Equal(t, http.StatusConflict, b.press(company, "change", "save", "name", "Late").StatusCode)

		page = b.get("/admin/new/people")
		taken := b.press(page, "create", "create", "email", "bo@example.com", "password", "a wholly new one 17")
		require.Equal(t, http.StatusConflict, taken.StatusCode)
		require.NotContains(t, taken.body, "a wholly new one 17")
		made = b.press(page, "create", "create", "email", "cy@example.com", "password", "a wholly new one 17", "company", "printers", "roles", "company_admin")
		require.Equal(t, http.StatusSeeOther, made.StatusCode, made.body)
		require.Contains(t, b.get(made.Header.Get("Location")).body, `href="/admin/companies/printers"`)
		require.Contains(t, b.get("/admin/people?company=printers").body, "cy@example.com")

		used := b.press(b.get("/admin/companies/printers"), "delete", "delete")
		require.Equal(t, http.StatusConflict, used.StatusCode)
		require.Contains(t, used.body, "belongs to printers")
	})
}

func TestWhoMakesAnAdminHasSignedInAMomentAgo(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b, page := s.inConsole("/admin/new/people", storage.RoleAdmin)
	require.NotContains(t, page.body, "/admin/sign-in")
	s.forward(admin.RecentFor + time.Second)
	typed := []string{"email", "eve@example.com", "roles", "admin"}
	again := b.press(page, "create", "create", typed...)
	require.Equal(t, http.StatusForbidden, again.StatusCode)
	_, err := s.store.UserByLogin(t.Context(), "eve@example.com")
	require.ErrorIs(t, err, storage.ErrNotFound)
	require.Contains(t, b.get("/admin/new/people").body, "/admin/sign-in?back=%2Fadmin%2Fnew%2Fpeople", "it is said before anything is typed")
	b.signInAgain(again)
	target, kept := formOf(t, again, "resend")
	made := b.submit(target, kept)
	require.Equal(t, http.StatusSeeOther, made.StatusCode, made.body)
	eve, err := s.store.UserByLogin(t.Context(), "eve@example.com")
	require.NoError(t, err)
	require.Equal(t, []string{storage.RoleAdmin}, eve.Roles)
}

func TestSessionsAreListedByPersonAndEndedThere(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	there := s.newBrowser()
	there.signIn(there.get("/account"), "bo@example.com")
	b, all := s.inConsole("/admin/sessions", storage.RoleAdmin)
	bo := s.users["bo@example.com"]
	require.Equal(t, 2, strings.Count(all.body, `value="end-session"`))
	page := b.get("/admin/sessions?user=bo%40example.com")
	require.Equal(t, 1, strings.Count(page.body, `value="end-session"`))
	require.NotContains(t, b.get("/admin/sessions?user=nobody%40example.com").body, `value="end-session"`)
	sessions, err := s.store.UserSessions(t.Context(), bo.ID, s.now())
	require.NoError(t, err)
	done := b.byHand("/admin/sessions?user=bo%40example.com", url.Values{"action": {"end-session"}, "item": {sessions[0].ID}})
	require.Equal(t, "/admin/sessions?user=bo%40example.com&done=1", done.Header.Get("Location"), "the filter stays")
	require.Equal(t, http.StatusSeeOther, there.get("/account").StatusCode)
}

// as sends requests as a browser does that calls itself so.
type as string

func (a as) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("User-Agent", string(a))
	return http.DefaultTransport.RoundTrip(r)
}

func TestAnAdminSeesDevicesAsPeopleDo(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	there := s.newBrowser()
	there.Transport = as("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0")
	there.signIn(there.get("/account"), "bo@example.com")
	b, _ := s.inConsole("/admin/sessions", storage.RoleAdmin)
	for _, page := range []answer{there.get("/account"), b.get("/admin/sessions?user=bo%40example.com"), b.get("/admin/people/" + s.users["bo@example.com"].ID)} {
		require.Contains(t, page.body, "Firefox · Linux")
		require.NotContains(t, page.body, "Gecko")
	}
}

func TestDecisionsAreShownAndRevokedInTheConsole(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		s.tokens("bo@example.com", "photoprint")
		b, page := s.inConsole("/admin/decisions?user=bo%40example.com&client=photoprint", storage.RoleAdmin)
		require.Contains(t, page.body, "PhotoPrint")
		grant, err := s.store.Grant(t.Context(), storage.Owner{UserID: s.users["bo@example.com"].ID}, "photoprint")
		require.NoError(t, err)
		path := "/admin/decisions/" + grant.PublicID()
		require.Contains(t, page.body, `href="`+path+`"`)
		require.Contains(t, b.get("/admin/people/"+grant.Owner.UserID).body, `href="`+path+`"`)
		require.Contains(t, b.get("/admin/decisions").body, `href="`+path+`"`)
		require.NotContains(t, b.get("/admin/decisions?user=ana%40example.com").body, path)
		one := b.get(path)
		for _, d := range grant.Decisions {
			require.Contains(t, one.body, d.Scope)
		}
		done := b.press(one, "revoke", "revoke")
		require.Equal(t, http.StatusSeeOther, done.StatusCode, done.body)
		require.Equal(t, http.StatusNotFound, b.get(path).StatusCode)
	})
}

func TestReviewersSeeNoPeople(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b, page := s.inConsole("/admin/apps", storage.RoleReviewer)
	for _, path := range []string{"/admin/people", "/admin/companies", "/admin/sessions", "/admin/decisions"} {
		require.NotContains(t, page.body, `href="`+path+`"`)
		require.Equal(t, http.StatusForbidden, b.get(path).StatusCode, path)
	}
	require.Equal(t, http.StatusForbidden, b.get("/admin/people/"+s.users["bo@example.com"].ID).StatusCode)
	require.Equal(t, http.StatusForbidden, b.byHand("/admin/people/"+s.users["bo@example.com"].ID, url.Values{"action": {"disable"}}).StatusCode)
}
