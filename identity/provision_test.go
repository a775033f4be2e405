package identity

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

const superapp = "https://superapp.example"

func TestProvisionReturnsTheSamePersonWhateverTheirValuesAreLater(t *testing.T) {
	s := newSite(t)
	n := NewUser{Email: " Bo@Example.com", EmailVerified: true, Phone: "+598 99 000 111", PhoneVerified: true, FirstName: " Bo ",
		LastName: "Ek", Locale: "es-UY", CompanyID: "acme", Attributes: map[string]any{"city": "Canelones"}, Password: "another fine password"}
	bo, err := s.people.Provision(t.Context(), n, superapp, "8dfeee37", From{})
	require.NoError(t, err)
	require.NotEmpty(t, bo.ID)
	require.Equal(t, storage.User{ID: bo.ID, Email: "bo@example.com", EmailVerified: true, Phone: "+59899000111", PhoneVerified: true,
		FirstName: "Bo", LastName: "Ek", Locale: "es-UY", CompanyID: "acme", Attributes: map[string]any{"city": "Canelones"},
		CreatedAt: s.now(), UpdatedAt: s.now()}, bo)

	s.wait(time.Hour)
	again, err := s.people.Provision(t.Context(), NewUser{Email: "new@example.com", FirstName: "Eva"}, superapp, "8dfeee37", From{})
	require.NoError(t, err)
	require.Equal(t, bo, again)
	stored, err := s.store.User(t.Context(), bo.ID)
	require.NoError(t, err)
	require.Equal(t, bo, stored)
	_, err = s.people.SignIn(t.Context(), "bo@example.com", "another fine password", s.from("1"))
	require.Equal(t, ErrCredentials, err, "it has no password")

	for _, other := range [][2]string{{superapp, "8dfeee38"}, {"https://other.example", "8dfeee37"}} {
		somebody, err := s.people.Provision(t.Context(), NewUser{}, other[0], other[1], From{})
		require.NoError(t, err)
		require.NotEqual(t, bo.ID, somebody.ID)
	}
}

// Whoever runs the other system decides which e-mail address it sends; it must not choose whose account that opens.
func TestProvisionNeverLeadsToAnAccountByItsEMailOrPhone(t *testing.T) {
	s := newSite(t)
	for subject, n := range map[string]NewUser{
		"email": {Email: "ANA@example.com", EmailVerified: true, Phone: "+59899000111", PhoneVerified: true},
		"phone": {Email: "bo@example.com", EmailVerified: true, Phone: "00598 99-123-456", PhoneVerified: true},
		"both":  {Email: anaEmail, EmailVerified: true, Phone: anaPhone, PhoneVerified: true, FirstName: "Ana"},
	} {
		u, err := s.people.Provision(t.Context(), n, superapp, subject, From{})
		require.NoError(t, err)
		require.NotEqual(t, s.ana.ID, u.ID, subject)
		stored, err := s.store.User(t.Context(), u.ID)
		require.NoError(t, err)
		require.Equal(t, stored, u)
		require.Equal(t, subject == "phone", u.EmailVerified)
		require.Equal(t, subject == "email", u.PhoneVerified)
		require.Equal(t, map[string]string{"phone": "bo@example.com"}[subject], u.Email)
		require.Equal(t, map[string]string{"email": "+59899000111"}[subject], u.Phone)
	}
	ana, err := s.store.User(t.Context(), s.ana.ID)
	require.NoError(t, err)
	require.Equal(t, s.ana, ana, "her account is as it was")
}

func TestProvisionLeavesOutWhatCannotBeAccepted(t *testing.T) {
	s := newSite(t)
	u, err := s.people.Provision(t.Context(), NewUser{Email: "not an address", EmailVerified: true, Phone: "123", PhoneVerified: true,
		FirstName: "a\x00", LastName: strings.Repeat("x", 101), Locale: "\x00no language"}, superapp, "nameless", From{})
	require.NoError(t, err)
	require.Equal(t, storage.User{ID: u.ID, CreatedAt: s.now(), UpdatedAt: s.now()}, u)
	u, err = s.people.Provision(t.Context(), NewUser{Email: "bo@\xff", Phone: "\x00", FirstName: "Bo", LastName: "b\u202e"}, superapp, "named", From{})
	require.NoError(t, err)
	require.Equal(t, "Bo", u.FirstName)
	require.Empty(t, u.Email+u.Phone+u.LastName)
}

func TestProvisionRefusesWhatNamesNobody(t *testing.T) {
	s := newSite(t)
	for _, subject := range []string{"", "nul\x00", "line\nbreak", "\xff", strings.Repeat("x", 256)} {
		_, err := s.people.Provision(t.Context(), NewUser{}, superapp, subject, From{})
		require.Len(t, Invalids(err), 1, "%q", subject)
		require.Equal(t, "subject", Invalids(err)[0].Field)
	}
	_, err := s.people.Provision(t.Context(), NewUser{}, superapp, strings.Repeat("x", 255), From{})
	require.NoError(t, err)
	_, err = s.people.Provision(t.Context(), NewUser{Roles: []string{"king"}}, superapp, "king", From{})
	require.Equal(t, "roles", Invalids(err)[0].Field)
	_, err = s.people.Provision(t.Context(), NewUser{}, "", "somebody", From{})
	require.Error(t, err)
}

func TestProvisionReturnsTheDisabledPersonRatherThanANewOne(t *testing.T) {
	s := newSite(t)
	u, err := s.people.Provision(t.Context(), NewUser{}, superapp, "bo", From{})
	require.NoError(t, err)
	require.NoError(t, s.people.Disable(t.Context(), u.ID))
	again, err := s.people.Provision(t.Context(), NewUser{}, superapp, "bo", From{})
	require.NoError(t, err)
	require.Equal(t, u.ID, again.ID)
	require.True(t, again.Disabled)
}

// eachPeople gives a test the accounts on SQLite and on PostgreSQL.
func eachPeople(t *testing.T, test func(t *testing.T, p *People, store *gormstore.Store)) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		store, err := gormstore.Open(t.Context(), dsn, gormstore.Options{Migrate: true, Log: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		t.Cleanup(func() { store.Close() })
		test(t, NewPeople(PeopleOptions{Users: store, Links: store, Failures: store, Now: time.Now}), store)
	})
}

func TestSimultaneousProvisionsOfOnePersonMakeOneAccount(t *testing.T) {
	eachPeople(t, func(t *testing.T, p *People, store *gormstore.Store) {
		got := provisionAtOnce(t, p, func(int) (NewUser, string) { return NewUser{Email: "bo@example.com", Phone: anaPhone}, "bo" })
		for _, u := range got {
			require.Equal(t, got[0].ID, u.ID)
			require.Equal(t, "bo@example.com", u.Email)
		}
		all, err := store.Users(t.Context(), "", 100)
		require.NoError(t, err)
		require.Len(t, all, 1)
	})
}

func TestOfSimultaneousPeopleWithOneAddressOneGetsIt(t *testing.T) {
	eachPeople(t, func(t *testing.T, p *People, store *gormstore.Store) {
		got := provisionAtOnce(t, p, func(i int) (NewUser, string) {
			return NewUser{Email: "shared@example.com", Phone: anaPhone}, string(rune('a' + i))
		})
		ids, emails, phones := map[string]bool{}, 0, 0
		for _, u := range got {
			ids[u.ID] = true
			emails += len(u.Email)
			phones += len(u.Phone)
		}
		require.Len(t, ids, len(got))
		require.Equal(t, len("shared@example.com"), emails)
		require.Equal(t, len(anaPhone), phones)
	})
}

// provisionAtOnce provisions twenty times at the same moment.
func provisionAtOnce(t *testing.T, p *People, who func(i int) (NewUser, string)) []storage.User {
	t.Helper()
	got, errs := make([]storage.User, 20), make([]error, 20)
	start := make(chan struct{})
	var wait sync.WaitGroup
	for i := range got {
		n, subject := who(i)
		wait.Go(func() {
			<-start
			got[i], errs[i] = p.Provision(t.Context(), n, superapp, subject, From{})
		})
	}
	close(start)
	wait.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	return got
}

func TestProvisionLooksAgainWhenSomethingWasTakenMeanwhile(t *testing.T) {
	eachPeople(t, func(t *testing.T, p *People, store *gormstore.Store) {
		meanwhile := []func() error{
			func() error { return store.CreateUser(t.Context(), storage.User{ID: "e", Email: "bo@example.com"}) },
			func() error { return store.CreateUser(t.Context(), storage.User{ID: "p", Phone: anaPhone}) },
			func() error {
				return store.CreateLinkedUser(t.Context(), storage.User{ID: "bo"}, storage.Link{Issuer: superapp, Subject: "bo"})
			},
		}
		calls := 0
		p.links = linkedMeanwhile{store, func() {
			require.NoError(t, meanwhile[calls]())
			calls++
		}}
		u, err := p.Provision(t.Context(), NewUser{Email: "bo@example.com", Phone: anaPhone}, superapp, "bo", From{})
		require.NoError(t, err)
		require.Equal(t, "bo", u.ID)
		require.Equal(t, len(meanwhile), calls)
	})
}

func TestProvisionSaysThatTheDatabaseIsAway(t *testing.T) {
	s := newSite(t)
	require.NoError(t, s.store.Close())
	_, err := s.people.Provision(t.Context(), NewUser{}, superapp, "bo", From{})
	require.ErrorIs(t, err, storage.ErrUnavailable)
	_, err = s.people.ByEmail(t.Context(), anaEmail)
	require.ErrorIs(t, err, storage.ErrUnavailable)
}

// linkedMeanwhile is a store in which somebody else writes just before an account and its link are stored.
type linkedMeanwhile struct {
	storage.Links
	change func()
}

func (l linkedMeanwhile) CreateLinkedUser(ctx context.Context, u storage.User, link storage.Link) error {
	l.change()
	return l.Links.CreateLinkedUser(ctx, u, link)
}

func TestByEmailFindsTheAccountUnderEverySpelling(t *testing.T) {
	s := newSite(t)
	for _, email := range []string{anaEmail, " ANA@Example.Com ", "ａｎａ@example.com"} {
		u, err := s.people.ByEmail(t.Context(), email)
		require.NoError(t, err, email)
		require.Equal(t, s.ana.ID, u.ID)
	}
	_, err := s.people.ByEmail(t.Context(), "nobody@example.com")
	require.ErrorIs(t, err, storage.ErrNotFound)
	for _, email := range []string{"", anaPhone, "nul\x00@example.com", "\xff@example.com"} {
		_, err := s.people.ByEmail(t.Context(), email)
		require.Len(t, Invalids(err), 1, "%q", email)
		require.Equal(t, "email", Invalids(err)[0].Field)
	}
}
