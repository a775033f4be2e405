package storagetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

func tokens() []contract {
	return []contract{
		{"a token comes back as it was stored, with its person's address", func(t *testing.T, s storage.Store) {
			g := allowed(t, s)
			token := tokenOf(g, storage.KindRefresh, family(), 4294967295)
			token.SecretID, token.KeepUntil, token.SpentAt = "secret", moment.Add(2*time.Hour), moment
			token.State = storage.TokenSpent
			apply(t, s, storage.InsertToken{Token: token})
			u, err := s.User(t.Context(), g.Owner.UserID)
			require.NoError(t, err)
			require.Equal(t, storage.StoredToken{Token: token, UserEmail: u.Email}, stored(t, s, token.TokenKey))
		}},
		{"a token of nobody, without grant, expiry and session, is alive", func(t *testing.T, s storage.Store) {
			token := storage.Token{
				TokenKey: storage.TokenKey{Family: family(), Kind: storage.KindAccess, Generation: 1}, Hash: []byte{1},
				ClientID: "client", State: storage.TokenActive, IssuedAt: moment,
			}
			apply(t, s, storage.InsertToken{Token: token})
			got := stored(t, s, token.TokenKey)
			require.Equal(t, storage.StoredToken{Token: token}, got)
			require.True(t, got.Alive(moment.AddDate(200, 0, 0)))
		}},
		{"family, kind and generation all tell tokens apart", func(t *testing.T, s storage.Store) {
			token := issued(t, s, allowed(t, s), storage.KindAccess)
			for _, key := range []storage.TokenKey{
				{Family: family(), Kind: token.Kind, Generation: token.Generation},
				{Family: token.Family, Kind: storage.KindRefresh, Generation: token.Generation},
				{Family: token.Family, Kind: token.Kind, Generation: token.Generation + 1},
			} {
				requireNoToken(t, s, key)
			}
		}},
		{"inserting a key that is taken is a conflict and keeps the first", func(t *testing.T, s storage.Store) {
			token := issued(t, s, allowed(t, s), storage.KindAccess)
			other := token
			other.Scope = "everything"
			requireConflict(t, s, storage.InsertToken{Token: other})
			require.Equal(t, token.Scope, stored(t, s, token.TokenKey).Scope)
		}},
		{"a token is spent once, and says when and by which secret", func(t *testing.T, s storage.Store) {
			token := issued(t, s, allowed(t, s), storage.KindRefresh)
			spend := storage.SpendToken{Key: token.TokenKey, At: moment.Add(time.Second), SecretID: "k2", KeepUntil: moment.Add(5 * time.Hour)}
			apply(t, s, spend)
			again := spend
			again.At, again.SecretID = moment.Add(time.Minute), "k3"
			requireConflict(t, s, again)
			got := stored(t, s, token.TokenKey)
			require.False(t, got.Alive(moment))
			require.True(t, got.Standing())
			token.State, token.SpentAt, token.SecretID, token.KeepUntil = storage.TokenSpent, spend.At, "k2", spend.KeepUntil
			require.Equal(t, token, got.Token)
		}},
		{"spending without a time to keep leaves that as it was", func(t *testing.T, s storage.Store) {
			token := tokenOf(allowed(t, s), storage.KindCode, family(), 0)
			token.KeepUntil = moment.Add(3 * time.Hour)
			apply(t, s, storage.InsertToken{Token: token}, storage.SpendToken{Key: token.TokenKey, At: moment})
			require.Equal(t, token.KeepUntil, stored(t, s, token.TokenKey).KeepUntil)
		}},
		{"a token that is not there cannot be spent", func(t *testing.T, s storage.Store) {
			requireConflict(t, s, storage.SpendToken{Key: storage.TokenKey{Family: family(), Kind: storage.KindCode}})
		}},
		{"revoking a family ends all of its tokens, later ones too, and no others", func(t *testing.T, s storage.Store) {
			g := allowed(t, s)
			token, other := issued(t, s, g, storage.KindAccess), issued(t, s, g, storage.KindAccess)
			for range 2 {
				apply(t, s, storage.RevokeFamily{Family: token.Family, At: moment})
			}
			later := tokenOf(g, storage.KindRefresh, token.Family, 2)
			apply(t, s, storage.InsertToken{Token: later})
			for _, key := range []storage.TokenKey{token.TokenKey, later.TokenKey} {
				got := stored(t, s, key)
				require.True(t, got.FamilyRevoked)
				require.False(t, got.Alive(moment))
			}
			require.True(t, stored(t, s, other.TokenKey).Alive(moment))
		}},
		{"revoking a family ends what it gave, later tokens too, and revoking what it gave leaves it alone", func(t *testing.T, s storage.Store) {
			host := issued(t, s, allowed(t, s), storage.KindAccess)
			given := givenBy(t, s, host)
			sibling := givenBy(t, s, host)
			require.Equal(t, host.Family, stored(t, s, given.TokenKey).GivenBy)
			apply(t, s, storage.RevokeFamily{Family: sibling.Family, At: moment})
			require.False(t, stored(t, s, sibling.TokenKey).Alive(moment))
			for _, key := range []storage.TokenKey{host.TokenKey, given.TokenKey} {
				require.True(t, stored(t, s, key).Alive(moment))
			}
			for range 2 {
				apply(t, s, storage.RevokeFamily{Family: host.Family, At: moment})
			}
			next := given
			next.Kind, next.Generation = storage.KindRefresh, 2
			apply(t, s, storage.InsertToken{Token: next})
			for _, key := range []storage.TokenKey{host.TokenKey, given.TokenKey, next.TokenKey, givenBy(t, s, host).TokenKey} {
				got := stored(t, s, key)
				require.True(t, got.FamilyRevoked)
				require.False(t, got.Alive(moment))
			}
			older := given // by a program that knows no GivenBy
			older.GivenBy, older.Generation = storage.FamilyID{}, 3
			apply(t, s, storage.InsertToken{Token: older})
			require.True(t, stored(t, s, older.TokenKey).FamilyRevoked, "what was given has a mark of its own")
		}},
		{"a token is dead once its grant has ended or is gone", func(t *testing.T, s storage.Store) {
			g := grantOf(person(t, s).ID, id())
			apply(t, s, storage.SaveGrant{Grant: g})
			token := issued(t, s, g, storage.KindAccess)
			require.True(t, stored(t, s, token.TokenKey).Alive(moment))
			apply(t, s, storage.EndGrant{ID: g.ID, At: moment})
			require.True(t, stored(t, s, token.TokenKey).GrantEnded)

			g.ID = id()
			require.True(t, stored(t, s, issued(t, s, g, storage.KindAccess).TokenKey).GrantEnded)
		}},
		{"a token loses a scope when the decision about it runs out", func(t *testing.T, s storage.Store) {
			g := grantOf(person(t, s).ID, id())
			first, second := moment.Add(time.Minute), moment.Add(2*time.Minute)
			g.Decisions = []storage.Decision{
				{Scope: "address", Allowed: false, DecidedAt: moment, Until: first},
				{Scope: "email", Allowed: true, DecidedAt: moment, Until: first},
				{Scope: "phone", Allowed: true, DecidedAt: moment, Until: second},
				{Scope: "profile", Allowed: true, DecidedAt: moment},
			}
			apply(t, s, storage.SaveGrant{Grant: g})
			got := func(scope string) storage.StoredToken {
				token := tokenOf(g, storage.KindAccess, family(), 1)
				token.Scope = scope
				apply(t, s, storage.InsertToken{Token: token})
				return stored(t, s, token.TokenKey)
			}
			all := got("profile phone email")
			require.ElementsMatch(t, []storage.ScopeEnd{{Scope: "email", At: first}, {Scope: "phone", At: second}}, all.ScopeEnds)
			require.Equal(t, []string{"profile", "phone", "email"}, all.ScopeAt(first.Add(-1)))
			require.Equal(t, []string{"profile", "phone"}, all.ScopeAt(first))
			require.Equal(t, []string{"profile"}, all.ScopeAt(second))
			require.Empty(t, got("email phone").ScopeAt(second))
		}},
		{"a token is dead while its person is disabled, and when the person is gone", func(t *testing.T, s storage.Store) {
			g := allowed(t, s)
			token := issued(t, s, g, storage.KindAccess)
			require.NoError(t, s.SetDisabled(t.Context(), g.Owner.UserID, true, moment))
			require.True(t, stored(t, s, token.TokenKey).UserDisabled)
			require.NoError(t, s.SetDisabled(t.Context(), g.Owner.UserID, false, moment))
			require.True(t, stored(t, s, token.TokenKey).Alive(moment))
			g.Owner.UserID = id()
			require.True(t, stored(t, s, issued(t, s, g, storage.KindAccess).TokenKey).UserDisabled)
		}},
		{"a ticket comes back with its person and its company, and is alive", func(t *testing.T, s storage.Store) {
			g, u := companyGrant(t, s), person(t, s)
			ticket := ticketOf(g, u.ID)
			apply(t, s, storage.InsertToken{Token: ticket})
			got := stored(t, s, ticket.TokenKey)
			require.Equal(t, storage.StoredToken{Token: ticket, UserEmail: u.Email}, got)
			require.True(t, got.Alive(moment))
			require.False(t, got.Alive(ticket.ExpiresAt))
		}},
		{"a ticket is dead while its person is disabled, though the company's grant stands", func(t *testing.T, s storage.Store) {
			g, u := companyGrant(t, s), person(t, s)
			ticket := ticketOf(g, u.ID)
			apply(t, s, storage.InsertToken{Token: ticket})
			require.NoError(t, s.SetDisabled(t.Context(), u.ID, true, moment))
			got := stored(t, s, ticket.TokenKey)
			require.True(t, got.UserDisabled)
			require.False(t, got.GrantEnded)
			require.False(t, got.Alive(moment))
		}},
		{"a ticket is dead once the company's grant has ended or its family is revoked", func(t *testing.T, s storage.Store) {
			g, u := companyGrant(t, s), person(t, s)
			revoked, orphan := ticketOf(g, u.ID), ticketOf(g, u.ID)
			apply(t, s, storage.InsertToken{Token: revoked}, storage.InsertToken{Token: orphan},
				storage.RevokeFamily{Family: revoked.Family, At: moment})
			require.False(t, stored(t, s, revoked.TokenKey).Alive(moment))
			require.True(t, stored(t, s, orphan.TokenKey).Alive(moment))
			apply(t, s, storage.EndGrant{ID: g.ID, At: moment})
			got := stored(t, s, orphan.TokenKey)
			require.True(t, got.GrantEnded)
			require.False(t, got.Alive(moment))
		}},
	}
}
