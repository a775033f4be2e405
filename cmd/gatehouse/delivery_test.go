package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"gatehouse/internal/config"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

// A mini app's server is told what people decide, from their page to the verified event (see deliveries).

// webhook is a mini app's server. It keeps everything that it is sent.
type webhook struct {
	*httptest.Server
	answer func(w http.ResponseWriter, jti string, times int) (accepts bool)

	mu       sync.Mutex
	bodies   []string
	times    map[string]int // by jti
	accepted []toldEvent
}

// newWebhook starts one. answer may be nil for 202 always; else it answers, unless it returns true, which is for 202. It
// gets how often the event has come, this time included.
func newWebhook(t *testing.T, answer func(w http.ResponseWriter, jti string, times int) (accepts bool)) *webhook {
	t.Helper()
	h := &webhook{answer: answer, times: map[string]int{}}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

func (h *webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return // killed while it sent
	}
	e := unverified(string(raw))
	h.mu.Lock()
	h.bodies = append(h.bodies, string(raw))
	h.times[e.ID]++
	times := h.times[e.ID]
	h.mu.Unlock()
	if h.answer != nil && !h.answer(w, e.ID, times) {
		return
	}
	h.mu.Lock()
	h.accepted = append(h.accepted, e)
	h.mu.Unlock()
	w.WriteHeader(http.StatusAccepted)
}

// has returns the IDs of the events that it has accepted for an app.
func (h *webhook) has(app string) map[string]bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	ids := map[string]bool{}
	for _, e := range h.accepted {
		if e.Audience == app {
			ids[e.ID] = true
		}
	}
	return ids
}

func (h *webhook) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.bodies...)
}

// toldEvent is what a test looks at.
type toldEvent struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	ID       string `json:"jti"`
	Subject  struct {
		Format  string `json:"format"`
		Issuer  string `json:"iss"`
		Subject string `json:"sub"`
	} `json:"sub_id"`
	Events map[string]struct {
		Timestamp int64             `json:"event_timestamp"`
		Claims    map[string]string `json:"claims"`
	} `json:"events"`
	kid string
}

// name is the event's URI from the profile on.
func (e toldEvent) name() string {
	for uri := range e.Events {
		return strings.TrimPrefix(uri, "https://schemas.openid.net/secevent/")
	}
	return ""
}

func unverified(token string) (e toldEvent) {
	if signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256, jose.RS256}); err == nil {
		_ = json.Unmarshal(signed.UnsafePayloadWithoutVerification(), &e)
	}
	return e
}

// verified checks a Security Event Token against the keys that the server publishes at this moment.
func (s *testServer) verified(token string) (e toldEvent) {
	s.t.Helper()
	var set jose.JSONWebKeySet
	require.NoError(s.t, json.Unmarshal([]byte(s.newBrowser().get("/.well-known/jwks.json").body), &set))
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256, jose.RS256})
	require.NoError(s.t, err, "unsigned: %q", token)
	header := signed.Signatures[0].Header
	require.Equal(s.t, "secevent+jwt", header.ExtraHeaders[jose.HeaderType])
	found := set.Key(header.KeyID)
	require.Len(s.t, found, 1, "the key %s is not published", header.KeyID)
	payload, err := signed.Verify(found[0])
	require.NoError(s.t, err)
	require.NoError(s.t, json.Unmarshal(payload, &e))
	require.Equal(s.t, s.url, e.Issuer)
	require.Equal(s.t, "iss_sub", e.Subject.Format)
	require.Equal(s.t, s.url, e.Subject.Issuer)
	require.Len(s.t, e.Events, 1)
	e.kid = header.KeyID
	return e
}

func callsLoopback(cfg *config.Config) { cfg.AllowPrivateNetwork = true }

// atApps presses a button of an app on the page of connected apps.
func (b *browser) atApps(app, action string) {
	b.s.t.Helper()
	require.Equal(b.s.t, http.StatusSeeOther, b.pressing(app, action, "")().StatusCode)
}

func TestAMiniAppIsToldWhatPeopleDecide(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn, callsLoopback)
		hook := newWebhook(t, nil)
		for _, app := range []string{"photoprint", "pairwise"} {
			s.updateClient(app, func(c *storage.Client) { c.WebhookURI = hook.URL })
		}
		go s.run(t.Context())
		told := 0
		next := func() toldEvent {
			t.Helper()
			require.Eventually(t, func() bool { return len(hook.all()) > told }, 60*time.Second, 5*time.Millisecond)
			require.Len(t, hook.all(), told+1)
			told++
			return s.verified(hook.all()[told-1])
		}
		ana, b := s.users["ana@example.com"].ID, s.newBrowser()
		code, _ := s.allowIn(b, "ana@example.com", request("pairwise", "scope", "openid email phone profile"))
		tokens := s.post("/oauth2/token", "pairwise", exchangeForm(code)).json(t)
		subject := s.userinfo(tokens["access_token"]).json(t)["sub"]
		require.NotEqual(t, ana, subject)

		// Less than before.
		a := b.authorize(request("pairwise", "scope", "openid email phone profile", "prompt", "consent"))
		require.NotEmpty(t, callback(t, b.decide(a, "allow", "phone")).Get("code"))
		e := next()
		require.Equal(t, "caep/event-type/token-claims-change", e.name())
		require.Equal(t, "email openid phone", e.Events["https://schemas.openid.net/secevent/"+e.name()].Claims["scope"])
		require.Equal(t, []any{"pairwise", subject}, []any{e.Audience, e.Subject.Subject})
		require.False(t, s.active("pairwise", tokens["access_token"]))

		// Disabled and enabled, by an operator.
		for _, disabled := range []bool{true, false} {
			require.NoError(t, s.store.SetDisabled(t.Context(), ana, disabled, s.now()))
			require.Equal(t, map[bool]string{true: "risc/event-type/account-disabled", false: "risc/event-type/account-enabled"}[disabled], next().name())
		}

		// Disconnected, after the keys were rotated.
		b = s.newBrowser()
		b.agree(b.authorize(request("pairwise")), "ana@example.com")
		s.rotateKeys(t)
		require.Eventually(t, func() bool { // the server has seen it
			published := jwks(s)
			return !slices.ContainsFunc(s.signingKeys(), func(k storage.Key) bool { return !strings.Contains(published, k.ID) })
		}, 60*time.Second, 20*time.Millisecond)
		b.atApps("pairwise", "disconnect")
		last := next()
		require.Equal(t, "caep/event-type/session-revoked", last.name())
		require.Equal(t, subject, last.Subject.Subject)
		require.NotEqual(t, e.kid, last.kid)
		for _, token := range hook.all() {
			s.verified(token)
		}

		// Denied as a whole, and what was never allowed.
		s.allowIn(b, "ana@example.com", request("photoprint"))
		a = b.authorize(request("photoprint", "prompt", "consent"))
		require.Equal(t, "access_denied", callback(t, b.decide(a, "deny")).Get("error"))
		last = next()
		require.Equal(t, []string{"caep/event-type/session-revoked", "photoprint", ana}, []string{last.name(), last.Audience, last.Subject.Subject})
		b.atApps("photoprint", "clear")
		other := s.newBrowser()
		a = other.signIn(other.authorize(request("photoprint")), "bo@example.com")
		require.Equal(t, "access_denied", callback(t, other.decide(a, "deny")).Get("error"))

		// A company's.
		code, _ = s.allowIn(other, "bo@example.com", request("photoprint", "scope", "user_session"))
		require.Equal(t, http.StatusOK, s.post("/oauth2/token", "photoprint", exchangeForm(code)).StatusCode)
		other.atApps("photoprint:company", "disconnect")
		require.Equal(t, "acme", next().Subject.Subject)
		require.NotContains(t, s.log.String(), last.ID, "what arrives is not worth a line")
	})
}

// stubborn connects an app and disconnects it, again and again, until its server is gone.
type stubborn struct {
	s        *testServer
	app      string
	b        *browser
	all      *atomic.Int64
	answered int // disconnects that were answered with success
	unknown  int // and those that were not answered
}

func (d *stubborn) work() {
	for d.once() {
	}
}

func (d *stubborn) once() bool {
	page, ok := d.get("/oauth2/authorize?" + request(d.app).Encode())
	if !ok {
		return false
	}
	if action, form, found := readForm(page, "consent"); found {
		form.Set("decision", "allow")
		if _, ok = d.submit(action, form); !ok {
			return false
		}
	}
	if page, ok = d.get("/account/apps"); !ok {
		return false
	}
	action, form, found := readForm(page, "app-"+d.app)
	if !found {
		return false
	}
	form.Set("action", "disconnect")
	if status, ok := d.submit(action, form); !ok || status != http.StatusSeeOther {
		d.unknown++
		return false
	}
	d.answered++
	d.all.Add(1)
	return true
}

// get follows redirects as far as they stay here; false when no whole page came.
func (d *stubborn) get(path string) (body string, ok bool) {
	for target := d.s.absolute(path); ; {
		response, err := d.b.Get(target)
		if err != nil {
			return "", false
		}
		raw, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			return "", false
		}
		location, err := response.Location()
		if err != nil || !strings.HasPrefix(location.String(), d.s.url) {
			return string(raw), true
		}
		target = location.String()
	}
}

func (d *stubborn) submit(path string, form url.Values) (status int, ok bool) {
	r, err := http.NewRequest(http.MethodPost, d.s.absolute(path), strings.NewReader(form.Encode()))
	if err != nil {
		return 0, false
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	response, err := d.b.Do(r)
	if err != nil {
		return 0, false
	}
	_, err = io.Copy(io.Discard, response.Body)
	response.Body.Close()
	return response.StatusCode, err == nil
}

// misbehave answers a quarter of the events wrongly the first time, in every way, by the event's number, and gets better.
// Each that fails makes all of its app's wait for some seconds.
func misbehave(elsewhere string) func(w http.ResponseWriter, jti string, times int) bool {
	return func(w http.ResponseWriter, jti string, times int) bool {
		if times > 1 {
			return true
		}
		switch jti[len(jti)-1] {
		case '0':
			w.WriteHeader(http.StatusInternalServerError)
		case '4':
			w.Header().Set("Location", elsewhere)
			w.WriteHeader(http.StatusTemporaryRedirect)
		case '8':
			if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
				fmt.Fprint(conn, "\x00 garbage")
				conn.Close()
			}
		case 'c':
			time.Sleep(6 * time.Second) // hangs
		default:
			return true
		}
		return false
	}
}

// What a person was told has happened reaches the mini app, whatever its server does, and whenever ours is killed.
func TestNoEventIsLostOverAKill(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, start := newProcess(t, dsn)
		elsewhere := newWebhook(t, nil)
		hook := newWebhook(t, misbehave(elsewhere.URL))
		apps := []string{"photoprint", "other", "pairwise", "relaxed", "never", "no-grace"}
		listen(t, dsn, hook.URL, apps)
		server := start()
		var all atomic.Int64
		var people []*stubborn
		for i, email := range []string{"ana@example.com", "bo@example.com"} {
			b := s.newBrowser()
			a := b.get("/account")
			b.signIn(a, email)
			for _, app := range apps[3*i : 3*i+3] {
				people = append(people, &stubborn{s: s, app: app, b: b, all: &all})
			}
		}
		for round := range 2 {
			before := all.Load()
			var group sync.WaitGroup
			for _, d := range people {
				group.Go(d.work)
			}
			require.Eventually(t, func() bool { return all.Load() > before+18 && len(hook.all()) > 0 }, 60*time.Second, time.Millisecond)
			require.NoError(t, server.Process.Kill())
			group.Wait()
			server.Wait()
			http.DefaultTransport.(*http.Transport).CloseIdleConnections()
			if round == 0 {
				rotate(t, dsn, s)
			}
			server = start()
		}
		for _, d := range people {
			require.Eventually(t, func() bool { return len(hook.has(d.app)) >= d.answered }, 2*time.Minute, 50*time.Millisecond,
				"%s: %d of %d", d.app, len(hook.has(d.app)), d.answered)
			require.LessOrEqual(t, len(hook.has(d.app)), d.answered+d.unknown, "%s: told of what did not happen", d.app)
		}
		require.Empty(t, elsewhere.all(), "no redirect is followed")
		kids := map[string]bool{}
		for _, token := range hook.all() {
			e := s.verified(token)
			require.Equal(t, "caep/event-type/session-revoked", e.name())
			kids[e.kid] = true
		}
		require.GreaterOrEqual(t, len(kids), 2, "the keys were rotated in between, and all of it is still good")
		require.Eventually(t, func() bool { return undelivered(t, dsn, s) == 0 }, 60*time.Second, 500*time.Millisecond, "what was refused is sent again")
	})
}

// listen registers the same webhook for apps.
func listen(t *testing.T, dsn, uri string, apps []string) {
	t.Helper()
	store, err := gormstore.Open(t.Context(), dsn, gormstore.Options{})
	require.NoError(t, err)
	defer store.Close()
	for _, app := range apps {
		c, err := store.Client(t.Context(), app)
		require.NoError(t, err)
		was := c.UpdatedAt
		c.WebhookURI, c.UpdatedAt = uri, was.Add(time.Second)
		require.NoError(t, store.UpdateClient(t.Context(), c, was))
	}
}

// command runs gatehouse beside the server, on the same database, and returns what it prints.
func command(t *testing.T, dsn string, s *testServer, args ...string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Args = append([]string{"gatehouse"}, args...)
	cmd.Env = append(os.Environ(), "GATEHOUSE_DATABASE="+dsn, "GATEHOUSE_SECRET="+testConfig("", "").Secret, "GATEHOUSE_ISSUER="+s.url)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	require.NoError(t, err, complaint.String())
	return string(out)
}

func rotate(t *testing.T, dsn string, s *testServer) {
	command(t, dsn, s, "key", "rotate", "--immediately")
}

func undelivered(t *testing.T, dsn string, s *testServer) (n int) {
	t.Helper()
	var list []deliveryEntry
	require.NoError(t, json.Unmarshal([]byte(command(t, dsn, s, "delivery", "list", "-o", "json")), &list))
	for _, d := range list {
		if d.State != "delivered" {
			n++
		}
	}
	return n
}

func TestTheDeadLetterViewShowsWhatWasGivenUpAndSendsItAgain(t *testing.T) {
	t.Parallel()
	dsn := furnished.SQLite(t)
	s, start := newProcess(t, dsn)
	var mended atomic.Bool
	hook := newWebhook(t, func(w http.ResponseWriter, _ string, _ int) bool {
		if !mended.Load() {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"err":"invalid_issuer","description":"\u001b[2Jwho are you"}`)
		}
		return mended.Load()
	})
	listen(t, dsn, hook.URL, []string{"photoprint"})
	start()
	_, b := s.allowIn(s.newBrowser(), "ana@example.com", request("photoprint"))
	b.atApps("photoprint", "disconnect")
	var list []deliveryEntry
	dead := func() []deliveryEntry {
		list = nil
		require.NoError(t, json.Unmarshal([]byte(command(t, dsn, s, "delivery", "list", "--dead", "-o", "json")), &list))
		return list
	}
	require.Eventually(t, func() bool { return len(dead()) == 1 }, 60*time.Second, 100*time.Millisecond)
	d := list[0]
	require.Equal(t, []any{"photoprint", "grant_ended", "dead", 1}, []any{d.ClientID, d.Event, d.State, d.Attempts})
	require.Equal(t, "the receiver refuses it: invalid_issuer", d.Failure)
	for _, format := range []string{"table", "yaml"} {
		out := command(t, dsn, s, "delivery", "list", "-o", format)
		require.Contains(t, out, d.ID)
		require.NotContains(t, out, "who are you")
		require.NotContains(t, out, s.users["ana@example.com"].ID)
	}
	mended.Store(true)
	require.Empty(t, command(t, dsn, s, "delivery", "retry", d.ID))
	require.Eventually(t, func() bool { return undelivered(t, dsn, s) == 0 }, 60*time.Second, 100*time.Millisecond)
	require.Empty(t, dead())
	require.Len(t, hook.has("photoprint"), 1, "under the same jti")
	require.NoError(t, json.Unmarshal([]byte(command(t, dsn, s, "delivery", "list", "-o", "json")), &list))
	require.Equal(t, []any{"delivered", 1, ""}, []any{list[0].State, list[0].Attempts, list[0].Failure}, "counted since the retry")
	code := (&cli{out: io.Discard, err: s.log, environ: append(os.Environ(), "GATEHOUSE_DATABASE="+dsn, "GATEHOUSE_SECRET="+testConfig("", "").Secret)}).
		run(t.Context(), []string{"delivery", "retry", d.ID})
	require.Equal(t, exitUsage, code)
	require.Contains(t, s.log.String(), "was not given up")
}

// Whoever is signed in once may disconnect an app and allow it again: auth_time says nothing of which came first.
func TestAnEventThatComesLateIsOlderThanTheIDTokensOfWhatWasAllowedSince(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t), callsLoopback)
	hook := newWebhook(t, nil)
	s.updateClient("photoprint", func(c *storage.Client) { c.WebhookURI = hook.URL })
	h := s.hostApp("ana@example.com")
	idToken := func() (claims struct {
		IssuedAt int64 `json:"iat"`
		AuthTime int64 `json:"auth_time"`
	}) {
		h.decides("photoprint", `{"decision":"allow","scopes":["openid","email"]}`)
		signed, err := jose.ParseSignedCompact(h.tokens("photoprint", "openid email")["id_token"].(string), []jose.SignatureAlgorithm{jose.ES256, jose.RS256})
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(signed.UnsafePayloadWithoutVerification(), &claims))
		return claims
	}
	before := idToken()
	s.forward(5 * time.Minute)
	h.forgets("photoprint")
	s.forward(5 * time.Minute)
	since := idToken()
	go s.run(t.Context())
	require.Eventually(t, func() bool { return len(hook.all()) == 1 }, 60*time.Second, 10*time.Millisecond)
	event := s.verified(hook.all()[0])
	happened := event.Events["https://schemas.openid.net/secevent/"+event.name()].Timestamp
	require.Greater(t, happened, before.IssuedAt, "it is about this")
	require.Less(t, happened, since.IssuedAt, "and not about this")
	require.Greater(t, happened, since.AuthTime, "which the time of the sign-in does not tell")
}

// The first event fails once; the account must not end up locked.
func TestAnAccountThatIsEnabledAgainIsToldLast(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t), callsLoopback)
	var first atomic.Value
	hook := newWebhook(t, func(w http.ResponseWriter, jti string, times int) bool {
		first.CompareAndSwap(nil, jti)
		if jti == first.Load() && times == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return false
		}
		return true
	})
	s.updateClient("photoprint", func(c *storage.Client) { c.WebhookURI = hook.URL })
	s.hostApp("ana@example.com").decides("photoprint", `{"decision":"allow","scopes":["openid","email"]}`)
	for _, disabled := range []bool{true, false} {
		require.NoError(t, s.store.SetDisabled(t.Context(), s.users["ana@example.com"].ID, disabled, s.now()))
	}
	go s.run(t.Context())
	require.Eventually(t, func() bool { return len(hook.has("photoprint")) == 2 }, 60*time.Second, 100*time.Millisecond)
	require.Equal(t, "risc/event-type/account-disabled", hook.accepted[0].name())
	require.Equal(t, "risc/event-type/account-enabled", hook.accepted[1].name())
}

// Sent after account-enabled, account-disabled would lock the account at the mini app.
func TestAnEventThatANewerOneTellsAnewIsNotRetried(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn, callsLoopback)
		s.updateClient("photoprint", func(c *storage.Client) { c.WebhookURI = "https://photoprint.example/events" })
		s.hostApp("ana@example.com").decides("photoprint", `{"decision":"allow","scopes":["openid","email"]}`)
		for _, disabled := range []bool{true, false} {
			require.NoError(t, s.store.SetDisabled(t.Context(), s.users["ana@example.com"].ID, disabled, s.now()))
			d, err := s.store.LeaseDelivery(t.Context(), "photoprint", s.now(), s.now().Add(time.Minute))
			require.NoError(t, err)
			settled := d
			settled.State, settled.SettledAt, settled.Failure = storage.DeliveryDead, s.now(), "no answer"
			require.NoError(t, s.store.SettleDelivery(t.Context(), d, settled))
		}
		dead, err := s.store.Deliveries(t.Context(), storage.DeliveryDead, "", 10)
		require.NoError(t, err)
		require.Len(t, dead, 2)
		retry := func(id string) (code int, complaint string) {
			var said strings.Builder
			code = (&cli{out: io.Discard, err: &said, environ: append(os.Environ(), "GATEHOUSE_DATABASE="+dsn, "GATEHOUSE_SECRET="+testConfig("", "").Secret)}).
				run(t.Context(), []string{"delivery", "retry", id})
			return code, said.String()
		}
		code, complaint := retry(dead[0].ID)
		require.Equal(t, exitUsage, code)
		require.Contains(t, complaint, dead[1].ID+" is newer")
		code, complaint = retry(dead[1].ID)
		require.Zero(t, code, complaint)
	})
}
