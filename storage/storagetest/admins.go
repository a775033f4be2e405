package storagetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

func requireAdmin(t *testing.T, s storage.Store, want bool) {
	t.Helper()
	found, err := s.HasAdmin(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, found)
}

func withRoles(roles ...string) storage.User {
	return storage.User{ID: id(), Email: id() + "@example.com", Roles: roles, CreatedAt: moment, UpdatedAt: moment}
}

func admins() []contract {
	return []contract{
		{"a company's admin is no admin, and one whose account is disabled is none while it is", func(t *testing.T, s storage.Store) {
			requireAdmin(t, s, false)
			require.NoError(t, s.CreateUser(t.Context(), withRoles(storage.RoleCompanyAdmin, storage.RoleReviewer)))
			requireAdmin(t, s, false)
			u := withRoles(storage.RoleReviewer, storage.RoleAdmin)
			require.NoError(t, s.CreateUser(t.Context(), u))
			requireAdmin(t, s, true)
			require.ErrorIs(t, s.CreateFirstAdmin(t.Context(), withRoles(storage.RoleAdmin)), storage.ErrConflict)
			require.NoError(t, s.SetDisabled(t.Context(), u.ID, true, moment))
			requireAdmin(t, s, false)
			require.NoError(t, s.CreateFirstAdmin(t.Context(), withRoles(storage.RoleAdmin)), "an operator who was locked out gets in again")
			requireAdmin(t, s, true)
		}},
		{"of first admins at the same moment one is made", func(t *testing.T, s storage.Store) {
			made, conflicts := atOnce(t, 8, func(int) error { return s.CreateFirstAdmin(t.Context(), withRoles(storage.RoleAdmin)) })
			require.Equal(t, 1, made)
			require.Equal(t, 7, conflicts)
			users, err := s.Users(t.Context(), "", 10)
			require.NoError(t, err)
			require.Len(t, users, 1)
		}},
		{"a first admin whose address is taken is not made, and leaves the place free", func(t *testing.T, s storage.Store) {
			there := person(t, s)
			u := withRoles(storage.RoleAdmin)
			u.Email = there.Email
			e := deed("user.create", u.ID)
			require.ErrorIs(t, s.CreateFirstAdmin(storage.Audited(t.Context(), e), u), storage.ErrExists)
			require.Empty(t, eventsOn(t, s, u.ID))
			requireAdmin(t, s, false)
			u.Email = id() + "@example.com"
			require.NoError(t, s.CreateFirstAdmin(storage.Audited(t.Context(), e), u))
			require.Len(t, eventsOn(t, s, u.ID), 1)
		}},
	}
}
