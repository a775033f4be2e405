package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// rememberedBy is the name under which an answer to an API key's request is remembered.
func rememberedBy(key, idempotencyKey string) string {
	sum := sha256.Sum256([]byte("api_key\x00" + strings.Split(key, "_")[1] + "\x00" + idempotencyKey))
	return hex.EncodeToString(sum[:])
}

func TestARequestThatIsInFlightOrLostItsAnswerIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		admin := s.staff("admin@example.com", storage.RoleAdmin)
		body := `{"id":"globex","name":"Globex"}`
		s.api(admin, "POST", "/companies", body, "Idempotency-Key", "first").require(t, 201)
		now := s.now().Truncate(time.Microsecond)
		first, err := s.store.BeginAnswer(t.Context(), storage.RememberedAnswer{ID: rememberedBy(admin, "first"), BeganAt: now, ExpiresAt: now.Add(time.Hour)}, now)
		require.ErrorIs(t, err, storage.ErrExists)
		require.True(t, first.Done)

		// Another process is at it; or it died before it wrote anything.
		second := storage.RememberedAnswer{ID: rememberedBy(admin, "second"), Fingerprint: first.Fingerprint, BeganAt: now, ExpiresAt: now.Add(time.Hour)}
		_, err = s.store.BeginAnswer(t.Context(), second, now)
		require.NoError(t, err)
		require.Equal(t, "in-flight", s.api(admin, "POST", "/companies", body, "Idempotency-Key", "second").require(t, 409).problemType(t))
		s.forward(3 * time.Minute)
		require.Equal(t, "exists", s.api(admin, "POST", "/companies", body, "Idempotency-Key", "second").require(t, 409).problemType(t), "made anew")

		// It died after it wrote.
		third := second
		third.ID, third.BeganAt = rememberedBy(admin, "third"), s.now().Truncate(time.Microsecond)
		third.ExpiresAt = third.BeganAt.Add(time.Hour)
		_, err = s.store.BeginAnswer(t.Context(), third, now)
		require.NoError(t, err)
		require.NoError(t, s.store.SaveCompany(storage.Answering(t.Context(), third), storage.Company{ID: "globex", Name: "Globex"}))
		s.forward(3 * time.Minute)
		require.Equal(t, "answer-lost", s.api(admin, "POST", "/companies", body, "Idempotency-Key", "third").require(t, 409).problemType(t))
		require.NoError(t, s.store.KeepAnswer(t.Context(), third, []byte("sealed under another root secret")))
		require.Equal(t, "answer-lost", s.api(admin, "POST", "/companies", body, "Idempotency-Key", "third").require(t, 409).problemType(t))
	})
}

func TestWhenAnAPIKeyWasUsedIsStampedInTheBackground(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	admin := s.staff("admin@example.com", storage.RoleAdmin)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { s.run(ctx); close(done) }()
	s.api(admin, "GET", "/companies", nil).require(t, 200)
	stop()
	<-done
	keys, err := s.store.APIKeys(t.Context(), "", "", 10)
	require.NoError(t, err)
	require.WithinDuration(t, s.now(), keys[0].SeenAt, time.Minute)
	require.NotEmpty(t, s.api(admin, "GET", "/api-keys", nil).json(t)["items"].([]any)[0].(map[string]any)["seen_at"])
}

func TestACallerWhoMayWriteAndNotReadGetsWhatTheyMade(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	u := s.person("admin@example.com", "", storage.RoleAdmin)
	key := s.key(u, "client.create", "publisher.save", "user.create", "user.disable")
	require.NotEmpty(t, s.api(key, "POST", "/clients", `{"client_name":"A","redirect_uris":["https://a.example/cb"]}`).require(t, 201).json(t)["client_secret"])
	s.api(key, "POST", "/publishers", `{"id":"a","name":"A"}`).require(t, 201)
	made := s.api(key, "POST", "/users", `{"email":"new@example.com"}`).require(t, 201).json(t)
	require.Len(t, made, 1)
	s.api(key, "POST", "/users/"+made["id"].(string)+"/disable", nil).require(t, 200)
	s.api(key, "GET", "/users/"+made["id"].(string), nil).require(t, 403)
}
