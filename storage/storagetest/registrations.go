package storagetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// initialToken stores an initial access token for maxUses registrations.
func initialToken(t *testing.T, s storage.Store, maxUses int, expires time.Time) storage.InitialAccessToken {
	t.Helper()
	token := storage.InitialAccessToken{
		ID: id(), Hash: []byte("hash"), Name: "Partners", PublisherID: "printco", Status: storage.StatusSubmitted, Scopes: []string{"openid", "email"},
		Purposes: storage.PurposesOptional, MaxUses: maxUses, CreatedAt: moment, ExpiresAt: expires,
	}
	require.NoError(t, s.CreateInitialAccessToken(t.Context(), token))
	return token
}

// registerWith registers a new client with a token and returns its ID.
func registerWith(ctx context.Context, s storage.Store, token string) (string, error) {
	c := storage.Client{ID: id(), Name: "A", Status: storage.StatusSubmitted, CreatedAt: moment, UpdatedAt: moment}
	return c.ID, s.RegisterClient(ctx, c, storage.Registration{ClientID: c.ID, Hash: []byte("mine"), TokenID: token}, moment)
}

func registrations() []contract {
	return []contract{
		{"an initial access token is found, listed and deleted", func(t *testing.T, s storage.Store) {
			token := initialToken(t, s, 3, moment.Add(time.Hour))
			require.ErrorIs(t, s.CreateInitialAccessToken(t.Context(), token), storage.ErrExists)
			got, err := s.InitialAccessToken(t.Context(), token.ID)
			require.NoError(t, err)
			require.Equal(t, token, got)
			all, err := s.InitialAccessTokens(t.Context(), "", 1000)
			require.NoError(t, err)
			require.Contains(t, all, token)
			require.NoError(t, s.DeleteInitialAccessToken(t.Context(), token.ID))
			require.ErrorIs(t, s.DeleteInitialAccessToken(t.Context(), token.ID), storage.ErrNotFound)
			for _, key := range []string{token.ID, "\x00", "\xff"} {
				_, err = s.InitialAccessToken(t.Context(), key)
				require.ErrorIs(t, err, storage.ErrNotFound)
			}
		}},
		{"of simultaneous registrations as many succeed as the token has uses", func(t *testing.T, s storage.Store) {
			token := initialToken(t, s, 3, time.Time{})
			made, conflicts := atOnce(t, 12, func(int) error { _, err := registerWith(t.Context(), s, token.ID); return err })
			require.Equal(t, []int{3, 9}, []int{made, conflicts})
			got, err := s.InitialAccessToken(t.Context(), token.ID)
			require.NoError(t, err)
			require.Equal(t, 3, got.Uses)
		}},
		{"a registration that fails counts no use and leaves nothing", func(t *testing.T, s storage.Store) {
			token := initialToken(t, s, 0, time.Time{})
			there, err := registerWith(t.Context(), s, token.ID)
			require.NoError(t, err)
			c := storage.Client{ID: there, Name: "B", Status: storage.StatusSubmitted, CreatedAt: moment, UpdatedAt: moment}
			e := deed("client.create", there)
			ctx := storage.Audited(t.Context(), e)
			require.ErrorIs(t, s.RegisterClient(ctx, c, storage.Registration{ClientID: there, Hash: []byte("other"), TokenID: token.ID}, moment), storage.ErrExists)
			got, err := s.Registration(t.Context(), there)
			require.NoError(t, err)
			require.Equal(t, storage.Registration{ClientID: there, Hash: []byte("mine"), TokenID: token.ID}, got)
			used, err := s.InitialAccessToken(t.Context(), token.ID)
			require.NoError(t, err)
			require.Equal(t, 1, used.Uses)
			require.Empty(t, eventsOn(t, s, there))
		}},
		{"nothing is registered with a token that is gone or expired, and something without any", func(t *testing.T, s storage.Store) {
			for _, token := range []string{"none", "\x00", initialToken(t, s, 0, moment).ID} {
				client, err := registerWith(t.Context(), s, token)
				require.ErrorIs(t, err, storage.ErrConflict, "%q", token)
				_, err = s.Client(t.Context(), client)
				require.ErrorIs(t, err, storage.ErrNotFound)
			}
			client, err := registerWith(t.Context(), s, "")
			require.NoError(t, err)
			_, err = s.Registration(t.Context(), client)
			require.NoError(t, err)
		}},
		{"a client that is deleted takes its registration with it, and others have none", func(t *testing.T, s storage.Store) {
			client, err := registerWith(t.Context(), s, "")
			require.NoError(t, err)
			require.NoError(t, s.DeleteClient(t.Context(), client))
			for _, key := range []string{client, "none", "\x00"} {
				_, err = s.Registration(t.Context(), key)
				require.True(t, errors.Is(err, storage.ErrNotFound), "%q: %v", key, err)
			}
		}},
	}
}
