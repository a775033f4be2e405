package storagetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

func stamp(t *testing.T, s storage.Store, at time.Time, grants ...storage.Grant) {
	t.Helper()
	read := map[string]time.Time{}
	for _, g := range grants {
		read[g.ID] = at
	}
	require.NoError(t, s.StampReads(t.Context(), read))
}

func requireRead(t *testing.T, s storage.Store, g storage.Grant, want time.Time) {
	t.Helper()
	last, err := s.LastReads(t.Context(), g.Owner)
	require.NoError(t, err)
	require.Contains(t, last, g.ID)
	require.Equal(t, want, last[g.ID])
}

// replaced stores a grant in the place of g, which ends.
func replaced(t *testing.T, s storage.Store, g storage.Grant) storage.Grant {
	t.Helper()
	next := grantOf(g.Owner.UserID, g.ClientID)
	next.Succeeds = g.PublicID()
	apply(t, s, storage.EndGrant{ID: g.ID, At: moment, Kept: next.AllowedScopes()}, storage.SaveGrant{Grant: next})
	return next
}

func reads() []contract {
	return []contract{
		{"each active grant of an owner has its own stamp, zero until it is read by", func(t *testing.T, s storage.Store) {
			g, others := allowed(t, s), allowed(t, s)
			second, ended := grantOf(g.Owner.UserID, id()), grantOf(g.Owner.UserID, id())
			apply(t, s, storage.SaveGrant{Grant: second}, storage.SaveGrant{Grant: ended}, storage.EndGrant{ID: ended.ID, At: moment})
			stamp(t, s, moment, g)
			stamp(t, s, moment.Add(time.Hour), others)
			last, err := s.LastReads(t.Context(), g.Owner)
			require.NoError(t, err)
			require.Equal(t, map[string]time.Time{g.ID: moment, second.ID: {}}, last)
			requireGrant(t, s, g) // its version too
			company := companyGrant(t, s)
			stamp(t, s, moment, company)
			requireRead(t, s, company, moment)
		}},
		{"a stamp moves when it is a minute old, and never back", func(t *testing.T, s storage.Store) {
			g := allowed(t, s)
			for _, step := range []struct{ read, want time.Duration }{
				{0, 0}, {time.Minute - time.Microsecond, 0}, {time.Minute, time.Minute}, {30 * time.Second, time.Minute},
				{0, time.Minute}, {time.Hour, time.Hour},
			} {
				stamp(t, s, moment.Add(step.read), g)
				requireRead(t, s, g, moment.Add(step.want))
			}
		}},
		{"many grants are stamped at once, whatever else is among them", func(t *testing.T, s storage.Store) {
			u, read := person(t, s), map[string]time.Time{"": moment, id(): moment, `"quoted"`: moment}
			var unit storage.Unit
			for range 1200 {
				g := grantOf(u.ID, id())
				g.Decisions = nil
				unit = append(unit, storage.SaveGrant{Grant: g})
				read[g.ID] = moment
			}
			apply(t, s, unit...)
			require.NoError(t, s.StampReads(t.Context(), read))
			last, err := s.LastReads(t.Context(), storage.Owner{UserID: u.ID})
			require.NoError(t, err)
			require.Len(t, last, 1200)
			for _, at := range last {
				require.Equal(t, moment, at)
			}
			require.NoError(t, s.StampReads(t.Context(), nil))
		}},
		{"a stamp stays when another grant takes the grant's place, and what was read by the one before counts", func(t *testing.T, s storage.Store) {
			g := allowed(t, s)
			stamp(t, s, moment, g)
			next := replaced(t, s, g)
			requireRead(t, s, next, moment)
			require.NoError(t, s.StampReads(t.Context(), map[string]time.Time{g.ID: moment.Add(time.Hour), next.ID: moment}))
			requireRead(t, s, next, moment.Add(time.Hour))
			stamp(t, s, moment.Add(2*time.Hour), replaced(t, s, next))
			list, err := s.LastReads(t.Context(), g.Owner)
			require.NoError(t, err)
			require.Len(t, list, 1)
		}},
		{"several may stamp the same grants at once", func(t *testing.T, s storage.Store) {
			g, other := allowed(t, s), allowed(t, s)
			atOnce(t, 8, func(i int) error {
				at := moment.Add(time.Duration(i) * time.Hour)
				return s.StampReads(t.Context(), map[string]time.Time{g.ID: at, other.ID: at})
			})
			requireRead(t, s, g, moment.Add(7*time.Hour))
			requireRead(t, s, other, moment.Add(7*time.Hour))
		}},
	}
}

// provesReadsCollected says when stamps go.
func provesReadsCollected(t *testing.T, s storage.Store) {
	after := moment.Add(2 * time.Hour)
	kept, ended := allowed(t, s), allowed(t, s)
	stamp(t, s, moment, kept, ended)
	next := replaced(t, s, kept)
	apply(t, s, storage.EndGrant{ID: ended.ID, At: moment})
	require.Equal(t, 3, collect(t, s, after, 1000), "two grants and the stamp of the one without another in its place")
	requireRead(t, s, next, moment)
	stamp(t, s, after, ended)
	require.Zero(t, collect(t, s, after.Add(2*time.Hour), 1000), "nothing is kept for a grant that has gone")
	apply(t, s, storage.EndGrant{ID: next.ID, At: moment})
	require.Equal(t, 2, collect(t, s, after, 1), "with a limit too, the stamp goes before the grant")
	require.Zero(t, collect(t, s, after, 1000))
}
