package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/config"
	"gatehouse/storage"
)

// reborn deletes a client and registers another one under its ID.
func (s *testServer) reborn(clientID, webhook string) {
	s.t.Helper()
	admin := s.staff("admin@example.com", storage.RoleAdmin)
	require.Equal(s.t, http.StatusNoContent, s.api(admin, http.MethodDelete, "/clients/"+clientID, nil).StatusCode)
	s.register(storage.Client{ID: clientID, Name: "Quite Another", WebhookURI: webhook})
}

func TestTheNextClientOfADeletedOnesIDIsToldNothingOfItsPeople(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn, func(c *config.Config) { c.AllowPrivateNetwork = true })
		s.register(storage.Client{ID: "kiosk", Name: "Kiosk", WebhookURI: "https://hooks.one.example/h"})
		s.tokens("ana@example.com", "kiosk")
		require.NoError(t, s.store.Apply(t.Context(), storage.Unit{storage.EndGrant{ID: s.grant("ana@example.com", "kiosk").ID, At: s.now()}}))
		waiting, err := s.store.Deliveries(t.Context(), storage.DeliveryPending, "", 10)
		require.NoError(t, err)
		require.Len(t, waiting, 1)

		h := newWebhook(t, nil)
		s.reborn("kiosk", h.URL)
		left, err := s.store.Deliveries(t.Context(), 0, "", 10)
		require.NoError(t, err)
		require.Empty(t, left)

		// One that a process wrote before it knew of the deletion.
		s.tokens("ana@example.com", "kiosk")
		late := s.now().Add(-time.Hour)
		require.NoError(t, s.store.Apply(t.Context(), storage.Unit{storage.EndGrant{ID: s.grant("ana@example.com", "kiosk").ID, At: late}}))
		left, err = s.store.Deliveries(t.Context(), 0, "", 10)
		require.NoError(t, err)
		require.Empty(t, left, "it is not listed")
		s.tokens("ana@example.com", "kiosk")
		require.NoError(t, s.store.Apply(t.Context(), storage.Unit{storage.EndGrant{ID: s.grant("ana@example.com", "kiosk").ID, At: s.now()}}))
		own, err := s.store.Deliveries(t.Context(), storage.DeliveryPending, "", 10)
		require.NoError(t, err)
		require.Len(t, own, 1)
		go s.run(t.Context())
		require.Eventually(t, func() bool { return len(h.all()) > 0 }, 60*time.Second, 20*time.Millisecond)
		require.Len(t, h.all(), 1)
		require.Equal(t, own[0].ID, unverified(h.all()[0]).ID)
	})
}

func TestTheNextClientOfADeletedOnesIDIsNotShownWhatThatWasAnswered(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		s.register(storage.Client{ID: "kiosk", Name: "Kiosk"})
		s.newBrowser().authorize(request("kiosk", "redirect_uri", "https://x.example/"))
		s.reborn("kiosk", "")
		require.Empty(t, s.last("kiosk"), "it is written after the deletion")
		s.newBrowser().authorize(request("kiosk", "redirect_uri", "https://y.example/"))
		require.Len(t, s.last("kiosk"), 1)
	})
}
