package storagetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

func collect(t *testing.T, s storage.Store, now time.Time, limit int) int {
	t.Helper()
	n, err := s.Collect(t.Context(), now, limit)
	require.NoError(t, err)
	return n
}

func collector() []contract {
	return []contract{
		{"nothing of use is collected", func(t *testing.T, s storage.Store) {
			session := signIn(t, s, person(t, s).ID)
			token := issued(t, s, allowed(t, s), storage.KindAccess)
			revoked := issued(t, s, allowed(t, s), storage.KindAccess)
			ended := allowed(t, s)
			apply(t, s, storage.RevokeFamily{Family: revoked.Family, At: moment}, storage.EndGrant{ID: ended.ID, At: moment})
			require.Zero(t, collect(t, s, moment.Add(time.Minute), 1000))
			requireSession(t, s, session.ID, true)
			require.True(t, stored(t, s, token.TokenKey).Alive(moment))
			require.True(t, stored(t, s, revoked.TokenKey).FamilyRevoked)
		}},
		{"tokens go when they have expired, or at the time to which they are kept", func(t *testing.T, s storage.Store) {
			g := allowed(t, s)
			expiring, kept, spent := tokenOf(g, 1, family(), 1), tokenOf(g, 2, family(), 1), tokenOf(g, 3, family(), 1)
			kept.KeepUntil = moment.Add(2 * time.Hour)
			lasting := tokenOf(g, 2, family(), 1)
			lasting.ExpiresAt = time.Time{}
			apply(t, s, storage.InsertToken{Token: expiring}, storage.InsertToken{Token: kept},
				storage.InsertToken{Token: spent}, storage.InsertToken{Token: lasting},
				storage.SpendToken{Key: spent.TokenKey, At: moment, KeepUntil: moment.Add(time.Minute)})
			require.Equal(t, 1, collect(t, s, moment.Add(time.Minute), 1000))
			requireNoToken(t, s, spent.TokenKey)
			require.Equal(t, 1, collect(t, s, moment.Add(time.Hour), 1000))
			requireNoToken(t, s, expiring.TokenKey)
			require.Equal(t, 1, collect(t, s, moment.Add(2*time.Hour), 1000))
			requireNoToken(t, s, kept.TokenKey)
			require.Zero(t, collect(t, s, moment.AddDate(100, 0, 0), 1000))
			require.True(t, stored(t, s, lasting.TokenKey).Alive(moment))
		}},
		{"the tokens of a revoked family go, and then its mark", func(t *testing.T, s storage.Store) {
			g := allowed(t, s)
			token := tokenOf(g, storage.KindAccess, family(), 1)
			token.ExpiresAt = time.Time{}
			apply(t, s, storage.InsertToken{Token: token}, storage.RevokeFamily{Family: token.Family, At: moment})
			require.Equal(t, 2, collect(t, s, moment.Add(2*time.Hour), 1000))
			requireNoToken(t, s, token.TokenKey)
			require.Zero(t, collect(t, s, moment.Add(2*time.Hour), 1000))
		}},
		{"the mark of a family stays as long as a token that it gave", func(t *testing.T, s storage.Store) {
			host := issued(t, s, allowed(t, s), storage.KindAccess)
			apply(t, s, storage.RevokeFamily{Family: host.Family, At: moment})
			var late []storage.Token
			for range 3 {
				token := givenBy(t, s, host) // by a unit that began before
				token.Generation, token.ExpiresAt = 2, time.Time{}
				apply(t, s, storage.InsertToken{Token: token})
				late = append(late, token)
			}
			for collect(t, s, moment.Add(2*time.Hour), 1) > 0 {
				for _, token := range late {
					got, err := s.Token(t.Context(), token.TokenKey)
					require.True(t, err != nil || got.FamilyRevoked, "as long as it is there it is dead")
				}
			}
			requireNoToken(t, s, host.TokenKey)
			for _, token := range late {
				requireNoToken(t, s, token.TokenKey)
			}
			apply(t, s, storage.InsertToken{Token: late[0]})
			require.True(t, stored(t, s, late[0].TokenKey).Alive(moment), "the mark has gone")
		}},
		{"an ended grant goes with the tokens that would last, and a token it leaves behind is dead", func(t *testing.T, s storage.Store) {
			g := allowed(t, s)
			lasting, expiring := tokenOf(g, storage.KindAccess, family(), 1), tokenOf(g, storage.KindAccess, family(), 1)
			lasting.ExpiresAt, expiring.ExpiresAt = time.Time{}, moment.AddDate(1, 0, 0)
			apply(t, s, storage.InsertToken{Token: lasting}, storage.InsertToken{Token: expiring}, storage.EndGrant{ID: g.ID, At: moment})
			require.Equal(t, 2, collect(t, s, moment.Add(2*time.Hour), 1000))
			requireNoToken(t, s, lasting.TokenKey)
			require.True(t, stored(t, s, expiring.TokenKey).GrantEnded)
			require.Equal(t, 1, collect(t, s, moment.AddDate(1, 0, 0), 1000))
		}},
		{"the stamp of a grant goes with the last grant that took its place", provesReadsCollected},
		{"tickets go when they have expired, used or not", func(t *testing.T, s storage.Store) {
			g := companyGrant(t, s)
			unused, used := ticketOf(g, person(t, s).ID), ticketOf(g, person(t, s).ID)
			apply(t, s, storage.InsertToken{Token: unused}, storage.InsertToken{Token: used},
				storage.SpendToken{Key: used.TokenKey, At: moment})
			require.Zero(t, collect(t, s, moment.Add(time.Minute), 1000))
			require.Equal(t, 2, collect(t, s, unused.ExpiresAt, 1000))
			requireNoToken(t, s, unused.TokenKey)
			requireNoToken(t, s, used.TokenKey)
		}},
		{"expired sessions go", func(t *testing.T, s storage.Store) {
			session := signIn(t, s, person(t, s).ID)
			require.Equal(t, 1, collect(t, s, session.ExpiresAt, 1000))
			list, err := s.UserSessions(t.Context(), session.UserID, moment)
			require.NoError(t, err)
			require.Empty(t, list)
		}},
		{"no more rows of a kind go than the limit says", func(t *testing.T, s storage.Store) {
			g := allowed(t, s)
			for range 12 {
				var unit storage.Unit
				for range 25 {
					unit = append(unit, storage.InsertToken{Token: tokenOf(g, storage.KindAccess, family(), 1)})
				}
				apply(t, s, unit...)
			}
			now := moment.Add(time.Hour)
			require.Equal(t, 7, collect(t, s, now, 7))
			require.Equal(t, 130, collect(t, s, now, 130))
			require.Equal(t, 163, collect(t, s, now, 1000))
			require.Zero(t, collect(t, s, now, 1000))
		}},
		{"several may collect at once", func(t *testing.T, s storage.Store) {
			g := allowed(t, s)
			for range 20 {
				issued(t, s, g, storage.KindAccess)
			}
			counts := make([]int, 4)
			atOnce(t, 4, func(i int) (err error) {
				counts[i], err = s.Collect(t.Context(), moment.Add(time.Hour), 1000)
				return err
			})
			require.Equal(t, 20, counts[0]+counts[1]+counts[2]+counts[3])
		}},
	}
}
