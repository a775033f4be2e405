package main

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"gatehouse/admin"
	"gatehouse/registry"
	"gatehouse/storage"
)

// What developers do at /developer, as their browsers post it.

// aDeveloper makes somebody the developer of a publisher and returns their browser, signed in.
func (s *testServer) aDeveloper(email, publisher string) *browser {
	s.t.Helper()
	ctx := s.t.Context()
	u, err := s.store.UserByLogin(ctx, email)
	require.NoError(s.t, err)
	was := u.UpdatedAt
	u.Roles = []string{storage.RoleDeveloper}
	u.UpdatedAt = was.Add(time.Second)
	require.NoError(s.t, s.store.UpdateUser(ctx, u, was))
	require.NoError(s.t, s.store.SavePublisher(ctx, storage.Publisher{ID: publisher, Name: "Publisher " + publisher, Developers: []string{email}}))
	b := s.newBrowser()
	at := b.get("/developer")
	require.Equal(s.t, http.StatusSeeOther, at.StatusCode)
	require.Contains(s.t, b.signIn(at, email).body, `href="/developer/new"`, "sign-in leads to where one wanted to go")
	return b
}

// typed returns the controls of a form with what is in them, as a browser would post it.
func typed(t testing.TB, page answer, id string) (string, url.Values) {
	t.Helper()
	action, values := formOf(t, page, id)
	root, err := html.Parse(strings.NewReader(page.body))
	require.NoError(t, err)
	form := findElement(root, func(n *html.Node) bool { return n.Data == "form" && attribute(n, "id") == id })
	findElement(form, func(n *html.Node) bool {
		switch {
		case n.Data == "input" && attribute(n, "type") == "text":
			values.Add(attribute(n, "name"), attribute(n, "value"))
		case n.Data == "textarea":
			text := ""
			if n.FirstChild != nil {
				text = n.FirstChild.Data
			}
			values.Add(attribute(n, "name"), text)
		case n.Data == "select":
			findElement(n, func(o *html.Node) bool {
				if o.Data == "option" && (hasAttribute(o, "selected") || !values.Has(attribute(n, "name"))) {
					values.Set(attribute(n, "name"), attribute(o, "value"))
				}
				return false
			})
		}
		return false
	})
	return action, values
}

func hasAttribute(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// fill posts a form of a page with some of its controls changed.
func (b *browser) fill(page answer, id string, pairs ...string) answer {
	b.s.t.Helper()
	action, form := typed(b.s.t, page, id)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] != "then" { // a button
			require.Contains(b.s.t, form, pairs[i], "form#%s", id)
		}
		form[pairs[i]] = strings.Split(pairs[i+1], "\n")
	}
	return b.submit(action, form)
}

// led wants a redirect and goes there.
func (b *browser) led(a answer) answer {
	b.s.t.Helper()
	require.Equal(b.s.t, http.StatusSeeOther, a.StatusCode, a.body)
	page := b.get(a.Header.Get("Location"))
	require.Equal(b.s.t, http.StatusOK, page.StatusCode, page.body)
	return page
}

// draft registers a mini app as far as step 2 and returns where its page is.
func (b *browser) draft(name string) string {
	b.s.t.Helper()
	a := b.fill(b.get("/developer/new"), "step", "name", name)
	return strings.TrimSuffix(b.led(a).Request.URL.Path, "/identity")
}

func TestADeveloperFillsInAMiniAppStepByStepAndAReviewerApprovesIt(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		ctx := t.Context()
		b := s.aDeveloper("ana@example.com", "acme")

		redirects := b.led(b.fill(b.get("/developer/new"), "step", "name", "Kiosk", "client_uri", "https://kiosk.example/", "contacts", "dev@kiosk.example", "then", "next"))
		at := strings.TrimSuffix(redirects.Request.URL.Path, "/redirects")
		id := strings.TrimPrefix(at, "/developer/apps/")
		c, err := s.store.Client(ctx, id)
		require.NoError(t, err)
		require.Equal(t, storage.StatusDraft, c.Status)
		require.Equal(t, "acme", c.PublisherID)

		// What cannot be saved is on the page as it was typed, with the rule's words beside it.
		wrong := b.fill(redirects, "step", "redirect_uris", "https://kiosk.example/cb\nhttp://kiosk.example/cb\nhttps://*.kiosk.example/")
		require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode)
		require.Contains(t, wrong.body, `value="http://kiosk.example/cb" aria-describedby="redirect_uris-1-problem" aria-invalid="true"`)
		require.Contains(t, wrong.body, "is http; use https")
		require.Contains(t, wrong.body, `value="https://*.kiosk.example/" aria-describedby="redirect_uris-2-problem"`)
		require.Contains(t, wrong.body, "has a wildcard")
		require.NotContains(t, wrong.body, `id="redirect_uris-0-problem"`)
		data := b.led(b.fill(wrong, "step", "redirect_uris", "https://kiosk.example/cb", "then", "next"))

		security := b.led(b.fill(data, "step", "use:openid", "required", "use:email", "required", "use:phone", "optional", "then", "next"))
		review := b.led(b.fill(security, "step", "subject_type", "pairwise", "then", "next"))
		require.Contains(t, review.body, at+`/data">Data</a>`, "a purpose is missing")
		refused := b.fill(review, "submit")
		require.Equal(t, http.StatusUnprocessableEntity, refused.StatusCode)

		data = b.get(at + "/data")
		b.led(b.fill(data, "step", "purpose:email:en", "To send you what you bought", "purpose:phone:en", "To call you when it is ready"))
		review = b.get(at + "/review")
		require.Contains(t, review.body, "Nothing is missing.")

		preview := b.get(at + "/preview")
		require.Equal(t, http.StatusOK, preview.StatusCode, preview.body)
		require.Contains(t, preview.body, "To call you when it is ready")
		require.Contains(t, preview.body, "ana@example.com")
		root, err := html.Parse(strings.NewReader(preview.body))
		require.NoError(t, err)
		main := findElement(root, func(n *html.Node) bool { return n.Data == "main" })
		findElement(main, func(n *html.Node) bool {
			if n.Data == "button" {
				require.True(t, hasAttribute(n, "disabled"), "nothing of a preview can be pressed: %s", attribute(n, "value"))
			}
			return false
		})

		own := b.led(b.fill(review, "submit", "comment", "Please have a look"))
		require.Contains(t, own.body, "Please have a look")
		require.Contains(t, own.body, ">Submitted<")
		require.Equal(t, http.StatusSeeOther, b.get(at+"/identity").StatusCode, "nothing is filled in while it is under review")
		stuck := b.fill(data, "step")
		require.Equal(t, http.StatusConflict, stuck.StatusCode)

		// The reviewer asks, the developer answers.
		house := admin.New(admin.Options{Store: s.store, Registry: s.reg, Now: s.now})
		reviewer := admin.Caller{Actor: storage.Actor{Kind: storage.ActorUser, ID: s.users["bo@example.com"].ID}, Roles: []string{storage.RoleReviewer}, ProvedAt: s.now()}
		_, err = house.TakeStep(ctx, reviewer, registry.Step{Action: registry.RequestChanges, ClientID: id, Comment: "Say which products"})
		require.NoError(t, err)
		own = b.get(at)
		require.Contains(t, own.body, "Say which products")
		require.Contains(t, own.body, "Bo Admin")
		require.Contains(t, own.body, ">Changes requested<")
		own = b.led(b.fill(own, "comment", "comment", "Prints and frames"))
		require.Contains(t, own.body, "Prints and frames")
		b.led(b.fill(b.get(at+"/review"), "submit"))
		_, err = house.TakeStep(ctx, reviewer, registry.Step{Action: registry.Approve, ClientID: id})
		require.NoError(t, err)

		// The secret is shown once; the one before works a while longer.
		own = b.get(at)
		require.Contains(t, own.body, ">Approved<")
		once := b.fill(own, "secret", "keep_old", "24h")
		require.Equal(t, http.StatusOK, once.StatusCode, once.body)
		secret := textIn(t, once, "client-secret")
		require.NotEmpty(t, secret)
		require.NotContains(t, b.get(at).body, secret)
		require.Equal(t, http.StatusConflict, b.fill(own, "secret").StatusCode, "a form posted again makes no other secret")
		c, err = s.store.Client(ctx, id)
		require.NoError(t, err)
		require.Len(t, c.Secrets, 1, "the first is made when somebody asks")

		// What changes now waits beside what is live.
		b.led(b.fill(b.get(at+"/identity"), "step", "name", "Kiosk Two"))
		c, err = s.store.Client(ctx, id)
		require.NoError(t, err)
		require.Equal(t, "Kiosk", c.Name)
		own = b.get(at)
		require.Contains(t, own.body, "Kiosk Two")
		require.Contains(t, b.get("/developer").body, "New version:")
		own = b.led(b.fill(own, "discard"))
		require.NotContains(t, own.body, "Kiosk Two")
	})
}

// textIn returns the text of the element with an ID.
func textIn(t testing.TB, page answer, id string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page.body))
	require.NoError(t, err)
	n := findElement(root, func(n *html.Node) bool { return attribute(n, "id") == id })
	require.NotNil(t, n, "no #%s in %s", id, page.body)
	return n.FirstChild.Data
}

func TestTwoDevelopersDoNotOverwriteEachOther(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.aDeveloper("ana@example.com", "acme")
	at := b.draft("Kiosk")
	require.NotContains(t, b.get(at+"?saved=saved.password").body, "password is changed", "a link does not say what was done")
	first, second := b.get(at+"/identity"), b.get(at+"/identity")
	b.led(b.fill(first, "step", "name", "First"))
	conflict := b.fill(second, "step", "name", "Second")
	require.Equal(t, http.StatusConflict, conflict.StatusCode)
	require.Contains(t, conflict.body, "Somebody else saved this meanwhile")
	require.Contains(t, conflict.body, `value="Second"`, "what was typed is kept")
	require.Contains(t, b.get(at).body, "First")
	b.led(b.fill(conflict, "step"))
	require.Contains(t, b.get(at).body, "Second", "and saved by whoever wants it all the same")

	action, form := typed(t, b.get(at+"/identity"), "step")
	form.Del("etag")
	require.Equal(t, http.StatusConflict, b.submit(action, form).StatusCode, "a form without a tag is about nothing")

	b.led(b.fill(b.get(at+"/redirects"), "step", "redirect_uris", "https://kiosk.example/cb"))
	b.led(b.fill(b.get(at+"/data"), "step", "use:openid", "required"))
	action, form = typed(t, b.get(at+"/review"), "submit")
	for _, tags := range [][]string{nil, {""}, {form.Get("etag"), form.Get("etag")}} {
		submitted := maps.Clone(form)
		submitted["etag"] = tags
		require.Equal(t, http.StatusConflict, b.submit(action, submitted).StatusCode, tags)
	}
	require.Equal(t, storage.StatusDraft, s.status(strings.TrimPrefix(at, "/developer/apps/")))
	require.Equal(t, http.StatusSeeOther, b.submit(action, form).StatusCode)
}

func TestThePortalIsForDevelopersAndTheirOwnMiniApps(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.aDeveloper("ana@example.com", "acme")
	s.register(storage.Client{ID: "theirs", Name: "Theirs", PublisherID: "acme"})
	for _, path := range []string{"/developer/apps/photoprint", "/developer/apps/photoprint/identity", "/developer/apps/photoprint/preview", "/developer/apps/none", "/developer/apps/theirs/nonsense"} {
		require.Equal(t, http.StatusNotFound, b.get(path).StatusCode, path)
	}
	for _, path := range []string{"comment", "discard", "secret", "submit", "data"} {
		a := b.byHand("/developer/apps/photoprint/"+path, url.Values{"etag": {"1"}, "keep_old": {"0s"}, "comment": {"Hello"}})
		require.Equal(t, http.StatusNotFound, a.StatusCode, path)
	}
	require.NotContains(t, b.get("/developer").body, "PhotoPrint")
	_, form := typed(t, b.get("/developer/new"), "step")
	form.Set("name", "Stolen")
	form.Set("publisher", "others")
	require.NoError(t, s.store.SavePublisher(t.Context(), storage.Publisher{ID: "others", Name: "Others"}))
	require.Equal(t, http.StatusForbidden, b.byHand("/developer/new", form).StatusCode)

	stranger := s.newBrowser()
	page := stranger.signIn(stranger.get("/developer"), "bo@example.com")
	require.Equal(t, http.StatusForbidden, page.StatusCode)
	require.Contains(t, page.body, "These pages are for developers.")
	require.Equal(t, http.StatusForbidden, stranger.get("/developer/apps/theirs").StatusCode)

	// A secret opens a door, so whoever makes one has signed in within ten minutes.
	own := b.get("/developer/apps/theirs")
	s.forward(admin.RecentFor + time.Minute)
	again := b.fill(own, "secret")
	require.Equal(t, http.StatusForbidden, again.StatusCode)
	require.Contains(t, again.body, `id="sign-in-again"`)
	require.Contains(t, b.signIn(b.get("/developer/sign-in"), "ana@example.com").body, "Theirs")
	require.Equal(t, http.StatusOK, b.fill(again, "resend").StatusCode)
}

func TestDevelopersArchiveTheirOwnMiniAppAndSayWhy(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b := s.aDeveloper("ana@example.com", "acme")
		s.register(storage.Client{ID: "kiosk", Name: "Kiosk", PublisherID: "acme", Status: storage.StatusApproved})
		page := b.get("/developer/apps/kiosk")
		blind := b.fill(page, "archive", "comment", " ")
		require.Equal(t, http.StatusUnprocessableEntity, blind.StatusCode)
		require.Contains(t, blind.body, `<a href="#why">`)
		old := b.fill(page, "archive", "comment", "It is old.", "etag", "1")
		require.Equal(t, http.StatusConflict, old.StatusCode)
		require.Contains(t, old.body, "It is old.</textarea>", "what was typed is there")
		require.Equal(t, storage.StatusApproved, s.status("kiosk"))

		done := b.led(b.fill(page, "archive", "comment", "It is old."))
		require.Equal(t, storage.StatusArchived, s.status("kiosk"))
		require.Contains(t, done.body, "It is old.", "it is among the notes")
		require.Contains(t, done.body, "<span>Archived</span></p>", "what was done is said")
		require.Contains(t, done.body, "<title>Kiosk – ")
		require.NotContains(t, done.body, `id="archive"`)
		require.Equal(t, http.StatusConflict, b.fill(page, "archive", "comment", "Again.").StatusCode)

		require.Equal(t, http.StatusNotFound, b.byHand("/developer/apps/photoprint/archive", url.Values{"comment": {"Mine."}}).StatusCode)
	})
}

func TestADraftCanBecomePublicAndItsPreviewIsThatOfADraft(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.aDeveloper("ana@example.com", "acme")
	at := b.draft("Kiosk")
	b.led(b.fill(b.get(at+"/security"), "step", "public", "true"))
	c, err := s.store.Client(t.Context(), strings.TrimPrefix(at, "/developer/apps/"))
	require.NoError(t, err)
	require.True(t, c.Public)
	require.Empty(t, c.Secrets)
	require.NotContains(t, b.get(at).body, `id="secret"`, "a public mini app has none")

	wrong := b.fill(b.get(at+"/security"), "step", "jwks", "{not JSON")
	require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode)
	require.Contains(t, wrong.body, "{not JSON</textarea>")
	require.Contains(t, wrong.body, "must be a JWK set")

	refused := b.fill(b.get(at+"/review"), "submit")
	require.Equal(t, http.StatusUnprocessableEntity, refused.StatusCode, "a draft without a redirect URI is not for a reviewer")
	require.Contains(t, refused.body, at+`/redirects">`)
	require.Equal(t, http.StatusOK, b.get(at+"/preview").StatusCode)
	require.NotEqual(t, http.StatusSeeOther, b.authorize(request(c.ID)).StatusCode, "nobody signs in to a draft")
}
