package storagetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// asked returns n requests of a client in the order of time; reason tells them apart.
func asked(clientID, reason string, n int, proven bool) []storage.ClientRequest {
	var requests []storage.ClientRequest
	for i := range n {
		requests = append(requests, storage.ClientRequest{
			ID: uuid.Must(uuid.NewV7()).String(), ClientID: clientID, At: moment.Add(time.Duration(i) * time.Second), Endpoint: "token", Format: "gam",
			Outcome: "invalid_grant", Reason: fmt.Sprint(reason, i), Proven: proven, RequestID: id(),
		})
	}
	return requests
}

func reasons(t *testing.T, s storage.Store, clientID string) (list []string) {
	t.Helper()
	kept, err := s.LastRequests(t.Context(), clientID)
	require.NoError(t, err)
	for _, r := range kept {
		list = append(list, r.Reason)
	}
	return list
}

// newestFirst are the reasons of asked from n-1 down to n-kept.
func newestFirst(reason string, n, kept int) (list []string) {
	for i := range kept {
		list = append(list, fmt.Sprint(reason, n-1-i))
	}
	return list
}

func activity() []contract {
	return []contract{
		{"a request is kept as it was, and once however often it is stored", func(t *testing.T, s storage.Store) {
			client := id()
			r := asked(client, "why \x00", 1, true)
			require.NoError(t, s.AddRequests(t.Context(), r))
			require.NoError(t, s.AddRequests(t.Context(), r))
			kept, err := s.LastRequests(t.Context(), client)
			require.NoError(t, err)
			r[0].Reason = "why \uFFFD0"
			require.Equal(t, r, kept)
		}},
		{"of each client the last requests are kept, whatever the others do", func(t *testing.T, s storage.Store) {
			busy, quiet := id(), id()
			require.NoError(t, s.AddRequests(t.Context(), asked(quiet, "quiet", 3, true)))
			for _, part := range []string{"a", "b"} {
				require.NoError(t, s.AddRequests(t.Context(), asked(busy, part, 700, true)))
			}
			require.Equal(t, newestFirst("b", 700, storage.KeptRequests), reasons(t, s, busy))
			require.Equal(t, newestFirst("quiet", 3, 3), reasons(t, s, quiet))
		}},
		{"what anybody can send displaces no more than half of what is proven", func(t *testing.T, s storage.Store) {
			client := id()
			require.NoError(t, s.AddRequests(t.Context(), asked(client, "own", storage.KeptRequests, true)))
			require.NoError(t, s.AddRequests(t.Context(), asked(client, "lie", 200, false)))
			require.Equal(t, append(newestFirst("lie", 200, storage.KeptUnproven), newestFirst("own", storage.KeptRequests, storage.KeptUnproven)...), reasons(t, s, client))
		}},
		{"counts of several processes add up", func(t *testing.T, s storage.Store) {
			hour := moment.Truncate(time.Hour).Add(time.Hour * 1000)
			var group sync.WaitGroup
			for range 8 {
				group.Go(func() {
					add := []storage.HourCount{{Hour: hour.Add(time.Hour), Counter: storage.CountConsents, N: 1}, {Hour: hour, Counter: storage.CountSignIns, N: 2}}
					if err := s.AddCounts(t.Context(), add); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			counts, err := s.Counts(t.Context(), hour)
			require.NoError(t, err)
			require.Equal(t, []storage.HourCount{{Hour: hour, Counter: storage.CountSignIns, N: 16}, {Hour: hour.Add(time.Hour), Counter: storage.CountConsents, N: 8}}, counts)
			counts, err = s.Counts(t.Context(), hour.Add(time.Hour))
			require.NoError(t, err)
			require.Len(t, counts, 1)
		}},
	}
}

// dashboard needs empty stores: its contracts look at everything that there is.
func dashboard() []contract {
	return []contract{
		{"secrets that end soon are found, also when they were added to a client that was there", func(t *testing.T, s storage.Store) {
			c, lasting := fullClient(), fullClient()
			lasting.Secrets = lasting.Secrets[1:]
			require.NoError(t, s.CreateClient(t.Context(), c))
			require.NoError(t, s.CreateClient(t.Context(), lasting))
			day := 24 * time.Hour
			c.Secrets = []storage.ClientSecret{
				{ID: "over", Hash: "h", ExpiresAt: moment}, {ID: "later", Hash: "h", ExpiresAt: moment.Add(31 * day)}, {ID: "never", Hash: "h"},
				{ID: "soon", Hash: "h", ExpiresAt: moment.Add(30 * day)}, {ID: "sooner", Hash: "h", ExpiresAt: moment.Add(day)},
			}
			require.NoError(t, s.UpdateClient(t.Context(), c, c.UpdatedAt))
			ending, err := s.ExpiringSecrets(t.Context(), moment, moment.Add(30*day), 10)
			require.NoError(t, err)
			require.Equal(t, []storage.ExpiringSecret{
				{ClientID: c.ID, ClientName: c.Name, SecretID: "sooner", ExpiresAt: moment.Add(day)},
				{ClientID: c.ID, ClientName: c.Name, SecretID: "soon", ExpiresAt: moment.Add(30 * day)},
			}, ending)
		}},
		{"what was submitted waits, whether it is a client or a version", func(t *testing.T, s storage.Store) {
			none, err := s.WaitingReviews(t.Context())
			require.NoError(t, err)
			require.Zero(t, none)
			fresh, live := fullClient(), fullClient()
			fresh.Status, fresh.UpdatedAt = storage.StatusSubmitted, moment.Add(-time.Hour)
			require.NoError(t, s.CreateClient(t.Context(), fresh))
			require.NoError(t, s.CreateClient(t.Context(), live))
			version := storage.ClientVersion{ID: id(), ClientID: live.ID, Status: storage.StatusSubmitted, CreatedAt: moment, UpdatedAt: moment}
			require.NoError(t, s.ApplyReview(t.Context(), storage.Review{Version: &version}))
			waiting, err := s.WaitingReviews(t.Context())
			require.NoError(t, err)
			require.Equal(t, storage.Waiting{Count: 2, Oldest: moment.Add(-time.Hour)}, waiting)
		}},
		{"requests and counts go when they are old", func(t *testing.T, s storage.Store) {
			c, hour := id(), moment.Truncate(time.Hour)
			require.NoError(t, s.AddRequests(t.Context(), asked(c, "", 2, true)))
			require.NoError(t, s.AddCounts(t.Context(), []storage.HourCount{{Hour: hour, Counter: storage.CountSignIns, N: 1}}))
			_, err := s.Collect(t.Context(), moment.Add(storage.RequestsKeptFor), 10)
			require.NoError(t, err)
			require.Equal(t, []string{"1"}, reasons(t, s, c))
			_, err = s.Collect(t.Context(), moment.Add(storage.CountsKeptFor), 10)
			require.NoError(t, err)
			counts, err := s.Counts(t.Context(), time.Time{})
			require.NoError(t, err)
			require.Empty(t, counts)
		}},
	}
}
