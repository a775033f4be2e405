package storagetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// rounds is how often a race of two is run.
const rounds = 30

func races() []contract {
	return []contract{
		{"of fifty simultaneous exchanges of a code one succeeds and only its tokens are there", provesSingleUse},
		{"of twenty simultaneous uses of a ticket one succeeds", func(t *testing.T, s storage.Store) {
			g := companyGrant(t, s)
			ticket := ticketOf(g, person(t, s).ID)
			apply(t, s, storage.InsertToken{Token: ticket})
			succeeded, conflicts := atOnce(t, 20, func(int) error {
				return s.Apply(t.Context(), storage.Unit{
					storage.HoldGrant{ID: g.ID}, storage.SpendToken{Key: ticket.TokenKey, At: moment},
				})
			})
			require.Equal(t, []int{1, 19}, []int{succeeded, conflicts})
			require.Equal(t, storage.TokenSpent, stored(t, s, ticket.TokenKey).State)
		}},
		{"of simultaneous insertions of one key one succeeds", func(t *testing.T, s storage.Store) {
			token := tokenOf(allowed(t, s), storage.KindAccess, family(), 1)
			succeeded, conflicts := atOnce(t, 20, func(int) error {
				return s.Apply(t.Context(), storage.Unit{storage.InsertToken{Token: token}})
			})
			require.Equal(t, []int{1, 19}, []int{succeeded, conflicts})
		}},
		{"a token inserted while its family is revoked is dead", func(t *testing.T, s storage.Store) {
			g := allowed(t, s)
			for range rounds {
				token := tokenOf(g, storage.KindAccess, family(), 1)
				ops := []storage.Op{storage.InsertToken{Token: token}, storage.RevokeFamily{Family: token.Family, At: moment}}
				succeeded, _ := atOnce(t, 2, func(i int) error { return s.Apply(t.Context(), storage.Unit{ops[i]}) })
				require.Equal(t, 2, succeeded)
				require.False(t, stored(t, s, token.TokenKey).Alive(moment))
			}
		}},
		{"a token given while the family that gives it is revoked is dead, for ever", func(t *testing.T, s storage.Store) {
			g, other := allowed(t, s), allowed(t, s)
			for range rounds {
				host := issued(t, s, g, storage.KindAccess)
				token := tokenOf(other, storage.KindAccess, family(), 1)
				token.GivenBy = host.Family
				ops := []storage.Op{storage.InsertToken{Token: token}, storage.RevokeFamily{Family: host.Family, At: moment}}
				succeeded, _ := atOnce(t, 2, func(i int) error { return s.Apply(t.Context(), storage.Unit{ops[i]}) })
				require.Equal(t, 2, succeeded)
				require.False(t, stored(t, s, token.TokenKey).Alive(moment))
			}
		}},
		{"a grant that is held does not end before the tokens of the unit are there, and then they are dead", provesHold},
		{"a session that begins while its user is disabled has ended, also when the user is enabled again", func(t *testing.T, s storage.Store) {
			for range rounds {
				u, begun := person(t, s), id()
				atOnce(t, 2, func(i int) error {
					if i == 0 {
						return s.SetDisabled(t.Context(), u.ID, true, moment)
					}
					return s.Apply(t.Context(), storage.Unit{storage.StartSession{
						Session: storage.Session{ID: begun, UserID: u.ID, ExpiresAt: moment.Add(time.Hour)}}})
				})
				require.NoError(t, s.SetDisabled(t.Context(), u.ID, false, moment))
				requireSession(t, s, begun, false)
			}
		}},
		{"of simultaneous changes of a grant one succeeds", func(t *testing.T, s storage.Store) {
			g := allowed(t, s)
			succeeded, conflicts := atOnce(t, 20, func(i int) error {
				next := g
				next.Version, next.Denials = 2, i
				return s.Apply(t.Context(), storage.Unit{storage.SaveGrant{Grant: next, IfVersion: 1}})
			})
			require.Equal(t, []int{1, 19}, []int{succeeded, conflicts})
			got, err := s.Grant(t.Context(), g.Owner, g.ClientID)
			require.NoError(t, err)
			require.Equal(t, g.Decisions, got.Decisions)
		}},
		{"of simultaneous first grants of an owner and a client one succeeds", func(t *testing.T, s storage.Store) {
			u, client := person(t, s), id()
			succeeded, conflicts := atOnce(t, 20, func(int) error {
				return s.Apply(t.Context(), storage.Unit{storage.SaveGrant{Grant: grantOf(u.ID, client)}})
			})
			require.Equal(t, []int{1, 19}, []int{succeeded, conflicts})
			list, err := s.Grants(t.Context(), storage.Owner{UserID: u.ID})
			require.NoError(t, err)
			require.Len(t, list, 1)
			require.Len(t, list[0].Decisions, 2)
		}},
		{"a unit that fails does not disturb those beside it", func(t *testing.T, s storage.Store) {
			g := allowed(t, s)
			spent := issued(t, s, g, storage.KindCode)
			apply(t, s, storage.SpendToken{Key: spent.TokenKey, At: moment})
			fresh := make([]storage.Token, 60)
			for i := range fresh {
				fresh[i] = tokenOf(g, storage.KindAccess, family(), 1)
			}
			succeeded, conflicts := atOnce(t, len(fresh), func(i int) error {
				unit := storage.Unit{storage.InsertToken{Token: fresh[i]}}
				if i%3 == 0 {
					unit = append(unit, storage.SpendToken{Key: spent.TokenKey, At: moment})
				}
				return s.Apply(t.Context(), unit)
			})
			require.Equal(t, []int{40, 20}, []int{succeeded, conflicts})
			for i, token := range fresh {
				if i%3 == 0 {
					requireNoToken(t, s, token.TokenKey)
				} else {
					require.True(t, stored(t, s, token.TokenKey).Alive(moment))
				}
			}
		}},
		{"a caller that goes away leaves its unit done or not begun, and does not disturb those beside it", provesWithdrawal},
	}
}

func provesSingleUse(t *testing.T, s storage.Store) {
	g := allowed(t, s)
	code := issued(t, s, g, storage.KindCode)
	succeeded, conflicts := atOnce(t, 50, func(i int) error {
		return s.Apply(t.Context(), storage.Unit{
			storage.HoldGrant{ID: g.ID},
			storage.SpendToken{Key: code.TokenKey, At: moment},
			storage.InsertToken{Token: tokenOf(g, storage.KindAccess, code.Family, uint32(i+1))},
		})
	})
	require.Equal(t, []int{1, 49}, []int{succeeded, conflicts})
	children := 0
	for i := range 50 {
		_, err := s.Token(t.Context(), storage.TokenKey{Family: code.Family, Kind: storage.KindAccess, Generation: uint32(i + 1)})
		if err == nil {
			children++
			continue
		}
		require.ErrorIs(t, err, storage.ErrNotFound)
	}
	require.Equal(t, 1, children)
}

func provesHold(t *testing.T, s storage.Store) {
	for range rounds {
		g := allowed(t, s)
		token := tokenOf(g, storage.KindAccess, family(), 1)
		units := []storage.Unit{
			{storage.HoldGrant{ID: g.ID}, storage.InsertToken{Token: token}},
			{storage.EndGrant{ID: g.ID, At: moment}},
		}
		succeeded, conflicts := atOnce(t, 2, func(i int) error { return s.Apply(t.Context(), units[i]) })
		require.Equal(t, 2, succeeded+conflicts)
		got, err := s.Token(t.Context(), token.TokenKey)
		if conflicts == 1 {
			require.ErrorIs(t, err, storage.ErrNotFound)
			continue
		}
		require.NoError(t, err)
		require.False(t, got.Alive(moment))
	}
}

func provesWithdrawal(t *testing.T, s storage.Store) {
	g := allowed(t, s)
	tokens, errs := make([]storage.Token, 60), make([]error, 60)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wait sync.WaitGroup
	for i := range tokens {
		tokens[i] = tokenOf(g, storage.KindAccess, family(), 1)
		wait.Go(func() {
			from := t.Context()
			if i%2 == 0 {
				from = ctx
			}
			errs[i] = s.Apply(from, storage.Unit{storage.InsertToken{Token: tokens[i]}})
			if i == 1 {
				cancel()
			}
		})
	}
	wait.Wait()
	for i, token := range tokens {
		if errs[i] != nil {
			require.Zero(t, i%2, "only callers that went away may fail")
			require.True(t, errors.Is(errs[i], context.Canceled), errs[i])
			requireNoToken(t, s, token.TokenKey)
			continue
		}
		require.True(t, stored(t, s, token.TokenKey).Alive(moment))
	}
}
