package storagetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// versionOf is a new version of a client, as it would be stored.
func versionOf(c storage.Client, status string) storage.ClientVersion {
	c.Name += " 2"
	v := storage.ClientVersion{ID: timeID(), ClientID: c.ID, Status: status, Client: c, CreatedAt: moment, UpdatedAt: moment}
	v.Client.ID, v.Client.Secrets, v.Client.Status = "", nil, ""
	v.Client.TokensFrom, v.Client.CreatedAt, v.Client.UpdatedAt = time.Time{}, time.Time{}, time.Time{}
	return v
}

func registered(t *testing.T, s storage.Store) storage.Client {
	t.Helper()
	c := fullClient()
	require.NoError(t, s.CreateClient(t.Context(), c))
	return c
}

func reviews() []contract {
	return []contract{
		{"a version comes back as it was stored, and waits while it is open", func(t *testing.T, s storage.Store) {
			c := registered(t, s)
			_, err := s.OpenVersion(t.Context(), c.ID)
			require.ErrorIs(t, err, storage.ErrNotFound)
			v := versionOf(c, storage.StatusDraft)
			require.NoError(t, s.ApplyReview(t.Context(), storage.Review{Version: &v}))
			got, err := s.OpenVersion(t.Context(), c.ID)
			require.NoError(t, err)
			require.Equal(t, v, got)
			next := v
			next.Status, next.UpdatedAt = storage.StatusRejected, moment.Add(time.Second)
			require.NoError(t, s.ApplyReview(t.Context(), storage.Review{Version: &next, VersionWas: v.UpdatedAt}))
			_, err = s.OpenVersion(t.Context(), c.ID)
			require.ErrorIs(t, err, storage.ErrNotFound)
			all, err := s.ClientVersions(t.Context(), c.ID)
			require.NoError(t, err)
			require.Equal(t, []storage.ClientVersion{next}, all)
			same, err := s.Client(t.Context(), c.ID)
			require.NoError(t, err)
			require.Equal(t, c, same)
		}},
		{"a client has one open version", func(t *testing.T, s storage.Store) {
			c := registered(t, s)
			first, second := versionOf(c, storage.StatusSubmitted), versionOf(c, storage.StatusDraft)
			require.NoError(t, s.ApplyReview(t.Context(), storage.Review{Version: &first}))
			require.ErrorIs(t, s.ApplyReview(t.Context(), storage.Review{Version: &second}), storage.ErrExists)
			second.Status = storage.StatusApproved
			require.NoError(t, s.ApplyReview(t.Context(), storage.Review{Version: &second}), "a closed one beside it")
		}},
		{"a step changes client, version and notes together, or nothing where one of them moved", func(t *testing.T, s storage.Store) {
			c := registered(t, s)
			v := versionOf(c, storage.StatusSubmitted)
			require.NoError(t, s.ApplyReview(t.Context(), storage.Review{Version: &v}))
			step := storage.Review{Client: &c, ClientWas: c.UpdatedAt, Version: &v, VersionWas: v.UpdatedAt, Note: &storage.ReviewNote{
				ID: timeID(), ClientID: c.ID, Author: storage.Actor{Kind: storage.ActorAPIKey, ID: id(), Address: "192.0.2.1", Person: "rev"}, Action: "approve", Text: "fine", At: moment, Digest: "d",
			}}
			changed, approved := c, v
			base := v.Client
			approved.Base = &base
			submitted := versionOf(c, storage.StatusArchived)
			step.Submitted = &submitted
			changed.Name, changed.UpdatedAt = "New", moment.Add(time.Second)
			changed.TokensFrom = moment
			approved.Status, approved.UpdatedAt = storage.StatusApproved, moment.Add(time.Second)
			step.Client, step.Version = &changed, &approved
			for _, stale := range []func(r *storage.Review){
				func(r *storage.Review) { r.ClientWas = moment.Add(-time.Second) },
				func(r *storage.Review) { r.VersionWas = moment.Add(-time.Second) },
			} {
				r := step
				stale(&r)
				require.ErrorIs(t, s.ApplyReview(storage.Audited(t.Context(), deed("client.approve", c.ID)), r), storage.ErrConflict)
			}
			notes, err := s.ReviewNotes(t.Context(), c.ID)
			require.NoError(t, err)
			require.Empty(t, notes)
			require.Empty(t, eventsOn(t, s, c.ID))

			require.NoError(t, s.ApplyReview(storage.Audited(t.Context(), deed("client.approve", c.ID)), step))
			got, err := s.Client(t.Context(), c.ID)
			require.NoError(t, err)
			require.Equal(t, changed, got)
			notes, err = s.ReviewNotes(t.Context(), c.ID)
			require.NoError(t, err)
			require.Equal(t, []storage.ReviewNote{*step.Note}, notes)
			require.Len(t, eventsOn(t, s, c.ID), 1)
		}},
		{"the versions that wait of several clients come together", func(t *testing.T, s storage.Store) {
			open, closed, none := versionOf(registered(t, s), storage.StatusDraft), versionOf(registered(t, s), storage.StatusApproved), registered(t, s)
			require.NoError(t, s.ApplyReview(t.Context(), storage.Review{Version: &open}))
			require.NoError(t, s.ApplyReview(t.Context(), storage.Review{Version: &closed}))
			got, err := s.OpenVersions(t.Context(), []string{none.ID, closed.ClientID, open.ClientID, "none"})
			require.NoError(t, err)
			require.Equal(t, []storage.ClientVersion{open}, got)
			for _, of := range [][]string{nil, {none.ID}, {"\x00"}} {
				got, err = s.OpenVersions(t.Context(), of)
				require.NoError(t, err)
				require.Empty(t, got)
			}
		}},
	}
}

func apiKeys() []contract {
	return []contract{
		{"a key comes back with whose it is, until that person is disabled or the key is gone", func(t *testing.T, s storage.Store) {
			u := person(t, s)
			k := storage.APIKey{ID: id(), Hash: []byte("hash"), Name: "CI", UserID: u.ID, Rights: []string{"clients.read"}, CreatedAt: moment, ExpiresAt: moment.Add(time.Hour)}
			require.NoError(t, s.CreateAPIKey(t.Context(), k))
			require.ErrorIs(t, s.CreateAPIKey(t.Context(), k), storage.ErrExists)
			require.NoError(t, s.TouchAPIKey(t.Context(), k.ID, moment.Add(time.Minute)))
			k.SeenAt = moment.Add(time.Minute)
			got, whose, err := s.APIKey(t.Context(), k.ID)
			require.NoError(t, err)
			require.Equal(t, k, got)
			require.Equal(t, u.ID, whose.ID)
			all, err := s.APIKeys(t.Context(), "", "", 1000)
			require.NoError(t, err)
			require.Contains(t, all, k)
			other := storage.APIKey{ID: id(), UserID: person(t, s).ID, CreatedAt: moment}
			require.NoError(t, s.CreateAPIKey(t.Context(), other))
			own, err := s.APIKeys(t.Context(), u.ID, "", 1000)
			require.NoError(t, err)
			require.Equal(t, []storage.APIKey{k}, own)
			own, err = s.APIKeys(t.Context(), u.ID, k.ID, 1000)
			require.NoError(t, err)
			require.Empty(t, own)
			require.NoError(t, s.SetDisabled(t.Context(), u.ID, true, moment))
			_, _, err = s.APIKey(t.Context(), k.ID)
			require.ErrorIs(t, err, storage.ErrNotFound)
			require.NoError(t, s.DeleteAPIKey(t.Context(), k.ID))
			require.ErrorIs(t, s.DeleteAPIKey(t.Context(), k.ID), storage.ErrNotFound)
			for _, key := range unstorable {
				_, _, err = s.APIKey(t.Context(), key)
				require.ErrorIs(t, err, storage.ErrNotFound)
				require.ErrorIs(t, s.DeleteAPIKey(t.Context(), key), storage.ErrNotFound)
			}
		}},
	}
}
