package main

import (
	"bytes"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/admin"
	"gatehouse/storage"
)

func TestAnAdminMakesRenamesAndVerifiesAPublisherInTheConsole(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b, page := s.inConsole("/admin/new/publishers", storage.RoleAdmin)
		bad := b.press(page, "create", "create", "id", "no spaces", "name", "Printing & Co", "developers", "bo@example.com\nnobody")
		require.Equal(t, http.StatusUnprocessableEntity, bad.StatusCode)
		require.Contains(t, bad.body, `<a href="#create-id"><code>id</code></a>`)
		require.Contains(t, bad.body, `<a href="#create-developers"><code>developers[1]</code></a>`)
		require.Contains(t, bad.body, `value="Printing &amp; Co"`, "what was typed stays")

		made := b.press(page, "create", "create", "id", "printing", "name", "Printing", "developers", " Bo@Example.com \r\n\r\n")
		require.Equal(t, http.StatusSeeOther, made.StatusCode, made.body)
		page = b.get(made.Header.Get("Location"))
		require.Contains(t, page.body, `role="status"`)
		require.Contains(t, page.body, "bo@example.com")
		taken := b.press(b.get("/admin/new/publishers"), "create", "create", "id", "printing", "name", "Another")
		require.Equal(t, http.StatusConflict, taken.StatusCode)
		require.Contains(t, taken.body, "is taken")

		done := b.press(page, "verified", "verify")
		require.Equal(t, http.StatusSeeOther, done.StatusCode, done.body)
		moved := b.press(page, "change", "save", "name", "Printers")
		require.Equal(t, http.StatusConflict, moved.StatusCode, "the form was about the publisher before it was verified")
		require.Contains(t, moved.body, `value="Printers"`)
		done = b.press(moved, "change", "save", "name", "Printers")
		require.Equal(t, http.StatusSeeOther, done.StatusCode, done.body)
		one, err := s.store.Publisher(t.Context(), "printing")
		require.NoError(t, err)
		require.Equal(t, "Printers", one.Name)
		require.True(t, one.Verified)

		list := b.get("/admin/publishers")
		require.Contains(t, list.body, `href="/admin/publishers/printing"`)
		require.Contains(t, list.body, `href="/admin/new/publishers"`)
		require.Equal(t, http.StatusBadRequest, b.byHand("/admin/publishers/printing", url.Values{"action": {"explode"}, "was": {admin.Tag(one)}}).StatusCode)
		require.Equal(t, http.StatusNotFound, b.get("/admin/publishers/unknown").StatusCode)
	})
}

func TestAReviewerVerifiesPublishersAndChangesNothingElse(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	one := storage.Publisher{ID: "printing", Name: "Printing"}
	require.NoError(t, s.store.SavePublisher(t.Context(), one))
	b, page := s.inConsole("/admin/publishers/printing", storage.RoleReviewer)
	require.NotContains(t, page.body, `form id="change"`)
	require.NotContains(t, b.get("/admin/publishers").body, "/admin/new/publishers")
	require.Equal(t, http.StatusForbidden, b.get("/admin/new/publishers").StatusCode)
	for path, values := range map[string]url.Values{
		"/admin/publishers/printing": {"action": {"save"}, "was": {admin.Tag(one)}, "name": {"Mine"}},
		"/admin/new/publishers":      {"action": {"create"}, "id": {"mine"}, "name": {"Mine"}},
	} {
		require.Equal(t, http.StatusForbidden, b.byHand(path, values).StatusCode, path)
	}
	require.Equal(t, http.StatusSeeOther, b.press(page, "verified", "verify").StatusCode)
}

func TestWhatWasTypedIsSentAgainAfterANewSignIn(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	require.NoError(t, s.store.SavePublisher(t.Context(), storage.Publisher{ID: "printing", Name: "Printing"}))
	b, page := s.inConsole("/admin/publishers/printing", storage.RoleAdmin)
	s.forward(admin.RecentFor + time.Second)
	require.Contains(t, b.get("/admin/publishers/printing").body, "You signed in more than 10 minutes ago", "it is said before somebody types")
	again := b.press(page, "verified", "verify")
	require.Equal(t, http.StatusForbidden, again.StatusCode)
	require.Equal(t, http.StatusForbidden, b.resend(again).StatusCode, "not signed in yet")
	b.signInAgain(again)
	done := b.resend(again)
	require.Equal(t, http.StatusSeeOther, done.StatusCode, done.body)
	one, err := s.store.Publisher(t.Context(), "printing")
	require.NoError(t, err)
	require.True(t, one.Verified)
}

func TestAFormOfTheConsoleOutlivesTheSession(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b, page := s.inConsole("/admin/new/publishers", storage.RoleAdmin)
	s.forward(13 * time.Hour)
	over := b.press(page, "create", "create", "id", "printing", "name", "Printing <Co>")
	require.Equal(t, http.StatusForbidden, over.StatusCode)
	require.NotContains(t, over.body, "ana@example.com", "nobody is signed in")
	b.signInAgain(over)
	done := b.resend(over)
	require.Equal(t, "/admin/publishers/printing?done=1", done.Header.Get("Location"), done.body)
	one, err := s.store.Publisher(t.Context(), "printing")
	require.NoError(t, err)
	require.Equal(t, "Printing <Co>", one.Name)
}

// What comes from no page of theirs is shown to them, with all that is in it, and done when they send it themselves.
func TestAFormOfNobodysPageIsShownBeforeItIsSent(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	require.NoError(t, s.store.SavePublisher(t.Context(), storage.Publisher{ID: "printing", Name: "Printing", Developers: []string{"ana@example.com"}}))
	b, page := s.inConsole("/admin/publishers/printing", storage.RoleAdmin, storage.RoleDeveloper)
	_, form := formOf(t, page, "change")
	for _, twice := range [][]string{nil, {form.Get("interaction"), form.Get("interaction")}} {
		form["interaction"], form["action"], form["name"], form["developers"] = twice, []string{"save"}, []string{"Printing <Co>"}, []string{"ana@example.com"}
		shown := b.submit("/admin/publishers/printing", form)
		require.Equal(t, http.StatusForbidden, shown.StatusCode)
		require.Contains(t, gist(shown), "Printing <Co>")
	}
	done := b.resend(b.submit("/admin/publishers/printing", form))
	require.Equal(t, "/admin/publishers/printing?done=1", done.Header.Get("Location"), done.body)
	one, err := s.store.Publisher(t.Context(), "printing")
	require.NoError(t, err)
	require.Equal(t, "Printing <Co>", one.Name)

	action, step := typed(t, b.get("/developer/new"), "step")
	step.Set("name", "Kiosk <One>")
	step.Del("interaction")
	body, media := multipartForm(t, step, "logo", nil)
	r, err := http.NewRequest(http.MethodPost, s.absolute(action), bytes.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", media)
	shown := do(t, b.Client, r)
	require.Equal(t, http.StatusForbidden, shown.StatusCode)
	require.Contains(t, gist(shown), "Kiosk <One>")
	require.Equal(t, http.StatusSeeOther, b.resend(shown).StatusCode)
	require.Contains(t, b.get("/developer").body, "Kiosk &lt;One&gt;")
}

func TestWhoNamesTheDevelopersOfAPublisherHasSignedInAMomentAgo(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	require.NoError(t, s.store.SavePublisher(t.Context(), storage.Publisher{ID: "printing", Name: "Printing"}))
	b, page := s.inConsole("/admin/publishers/printing", storage.RoleAdmin)
	s.forward(admin.RecentFor + time.Second)
	again := b.press(page, "change", "save", "name", "Printing", "developers", "eve@example.com")
	require.Equal(t, http.StatusForbidden, again.StatusCode)
	require.Contains(t, again.body, `id="sign-in-again"`)
	one, err := s.store.Publisher(t.Context(), "printing")
	require.NoError(t, err)
	require.Empty(t, one.Developers)
}

func TestSigningInAgainLeadsNowhereButToTheConsole(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	for _, back := range []string{"https://evil.example/admin/x", "//evil.example/admin/x", "/account", `/\evil.example`, "", "%zz",
		"/admin/../account", "/admin/..//evil.example", "/admin/%2e%2e//evil.example", "/admin//evil.example", "/admin/./apps", "/admin/apps/..", "/admin/x/../../account"} {
		to := b.get("/admin/sign-in?back=" + url.QueryEscape(back))
		require.Equal(t, http.StatusSeeOther, to.StatusCode, back)
		require.Equal(t, "/admin", to.Header.Get("Location"), back)
	}
	require.Contains(t, b.get("/admin/sign-in?back=%2Fadmin%2Fapps").Header.Get("Location"), "/login?interaction=")
}
