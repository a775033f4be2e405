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
			all, err := s.ClientVersions(t.Context(), c.ID, "", "", 10)
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
			notes, err := s.ReviewNotes(t.Context(), c.ID, "", 10)
			require.NoError(t, err)
			require.Empty(t, notes)
			require.Empty(t, eventsOn(t, s, c.ID))

			require.NoError(t, s.ApplyReview(storage.Audited(t.Context(), deed("client.approve", c.ID)), step))
			got, err := s.Client(t.Context(), c.ID)
			require.NoError(t, err)
			require.Equal(t, changed, got)
			notes, err = s.ReviewNotes(t.Context(), c.ID, "", 10)
			require.NoError(t, err)
			require.Equal(t, []storage.ReviewNote{*step.Note}, notes)
			require.Len(t, eventsOn(t, s, c.ID), 1)
		}},
		{"versions and notes come in pages", func(t *testing.T, s storage.Store) {
			c := registered(t, s)
			var versions, notes []string
			for i := range 4 {
				v := versionOf(c, []string{storage.StatusApproved, storage.StatusArchived}[i%2])
				v.ID = timeID()
				note := storage.ReviewNote{ID: timeID(), ClientID: c.ID, At: moment}
				require.NoError(t, s.ApplyReview(t.Context(), storage.Review{Version: &v, Note: &note}))
				versions, notes = append(versions, v.ID), append(notes, note.ID)
			}
			versionIDs := func(status, before string, limit int) (ids []string) {
				all, err := s.ClientVersions(t.Context(), c.ID, status, before, limit)
				require.NoError(t, err)
				for _, v := range all {
					ids = append(ids, v.ID)
				}
				return ids
			}
			noteIDs := func(all []storage.ReviewNote, err error) (ids []string) {
				require.NoError(t, err)
				for _, n := range all {
					ids = append(ids, n.ID)
				}
				return ids
			}
			require.Equal(t, []string{versions[3], versions[2]}, versionIDs("", "", 2))
			require.Equal(t, []string{versions[1], versions[0]}, versionIDs("", versions[2], 3))
			require.Equal(t, []string{versions[2]}, versionIDs(storage.StatusApproved, versions[3], 1))
			require.Equal(t, notes[:2], noteIDs(s.ReviewNotes(t.Context(), c.ID, "", 2)))
			require.Equal(t, notes[2:], noteIDs(s.ReviewNotes(t.Context(), c.ID, notes[1], 10)))
			require.Equal(t, []string{notes[3], notes[2]}, noteIDs(s.LastNotes(t.Context(), c.ID, "", 2)))
			require.Equal(t, []string{notes[1], notes[0]}, noteIDs(s.LastNotes(t.Context(), c.ID, notes[2], 10)))
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
			for at, want := range map[time.Time]int{moment: 1, k.ExpiresAt: 0} {
				live, err := s.LiveAPIKeys(t.Context(), u.ID, at)
				require.NoError(t, err)
				require.Equal(t, want, live)
				live, err = s.LiveAPIKeys(t.Context(), other.UserID, at)
				require.NoError(t, err)
				require.Equal(t, 1, live, "one that never expires")
			}
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
