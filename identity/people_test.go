package identity

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"gatehouse/internal/metrics"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

func TestOneAccountUnderEverySpelling(t *testing.T) {
	s := newSite(t)
	for _, login := range []string{anaEmail, " ANA@Example.Com ", "ａｎａ@example.com", anaPhone, "00598 99-123-456"} {
		u, err := s.people.SignIn(t.Context(), login, anaPassword, s.from("1"))
		require.NoError(t, err, login)
		require.Equal(t, s.ana.ID, u.ID)
	}
	_, err := s.people.CreateUser(t.Context(), NewUser{Email: "ANA@example.com"})
	require.ErrorIs(t, err, storage.ErrExists)
	_, err = s.people.CreateUser(t.Context(), NewUser{Phone: "+598 (99) 123456"})
	require.ErrorIs(t, err, storage.ErrExists)
}

func TestUnknownWrongAndDisabledGetTheSameError(t *testing.T) {
	s := newSite(t)
	bo, err := s.people.CreateUser(t.Context(), NewUser{Email: "bo@example.com", Password: "another fine password"})
	require.NoError(t, err)
	require.NoError(t, s.people.Disable(t.Context(), bo.ID))
	_, err = s.people.CreateUser(t.Context(), NewUser{Email: "cy@example.com"})
	require.NoError(t, err)

	statements := map[int64]bool{}
	for _, attempt := range [][2]string{{anaEmail, "wrong"}, {"nobody@example.com", "wrong"}, {"bo@example.com", "another fine password"},
		{"cy@example.com", ""}, {"cy@example.com", "wrong"}} {
		s.statements.Store(0)
		_, err := s.people.SignIn(t.Context(), attempt[0], attempt[1], s.from("1"))
		require.Equal(t, ErrCredentials, err)
		statements[s.statements.Load()] = true
	}
	require.Len(t, statements, 1, "the database is asked as often")
	for _, login := range []string{"", "neither", "\x00", "\xff@example.com"} {
		_, err := s.people.SignIn(t.Context(), login, "wrong", s.from("1"))
		require.Equal(t, ErrCredentials, err)
	}
}

func TestUnknownTakesAsLongAsWrong(t *testing.T) {
	s := newSite(t)
	const wrong, unknown = anaEmail, "nobody@example.com"
	fastest := map[string]time.Duration{wrong: time.Hour, unknown: time.Hour}
	for range 5 {
		for login := range fastest {
			began := time.Now()
			_, err := s.people.SignIn(t.Context(), login, "wrong", s.from("1"))
			require.Equal(t, ErrCredentials, err)
			fastest[login] = min(fastest[login], time.Since(began))
		}
	}
	// A sign-in that hashes nothing takes a hundredth.
	require.Greater(t, fastest[unknown], fastest[wrong]/4)
	require.Greater(t, fastest[wrong], fastest[unknown]/4)
}

func TestFailuresAreLimitedPerAccountUnderEverySpelling(t *testing.T) {
	s := newSite(t)
	s.people.metrics = metrics.New("v1")
	logins := []string{anaEmail, "ANA@example.com", anaPhone, "00598 99 123 456"}
	for i := range accountFailures {
		_, err := s.people.SignIn(t.Context(), logins[i%len(logins)], "wrong", s.from("1"))
		require.Equal(t, ErrCredentials, err)
	}
	for _, login := range logins {
		_, err := s.people.SignIn(t.Context(), login, anaPassword, s.from("2"))
		require.IsType(t, &TooMany{}, err, login)
	}
	require.Contains(t, told(s.people.metrics), `gatehouse_sign_ins_total{outcome="limited"} 4`)
	s.wait(failureWindow)
	_, err := s.people.SignIn(t.Context(), anaEmail, anaPassword, s.from("2"))
	require.NoError(t, err)
}

func TestFailingOnPurposeKeepsNobodyOutForEver(t *testing.T) {
	s := newSite(t)
	fail := func() { _, _ = s.people.SignIn(t.Context(), anaEmail, "wrong", s.from("66")) }
	for range accountFailures + 5 {
		fail()
		s.wait(time.Minute) // attempts over the limit do not prolong the window
	}
	_, err := s.people.SignIn(t.Context(), anaEmail, anaPassword, s.from("1"))
	require.NoError(t, err)

	// While the attack goes on, the person's own browser gets in.
	own := From{Address: "192.0.2.1", Browser: "own", Knows: func(id string) bool { return id == s.ana.ID }}
	for range accountFailures + 1 {
		fail()
	}
	_, err = s.people.SignIn(t.Context(), anaEmail, anaPassword, s.from("1"))
	require.IsType(t, &TooMany{}, err)
	_, err = s.people.SignIn(t.Context(), anaEmail, anaPassword, own)
	require.NoError(t, err)
	for range accountFailures {
		_, err = s.people.SignIn(t.Context(), anaEmail, "wrong", own)
		require.Equal(t, ErrCredentials, err)
	}
	_, err = s.people.SignIn(t.Context(), anaEmail, anaPassword, own)
	require.IsType(t, &TooMany{}, err, "its own count is limited too")
}

func TestFailuresAreLimitedPerNetworkAddress(t *testing.T) {
	s := newSite(t)
	for range addressFailures - 1 {
		require.NoError(t, s.people.limits.count(t.Context(), "sign-in from 2001:db8:1:2::/64"))
	}
	signIn := func(address string) error {
		_, err := s.people.SignIn(t.Context(), "nobody@example.com", "wrong", From{Address: address})
		return err
	}
	require.Equal(t, ErrCredentials, signIn("2001:db8:1:2::1"))
	require.IsType(t, &TooMany{}, signIn("2001:db8:1:2:3::4"), "one household is one address")
	require.Equal(t, ErrCredentials, signIn("2001:db8:1:3::1"))
	s.wait(failureWindow)
	require.Equal(t, ErrCredentials, signIn("2001:db8:1:2::1"))
}

func TestSuccessForgetsTheAccountsFailures(t *testing.T) {
	s := newSite(t)
	for range 3 {
		for range accountFailures - 1 {
			_, err := s.people.SignIn(t.Context(), anaEmail, "wrong", s.from("1"))
			require.Equal(t, ErrCredentials, err)
		}
		_, err := s.people.SignIn(t.Context(), anaEmail, anaPassword, s.from("1"))
		require.NoError(t, err)
	}
}

func TestAttemptsAtOnceGetNoMoreThanTheLimit(t *testing.T) {
	s := newSite(t)
	var looked, limited atomic.Int64
	var all sync.WaitGroup
	for range 3 * accountFailures {
		all.Go(func() {
			_, err := s.people.SignIn(t.Context(), anaEmail, "wrong", s.from("1"))
			if errors.Is(err, ErrCredentials) {
				looked.Add(1)
			} else if _, ok := errors.AsType[*TooMany](err); ok {
				limited.Add(1)
			}
		})
	}
	all.Wait()
	require.Equal(t, int64(accountFailures), looked.Load())
	require.Equal(t, int64(2*accountFailures), limited.Load())
}

func TestRightSignInsAtOnceAllSucceed(t *testing.T) {
	s := newSite(t)
	var succeeded atomic.Int64
	var all sync.WaitGroup
	for range 2 * accountFailures {
		all.Go(func() {
			if _, err := s.people.SignIn(t.Context(), anaEmail, anaPassword, s.from("1")); err == nil {
				succeeded.Add(1)
			}
		})
	}
	all.Wait()
	require.Equal(t, int64(2*accountFailures), succeeded.Load())
}

func TestImportedHashIsReplacedAtSignIn(t *testing.T) {
	s := newSite(t)
	sum, err := bcrypt.GenerateFromPassword([]byte("short"), bcrypt.MinCost)
	require.NoError(t, err)
	imported, err := s.people.CreateUser(t.Context(), NewUser{Email: "im@example.com", PasswordHash: string(sum)})
	require.NoError(t, err)
	b := s.browser()
	b.signIn("im@example.com", "short").leadsTo(t, "/account")
	stored, err := s.store.User(t.Context(), imported.ID)
	require.NoError(t, err)
	require.Contains(t, stored.PasswordHash, "$argon2id$")
	other := s.browser()
	other.signIn("im@example.com", "short").leadsTo(t, "/account")
	require.True(t, b.isSignedIn(), "replacing a hash ends no session")
	s.noLeak("short")
}

func TestUnusableHashSignsNobodyIn(t *testing.T) {
	s := newSite(t)
	_, err := s.people.CreateUser(t.Context(), NewUser{Email: "im@example.com", PasswordHash: "plain"})
	require.ErrorIs(t, err, ErrHash)
	require.NoError(t, s.store.SetPassword(t.Context(), s.ana.ID, "", "plain", s.now(), false, ""))
	_, err = s.people.SignIn(t.Context(), anaEmail, "plain", s.from("1"))
	require.Equal(t, ErrCredentials, err)
}

func TestCreateUserNamesEveryProblem(t *testing.T) {
	s := newSite(t)
	_, err := s.people.CreateUser(t.Context(), NewUser{Email: "x", Phone: "y", FirstName: "a\x00", LastName: "b\u202e", Roles: []string{"king"}})
	var fields []string
	for _, e := range Invalids(err) {
		fields = append(fields, e.Field)
	}
	require.Equal(t, []string{"email", "phone", "first_name", "last_name", "roles"}, fields)
	_, err = s.people.CreateUser(t.Context(), NewUser{FirstName: "Nobody"})
	require.Len(t, Invalids(err), 1)
	_, err = s.people.CreateUser(t.Context(), NewUser{Email: "cy@example.com", Password: "short"})
	require.Len(t, Invalids(err), 1)
	u, err := s.people.CreateUser(t.Context(), NewUser{Email: "cy@example.com", Password: "short", AnyPassword: true})
	require.NoError(t, err)
	stored, err := s.store.User(t.Context(), u.ID)
	require.NoError(t, err)
	require.Equal(t, u.CreatedAt, stored.CreatedAt.UTC())
}

func TestSignUpTellsATakenAddressOnlySoOften(t *testing.T) {
	s := newSite(t)
	signUp := func(n NewUser, from string) error {
		n.Password = "a new lighthouse"
		_, err := s.people.SignUp(t.Context(), n, s.from(from))
		return err
	}
	taken := Invalids(signUp(NewUser{Email: "bo@example.com", Phone: anaPhone}, "1"))
	require.Len(t, taken, 1)
	require.Equal(t, "phone", taken[0].Field)
	for range existsAnswers - 1 {
		taken = Invalids(signUp(NewUser{Email: "ANA@example.com"}, "1"))
		require.Len(t, taken, 1)
		require.Equal(t, "email", taken[0].Field)
		require.Equal(t, "problem.exists", taken[0].Key)
	}
	require.IsType(t, &TooMany{}, signUp(NewUser{Email: anaEmail}, "1"))
	require.NoError(t, signUp(NewUser{Email: "cy@example.com"}, "2"))
	s.wait(failureWindow)
	require.NoError(t, signUp(NewUser{Email: "di@example.com"}, "1"))
}

// A page that was drawn before an admin took the person's roles away must not bring them back.
func TestSavingNamesUndoesNoOtherChange(t *testing.T) {
	s := newSite(t)
	u, err := s.people.CreateUser(t.Context(), NewUser{Email: "admin@example.com", EmailVerified: true, CompanyID: "acme",
		Roles: []string{storage.RoleCompanyAdmin, storage.RoleAdmin}, Password: "another fine password"})
	require.NoError(t, err)
	stripped := u
	stripped.EmailVerified, stripped.CompanyID, stripped.Roles = false, "", nil
	stripped.UpdatedAt = u.UpdatedAt.Add(time.Microsecond)
	interleaved := &People{users: changedMeanwhile{s.store, func() {
		require.NoError(t, s.store.UpdateUser(t.Context(), stripped, u.UpdatedAt))
	}}, now: s.now}
	require.NoError(t, interleaved.SetNames(t.Context(), u.ID, "Eva", "Alves", From{}))
	got, err := s.store.User(t.Context(), u.ID)
	require.NoError(t, err)
	stripped.FirstName, stripped.LastName, stripped.UpdatedAt = "Eva", "Alves", got.UpdatedAt
	require.Equal(t, stripped, got)
}

// changedMeanwhile is a store in which somebody else writes just before the names are saved.
type changedMeanwhile struct {
	*gormstore.Store
	change func()
}

func (c changedMeanwhile) SetNames(ctx context.Context, userID, first, last string, at time.Time) error {
	c.change()
	return c.Store.SetNames(ctx, userID, first, last, at)
}
