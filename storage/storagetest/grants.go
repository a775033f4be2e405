package storagetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

func requireGrant(t *testing.T, s storage.Store, want storage.Grant) {
	t.Helper()
	got, err := s.Grant(t.Context(), want.Owner, want.ClientID)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func requireConflict(t *testing.T, s storage.Store, ops ...storage.Op) {
	t.Helper()
	require.ErrorIs(t, s.Apply(t.Context(), ops), storage.ErrConflict)
}

func grants() []contract {
	return []contract{
		{"a grant comes back as it was stored, for a person and for a company", func(t *testing.T, s storage.Store) {
			g := grantOf(person(t, s).ID, id())
			g.Version, g.Denials, g.DeniedAt = 7, 2, moment
			apply(t, s, storage.SaveGrant{Grant: g})
			requireGrant(t, s, g)

			company := grantOf("", g.ClientID)
			company.Owner, company.AllowedBy, company.Decisions = storage.Owner{CompanyID: id()}, g.Owner.UserID, nil
			apply(t, s, storage.SaveGrant{Grant: company})
			requireGrant(t, s, company)
			requireGrant(t, s, g)
		}},
		{"a client's active grants are listed page by page in the order of their IDs, with their decisions", provesClientGrants},
		{"a client finds its own active grant by the public ID, which another that takes its place keeps", provesPublicIDs},
		{"a grant that nobody made is ErrNotFound, whatever the key's bytes", func(t *testing.T, s storage.Store) {
			g := allowed(t, s)
			for _, owner := range []storage.Owner{{}, {UserID: id()}, {CompanyID: g.Owner.UserID}} {
				_, err := s.Grant(t.Context(), owner, g.ClientID)
				require.ErrorIs(t, err, storage.ErrNotFound)
			}
			for _, clientID := range append([]string{"", id()}, unstorable...) {
				_, err := s.Grant(t.Context(), g.Owner, clientID)
				require.ErrorIs(t, err, storage.ErrNotFound, "%q", clientID)
			}
		}},
		{"an owner's active grants are listed, the one changed last first", func(t *testing.T, s storage.Store) {
			first := allowed(t, s)
			second := grantOf(first.Owner.UserID, id())
			second.UpdatedAt = moment.Add(time.Minute)
			ended := grantOf(first.Owner.UserID, id())
			apply(t, s, storage.SaveGrant{Grant: second}, storage.SaveGrant{Grant: ended}, storage.EndGrant{ID: ended.ID, At: moment})
			allowed(t, s)
			list, err := s.Grants(t.Context(), first.Owner)
			require.NoError(t, err)
			require.Equal(t, []storage.Grant{second, first}, list)
			list, err = s.Grants(t.Context(), storage.Owner{UserID: id()})
			require.NoError(t, err)
			require.Empty(t, list)
		}},
		{"a change replaces a grant with all of its decisions", func(t *testing.T, s storage.Store) {
			g := allowed(t, s)
			g.Version, g.Denials, g.DeniedAt, g.UpdatedAt = 2, 1, moment, moment.Add(time.Minute)
			g.Decisions = []storage.Decision{{Scope: "address", Allowed: true, DecidedAt: moment}, {Scope: "email"}}
			apply(t, s, storage.SaveGrant{Grant: g, IfVersion: 1})
			requireGrant(t, s, g)
		}},
		{"a change of a version that has moved is a conflict", func(t *testing.T, s storage.Store) {
			g := allowed(t, s)
			for _, version := range []int64{2, 5} {
				stale := g
				stale.Version, stale.Decisions = version+1, nil
				requireConflict(t, s, storage.SaveGrant{Grant: stale, IfVersion: version})
			}
			unknown := grantOf(g.Owner.UserID, id())
			requireConflict(t, s, storage.SaveGrant{Grant: unknown, IfVersion: 1})
			requireGrant(t, s, g)
		}},
		{"a second active grant of the same owner and client is a conflict until the first has ended", func(t *testing.T, s storage.Store) {
			g := allowed(t, s)
			second := grantOf(g.Owner.UserID, g.ClientID)
			requireConflict(t, s, storage.SaveGrant{Grant: second})
			requireConflict(t, s, storage.SaveGrant{Grant: g})
			requireGrant(t, s, g)
			apply(t, s, storage.EndGrant{ID: g.ID, At: moment}, storage.SaveGrant{Grant: second})
			requireGrant(t, s, second)
		}},
		{"an ended grant is not found, cannot be changed, and ends once", func(t *testing.T, s storage.Store) {
			g := allowed(t, s)
			for range 2 {
				apply(t, s, storage.EndGrant{ID: g.ID, At: moment})
			}
			_, err := s.Grant(t.Context(), g.Owner, g.ClientID)
			require.ErrorIs(t, err, storage.ErrNotFound)
			for _, version := range []int64{1, 2} {
				requireConflict(t, s, storage.SaveGrant{Grant: g, IfVersion: version})
			}
			apply(t, s, storage.EndGrant{ID: id(), At: moment})
		}},
		{"ending a grant moves its version, so that a form drawn before does not match", func(t *testing.T, s storage.Store) {
			g := allowed(t, s)
			apply(t, s, storage.EndGrant{ID: g.ID, At: moment})
			next := g
			next.Version = 2
			requireConflict(t, s, storage.SaveGrant{Grant: next, IfVersion: 1})
		}},
		{"only an active grant can be held", func(t *testing.T, s storage.Store) {
			g := grantOf(person(t, s).ID, id())
			apply(t, s, storage.SaveGrant{Grant: g})
			apply(t, s, storage.HoldGrant{ID: g.ID})
			requireConflict(t, s, storage.HoldGrant{ID: id()})
			apply(t, s, storage.EndGrant{ID: g.ID, At: moment})
			requireConflict(t, s, storage.HoldGrant{ID: g.ID})
		}},
	}
}

func provesClientGrants(t *testing.T, s storage.Store) {
	client, prefix := id(), id()
	var want []storage.Grant
	for _, suffix := range []string{"-", "B", "a", "b", "é"} {
		g := grantOf(person(t, s).ID, client)
		g.ID = prefix + suffix
		want = append(want, g)
	}
	want[1].Owner, want[1].AllowedBy = storage.Owner{CompanyID: id()}, id()
	want[2].Decisions = nil
	ended, other := grantOf(person(t, s).ID, client), grantOf(want[0].Owner.UserID, id())
	ended.ID, other.ID = prefix+"A", prefix+"C"
	for _, g := range []storage.Grant{want[4], ended, want[2], other, want[0], want[3], want[1]} {
		apply(t, s, storage.SaveGrant{Grant: g})
	}
	apply(t, s, storage.EndGrant{ID: ended.ID, At: moment})

	var got []storage.Grant
	for after := ""; ; after = got[len(got)-1].ID {
		page, err := s.ClientGrants(t.Context(), client, after, 2)
		require.NoError(t, err)
		got = append(got, page...)
		if len(page) < 2 {
			break
		}
	}
	require.Equal(t, want, got)
	all, err := s.AllGrants(t.Context(), prefix, 4)
	require.NoError(t, err)
	require.Equal(t, []storage.Grant{want[0], want[1], other, want[2]}, all, "of every client, and the ended one is not there")
	for _, key := range append([]string{"", id()}, unstorable...) {
		page, err := s.ClientGrants(t.Context(), key, "", 2)
		require.NoError(t, err)
		require.Empty(t, page, "%q", key)
	}
	for _, after := range unstorable {
		_, err := s.ClientGrants(t.Context(), client, after, 2)
		require.NoError(t, err)
	}
}

func provesPublicIDs(t *testing.T, s storage.Store) {
	first := allowed(t, s)
	found := func(publicID string, want storage.Grant) {
		t.Helper()
		got, err := s.GrantByPublicID(t.Context(), publicID)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	notFound := func(publicID string) {
		t.Helper()
		_, err := s.GrantByPublicID(t.Context(), publicID)
		require.ErrorIs(t, err, storage.ErrNotFound)
	}
	require.Equal(t, first.ID, first.PublicID())
	found(first.ID, first)
	for _, publicID := range append([]string{"", id()}, unstorable...) {
		notFound(publicID)
	}

	second := grantOf(first.Owner.UserID, first.ClientID)
	second.Succeeds = first.PublicID()
	apply(t, s, storage.EndGrant{ID: first.ID, At: moment}, storage.SaveGrant{Grant: second})
	require.Equal(t, first.ID, second.PublicID())
	found(first.ID, second)
	notFound(second.ID)
	notFound("")

	second.Version, second.Decisions = 2, nil
	apply(t, s, storage.SaveGrant{Grant: second, IfVersion: 1})
	found(first.ID, second)
	apply(t, s, storage.EndGrant{ID: second.ID, At: moment})
	notFound(first.ID)
}
