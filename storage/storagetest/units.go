package storagetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

func units() []contract {
	return []contract{
		{"a conflict in the last operation leaves nothing of the unit", func(t *testing.T, s storage.Store) {
			g := allowed(t, s)
			code, spent := issued(t, s, g, storage.KindCode), issued(t, s, g, storage.KindCode)
			apply(t, s, storage.SpendToken{Key: spent.TokenKey, At: moment})
			access, other := tokenOf(g, storage.KindAccess, family(), 1), grantOf(person(t, s).ID, id())
			changed := g
			changed.Version, changed.Decisions = 2, nil
			requireConflict(t, s,
				storage.HoldGrant{ID: g.ID},
				storage.SpendToken{Key: code.TokenKey, At: moment},
				storage.InsertToken{Token: access},
				storage.SaveGrant{Grant: other},
				storage.SaveGrant{Grant: changed, IfVersion: 1},
				storage.RevokeFamily{Family: code.Family, At: moment},
				storage.EndGrant{ID: g.ID, At: moment},
				storage.SpendToken{Key: spent.TokenKey, At: moment})
			require.True(t, stored(t, s, code.TokenKey).Alive(moment))
			requireNoToken(t, s, access.TokenKey)
			requireGrant(t, s, g)
			_, err := s.Grant(t.Context(), other.Owner, other.ClientID)
			require.ErrorIs(t, err, storage.ErrNotFound)
		}},
		{"a conflict in the first operation leaves nothing of the unit", func(t *testing.T, s storage.Store) {
			g := allowed(t, s)
			access := tokenOf(g, storage.KindAccess, family(), 1)
			requireConflict(t, s, storage.HoldGrant{ID: id()}, storage.InsertToken{Token: access},
				storage.RevokeFamily{Family: access.Family, At: moment})
			requireNoToken(t, s, access.TokenKey)
			apply(t, s, storage.InsertToken{Token: access})
			require.False(t, stored(t, s, access.TokenKey).FamilyRevoked)
		}},
		{"operations happen in order and see each other", func(t *testing.T, s storage.Store) {
			g := grantOf(person(t, s).ID, id())
			code := tokenOf(g, storage.KindCode, family(), 0)
			apply(t, s, storage.SaveGrant{Grant: g}, storage.HoldGrant{ID: g.ID},
				storage.InsertToken{Token: code}, storage.SpendToken{Key: code.TokenKey, At: moment})
			requireConflict(t, s, storage.EndGrant{ID: g.ID, At: moment}, storage.HoldGrant{ID: g.ID})
			requireGrant(t, s, g)
		}},
		{"an empty unit does nothing", func(t *testing.T, s storage.Store) {
			require.NoError(t, s.Apply(t.Context(), nil))
		}},
		{"a unit can be applied again after it failed", func(t *testing.T, s storage.Store) {
			g := grantOf(person(t, s).ID, id())
			unit := storage.Unit{
				storage.HoldGrant{ID: g.ID},
				storage.InsertToken{Token: tokenOf(g, storage.KindAccess, family(), 1)},
			}
			require.ErrorIs(t, s.Apply(t.Context(), unit), storage.ErrConflict)
			apply(t, s, storage.SaveGrant{Grant: g})
			require.NoError(t, s.Apply(t.Context(), unit))
		}},
		{"a context that has ended before the unit began keeps it from happening", func(t *testing.T, s storage.Store) {
			token := tokenOf(allowed(t, s), storage.KindAccess, family(), 1)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			require.ErrorIs(t, s.Apply(ctx, storage.Unit{storage.InsertToken{Token: token}}), context.Canceled)
			requireNoToken(t, s, token.TokenKey)
		}},
	}
}
