package storagetest

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

func fullUser() storage.User {
	return storage.User{
		ID: id(), Email: id() + "@example.com", EmailVerified: true, Phone: "+598" + id(), PhoneVerified: true,
		FirstName: "Ana “Anita”", LastName: "Sousa'); DROP TABLE users;--", Locale: "es-UY", CompanyID: "acme",
		Roles: []string{storage.RoleCompanyAdmin, storage.RoleReviewer},
		Attributes: map[string]any{
			"number": json.Number("12345678901234567890"), "points": json.Number("120"), "text": "Canelones", "yes": true,
			"none": nil, "list": []any{"a", json.Number("1.50")}, "map": map[string]any{"k": "v"},
		},
		PasswordHash: "$argon2id$", Disabled: true, CreatedAt: moment, UpdatedAt: moment.Add(time.Minute),
	}
}

func tester(publisher string) storage.User {
	return storage.User{ID: id(), Email: id() + "@acme.test", TestPublisher: publisher, CreatedAt: moment, UpdatedAt: moment}
}

func users() []contract {
	return []contract{
		{"of test people at the same moment as many are made as there can be", func(t *testing.T, s storage.Store) {
			for _, publisher := range []string{"acme", "globex"} {
				require.NoError(t, s.SavePublisher(t.Context(), storage.Publisher{ID: publisher, Name: publisher}))
			}
			require.ErrorIs(t, s.CreateTestUser(t.Context(), tester("nobody"), 3), storage.ErrNotFound)
			made, conflicts := atOnce(t, 8, func(int) error { return s.CreateTestUser(t.Context(), tester("acme"), 3) })
			require.Equal(t, 3, made)
			require.Equal(t, 5, conflicts)
			require.NoError(t, s.CreateTestUser(t.Context(), tester("globex"), 3), "each publisher has its own")
			person(t, s)
			found, err := s.FindUsers(t.Context(), storage.UserQuery{TestPublisher: "acme"}, "", 10)
			require.NoError(t, err)
			require.Len(t, found, 3)
			require.Equal(t, "acme", found[0].TestPublisher)
			require.NoError(t, s.UpdateUser(t.Context(), storage.User{ID: found[0].ID, Email: id() + "@example.com", UpdatedAt: moment.Add(time.Second)}, moment))
			u, err := s.User(t.Context(), found[0].ID)
			require.NoError(t, err)
			require.Equal(t, "acme", u.TestPublisher, "no change of a user makes them anybody else's")
		}},
		{"a test person is deleted with all that is theirs, and nobody else is", func(t *testing.T, s storage.Store) {
			acme := storage.Publisher{ID: id(), Name: "Acme"}
			u, other := tester(acme.ID), person(t, s)
			require.NoError(t, s.SavePublisher(t.Context(), acme))
			require.NoError(t, s.CreateTestUser(t.Context(), u, 3))
			session := signIn(t, s, u.ID)
			g := grantOf(u.ID, "photoprint")
			require.NoError(t, s.Apply(t.Context(), storage.Unit{storage.SaveGrant{Grant: g}}))
			require.ErrorIs(t, s.DeleteTestUser(t.Context(), other.ID, moment), storage.ErrNotFound)
			_, err := s.User(t.Context(), other.ID)
			require.NoError(t, err)
			require.NoError(t, s.DeleteTestUser(t.Context(), u.ID, moment))
			_, err = s.User(t.Context(), u.ID)
			require.ErrorIs(t, err, storage.ErrNotFound)
			_, _, err = s.Session(t.Context(), session.ID, moment)
			require.ErrorIs(t, err, storage.ErrNotFound)
			_, err = s.Grant(t.Context(), g.Owner, g.ClientID)
			require.ErrorIs(t, err, storage.ErrNotFound)

			last := tester(acme.ID)
			require.NoError(t, s.CreateTestUser(t.Context(), last, 3))
			require.NoError(t, s.DeletePublisher(t.Context(), acme))
			_, err = s.User(t.Context(), last.ID)
			require.ErrorIs(t, err, storage.ErrNotFound, "they go with the publisher")
		}},
		{"a user comes back as it was stored", func(t *testing.T, s storage.Store) {
			u := fullUser()
			require.NoError(t, s.CreateUser(t.Context(), u))
			got, err := s.User(t.Context(), u.ID)
			require.NoError(t, err)
			require.Equal(t, u, got)

			bare := storage.User{ID: id()}
			require.NoError(t, s.CreateUser(t.Context(), bare))
			got, err = s.User(t.Context(), bare.ID)
			require.NoError(t, err)
			require.Equal(t, bare, got, "what is missing stays missing")
		}},
		{"a user is found by e-mail address and by phone number", func(t *testing.T, s storage.Store) {
			u := fullUser()
			require.NoError(t, s.CreateUser(t.Context(), u))
			for _, login := range []string{u.Email, u.Phone} {
				got, err := s.UserByLogin(t.Context(), login)
				require.NoError(t, err)
				require.Equal(t, u.ID, got.ID)
			}
		}},
		{"a key that nobody has is ErrNotFound, whatever its bytes", func(t *testing.T, s storage.Store) {
			require.NoError(t, s.CreateUser(t.Context(), storage.User{ID: id()}))
			for _, key := range append([]string{"", "nobody", "%", "' OR ''='"}, unstorable...) {
				_, err := s.User(t.Context(), key)
				require.ErrorIs(t, err, storage.ErrNotFound, "%q", key)
				_, err = s.UserByLogin(t.Context(), key)
				require.ErrorIs(t, err, storage.ErrNotFound, "%q", key)
			}
		}},
		{"ID, e-mail address and phone number are unique, except when empty", provesUnique},
		{"users are listed page by page in the order of their IDs' bytes", func(t *testing.T, s storage.Store) {
			prefix := id()
			for _, suffix := range []string{"a", "B", "-", "é", "Z"} {
				require.NoError(t, s.CreateUser(t.Context(), storage.User{ID: prefix + suffix}))
			}
			var got []string
			for after := prefix; ; {
				page, err := s.Users(t.Context(), after, 2)
				require.NoError(t, err)
				for _, u := range page {
					if len(u.ID) > len(prefix) && u.ID[:len(prefix)] == prefix {
						got = append(got, u.ID[len(prefix):])
					}
				}
				if len(page) < 2 {
					break
				}
				after = page[1].ID
			}
			require.Equal(t, []string{"-", "B", "Z", "a", "é"}, got)
			for _, after := range unstorable {
				_, err := s.Users(t.Context(), after, 2)
				require.NoError(t, err)
			}
		}},
		{"an update replaces a user but for password, disabling and creation", func(t *testing.T, s storage.Store) {
			was := fullUser()
			require.NoError(t, s.CreateUser(t.Context(), was))
			changed := storage.User{ID: was.ID, FirstName: "Eva", PasswordHash: "other", UpdatedAt: moment.Add(time.Hour)}
			require.NoError(t, s.UpdateUser(t.Context(), changed, was.UpdatedAt))
			got, err := s.User(t.Context(), was.ID)
			require.NoError(t, err)
			changed.PasswordHash, changed.Disabled, changed.CreatedAt = was.PasswordHash, was.Disabled, was.CreatedAt
			require.Equal(t, changed, got)
			require.ErrorIs(t, s.UpdateUser(t.Context(), storage.User{ID: id()}, moment), storage.ErrNotFound)
		}},
		{"an update from an older record changes nothing", func(t *testing.T, s storage.Store) {
			was := fullUser()
			require.NoError(t, s.CreateUser(t.Context(), was))
			stripped := was
			stripped.Roles, stripped.CompanyID, stripped.UpdatedAt = nil, "", was.UpdatedAt.Add(time.Second)
			require.NoError(t, s.UpdateUser(t.Context(), stripped, was.UpdatedAt))
			stale := was
			stale.UpdatedAt = was.UpdatedAt.Add(time.Minute)
			require.ErrorIs(t, s.UpdateUser(t.Context(), stale, was.UpdatedAt), storage.ErrConflict)
			got, err := s.User(t.Context(), was.ID)
			require.NoError(t, err)
			require.Equal(t, stripped, got)
		}},
		{"names are replaced and nothing else", func(t *testing.T, s storage.Store) {
			want := fullUser()
			require.NoError(t, s.CreateUser(t.Context(), want))
			want.FirstName, want.LastName, want.UpdatedAt = "Eva", "", moment.Add(time.Hour)
			require.NoError(t, s.SetNames(t.Context(), want.ID, "Eva", "", want.UpdatedAt))
			got, err := s.User(t.Context(), want.ID)
			require.NoError(t, err)
			require.Equal(t, want, got)
			require.ErrorIs(t, s.SetNames(t.Context(), id(), "Eva", "", moment), storage.ErrNotFound)
		}},
		{"new names are a change that an update from an older record does not undo, by any clock", func(t *testing.T, s storage.Store) {
			was := fullUser()
			require.NoError(t, s.CreateUser(t.Context(), was))
			for _, at := range []time.Time{was.UpdatedAt, was.UpdatedAt.Add(-time.Hour)} {
				require.NoError(t, s.SetNames(t.Context(), was.ID, "Eva", "", at))
				require.ErrorIs(t, s.UpdateUser(t.Context(), was, was.UpdatedAt), storage.ErrConflict)
			}
		}},
		{"of simultaneous updates of a user one succeeds", func(t *testing.T, s storage.Store) {
			u := person(t, s)
			succeeded, conflicts := atOnce(t, 20, func(i int) error {
				next := u
				next.UpdatedAt = u.UpdatedAt.Add(time.Duration(i+1) * time.Second)
				return s.UpdateUser(t.Context(), next, u.UpdatedAt)
			})
			require.Equal(t, []int{1, 19}, []int{succeeded, conflicts})
		}},
		{"a password is replaced only if it is still the old one", func(t *testing.T, s storage.Store) {
			u := person(t, s)
			require.ErrorIs(t, s.SetPassword(t.Context(), u.ID, "wrong", "new", moment, false, ""), storage.ErrConflict)
			require.ErrorIs(t, s.SetPassword(t.Context(), id(), "hash", "new", moment, false, ""), storage.ErrNotFound)
			require.ErrorIs(t, s.SetPassword(t.Context(), id(), "", "new", moment, false, ""), storage.ErrNotFound)
			requirePassword(t, s, u.ID, "hash")
			require.NoError(t, s.SetPassword(t.Context(), u.ID, "hash", "new", moment, false, ""))
			requirePassword(t, s, u.ID, "new")
			require.NoError(t, s.SetPassword(t.Context(), u.ID, "", "newer", moment, false, ""))
			requirePassword(t, s, u.ID, "newer")
		}},
		{"a new password ends the user's sessions but the one to keep, if asked to", func(t *testing.T, s storage.Store) {
			u, other := person(t, s), signIn(t, s, person(t, s).ID)
			kept, ended := signIn(t, s, u.ID), signIn(t, s, u.ID)
			require.NoError(t, s.SetPassword(t.Context(), u.ID, "", "a", moment, false, ""))
			requireSession(t, s, ended.ID, true)
			require.ErrorIs(t, s.SetPassword(t.Context(), u.ID, "stale", "b", moment, true, ""), storage.ErrConflict)
			requireSession(t, s, ended.ID, true)
			require.NoError(t, s.SetPassword(t.Context(), u.ID, "a", "b", moment, true, kept.ID))
			requireSession(t, s, ended.ID, false)
			requireSession(t, s, kept.ID, true)
			requireSession(t, s, other.ID, true)
			require.NoError(t, s.SetPassword(t.Context(), u.ID, "b", "c", moment, true, ""))
			requireSession(t, s, kept.ID, false)
		}},
		{"disabling a user ends the sessions, and enabling brings none back", func(t *testing.T, s storage.Store) {
			session := signIn(t, s, person(t, s).ID)
			require.NoError(t, s.SetDisabled(t.Context(), session.UserID, true, moment))
			requireSession(t, s, session.ID, false)
			require.NoError(t, s.SetDisabled(t.Context(), session.UserID, false, moment.Add(time.Second)))
			requireSession(t, s, session.ID, false)
			got, err := s.User(t.Context(), session.UserID)
			require.NoError(t, err)
			require.False(t, got.Disabled)
			require.Equal(t, moment.Add(time.Second), got.UpdatedAt)
			require.ErrorIs(t, s.SetDisabled(t.Context(), id(), true, moment), storage.ErrNotFound)
		}},
	}
}

func provesUnique(t *testing.T, s storage.Store) {
	u, other := fullUser(), fullUser()
	require.NoError(t, s.CreateUser(t.Context(), u))
	require.NoError(t, s.CreateUser(t.Context(), other))
	for _, taken := range []storage.User{{ID: u.ID}, {ID: id(), Email: u.Email}, {ID: id(), Phone: u.Phone}} {
		require.ErrorIs(t, s.CreateUser(t.Context(), taken), storage.ErrExists)
	}
	for _, taken := range []storage.User{{ID: other.ID, Email: u.Email}, {ID: other.ID, Phone: u.Phone}} {
		require.ErrorIs(t, s.UpdateUser(t.Context(), taken, other.UpdatedAt), storage.ErrExists)
	}
	got, err := s.User(t.Context(), other.ID)
	require.NoError(t, err)
	require.Equal(t, other, got, "a refused update changes nothing")
	require.NoError(t, s.UpdateUser(t.Context(), u, u.UpdatedAt), "one's own values are not taken")
	for range 2 {
		require.NoError(t, s.CreateUser(t.Context(), storage.User{ID: id()}))
	}
}

func requirePassword(t *testing.T, s storage.Store, userID, hash string) {
	t.Helper()
	u, err := s.User(t.Context(), userID)
	require.NoError(t, err)
	require.Equal(t, hash, u.PasswordHash)
}

func companies() []contract {
	return []contract{
		{"a company is created, replaced and listed", func(t *testing.T, s storage.Store) {
			c := storage.Company{ID: id(), Name: "Acme Ltd"}
			_, err := s.Company(t.Context(), c.ID)
			require.ErrorIs(t, err, storage.ErrNotFound)
			require.NoError(t, s.SaveCompany(t.Context(), c))
			c.Name = "Acme Inc"
			require.NoError(t, s.SaveCompany(t.Context(), c))
			got, err := s.Company(t.Context(), c.ID)
			require.NoError(t, err)
			require.Equal(t, c, got)
			list, err := s.Companies(t.Context(), "", 10)
			require.NoError(t, err)
			require.True(t, slices.Contains(list, c))
			list, err = s.Companies(t.Context(), c.ID, 10)
			require.NoError(t, err)
			require.Empty(t, list)
		}},
		{"a key that no company has is ErrNotFound, whatever its bytes", func(t *testing.T, s storage.Store) {
			for _, key := range append([]string{"", "nobody"}, unstorable...) {
				_, err := s.Company(t.Context(), key)
				require.ErrorIs(t, err, storage.ErrNotFound, "%q", key)
			}
		}},
	}
}
