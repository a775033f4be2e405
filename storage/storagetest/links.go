package storagetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// linkOf is a new link of a user, not stored yet.
func linkOf(userID string) storage.Link {
	return storage.Link{Issuer: "https://superapp.example/" + id(), Subject: id(), UserID: userID, CreatedAt: moment}
}

func requireLinked(t *testing.T, s storage.Store, l storage.Link, want storage.User) {
	t.Helper()
	got, err := s.LinkedUser(t.Context(), l.Issuer, l.Subject)
	require.NoError(t, err)
	require.Equal(t, want, got.User)
}

func requireNotLinked(t *testing.T, s storage.Store, issuer, subject string) {
	t.Helper()
	_, err := s.LinkedUser(t.Context(), issuer, subject)
	require.ErrorIs(t, err, storage.ErrNotFound, "%q %q", issuer, subject)
}

func requireNoUser(t *testing.T, s storage.Store, userID string) {
	t.Helper()
	_, err := s.User(t.Context(), userID)
	require.ErrorIs(t, err, storage.ErrNotFound)
}

func links() []contract {
	return []contract{
		{"a new user comes with the link, which leads to them and to nobody else", func(t *testing.T, s storage.Store) {
			u := fullUser()
			l := linkOf(u.ID)
			require.NoError(t, s.CreateLinkedUser(t.Context(), u, l))
			requireLinked(t, s, l, u)
			got, err := s.User(t.Context(), u.ID)
			require.NoError(t, err)
			require.Equal(t, u, got)
			requireNotLinked(t, s, l.Issuer, id())
			requireNotLinked(t, s, "https://other.example", l.Subject)
			requireNotLinked(t, s, l.Subject, l.Issuer)
			requireNotLinked(t, s, l.Issuer, "")
		}},
		{"a new user may have neither e-mail address nor phone number", func(t *testing.T, s storage.Store) {
			for range 2 {
				u := storage.User{ID: id()}
				l := linkOf(u.ID)
				require.NoError(t, s.CreateLinkedUser(t.Context(), u, l))
				requireLinked(t, s, l, u)
			}
		}},
		{"a user may have several links, and subjects are told apart by their bytes", func(t *testing.T, s storage.Store) {
			u, other := person(t, s), person(t, s)
			lower, upper, elsewhere := linkOf(u.ID), linkOf(other.ID), linkOf(u.ID)
			upper.Issuer, lower.Subject, upper.Subject = lower.Issuer, "subject", "Subject"
			elsewhere.Subject = "Subject"
			for _, l := range []storage.Link{lower, upper, elsewhere} {
				require.NoError(t, s.LinkUser(t.Context(), l))
			}
			requireLinked(t, s, lower, u)
			requireLinked(t, s, upper, other)
			requireLinked(t, s, elsewhere, u)
		}},
		{"a link tells whether its user has one of another issuer too", func(t *testing.T, s storage.Store) {
			u := person(t, s)
			first, other := linkOf(u.ID), linkOf(u.ID)
			for _, l := range []storage.Link{first, other} {
				require.NoError(t, s.LinkUser(t.Context(), l))
				got, err := s.LinkedUser(t.Context(), first.Issuer, first.Subject)
				require.NoError(t, err)
				require.Equal(t, l == other, got.LinkedElsewhere)
			}
		}},
		{"the links of several users are read at once", func(t *testing.T, s storage.Store) {
			u, other, without := person(t, s), person(t, s), person(t, s)
			mine, also, theirs := linkOf(u.ID), linkOf(u.ID), linkOf(other.ID)
			also.Issuer, mine.Issuer = "https://a.example/"+id(), "https://b.example/"+id()
			for _, l := range []storage.Link{mine, also, theirs} {
				require.NoError(t, s.LinkUser(t.Context(), l))
			}
			got, err := s.UserLinks(t.Context(), []string{u.ID, without.ID, id()})
			require.NoError(t, err)
			require.Equal(t, map[string][]storage.Link{u.ID: {also, mine}}, got)
			got, err = s.UserLinks(t.Context(), []string{u.ID, other.ID})
			require.NoError(t, err)
			require.Equal(t, map[string][]storage.Link{u.ID: {also, mine}, other.ID: {theirs}}, got)
			got, err = s.UserLinks(t.Context(), nil)
			require.NoError(t, err)
			require.Empty(t, got)
		}},
		{"a link that nobody has is ErrNotFound, whatever its bytes", func(t *testing.T, s storage.Store) {
			l := linkOf(person(t, s).ID)
			require.NoError(t, s.LinkUser(t.Context(), l))
			for _, key := range append([]string{"", id(), "%", "' OR ''='"}, unstorable...) {
				requireNotLinked(t, s, key, l.Subject)
				requireNotLinked(t, s, l.Issuer, key)
			}
		}},
		{"a link that is taken stays whose it is, and nothing else is stored", func(t *testing.T, s storage.Store) {
			u, other := person(t, s), person(t, s)
			l := linkOf(u.ID)
			require.NoError(t, s.LinkUser(t.Context(), l))
			require.ErrorIs(t, s.LinkUser(t.Context(), l), storage.ErrExists)
			taken := l
			taken.UserID = other.ID
			require.ErrorIs(t, s.LinkUser(t.Context(), taken), storage.ErrExists)
			fresh := storage.User{ID: id(), Email: id() + "@example.com"}
			require.ErrorIs(t, s.CreateLinkedUser(t.Context(), fresh, l), storage.ErrExists)
			requireNoUser(t, s, fresh.ID)
			requireLinked(t, s, l, u)
			require.NoError(t, s.CreateUser(t.Context(), fresh), "its address is still free")
		}},
		{"a user whose ID, e-mail address or phone number is taken is not stored, and neither is the link", func(t *testing.T, s storage.Store) {
			u := fullUser()
			require.NoError(t, s.CreateUser(t.Context(), u))
			for _, taken := range []storage.User{{ID: u.ID}, {ID: id(), Email: u.Email}, {ID: id(), Phone: u.Phone}} {
				l := linkOf(taken.ID)
				require.ErrorIs(t, s.CreateLinkedUser(t.Context(), taken, l), storage.ErrExists)
				requireNotLinked(t, s, l.Issuer, l.Subject)
				if taken.ID != u.ID {
					requireNoUser(t, s, taken.ID)
				}
			}
		}},
		{"an issuer's second subject is not the same user, also at the same moment", func(t *testing.T, s storage.Store) {
			u := person(t, s)
			l := linkOf(u.ID)
			succeeded, conflicts := atOnce(t, 10, func(int) error {
				another := l
				another.Subject = id()
				return s.LinkUser(t.Context(), another)
			})
			require.Equal(t, []int{1, 9}, []int{succeeded, conflicts})
			links, err := s.UserLinks(t.Context(), []string{u.ID})
			require.NoError(t, err)
			require.Len(t, links[u.ID], 1)
			require.NoError(t, s.LinkUser(t.Context(), linkOf(u.ID)), "another issuer's")
		}},
		{"a linked user is changed, but for what is changed elsewhere", func(t *testing.T, s storage.Store) {
			u := fullUser()
			l := linkOf(u.ID)
			require.NoError(t, s.CreateLinkedUser(t.Context(), u, l))
			want := fullUser()
			want.ID, want.Disabled, want.PasswordHash, want.CreatedAt, want.UpdatedAt = u.ID, u.Disabled, u.PasswordHash, u.CreatedAt, moment.Add(time.Minute)
			got, err := s.ChangeLinkedUser(t.Context(), l.Issuer, l.Subject, func(is storage.LinkedUser) (storage.User, error) {
				require.Equal(t, storage.LinkedUser{User: u}, is)
				return want, nil
			})
			require.NoError(t, err)
			require.Equal(t, want, got)
			requireLinked(t, s, l, want)
			other := want
			other.PasswordHash, other.Disabled, other.CreatedAt = "other", !want.Disabled, moment.Add(time.Hour)
			_, err = s.ChangeLinkedUser(t.Context(), l.Issuer, l.Subject, func(storage.LinkedUser) (storage.User, error) { return other, nil })
			require.NoError(t, err)
			requireLinked(t, s, l, want)
		}},
		{"the event of a linked user's change is stored where there is one", func(t *testing.T, s storage.Store) {
			u := fullUser()
			l := linkOf(u.ID)
			require.NoError(t, s.CreateLinkedUser(t.Context(), u, l))
			refused := errors.New("refused")
			for _, c := range []struct {
				names  string
				err    error
				events int
			}{{u.FirstName, nil, 0}, {"Eva", refused, 0}, {"Eva", nil, 1}} {
				target := id()
				ctx := storage.Audited(t.Context(), deed("user.update", target))
				_, err := s.ChangeLinkedUser(ctx, l.Issuer, l.Subject, func(is storage.LinkedUser) (storage.User, error) {
					is.FirstName = c.names
					return is.User, c.err
				})
				require.ErrorIs(t, err, c.err)
				require.Len(t, eventsOn(t, s, target), c.events)
			}
		}},
		{"a linked user stays as they are when the change is refused or takes what is somebody's", func(t *testing.T, s storage.Store) {
			u, other := person(t, s), person(t, s)
			l := linkOf(u.ID)
			require.NoError(t, s.LinkUser(t.Context(), l))
			refused := errors.New("refused")
			for want, email := range map[error]string{refused: id() + "@example.com", storage.ErrExists: other.Email} {
				_, err := s.ChangeLinkedUser(t.Context(), l.Issuer, l.Subject, func(is storage.LinkedUser) (storage.User, error) {
					is.Email = email
					if want == refused {
						return is.User, refused
					}
					return is.User, nil
				})
				require.ErrorIs(t, err, want)
				requireLinked(t, s, l, u)
			}
			for _, key := range append([]string{"", id()}, unstorable...) {
				_, err := s.ChangeLinkedUser(t.Context(), l.Issuer, key, func(storage.LinkedUser) (storage.User, error) { panic("nobody") })
				require.ErrorIs(t, err, storage.ErrNotFound)
			}
		}},
		{"simultaneous changes of a linked user all count", func(t *testing.T, s storage.Store) {
			u := person(t, s)
			l := linkOf(u.ID)
			require.NoError(t, s.LinkUser(t.Context(), l))
			succeeded, _ := atOnce(t, 20, func(int) error {
				_, err := s.ChangeLinkedUser(t.Context(), l.Issuer, l.Subject, func(is storage.LinkedUser) (storage.User, error) {
					is.FirstName += "x"
					return is.User, nil
				})
				return err
			})
			require.Equal(t, 20, succeeded)
			got, err := s.User(t.Context(), u.ID)
			require.NoError(t, err)
			require.Equal(t, strings.Repeat("x", 20), got.FirstName)
		}},
		{"somebody who does not exist cannot be linked", func(t *testing.T, s storage.Store) {
			l := linkOf(id())
			require.ErrorIs(t, s.LinkUser(t.Context(), l), storage.ErrNotFound)
			requireNotLinked(t, s, l.Issuer, l.Subject)
		}},
		{"a user stays linked while disabled", func(t *testing.T, s storage.Store) {
			u := person(t, s)
			l := linkOf(u.ID)
			require.NoError(t, s.LinkUser(t.Context(), l))
			u.Disabled, u.UpdatedAt = true, moment.Add(time.Minute)
			require.NoError(t, s.SetDisabled(t.Context(), u.ID, true, u.UpdatedAt))
			requireLinked(t, s, l, u)
			require.ErrorIs(t, s.CreateLinkedUser(t.Context(), storage.User{ID: id()}, l), storage.ErrExists)
		}},
		{"of simultaneous new users with one link one is stored", func(t *testing.T, s storage.Store) {
			l, fresh := linkOf(""), make([]storage.User, 20)
			for i := range fresh {
				fresh[i] = storage.User{ID: id(), Email: id() + "@example.com", CreatedAt: moment, UpdatedAt: moment}
			}
			succeeded, exist := atOnce(t, len(fresh), func(i int) error {
				return existsAsConflict(s.CreateLinkedUser(t.Context(), fresh[i], l))
			})
			require.Equal(t, []int{1, 19}, []int{succeeded, exist})
			winner, err := s.LinkedUser(t.Context(), l.Issuer, l.Subject)
			require.NoError(t, err)
			require.Contains(t, fresh, winner.User)
			for _, u := range fresh {
				if u.ID != winner.ID {
					requireNoUser(t, s, u.ID)
				}
			}
		}},
		{"of simultaneous links to different users one is stored", func(t *testing.T, s storage.Store) {
			l, people := linkOf(""), []storage.User{person(t, s), person(t, s), person(t, s), person(t, s)}
			succeeded, exist := atOnce(t, 20, func(i int) error {
				mine := l
				mine.UserID = people[i%len(people)].ID
				return existsAsConflict(s.LinkUser(t.Context(), mine))
			})
			require.Equal(t, []int{1, 19}, []int{succeeded, exist})
			winner, err := s.LinkedUser(t.Context(), l.Issuer, l.Subject)
			require.NoError(t, err)
			require.Contains(t, people, winner.User)
		}},
	}
}
