package deliveries

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"gatehouse/authz/keys"
	"gatehouse/identity/claims"
	"gatehouse/internal/outbound"
	"gatehouse/internal/secret"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

const issuer = "https://id.example"

// house is a worker on a real database, with a clock that stands still but for what a test moves it. So nothing that a slow
// machine does lengthens a call, or lets a lease, a pause or a wait run out.
type house struct {
	t      testing.TB
	store  *gormstore.Store
	keys   *keys.Set
	claims *claims.Claims
	worker *Worker
	clock  *atomic.Int64
	log    *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newHouse opens dsn; the clock of all houses that are given the same one is the same.
func newHouse(t testing.TB, dsn string, clock *atomic.Int64) *house {
	t.Helper()
	clock.CompareAndSwap(0, time.Now().UnixNano())
	h := &house{t: t, clock: clock, log: &lockedBuffer{}}
	var err error
	h.store, err = gormstore.Open(t.Context(), dsn, gormstore.Options{Migrate: true, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { h.store.Close() })
	root, err := secret.New(bytes.Repeat([]byte("r"), 32), nil)
	require.NoError(t, err)
	h.keys = keys.New(h.store, root, time.Hour, h.now)
	require.NoError(t, h.keys.Load(t.Context()))
	reg := registry.New(h.store, h.now)
	h.claims = claims.New(bytes.Repeat([]byte("s"), 32), reg)
	h.worker = New(Options{
		Store: h.store, Registry: reg, Claims: h.claims, Keys: h.keys, Calls: outbound.NewWithin(true, time.Minute),
		Issuer: issuer, Now: h.now, Log: slog.New(slog.NewJSONHandler(h.log, nil)),
	})
	h.worker.every = 10 * time.Millisecond
	return h
}

func (h *house) now() time.Time { return time.Unix(0, h.clock.Load()).UTC().Truncate(time.Microsecond) }

// run lets the worker work until the test ends, which waits for it.
func (h *house) run() {
	ctx, cancel := context.WithCancel(h.t.Context())
	var group sync.WaitGroup
	group.Go(func() { h.worker.Run(ctx) })
	h.t.Cleanup(func() { cancel(); group.Wait() })
}

func (h *house) client(c storage.Client) string {
	h.t.Helper()
	c.ID, c.Status = strings.ToLower(rand.Text()), storage.StatusApproved
	c.CreatedAt, c.UpdatedAt = h.now(), h.now()
	require.NoError(h.t, h.store.CreateClient(h.t.Context(), c))
	return c.ID
}

// becomes gives a client another status, as an operator does.
func (h *house) becomes(clientID, status string) {
	h.t.Helper()
	c, err := h.store.Client(h.t.Context(), clientID)
	require.NoError(h.t, err)
	was := c.UpdatedAt
	c.Status, c.UpdatedAt = status, was.Add(time.Millisecond)
	require.NoError(h.t, h.store.UpdateClient(h.t.Context(), c, was))
	h.worker.Registry.Forget()
}

// grant stores what an owner allowed a client; the owner is a new person's when none is named.
func (h *house) grant(clientID string, owner storage.Owner, scopes ...string) storage.Grant {
	h.t.Helper()
	if owner == (storage.Owner{}) {
		owner.UserID = rand.Text()
	}
	g := storage.Grant{
		ID: rand.Text(), Owner: owner, ClientID: clientID, State: storage.GrantActive, Version: 1, CreatedAt: h.now(), UpdatedAt: h.now(),
	}
	for _, scope := range scopes {
		g.Decisions = append(g.Decisions, storage.Decision{Scope: scope, Allowed: true, DecidedAt: h.now()})
	}
	require.NoError(h.t, h.store.Apply(h.t.Context(), storage.Unit{storage.SaveGrant{Grant: g}}))
	return g
}

// disconnect makes people connect a client and disconnect it again, n of them.
func (h *house) disconnect(clientID string, n int) {
	h.t.Helper()
	for range n {
		g := h.grant(clientID, storage.Owner{}, "email")
		require.NoError(h.t, h.store.Apply(h.t.Context(), storage.Unit{storage.EndGrant{ID: g.ID, At: h.now()}}))
	}
}

func (h *house) deliveries(state storage.DeliveryState) []storage.Delivery {
	h.t.Helper()
	list, err := h.store.Deliveries(h.t.Context(), state, "", 1000)
	require.NoError(h.t, err)
	return list
}

// only returns the one delivery that there is.
func (h *house) only() storage.Delivery {
	h.t.Helper()
	list := h.deliveries(0)
	require.Len(h.t, list, 1)
	return list[0]
}

// attempted waits until the one delivery was sent n times in vain.
func (h *house) attempted(n int) storage.Delivery {
	h.t.Helper()
	require.Eventually(h.t, func() bool { return h.only().Attempts == n }, 60*time.Second, 5*time.Millisecond, "attempt %d", n)
	return h.only()
}

// passes moves the clock to when the one delivery is due, and its client may be called.
func (h *house) passes() {
	d := h.only()
	h.until(d.DueAt)
	h.until(h.pausedUntil(d.ClientID))
}

// until moves the clock past a time.
func (h *house) until(t time.Time) {
	if wait := t.Sub(h.now()); wait > 0 {
		h.clock.Add(int64(wait + time.Second))
	}
}

// pausedUntil is until when a client is not called, because its server failed.
func (h *house) pausedUntil(clientID string) time.Time {
	h.worker.mu.Lock()
	defer h.worker.mu.Unlock()
	return h.worker.pauses[clientID].until
}

// rested reports whether the worker has done all that it can until the clock moves: it sends nothing, and what is due is for
// clients that pause. No lane begins or ends in between, because that takes the same mutex.
func (h *house) rested() bool {
	h.t.Helper()
	h.worker.mu.Lock()
	defer h.worker.mu.Unlock()
	now := h.now()
	due, err := h.store.DueClients(h.t.Context(), now)
	require.NoError(h.t, err)
	paused := func(client string) bool { return now.Before(h.worker.pauses[client].until) }
	return len(h.worker.busy) == 0 && !slices.ContainsFunc(due, func(client string) bool { return !paused(client) })
}

// received is a request that a receiver got.
type received struct {
	header http.Header
	body   string
	claims map[string]any
	typ    any
	alg    string
}

// receiver is a mini app's server. It verifies what it gets against the public keys, and a test fails where it cannot.
type receiver struct {
	t      *testing.T
	url    string
	h      *house
	answer func(w http.ResponseWriter, r *http.Request) // nil: 202

	mu  sync.Mutex
	got []received
}

func (h *house) receiver(t *testing.T, answer func(w http.ResponseWriter, r *http.Request)) *receiver {
	t.Helper()
	r := &receiver{t: t, h: h, answer: answer}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.url = server.URL + "/events"
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err == nil {
		r.take(request, string(body))
	}
	if r.answer == nil {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	r.answer(w, request)
}

func (r *receiver) take(request *http.Request, body string) {
	got := received{header: request.Header.Clone(), body: body}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(r.h.keys.JWKS(), &set); err != nil {
		r.t.Error(err)
		return
	}
	token, err := jose.ParseSignedCompact(body, keys.Algorithms)
	if err != nil {
		r.t.Errorf("unsigned: %q", body)
		return
	}
	header := token.Signatures[0].Header
	found := set.Key(header.KeyID)
	if len(found) != 1 {
		r.t.Errorf("signed with %q, which is not published", header.KeyID)
		return
	}
	payload, err := token.Verify(found[0])
	if err != nil || json.Unmarshal(payload, &got.claims) != nil {
		r.t.Errorf("a signature that is not good: %v", err)
		return
	}
	request.Header.Set("X-Jti", got.claims["jti"].(string)) // for the answer
	got.typ, got.alg = header.ExtraHeaders[jose.HeaderType], header.Algorithm
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, got)
}

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]received(nil), r.got...)
}

// wait waits for n requests, and returns them.
func (r *receiver) wait(n int) []received {
	r.t.Helper()
	require.Eventually(r.t, func() bool { return len(r.all()) >= n }, 60*time.Second, 5*time.Millisecond, "%d of %d", len(r.all()), n)
	got := r.all()
	require.Equal(r.t, n, len(got))
	return got
}
