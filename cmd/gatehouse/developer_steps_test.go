package main

import (
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

func TestWhatPeopleReadIsFilledInInSeveralLanguages(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.aDeveloper("ana@example.com", "acme")
	at := b.draft("Kiosk")
	b.led(b.fill(b.get(at+"/identity"), "step", "name:es", "Quiosco", "name:pt-BR", "Quiosque"))
	c, err := s.store.Client(t.Context(), strings.TrimPrefix(at, "/developer/apps/"))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"es": "Quiosco", "pt-BR": "Quiosque"}, c.Names)
	wrong := b.fill(b.get(at+"/identity"), "step", "name:es", "Qui\u202eosco")
	require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode)
	require.Contains(t, wrong.body, `id="name-es-problem"`)
	require.Contains(t, wrong.body, `<details class="more" open>`, "what is wrong is not hidden")

	data := b.get(at + "/data")
	require.NotContains(t, data.body, "purpose:email:es")
	require.Contains(t, data.body, "<dt>E-mail</dt><dd><bdi>ana@example.com</bdi></dd>", "what people will see")
	data = b.led(b.fill(data, "step", "use:email", "required", "purpose:email:en", "To send you what you bought", "in", "es"))
	data = b.led(b.fill(data, "step", "purpose:email:es", "Para enviarle lo que compró"))
	require.Contains(t, data.body, "Para enviarle lo que compró</textarea>", "a language that is used has its controls")
	c, err = s.store.Client(t.Context(), c.ID)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"en": "To send you what you bought", "es": "Para enviarle lo que compró"}, c.Scopes[0].Purpose)
}

func TestAPreviewStandsInAFrameOfOursOnly(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.aDeveloper("ana@example.com", "acme")
	at := b.draft("Kiosk")
	review := b.get(at + "/review?lang=ar&theme=dark")
	require.Contains(t, review.body, `src="`+at+`/preview?frame=1&amp;lang=ar&amp;theme=dark"`)
	require.Contains(t, review.Header.Get("Content-Security-Policy"), "frame-src 'self'; base-uri 'none'; frame-ancestors 'none'")
	preview := b.get(at + "/preview?frame=1&lang=ar&theme=dark")
	require.Contains(t, preview.body, `<html lang="ar" dir="rtl" data-theme="dark">`)
	require.Contains(t, preview.Header.Get("Content-Security-Policy"), "frame-ancestors 'self'")
	require.Equal(t, "SAMEORIGIN", preview.Header.Get("X-Frame-Options"))
	plain := b.get(at + "/preview?lang=xx&theme=%22%3E")
	require.Contains(t, plain.body, `<html lang="en" dir="ltr">`)

	asked := b.authorize(request("photoprint"))
	consent := b.get(asked.Header.Get("Location"))
	require.Contains(t, consent.body, `id="consent"`)
	require.Equal(t, "DENY", consent.Header.Get("X-Frame-Options"), "the page on which people decide is in no frame")
	require.Contains(t, consent.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
}

func TestARedirectIsTriedOnlyWhereItIsRegistered(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.aDeveloper("ana@example.com", "acme")
	at := b.draft("Kiosk")
	b.led(b.fill(b.get(at+"/identity"), "step", "client_uri", "https://kiosk.example/"))
	page := b.led(b.fill(b.get(at+"/redirects"), "step", "redirect_uris", "https://kiosk.example/cb?a=b\nhttp://127.0.0.1:8123/cb\ncom.example.kiosk:/cb\nhttps://elsewhere.example/cb"))
	require.Contains(t, page.body, "It redirects to <bdi>elsewhere.example</bdi>", "what a reviewer will see is beside the row")
	require.Contains(t, page.Header.Get("Content-Security-Policy"), "form-action 'self' https: http://127.0.0.1:8123 com.example.kiosk:")

	for uri, want := range map[string]string{"https://kiosk.example/cb?a=b": "https://kiosk.example/cb", "com.example.kiosk:/cb": "com.example.kiosk:/cb", "http://127.0.0.1:8123/cb": "http://127.0.0.1:8123/cb"} {
		a := b.byHand(at+"/test", url.Values{"test": {uri}})
		require.Equal(t, http.StatusSeeOther, a.StatusCode, a.body)
		to, query, _ := strings.Cut(a.Header.Get("Location"), "?")
		require.Equal(t, want, to)
		answer, err := url.ParseQuery(query)
		require.NoError(t, err)
		require.Equal(t, []string{"access_denied", "test", s.url}, []string{answer.Get("error"), answer.Get("state"), answer.Get("iss")})
		require.Equal(t, strings.Contains(uri, "?"), answer.Get("a") == "b")
	}
	for _, other := range []string{"https://evil.example/", "https://kiosk.example/cb", "https://kiosk.example/cb?a=b&c", "//evil.example", ""} {
		require.Equal(t, http.StatusBadRequest, b.byHand(at+"/test", url.Values{"test": {other}}).StatusCode, other)
	}
	require.NotEqual(t, http.StatusSeeOther, b.get(at+"/test?test=https://kiosk.example/cb?a=b").StatusCode, "a link leads nowhere")
	require.Equal(t, http.StatusNotFound, b.byHand("/developer/apps/photoprint/test", url.Values{"test": {"https://photoprint.example/cb"}}).StatusCode)

	// A live one is tried by a real sign-in.
	id := strings.TrimPrefix(at, "/developer/apps/")
	s.updateClient(id, func(c *storage.Client) {
		c.Status, c.Scopes = storage.StatusApproved, []storage.ClientScope{{Name: "openid", Required: true}}
	})
	page = b.get(at + "/redirects")
	link := findLink(t, page, "/oauth2/authorize?")
	a := b.get(link)
	require.Equal(t, http.StatusSeeOther, a.StatusCode, a.body)
	require.Contains(t, b.decide(a, "deny").Header.Get("Location"), "https://kiosk.example/cb?a=b&error=access_denied")
}

func TestWhatWasTypedOutlivesTheSession(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.aDeveloper("ana@example.com", "acme")
	at := b.draft("Kiosk")
	own := b.get(at)
	out := s.newBrowser()
	kept := out.fill(own, "comment", "comment", "A long explanation\n\nwith \"quotes\" & <more>")
	require.Equal(t, http.StatusForbidden, kept.StatusCode)
	require.NotContains(t, b.get(at).body, "A long explanation")
	in := out.get("/developer/sign-in")
	require.Contains(t, out.signIn(in, "ana@example.com").body, "Kiosk")
	shown := out.fill(kept, "resend") // the form is of another browser
	require.Contains(t, gist(shown), "A long explanation")
	require.Contains(t, out.led(out.fill(shown, "resend")).body, "A long explanation")

	own = out.get(at)
	s.forward(admin.RecentFor + time.Minute)
	kept = out.fill(own, "secret", "keep_old", "168h")
	require.Equal(t, http.StatusForbidden, kept.StatusCode)
	out.signIn(out.get("/developer/sign-in"), "ana@example.com")
	require.Equal(t, http.StatusOK, out.fill(kept, "resend").StatusCode)
}

func TestTheAppsPageTellsWhichSecretEndsAndWhatWentWrong(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.aDeveloper("ana@example.com", "acme")
	s.register(storage.Client{ID: "kiosk", Name: "Kiosk", PublisherID: "acme", Status: storage.StatusApproved, RedirectURIs: []string{"https://kiosk.example/cb"},
		Secrets: []storage.ClientSecret{{ID: "1", Hash: registry.HashSecret(testSecret), CreatedAt: s.now()}}})
	at := "/developer/apps/kiosk"
	page := b.get(at)
	require.Contains(t, page.body, "There were none in the last seven days.")
	require.NotContains(t, page.body, "Two secrets work now.")
	b.fill(page, "secret", "keep_old", "168h")
	page = b.get(at)
	require.Contains(t, page.body, "works until")
	require.Contains(t, page.body, "Two secrets work now.")
	b.fill(page, "secret", "keep_old", "24h")
	c, err := s.store.Client(t.Context(), "kiosk")
	require.NoError(t, err)
	live := 0
	for _, secret := range c.Secrets {
		if secret.ExpiresAt.IsZero() || secret.ExpiresAt.After(s.now()) {
			live++
		}
	}
	require.Equal(t, 2, live)

	require.NoError(t, s.store.AddRequests(t.Context(), []storage.ClientRequest{
		{ID: "00000000-0000-7000-8000-000000000001", ClientID: "kiosk", At: s.now(), Endpoint: "token", Outcome: "invalid_grant", Reason: "the code was exchanged before", RequestID: "req-1"},
		{ID: "00000000-0000-7000-8000-000000000002", ClientID: "kiosk", At: s.now(), Endpoint: "userinfo", Outcome: storage.OutcomeOK, Proven: true, RequestID: "req-2"},
	}))
	page = b.get(at)
	require.Contains(t, page.body, "<code>invalid_grant</code>")
	require.Contains(t, page.body, "the code was exchanged before")
	require.Contains(t, page.body, "Anybody may have sent it")
	require.Less(t, strings.Index(page.body, "req-1"), strings.Index(page.body, "req-2"), "what failed comes first")
}

func TestTheListOfMiniAppsIsReadAsAWhole(t *testing.T) {
	t.Parallel()
	reads := map[int]int{}
	for _, n := range []int{1, 12} {
		s := newTestServer(t, furnished.SQLite(t))
		b := s.aDeveloper("ana@example.com", "acme")
		for range n {
			b.draft("Kiosk")
		}
		b.get("/developer")
		s.count.reset()
		require.Equal(t, n, strings.Count(b.get("/developer").body, ">Draft<"))
		reads[n] = work(s.count.seen()).reads
	}
	require.Equal(t, reads[1], reads[12])
}

// findLink returns the address of the first link of a page that begins so.
func findLink(t testing.TB, page answer, prefix string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page.body))
	require.NoError(t, err)
	n := findElement(root, func(n *html.Node) bool { return n.Data == "a" && strings.HasPrefix(attribute(n, "href"), prefix) })
	require.NotNil(t, n, "no link to %s in %s", prefix, page.body)
	return attribute(n, "href")
}
