package main

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/admin"
	"gatehouse/internal/audit"
	"gatehouse/registry"
	"gatehouse/storage"
)

// What operators run, by the console's pages.

func TestAScopeIsMadeChangedShownAndRemovedWhenNobodyNeedsIt(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b, page := s.inConsole("/admin/new/scopes", storage.RoleAdmin)
		wrong := b.press(page, "create", "create", "name", "miles_read", "description.en", "How far you went.")
		require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode)
		require.Contains(t, wrong.body, "people read it on the consent page")
		require.Contains(t, wrong.body, `value="How far you went."`, "what was typed is kept")

		done := b.press(page, "create", "create", "name", "miles_read", "title.en", "Your miles", "claims", "miles\r\ntier\r\n", "is", "sensitive",
			"language", "fr", "title.another", "Vos kilomètres")
		require.Equal(t, http.StatusSeeOther, done.StatusCode, done.body)
		got := s.scope("miles_read")
		require.Equal(t, storage.Scope{Name: "miles_read", Title: map[string]string{"en": "Your miles", "fr": "Vos kilomètres"},
			Description: map[string]string{}, Claims: []string{"miles", "tier"}, Sensitive: true}, got)
		page = b.get(done.Header.Get("Location"))
		require.Contains(t, page.body, `<section class="group" aria-labelledby="seen-title">`)
		require.Contains(t, page.body, `name="title.fr"`, "a text for each language that the operator's scopes have")

		s.register(storage.Client{ID: "miles", Name: "Miles", RedirectURIs: []string{testCallback}, Scopes: []storage.ClientScope{{Name: "miles_read"}}})
		used := b.press(page, "delete", "delete")
		require.Equal(t, http.StatusConflict, used.StatusCode)
		require.Contains(t, used.body, "miles is registered for miles_read")
		s.updateClient("miles", func(c *storage.Client) { c.Scopes = nil })
		changed := b.press(page, "change", "save", "title.en", "Your kilometres", "title.fr", "", "claims", "miles")
		require.Equal(t, http.StatusSeeOther, changed.StatusCode, changed.body)
		require.Equal(t, map[string]string{"en": "Your kilometres"}, s.scope("miles_read").Title)
		require.Equal(t, http.StatusConflict, b.press(page, "delete", "delete").StatusCode, "the page was drawn before the change")
		require.Equal(t, http.StatusSeeOther, b.press(b.get("/admin/scopes/miles_read"), "delete", "delete").StatusCode)
		require.Equal(t, http.StatusNotFound, b.get("/admin/scopes/miles_read").StatusCode)
	})
}

// scope returns an operator's scope.
func (s *testServer) scope(name string) storage.Scope {
	s.t.Helper()
	all, err := s.store.Scopes(s.t.Context())
	require.NoError(s.t, err)
	for _, one := range all {
		if one.Name == name {
			return one
		}
	}
	s.t.Fatalf("there is no scope %q", name)
	return storage.Scope{}
}

func TestWhatComesWithGatehouseIsShownAndCannotBeChanged(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b, page := s.inConsole("/admin/scopes/email", storage.RoleAdmin)
	require.Equal(t, http.StatusOK, page.StatusCode)
	require.Contains(t, page.body, "Built in")
	require.NotContains(t, page.body, `<form id="change"`)
	scope := registry.NewCatalogue(nil).Scope("email")
	for _, action := range []string{"save", "delete"} {
		refused := b.byHand("/admin/scopes/email", url.Values{"action": {action}, "was": {admin.Tag(*scope)}, "title.en": {"Everything"}})
		require.Equal(t, http.StatusUnprocessableEntity, refused.StatusCode, action)
		require.Contains(t, refused.body, "comes with Gatehouse")
	}
}

func TestSigningKeysShowWhatTheyDoAndAreRotatedAfterANewSignIn(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b, page := s.inConsole("/admin/keys", storage.RoleAdmin)
		require.Equal(t, 2, strings.Count(page.body, "Signs now"), "one of each algorithm")
		require.Equal(t, http.StatusSeeOther, b.press(b.get("/admin/new/keys"), "create", "create").StatusCode)
		page = b.get("/admin/keys")
		require.Equal(t, []int{2, 2}, []int{strings.Count(page.body, "Signs now"), strings.Count(page.body, "Signs soon")})
		require.Equal(t, http.StatusSeeOther, b.press(b.get("/admin/new/keys"), "create", "create", "when", "immediately").StatusCode)
		page = b.get("/admin/keys")
		require.Equal(t, 2, strings.Count(page.body, "Signs now"))
		require.Contains(t, page.body, "Retired")
		before := len(s.signingKeys())
		s.forward(admin.RecentFor + time.Second)
		require.Equal(t, http.StatusForbidden, b.press(b.get("/admin/new/keys"), "create", "create").StatusCode)
		require.Len(t, s.signingKeys(), before)
	})
}

// signingKeys are the keys in the database.
func (s *testServer) signingKeys() []storage.Key {
	s.t.Helper()
	keys, err := s.store.Keys(s.t.Context())
	require.NoError(s.t, err)
	return keys
}

func TestAnAPIKeyIsShownOnceWorksAndIsRemoved(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b, page := s.inConsole("/admin/new/api-keys", storage.RoleAdmin)
		ana := s.users["ana@example.com"].ID
		wrong := b.press(page, "create", "create", "name", "Nightly", "user_id", ana, "rights", "scope.*", "expires_at", "2001-01-01")
		require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode)
		require.Contains(t, wrong.body, `value="Nightly"`)
		require.Contains(t, wrong.body, `value="scope.*" checked`)
		day := s.now().AddDate(0, 0, 1).UTC()
		shown := b.press(page, "create", "create", "name", "Nightly", "user_id", ana, "rights", "scope.*", "rights", "audit.read", "expires_at", day.Format(time.DateOnly))
		require.Equal(t, http.StatusOK, shown.StatusCode, shown.body)
		key := regexp.MustCompile(`gak_[a-z0-9]+_[A-Za-z0-9_-]+`).FindString(shown.body)
		require.NotEmpty(t, key)
		s.api(key, "GET", "/scopes", nil).require(t, 200)
		s.api(key, "GET", "/users", nil).require(t, 403)

		list := b.get("/admin/api-keys")
		require.Contains(t, list.body, "Nightly")
		require.Contains(t, list.body, "Ana", "whose it is")
		require.NotContains(t, list.body, key)
		s.logLacks(key)
		id := strings.Split(key, "_")[1]
		require.Equal(t, http.StatusSeeOther, b.byHand("/admin/api-keys", url.Values{"action": {"delete"}, "item": {id}}).StatusCode)
		s.api(key, "GET", "/scopes", nil).require(t, 401)
		require.Equal(t, http.StatusNotFound, b.byHand("/admin/api-keys", url.Values{"action": {"delete"}, "item": {id}}).StatusCode)
	})
}

// did records events of the past, of which the console, the API and the commands are asked.
func (s *testServer) did(actor storage.Actor, action string, target storage.Target, at time.Time, n int) {
	s.t.Helper()
	var events []storage.AuditEvent
	for range n {
		events = append(events, storage.AuditEvent{Actor: actor, Action: action, Target: target, At: at.Truncate(time.Microsecond), Detail: map[string]string{"reason": "<b>because</b>"}})
	}
	require.NoError(s.t, s.store.Record(storage.Audited(s.t.Context(), events...)))
}

// prints runs gatehouse on a database, and returns what it prints.
func prints(t *testing.T, dsn string, args ...string) string {
	t.Helper()
	var out, complaint strings.Builder
	c := &cli{out: &out, err: &complaint, environ: append(os.Environ(), "GATEHOUSE_DATABASE="+dsn, "GATEHOUSE_SECRET="+testConfig("", "").Secret)}
	require.Zero(t, c.run(t.Context(), args), complaint.String())
	return out.String()
}

func TestTheAuditLogIsFilteredAndSaysWhatIsSealed(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		rita, robot := storage.Actor{Kind: storage.ActorUser, ID: s.users["bo@example.com"].ID}, storage.Actor{Kind: storage.ActorClient, ID: "robot"}
		app, day := storage.Target{Kind: "client", ID: "photoprint"}, time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
		s.did(rita, "client.approve", app, day, 1)
		s.did(robot, "scope.save", storage.Target{Kind: "scope", ID: "points_read"}, day.AddDate(0, 0, 1), 1)
		require.NoError(t, s.chain().Seal(t.Context()))
		s.did(rita, "client.suspend", app, day.AddDate(0, 0, 2), 1)
		b, page := s.inConsole("/admin/audit", storage.RoleAdmin)
		require.Contains(t, page.body, "Not sealed yet")
		require.Contains(t, page.body, "&lt;b&gt;because")
		titles := regexp.MustCompile(`<h3 class="label"><bdi>([a-z.-]+)</bdi>`)
		for query, want := range map[string]string{
			"":                                       "session.start client.suspend scope.save client.approve",
			"actor=client:robot":                     "scope.save",
			"actor=user:" + rita.ID:                  "client.suspend client.approve",
			"action=client.":                         "client.suspend client.approve",
			"action=client.approve":                  "client.approve",
			"target=client:photoprint":               "client.suspend client.approve",
			"target=scope":                           "scope.save",
			"since=2026-03-15&until=2026-03-15":      "scope.save",
			"until=2026-03-14":                       "client.approve",
			"target=client:photoprint&action=scope.": "",
		} {
			var got []string
			for _, m := range titles.FindAllStringSubmatch(b.get("/admin/audit?"+query).body, -1) {
				got = append(got, m[1])
			}
			require.Equal(t, want, strings.Join(got, " "), query)
		}
		sealed := b.get("/admin/audit?action=scope.save").body
		require.Contains(t, sealed, "Sealed")
		require.NotContains(t, sealed, "Not sealed yet")
		for _, wrong := range []string{"actor=robot", "since=yesterday"} {
			require.Contains(t, b.get("/admin/audit?"+wrong).body, `id="problems"`, wrong)
			require.Equal(t, http.StatusBadRequest, b.get("/admin/audit/export?"+wrong).StatusCode, wrong)
		}
	})
}

func TestTheWholeFilteredLogIsExportedTheSameByEveryFace(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		const many = 2*admin.MaxPage + 7
		robot := storage.Actor{Kind: storage.ActorClient, ID: "robot", Address: "192.0.2.7"}
		s.did(robot, "client.approve", storage.Target{Kind: "client", ID: "photoprint"}, s.now(), many)
		s.did(robot, "scope.save", storage.Target{Kind: "scope", ID: "points_read"}, s.now(), 3)
		require.NoError(t, s.chain().Seal(t.Context()))
		b, page := s.inConsole("/admin/audit?action=client.approve", storage.RoleAdmin)
		require.Contains(t, page.body, `href="/admin/audit/export?action=client.approve"`)
		file := b.get("/admin/audit/export?action=client.approve")
		require.Equal(t, http.StatusOK, file.StatusCode)
		require.Equal(t, "application/jsonl", file.Header.Get("Content-Type"))
		require.Contains(t, file.Header.Get("Content-Disposition"), `.jsonl"`)
		require.Equal(t, []string{"chunked"}, file.TransferEncoding, "nobody knows how long it will be")

		lines, last := bufio.NewScanner(strings.NewReader(file.body)), int64(many+1)
		for lines.Scan() {
			var e audit.Entry
			require.NoError(t, json.Unmarshal(lines.Bytes(), &e))
			require.Equal(t, "client.approve", e.Action)
			require.Len(t, e.Hash, 64)
			require.Less(t, e.Sequence, last, "the newest first, each once")
			last = e.Sequence
		}
		require.EqualValues(t, 1, last)
		require.Equal(t, many, strings.Count(file.body, "\n"))

		key := s.key(s.users["ana@example.com"], "audit.read")
		api := s.api(key, "GET", "/audit/export?action=client.approve", nil).require(t, 200)
		require.Equal(t, file.body, api.body)
		require.Equal(t, file.body, prints(t, dsn, "audit", "export", "--action", "client.approve"))

		s.api(s.key(s.users["ana@example.com"], "client.read"), "GET", "/audit/export", nil).require(t, 403)
		reviewer, refused := s.inConsole("/admin/audit/export", storage.RoleReviewer)
		require.Equal(t, http.StatusForbidden, refused.StatusCode)
		require.Equal(t, http.StatusForbidden, reviewer.get("/admin/audit").StatusCode)
	})
}

func TestADeliveryIsFoundShownAndSentAgain(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn, callsLoopback)
		s.updateClient("photoprint", func(c *storage.Client) { c.WebhookURI = "https://photoprint.example/events" })
		s.hostApp("ana@example.com").decides("photoprint", `{"decision":"allow","scopes":["openid","email"]}`)
		var dead []storage.Delivery
		for _, disabled := range []bool{true, false} {
			require.NoError(t, s.store.SetDisabled(t.Context(), s.users["ana@example.com"].ID, disabled, s.now()))
			d, err := s.store.LeaseDelivery(t.Context(), "photoprint", s.now(), s.now().Add(time.Minute))
			require.NoError(t, err)
			settled := d
			settled.State, settled.SettledAt, settled.Attempts, settled.Failure = storage.DeliveryDead, s.now(), 8, "the server answered 500"
			require.NoError(t, s.store.SettleDelivery(t.Context(), d, settled))
			dead = append(dead, settled)
		}
		b, page := s.inConsole("/admin/deliveries?state=dead&client=photoprint", storage.RoleAdmin)
		for _, d := range dead {
			require.Contains(t, page.body, "/admin/deliveries/"+d.ID)
		}
		require.Contains(t, page.body, "the server answered 500")
		for _, query := range []string{"state=pending", "client=other"} {
			require.NotContains(t, b.get("/admin/deliveries?"+query).body, dead[0].ID, query)
		}
		old := b.get("/admin/deliveries/" + dead[0].ID)
		require.Contains(t, old.body, "<code><bdi>8</bdi></code>", "attempts")
		superseded := b.press(old, "retry", "retry")
		require.Equal(t, http.StatusConflict, superseded.StatusCode)
		require.Contains(t, superseded.body, dead[1].ID+" is newer")
		s.api(s.key(s.users["ana@example.com"], "*"), "POST", "/deliveries/"+dead[0].ID+"/retry", nil).require(t, 409)

		newest := b.get("/admin/deliveries/" + dead[1].ID)
		require.Equal(t, http.StatusSeeOther, b.press(newest, "retry", "retry").StatusCode)
		require.Equal(t, http.StatusConflict, b.press(newest, "retry", "retry").StatusCode, "it is sent already")
		d, err := s.store.Delivery(t.Context(), dead[1].ID)
		require.NoError(t, err)
		require.Equal(t, storage.DeliveryPending, d.State)
		events := s.events()
		require.Equal(t, "delivery.retry", events[len(events)-1].Action)
	})
}

func TestTheSealerSealsWithinASecondAndTellsAsMuch(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		s.did(storage.Actor{Kind: storage.ActorServer}, "client.approve", storage.Target{Kind: "client", ID: "photoprint"}, s.now(), 3)
		require.Regexp(t, `(?m)^0 +3 +true`, prints(t, dsn, "audit", "verify"), "the tail that is not sealed")
		go s.run(t.Context())
		began := time.Now()
		require.Eventually(t, func() bool {
			report, err := s.chain().Verify(t.Context(), audit.Head{})
			return err == nil && report.Sealed == 3 && report.Broken == ""
		}, 60*time.Second, 10*time.Millisecond)
		t.Logf("sealed after %s", time.Since(began))
		require.Regexp(t, `(?m)^3 +0 +true`, prints(t, dsn, "audit", "verify"))
	})
}

// chain is the audit log's, under the tests' root secret.
func (s *testServer) chain() *audit.Chain {
	s.t.Helper()
	root, err := testConfig("", s.url).Root()
	require.NoError(s.t, err)
	return audit.New(s.store, root)
}
