package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/admin"
	"gatehouse/internal/config"
	"gatehouse/registry"
	"gatehouse/storage"
)

// The console as a reviewer's browser sees it.

// inConsole is the browser of a person with these roles, signed in and at path of the console.
func (s *testServer) inConsole(path string, roles ...string) (*browser, answer) {
	s.t.Helper()
	s.give("ana@example.com", roles...)
	b := s.newBrowser()
	return b, b.signIn(b.get(path), "ana@example.com")
}

// submitted registers a mini app that waits for its first review.
func (s *testServer) submitted(id, name string) {
	s.t.Helper()
	s.register(storage.Client{
		ID: id, Name: name, Status: storage.StatusSubmitted, ClientURI: "https://photoprint.example/", RedirectURIs: []string{testCallback},
		Scopes: []storage.ClientScope{{Name: "openid", Required: true}, {Name: "email", Purpose: map[string]string{"en": "to send your order status"}}},
	})
}

// proposed puts a submitted version beside a live mini app.
func (s *testServer) proposed(id string, change func(*storage.Client)) {
	s.t.Helper()
	developer := storage.Actor{Kind: storage.ActorUser, ID: s.users["bo@example.com"].ID}
	s.updateClient(id, func(c *storage.Client) {
		for i := range c.Scopes {
			c.Scopes[i].Purpose = map[string]string{"en": "to send your order status"}
		}
	})
	w, err := s.reg.Work(s.t.Context(), id)
	require.NoError(s.t, err)
	c := w.Live
	c.Scopes = slices.Clone(c.Scopes)
	change(&c)
	_, err = s.reg.Propose(s.t.Context(), developer, c, "")
	require.NoError(s.t, err)
	_, err = s.reg.Take(s.t.Context(), registry.Step{Action: registry.Submit, ClientID: id, By: developer})
	require.NoError(s.t, err)
}

// press submits a form of the page with a button.
func (b *browser) press(page answer, form, action string, pairs ...string) answer {
	b.s.t.Helper()
	target, values := formOf(b.s.t, page, form)
	values.Set("action", action)
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return b.submit(target, values)
}

func (s *testServer) status(id string) string {
	s.t.Helper()
	w, err := s.reg.Work(s.t.Context(), id)
	require.NoError(s.t, err)
	return w.Live.Status
}

func TestMiniAppsInTheConsoleAreForReviewersAndAdminsOnly(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		nobody := s.newBrowser().get("/admin/apps?search=photo")
		require.Equal(t, http.StatusSeeOther, nobody.StatusCode)
		require.Contains(t, nobody.Header.Get("Location"), "/login?interaction=")
		for _, role := range []string{storage.RoleDeveloper, storage.RoleCompanyAdmin} {
			b, page := s.inConsole("/admin/apps", role)
			require.Equal(t, role == storage.RoleCompanyAdmin, b.get("/admin").StatusCode == http.StatusSeeOther)
			require.Equal(t, http.StatusForbidden, page.StatusCode, role)
			require.Contains(t, page.body, `data-error="access_denied"`)
			require.Equal(t, http.StatusForbidden, b.byHand("/admin/apps/photoprint", url.Values{"action": {"suspend"}, "comment": {"because"}}).StatusCode, role)
		}
		require.Equal(t, storage.StatusApproved, s.status("photoprint"))
		for _, role := range []string{storage.RoleReviewer, storage.RoleAdmin} {
			b, page := s.inConsole("/admin/apps?search=photo", role)
			require.Equal(t, http.StatusOK, page.StatusCode, role)
			require.Contains(t, page.body, "PhotoPrint")
			require.NotContains(t, page.body, "Resource server")
			require.Equal(t, http.StatusNotFound, b.get("/admin/apps/unknown").StatusCode)
		}
	})
}

func TestTheQueueShowsTheOldestFirstWithItsRisks(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		s.submitted("zzz", "Ph0toPrint")
		s.forward(time.Minute)
		s.proposed("other", func(c *storage.Client) { c.RedirectURIs = append(c.RedirectURIs, "https://elsewhere.example/cb") })
		_, page := s.inConsole("/admin/reviews", storage.RoleReviewer)
		require.Equal(t, http.StatusOK, page.StatusCode)
		first, second := strings.Index(page.body, "/admin/apps/zzz"), strings.Index(page.body, "/admin/apps/other")
		require.True(t, 0 < first && first < second, page.body)
		require.Contains(t, page.body, "another publisher has")
		require.Contains(t, page.body, "new since the approved version")
		require.NotContains(t, page.body, "/admin/apps/photoprint")
	})
}

func TestAReviewerAsksForChangesThenApproves(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		s.submitted("fresh", "Fresh <b>app</b>")
		b, page := s.inConsole("/admin/apps/fresh", storage.RoleReviewer)
		require.Contains(t, page.body, "to send your order status")

		empty := b.press(page, "review", "request-changes")
		require.Equal(t, http.StatusUnprocessableEntity, empty.StatusCode)
		require.Contains(t, empty.body, "must not be empty; say why")
		require.Equal(t, storage.StatusSubmitted, s.status("fresh"))

		done := b.press(page, "review", "request-changes", "comment", "Say <what> for.")
		require.Equal(t, http.StatusSeeOther, done.StatusCode, done.body)
		require.Equal(t, storage.StatusChangesRequested, s.status("fresh"))
		after := b.get(done.Header.Get("Location"))
		require.Contains(t, after.body, "Say &lt;what&gt; for.")
		require.NotContains(t, after.body, `value="approve"`)

		_, err := s.reg.Take(t.Context(), registry.Step{Action: registry.Submit, ClientID: "fresh", By: storage.Actor{Kind: storage.ActorCommand}})
		require.NoError(t, err)
		stale := b.press(page, "review", "approve")
		require.Equal(t, http.StatusConflict, stale.StatusCode, "the form was drawn before the developers changed it")
		require.Equal(t, storage.StatusSubmitted, s.status("fresh"))

		done = b.press(b.get("/admin/apps/fresh"), "review", "approve")
		require.Equal(t, http.StatusSeeOther, done.StatusCode, done.body)
		require.Equal(t, storage.StatusApproved, s.status("fresh"))
		require.Contains(t, b.get(done.Header.Get("Location")).body, `role="status"`)
	})
}

func TestAReviewerSeesWhatDiffersAndApprovesWithChanges(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		s.proposed("photoprint", func(c *storage.Client) {
			c.Name = "PhotoPrint Deluxe"
			c.RedirectURIs = []string{testCallback, "https://new.photoprint.example/cb"}
			c.Scopes = slices.DeleteFunc(c.Scopes, func(s storage.ClientScope) bool { return s.Name == "phone" })
		})
		b, page := s.inConsole("/admin/apps/photoprint", storage.RoleReviewer)
		for _, part := range []string{"<del><bdi>PhotoPrint</bdi>", "<ins><bdi>PhotoPrint Deluxe</bdi>", "<ins><bdi>https://new.photoprint.example/cb</bdi>", "<del><bdi>http://127.0.0.1/cb</bdi>"} {
			require.Contains(t, page.body, part)
		}
		require.Contains(t, page.body, "<code>phone</code>")
		w, err := s.reg.Work(t.Context(), "photoprint")
		require.NoError(t, err)
		pairs := []string{"name", "PhotoPrint Plus", "required", "openid"}
		for i, scope := range w.Proposed().Scopes {
			for lang, text := range scope.Purpose {
				if scope.Name == "email" {
					text = "to tell you that it is printed"
				}
				pairs = append(pairs, "purpose-"+string(rune('0'+i))+"-"+lang, text)
			}
		}
		done := b.press(page, "edit", "approve-changed", pairs...)
		require.Equal(t, http.StatusSeeOther, done.StatusCode, done.body)
		c, err := s.store.Client(t.Context(), "photoprint")
		require.NoError(t, err)
		require.Equal(t, "PhotoPrint Plus", c.Name)
		require.Contains(t, c.RedirectURIs, "https://new.photoprint.example/cb")
		for _, scope := range c.Scopes {
			require.Equal(t, scope.Name == "openid", scope.Required, scope.Name)
			require.NotEqual(t, "phone", scope.Name)
			if scope.Name == "email" {
				require.Equal(t, "to tell you that it is printed", scope.Purpose["en"])
			}
		}
	})
}

func TestADecisionIsAboutWhatThePageShowed(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.proposed("photoprint", func(c *storage.Client) { c.Name = "PhotoPrint Deluxe" })
	b, page := s.inConsole("/admin/apps/photoprint", storage.RoleReviewer)
	target, form := formOf(t, page, "review")
	for _, action := range []string{"approve", "request-changes", "reject", "suspend", "approve-changed"} {
		for _, was := range [][]string{nil, {""}, {form.Get("was"), form.Get("was")}} {
			form["action"], form["was"], form["comment"] = []string{action}, was, []string{"because"}
			require.Equal(t, http.StatusConflict, b.submit(target, form).StatusCode, "%s %s", action, was)
		}
	}
	w, err := s.reg.Work(t.Context(), "photoprint")
	require.NoError(t, err)
	require.Equal(t, storage.StatusSubmitted, w.Status())
	require.Equal(t, storage.StatusApproved, w.Live.Status)
}

// Whoever approves says what is in a registration, and not whose it is.
func TestAnApprovalWithChangesMovesNoMiniAppToAnotherPublisher(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	for _, p := range []storage.Publisher{{ID: "small", Name: "Small"}, {ID: "famous", Name: "Famous", Verified: true}, {ID: "reviewers", Name: "Theirs", Developers: []string{"both@example.com"}}} {
		require.NoError(t, s.store.SavePublisher(t.Context(), p))
	}
	reviewer, both := s.staff("reviewer@example.com", storage.RoleReviewer), s.staff("both@example.com", storage.RoleReviewer, storage.RoleDeveloper)
	s.register(storage.Client{ID: "kiosk", Name: "Kiosk", PublisherID: "small", Status: storage.StatusSubmitted,
		Scopes: []storage.ClientScope{{Name: "openid"}, {Name: "email", Purpose: map[string]string{"en": "to send your order status"}}}})
	approve := func(key, publisher string) answer {
		return s.api(key, http.MethodPost, "/clients/kiosk/approve", map[string]any{"changes": map[string]any{"publisher": publisher}})
	}
	for key, publisher := range map[string]string{reviewer: "famous", both: "reviewers"} {
		approve(key, publisher).require(t, http.StatusForbidden)
		require.Equal(t, storage.StatusSubmitted, s.status("kiosk"), publisher)
	}
	approve(s.staff("chief@example.com", storage.RoleAdmin), "famous").require(t, http.StatusOK)
	c, err := s.store.Client(t.Context(), "kiosk")
	require.NoError(t, err)
	require.Equal(t, []string{"famous", storage.StatusApproved}, []string{c.PublisherID, c.Status})
}

func TestWhatOpensDoorsWantsANewSignInAndComesBackToTheForm(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b, page := s.inConsole("/admin/apps/photoprint", storage.RoleAdmin)
		s.forward(admin.RecentFor + time.Second)
		for form, action := range map[string]string{"operate": "suspend", "secret": "rotate-secret"} {
			again := b.press(page, form, action, "comment", "It leaks data.", "keep_old", "24")
			require.Equal(t, http.StatusForbidden, again.StatusCode, action)
			require.Contains(t, again.body, `id="sign-in-again"`)
		}
		require.Equal(t, storage.StatusApproved, s.status("photoprint"))
		reason := strings.Repeat("It leaks data. ", 120) // longer than an address may be
		again := b.press(page, "operate", "suspend", "comment", reason)
		b.signInAgain(again)
		done := b.resend(again)
		require.Equal(t, http.StatusSeeOther, done.StatusCode, done.body)
		require.Contains(t, b.get("/admin/apps/photoprint").body, strings.TrimSpace(reason))
		require.Equal(t, storage.StatusSuspended, s.status("photoprint"))
		done = b.press(b.get("/admin/apps/photoprint"), "operate", "reinstate")
		require.Equal(t, http.StatusSeeOther, done.StatusCode, done.body)
		require.Equal(t, storage.StatusApproved, s.status("photoprint"))
	})
}

// signInAgain follows the link of a page of the console that asks for it, in another window.
func (b *browser) signInAgain(page answer) {
	b.s.t.Helper()
	_, rest, found := strings.Cut(page.body, `href="/admin/sign-in?back=`)
	require.True(b.s.t, found, page.body)
	back, _, _ := strings.Cut(rest, `"`)
	at := b.signIn(b.get("/admin/sign-in?back="+back), "ana@example.com")
	require.Equal(b.s.t, http.StatusOK, at.StatusCode, at.body)
}

// resend presses the button of a page that keeps what was sent before a new sign-in.
func (b *browser) resend(page answer) answer {
	b.s.t.Helper()
	return b.submit(formOf(b.s.t, page, "resend"))
}

func TestARotatedSecretIsShownOnceAndTheOldOneWorksAsLongAsAsked(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b, page := s.inConsole("/admin/apps/photoprint", storage.RoleAdmin)
		shown := b.press(page, "secret", "rotate-secret", "keep_old", "1")
		require.Equal(t, http.StatusOK, shown.StatusCode, shown.body)
		_, rest, found := strings.Cut(shown.body, `id="client-secret">`)
		require.True(t, found)
		secret, _, _ := strings.Cut(rest, "<")
		require.NotContains(t, b.get("/admin/apps/photoprint").body, secret)
		require.NotContains(t, s.log.String(), secret)
		c, err := s.store.Client(t.Context(), "photoprint")
		require.NoError(t, err)
		fits, err := s.reg.Authenticate(t.Context(), &c, []string{secret})
		require.NoError(t, err)
		require.True(t, fits)
		long := b.press(b.get("/admin/apps/photoprint"), "secret", "rotate-secret", "keep_old", "169")
		require.Equal(t, http.StatusUnprocessableEntity, long.StatusCode)
		require.Contains(t, long.body, "must be at most seven days")
		require.Equal(t, http.StatusBadRequest, b.press(page, "secret", "rotate-secret", "keep_old", "ever").StatusCode)
	})
}

func TestAFormForASecretThatIsPostedTwiceMakesOne(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b, page := s.inConsole("/admin/apps/photoprint", storage.RoleAdmin)
		answers := make(chan int, 3)
		for range cap(answers) {
			go func() { answers <- b.press(page, "secret", "rotate-secret", "keep_old", "1").StatusCode }()
		}
		counts := map[int]int{}
		for range cap(answers) {
			counts[<-answers]++
		}
		require.Equal(t, map[int]int{http.StatusOK: 1, http.StatusConflict: 2}, counts)
		c, err := s.store.Client(t.Context(), "photoprint")
		require.NoError(t, err)
		require.Len(t, c.Secrets, 2)
		blind := b.byHand("/admin/apps/photoprint", url.Values{"action": {"rotate-secret"}, "keep_old": {"1"}})
		require.Equal(t, http.StatusConflict, blind.StatusCode, "it does not say about which state it is")
	})
}

func TestAnApprovalWithChangesOutlivesANewSignIn(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.submitted("fresh", "Fresh")
	b, page := s.inConsole("/admin/apps/fresh", storage.RoleReviewer)
	s.forward(admin.RecentFor + time.Second)
	again := b.press(page, "edit", "approve-changed", "name", "Fresher", "required", "openid", "required", "email", "purpose-1-en", "to tell you that it is printed")
	require.Equal(t, http.StatusForbidden, again.StatusCode)
	b.signInAgain(again)
	done := b.resend(again)
	require.Equal(t, http.StatusSeeOther, done.StatusCode, done.body)
	c, err := s.store.Client(t.Context(), "fresh")
	require.NoError(t, err)
	require.Equal(t, "Fresher", c.Name)
	require.True(t, c.Scopes[1].Required)
	require.Equal(t, "to tell you that it is printed", c.Scopes[1].Purpose["en"])
}

func TestWhoHasToSignInAgainIsToldWhy(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	require.NoError(t, s.store.SavePublisher(t.Context(), storage.Publisher{ID: "acme", Name: "Acme", Developers: []string{"ana@example.com"}}))
	s.register(storage.Client{ID: "kiosk", Name: "Kiosk", PublisherID: "acme", Status: storage.StatusApproved})
	long, over := "more than 10 minutes ago", "You are not signed in here any more"
	b, reviewed := s.inConsole("/admin/apps/kiosk", storage.RoleAdmin, storage.RoleDeveloper)
	own := b.get("/developer/apps/kiosk")
	suspend := func() answer { return b.press(reviewed, "operate", "suspend", "comment", "It leaks.") }
	archive := func() answer { return b.fill(own, "archive", "comment", "It is old.") }
	s.forward(admin.RecentFor + time.Second)
	for _, again := range []answer{suspend(), archive()} {
		require.Equal(t, http.StatusForbidden, again.StatusCode)
		require.Contains(t, again.body, long)
		require.NotContains(t, again.body, over)
	}
	sessions, err := s.store.UserSessions(t.Context(), s.users["ana@example.com"].ID, s.now())
	require.NoError(t, err)
	for _, session := range sessions {
		require.NoError(t, s.store.EndSession(t.Context(), session.ID))
	}
	for _, again := range []answer{suspend(), archive()} {
		require.Equal(t, http.StatusForbidden, again.StatusCode)
		require.Contains(t, again.body, over)
		require.NotContains(t, again.body, long)
		require.NotContains(t, again.body, "<nav", "there is nothing to go to without a person")
	}
}

func TestAccountLeadsToTheOtherPagesOfAPerson(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	for role, want := range map[string][2]bool{"": {}, storage.RoleDeveloper: {true, false}, storage.RoleReviewer: {false, true}, storage.RoleAdmin: {false, true}, storage.RoleCompanyAdmin: {}} {
		var roles []string
		if role != "" {
			roles = []string{role}
		}
		_, page := s.inConsole("/account", roles...)
		for i, path := range []string{"/developer", "/admin"} {
			require.Equal(t, want[i], strings.Contains(page.body, `<a href="`+path+`"`), "%s for %q", path, role)
		}
	}
}

func TestWhereTwoPeopleHaveToApproveThePageSaysSo(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn, func(c *config.Config) { c.TwoReviewers = true })
		require.NoError(t, s.store.SaveScope(t.Context(), storage.Scope{Name: "email_private", Sensitive: true, Title: map[string]string{"en": "Private"}}))
		s.register(storage.Client{ID: "fresh", Name: "Fresh", Status: storage.StatusSubmitted, RedirectURIs: []string{testCallback},
			Scopes: []storage.ClientScope{{Name: "email_private", Purpose: map[string]string{"en": "to send your order status"}}}})
		b, page := s.inConsole("/admin/apps/fresh", storage.RoleReviewer)
		require.Contains(t, page.body, "which is sensitive")
		done := b.press(page, "review", "approve")
		require.Equal(t, http.StatusSeeOther, done.StatusCode, done.body)
		require.Contains(t, b.get(done.Header.Get("Location")).body, "A second person has to approve it too")
		require.Equal(t, storage.StatusSubmitted, s.status("fresh"))
		twice := b.press(b.get("/admin/apps/fresh"), "review", "approve")
		require.Equal(t, http.StatusUnprocessableEntity, twice.StatusCode)
		require.Contains(t, twice.body, "you have approved it already")
	})
}

func TestTheConsoleTakesNoFormsOfOtherSites(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b, page := s.inConsole("/admin/apps/photoprint", storage.RoleAdmin)
		target, form := formOf(t, page, "operate")
		form.Set("action", "suspend")
		form.Set("comment", "because")
		r, err := http.NewRequest(http.MethodPost, s.absolute(target), strings.NewReader(form.Encode()))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		require.Equal(t, http.StatusForbidden, do(t, b.Client, r).StatusCode)
		require.Equal(t, storage.StatusApproved, s.status("photoprint"))
	})
}
