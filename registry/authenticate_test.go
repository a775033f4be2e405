package registry_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"gatehouse/internal/testdb"
	"gatehouse/registry"
	"gatehouse/storage"
)

// clocked is a registry with a clock that only the test moves.
type clocked struct {
	*registry.Registry
	t     *testing.T
	ahead atomic.Int64
}

func newClocked(t *testing.T) *clocked {
	t.Helper()
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := &clocked{t: t}
	c.Registry = registry.New(newStore(t, testdb.SQLite(t)), func() time.Time { return began.Add(time.Duration(c.ahead.Load())) })
	return c
}

func (c *clocked) forward(d time.Duration) { c.ahead.Add(int64(d)) }

// proves wants an answer, not an error.
func (c *clocked) proves(client *storage.Client, secrets ...string) bool {
	c.t.Helper()
	ok, err := c.Authenticate(c.t.Context(), client, secrets)
	require.NoError(c.t, err)
	return ok
}

// imported is a client of which another system hashed the secret.
func imported(t *testing.T, id, secret string) *storage.Client {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(secret), bcrypt.MinCost)
	require.NoError(t, err)
	return &storage.Client{ID: id, Secrets: []storage.ClientSecret{{Hash: string(hash)}}}
}

func TestAuthenticateTakesAnyLiveSecret(t *testing.T) {
	r := newClocked(t)
	end := time.Date(2026, 1, 1, 1, 0, 0, 0, time.UTC)
	old, current := registry.GenerateSecret(), registry.GenerateSecret()
	slow := imported(t, "", "vendor secret").Secrets[0]
	slow.ExpiresAt = end
	c := &storage.Client{ID: "c", Secrets: []storage.ClientSecret{
		{Hash: registry.HashSecret(old), ExpiresAt: end}, slow, {Hash: registry.HashSecret(current)},
	}}
	for _, secret := range []string{old, current, "vendor secret"} {
		require.True(t, r.proves(c, secret))
		require.True(t, registry.HadSecret(c, secret))
		require.True(t, r.proves(c, "another reading", secret))
	}
	require.False(t, r.proves(c, ""))
	require.False(t, r.proves(c))
	require.False(t, r.proves(c, "wrong", "wrong too"))
	public := *c
	public.Public = true
	for _, nobody := range []*storage.Client{nil, {}, &public} {
		require.False(t, r.proves(nobody, current))
	}
	r.forward(time.Hour)
	for secret, want := range map[string]bool{old: false, current: true, "vendor secret": false} {
		require.Equal(t, want, r.proves(c, secret), "an end is exclusive, and nothing is remembered beyond it")
		require.True(t, registry.HadSecret(c, secret), "a retired one is still known")
	}
	require.Len(t, registry.LiveSecrets(*c, end.Add(-1)), 3)
	require.Len(t, registry.LiveSecrets(*c, end), 1)
	require.True(t, registry.HadHash(c, slow.Hash))
	require.False(t, registry.HadHash(c, registry.HashSecret(registry.GenerateSecret())))
	require.False(t, registry.HadSecret(c, registry.GenerateSecret()))
}

// An unknown client costs what a wrong secret costs: the same comparison.
func TestAnUnknownClientIsComparedLikeAnyOther(t *testing.T) {
	r := newClocked(t)
	known := &storage.Client{Secrets: []storage.ClientSecret{{Hash: registry.HashSecret(registry.GenerateSecret())}}}
	wrong := []string{registry.GenerateSecret()}
	work := func(c *storage.Client) float64 {
		return testing.AllocsPerRun(100, func() { r.Authenticate(t.Context(), c, wrong) })
	}
	comparison := testing.AllocsPerRun(100, func() { registry.VerifySecret(known.Secrets[0].Hash, wrong[0]) })
	require.NotZero(t, comparison, "a comparison shows in what it allocates")
	for name, c := range map[string]*storage.Client{"unknown": nil, "without a secret": {}, "public": {Public: true}} {
		require.GreaterOrEqual(t, work(c), comparison, name)
	}
}

func TestWrongSecretsOfASlowHashAreComparedTenTimesAMinute(t *testing.T) {
	r := newClocked(t)
	c, other := imported(t, "vendor", "vendor secret"), imported(t, "other", "other secret")
	require.True(t, r.proves(c, "vendor secret"))
	for range 10 {
		require.False(t, r.proves(c, "wrong"))
	}
	refused := func(secret string) {
		t.Helper()
		ok, err := r.Authenticate(t.Context(), c, []string{secret})
		require.ErrorIs(t, err, storage.ErrUnavailable, "it was not compared, so it is not said to be wrong")
		require.False(t, ok)
		require.NotContains(t, err.Error(), secret)
	}
	refused("an eleventh")
	require.True(t, r.proves(c, "vendor secret"), "who was proven goes on")
	require.True(t, r.proves(c, "vendor+secret", "vendor secret"), "however it is read")
	r.Forget()
	require.True(t, r.proves(c, "vendor secret"), "also when somebody changed a client")
	require.True(t, r.proves(other, "other secret"), "another client has its own count")

	replaced := imported(t, "vendor", "a new secret")
	c.Secrets = replaced.Secrets
	refused("vendor secret")
	r.forward(time.Minute)
	require.False(t, r.proves(c, "vendor secret"), "a secret that was replaced is not remembered")
	require.True(t, r.proves(c, "a new secret"))
}

func TestARequestWithoutASecretIsNoGuess(t *testing.T) {
	r := newClocked(t)
	c := imported(t, "vendor", "vendor secret")
	for range 20 {
		require.False(t, r.proves(c))
	}
	require.True(t, r.proves(c, "vendor secret"))
}

func TestStrongSecretsAreNeverRefusedForWrongOnes(t *testing.T) {
	r := newClocked(t)
	strong := registry.GenerateSecret()
	c := &storage.Client{ID: "c", Secrets: []storage.ClientSecret{{Hash: registry.HashSecret(strong)}}}
	mixed := imported(t, "mixed", "vendor secret")
	mixed.Secrets = append(mixed.Secrets, c.Secrets...)
	for range 20 {
		require.False(t, r.proves(c, "wrong"))
		r.Authenticate(t.Context(), mixed, []string{"wrong"})
	}
	require.True(t, r.proves(c, strong))
	require.True(t, r.proves(mixed, strong), "nor is the slow hash beside it asked")
}

// Time stands still while one of them compares, so that how fast the machine is does not matter.
func TestSimultaneousFirstRequestsOfARightfulClientAllPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newClocked(t)
		c := &storage.Client{ID: "short", Secrets: []storage.ClientSecret{{Hash: registry.HashSecret("short")}}}
		require.True(t, strings.HasPrefix(c.Secrets[0].Hash, "$argon2id$"))
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if ok, err := r.Authenticate(t.Context(), c, []string{"short"}); !ok || err != nil {
					t.Error(ok, err)
				}
			})
		}
		all.Wait()
	})
}
