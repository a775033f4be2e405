package storagetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// attempt is a call that came in at this time.
func attempt(id string, began time.Time) storage.RememberedAnswer {
	return storage.RememberedAnswer{ID: id, Fingerprint: []byte("fingerprint"), BeganAt: began, ExpiresAt: began.Add(24 * time.Hour)}
}

func begin(t *testing.T, s storage.Store, a storage.RememberedAnswer) {
	t.Helper()
	_, err := s.BeginAnswer(t.Context(), a, moment)
	require.NoError(t, err)
}

func answers() []contract {
	return []contract{
		{"an answer is remembered as it was kept, until it expires", func(t *testing.T, s storage.Store) {
			a := attempt(id(), moment)
			begin(t, s, a)
			there, err := s.BeginAnswer(t.Context(), attempt(a.ID, moment.Add(time.Second)), moment)
			require.ErrorIs(t, err, storage.ErrExists)
			require.Equal(t, a, there, "in flight")
			require.NoError(t, s.KeepAnswer(t.Context(), a, []byte("sealed")))
			a.Done, a.Sealed = true, []byte("sealed")
			there, err = s.BeginAnswer(t.Context(), attempt(a.ID, moment.Add(time.Hour)), moment.Add(time.Hour))
			require.ErrorIs(t, err, storage.ErrExists)
			require.Equal(t, a, there)
			begin(t, s, attempt(a.ID, a.ExpiresAt))
		}},
		{"an attempt that nothing came of is forgotten, or lapses", func(t *testing.T, s storage.Store) {
			a := attempt(id(), moment)
			begin(t, s, a)
			require.NoError(t, s.ForgetAnswer(t.Context(), a))
			again := attempt(a.ID, moment.Add(time.Second))
			begin(t, s, again)
			require.NoError(t, s.ForgetAnswer(t.Context(), a), "which is not the same attempt")
			_, err := s.BeginAnswer(t.Context(), attempt(a.ID, moment.Add(time.Minute)), again.BeganAt)
			require.ErrorIs(t, err, storage.ErrExists)
			_, err = s.BeginAnswer(t.Context(), attempt(a.ID, moment.Add(time.Minute)), again.BeganAt.Add(1))
			require.ErrorIs(t, err, storage.ErrExists, "times are microseconds")
			third := attempt(a.ID, moment.Add(time.Minute))
			_, err = s.BeginAnswer(t.Context(), third, again.BeganAt.Add(time.Microsecond))
			require.NoError(t, err)
			require.ErrorIs(t, s.KeepAnswer(t.Context(), again, []byte("late")), storage.ErrNotFound)
		}},
		{"what an attempt wrote is never forgotten, and one that lapsed writes nothing", func(t *testing.T, s storage.Store) {
			a := attempt(id(), moment)
			begin(t, s, a)
			during := storage.Answering(t.Context(), a)
			company := storage.Company{ID: id(), Name: "Acme"}
			require.ErrorIs(t, s.DeleteClient(during, id()), storage.ErrNotFound, "which wrote nothing")
			there, err := s.BeginAnswer(t.Context(), attempt(a.ID, moment.Add(time.Second)), moment)
			require.ErrorIs(t, err, storage.ErrExists)
			require.False(t, there.Done)
			require.NoError(t, s.SaveCompany(during, company))
			require.NoError(t, s.ForgetAnswer(t.Context(), a))
			there, err = s.BeginAnswer(t.Context(), attempt(a.ID, moment.Add(time.Hour)), moment.Add(time.Hour))
			require.ErrorIs(t, err, storage.ErrExists)
			require.True(t, there.Done)
			require.Empty(t, there.Sealed)

			lapsed := storage.Answering(t.Context(), attempt(a.ID, moment.Add(-time.Second)))
			company.Name = "Changed"
			require.ErrorIs(t, s.SaveCompany(lapsed, company), storage.ErrConflict)
			g := grantOf(id(), id())
			require.ErrorIs(t, s.Apply(lapsed, storage.Unit{storage.SaveGrant{Grant: g}}), storage.ErrConflict)
			kept, err := s.Company(t.Context(), company.ID)
			require.NoError(t, err)
			require.Equal(t, "Acme", kept.Name)
			require.NoError(t, s.Apply(during, storage.Unit{storage.SaveGrant{Grant: g}}))
		}},
	}
}

// replaces proves a method that replaces a record that is still was.
func replaces[T any](t *testing.T, old, changed T, replace func(now T, was *T) error, read func() (T, error)) {
	t.Helper()
	require.ErrorIs(t, replace(changed, &old), storage.ErrNotFound)
	require.NoError(t, replace(old, nil))
	require.ErrorIs(t, replace(changed, nil), storage.ErrExists)
	got, err := read()
	require.NoError(t, err)
	require.Equal(t, old, got)
	require.NoError(t, replace(changed, &old))
	require.ErrorIs(t, replace(old, &old), storage.ErrConflict)
	got, err = read()
	require.NoError(t, err)
	require.Equal(t, changed, got)
}

func replacing() []contract {
	return []contract{
		{"a publisher is replaced while it is still what it was", func(t *testing.T, s storage.Store) {
			old := storage.Publisher{ID: id(), Name: "Print Co", Developers: []string{"dev@example.com"}}
			changed := old
			changed.Verified, changed.VerifiedAt = true, moment
			replaces(t, old, changed, func(p storage.Publisher, was *storage.Publisher) error {
				return s.ReplacePublisher(t.Context(), p, was)
			},
				func() (storage.Publisher, error) { return s.Publisher(t.Context(), old.ID) })
		}},
		{"a company is replaced while it is still what it was", func(t *testing.T, s storage.Store) {
			old := storage.Company{ID: id(), Name: "Acme"}
			changed := storage.Company{ID: old.ID, Name: "Acme Ltd"}
			replaces(t, old, changed, func(c storage.Company, was *storage.Company) error { return s.ReplaceCompany(t.Context(), c, was) },
				func() (storage.Company, error) { return s.Company(t.Context(), old.ID) })
		}},
		{"a scope is replaced and removed while it is still what it was", func(t *testing.T, s storage.Store) {
			old := storage.Scope{Name: id(), Title: map[string]string{"en": "Points"}, Claims: []string{"points"}}
			changed := old
			changed.Sensitive, changed.Description = true, map[string]string{"en": "See"}
			find := func() (storage.Scope, error) {
				all, err := s.Scopes(t.Context())
				for _, scope := range all {
					if scope.Name == old.Name {
						return scope, err
					}
				}
				return storage.Scope{}, storage.ErrNotFound
			}
			replaces(t, old, changed, func(c storage.Scope, was *storage.Scope) error { return s.ReplaceScope(t.Context(), c, was) }, find)
			before, err := s.Revision(t.Context())
			require.NoError(t, err)
			require.ErrorIs(t, s.DeleteScope(t.Context(), old), storage.ErrConflict)
			require.NoError(t, s.DeleteScope(t.Context(), changed))
			require.ErrorIs(t, s.DeleteScope(t.Context(), changed), storage.ErrNotFound)
			_, err = find()
			require.ErrorIs(t, err, storage.ErrNotFound)
			after, err := s.Revision(t.Context())
			require.NoError(t, err)
			require.Greater(t, after, before)
		}},
	}
}

// ids are the IDs of records.
func ids[T any](list []T, id func(T) string) []string {
	all := []string{}
	for _, item := range list {
		all = append(all, id(item))
	}
	return all
}

func lists() []contract {
	return []contract{
		{"users are found by the beginning of their e-mail address and by their company, a page at a time", func(t *testing.T, s storage.Store) {
			word, company := id(), id()
			var stored []storage.User
			for i, email := range []string{word + "@example.com", word + "z@example.com", "a" + word + "@example.com"} {
				u := storage.User{ID: word + string(rune('a'+i)), Email: email, CompanyID: company, CreatedAt: moment, UpdatedAt: moment}
				require.NoError(t, s.CreateUser(t.Context(), u))
				stored = append(stored, u)
			}
			find := func(q storage.UserQuery, after string, limit int) []string {
				found, err := s.FindUsers(t.Context(), q, after, limit)
				require.NoError(t, err)
				return ids(found, func(u storage.User) string { return u.ID })
			}
			require.Equal(t, []string{stored[0].ID, stored[1].ID}, find(storage.UserQuery{Search: word}, "", 10))
			require.Equal(t, []string{stored[0].ID}, find(storage.UserQuery{Search: word}, "", 1))
			require.Equal(t, []string{stored[1].ID}, find(storage.UserQuery{Search: word}, stored[0].Email, 10))
			require.Len(t, find(storage.UserQuery{CompanyID: company}, "", 10), 3)
			require.Equal(t, []string{stored[1].ID}, find(storage.UserQuery{CompanyID: company, Search: word + "z"}, "", 10))
			require.Empty(t, find(storage.UserQuery{Search: word + "%"}, "", 10))
			for _, key := range unstorable {
				require.Empty(t, find(storage.UserQuery{Search: key}, "", 10))
			}
		}},
		{"all sessions are listed that are good, also those of a disabled user", func(t *testing.T, s storage.Store) {
			u := person(t, s)
			session := signIn(t, s, u.ID)
			all := func(now time.Time) []string {
				found, err := s.AllSessions(t.Context(), "", 10_000, now)
				require.NoError(t, err)
				return ids(found, func(s storage.Session) string { return s.ID })
			}
			require.Contains(t, all(moment), session.ID)
			require.NotContains(t, all(session.ExpiresAt), session.ID)
			rest, err := s.AllSessions(t.Context(), session.ID, 10_000, moment)
			require.NoError(t, err)
			require.NotContains(t, ids(rest, func(s storage.Session) string { return s.ID }), session.ID)
		}},
		{"deliveries are found by their state, their client and its publisher", func(t *testing.T, s storage.Store) {
			client := listener(t, s, webhook)
			other := listener(t, s, webhook)
			mine, theirs := grantedTo(t, s, client, "email"), grantedTo(t, s, other, "email")
			apply(t, s, storage.EndGrant{ID: mine.ID, At: moment}, storage.EndGrant{ID: theirs.ID, At: moment})
			c, err := s.Client(t.Context(), client)
			require.NoError(t, err)
			was := c.UpdatedAt
			c.PublisherID, c.UpdatedAt = id(), was.Add(time.Second)
			require.NoError(t, s.UpdateClient(t.Context(), c, was))
			for _, q := range []storage.DeliveryQuery{
				{ClientID: client}, {Publishers: []string{c.PublisherID, "nobody"}}, {State: storage.DeliveryPending, ClientID: client},
			} {
				found, err := s.FindDeliveries(t.Context(), q, "", 10)
				require.NoError(t, err)
				require.Equal(t, []string{client}, ids(found, func(d storage.Delivery) string { return d.ClientID }), "%v", q)
				one, err := s.Delivery(t.Context(), found[0].ID)
				require.NoError(t, err)
				require.Equal(t, found[0], one)
			}
			for _, q := range []storage.DeliveryQuery{{ClientID: "nobody"}, {Publishers: []string{"nobody"}}, {State: storage.DeliveryDead, ClientID: client}} {
				found, err := s.FindDeliveries(t.Context(), q, "", 10)
				require.NoError(t, err)
				require.Empty(t, found)
			}
			for _, key := range append([]string{"", "nobody"}, unstorable...) {
				_, err := s.Delivery(t.Context(), key)
				require.ErrorIs(t, err, storage.ErrNotFound)
			}
		}},
	}
}
