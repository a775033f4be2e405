package identity

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/metrics"
	"gatehouse/storage"
)

// However many come, only so many wait; the others are told at once to come back, before the database is asked: here is none.
func TestWhoFindsNoRoomIsToldAtOnce(t *testing.T) {
	counts := metrics.New("v1")
	p := NewPeople(PeopleOptions{Passwords: NewPasswords(0), Metrics: counts})
	var leave func()
	for range crowdLimit {
		var err error
		leave, err = p.door.join("")
		require.NoError(t, err)
	}
	for name, come := range map[string]func() error{
		"to sign in": func() error { _, err := p.SignIn(t.Context(), anaEmail, anaPassword, From{}); return err },
		"to sign up": func() error {
			_, err := p.SignUp(t.Context(), NewUser{Email: anaEmail, FirstName: "Ana", LastName: "Lima", Password: anaPassword}, From{})
			return err
		},
		"to change a password": func() error {
			return p.ChangePassword(t.Context(), storage.User{}, anaPassword, "another fine password", From{})
		},
	} {
		for range 3 {
			require.ErrorIs(t, come(), storage.ErrUnavailable, name)
		}
	}
	require.Contains(t, told(counts), `gatehouse_sign_ins_total{outcome="crowded"} 3`)
	leave()
	_, err := p.door.join("")
	require.NoError(t, err, "who was turned away takes no room")
}

// One customer may have thousands of IPv6 networks.
func TestTheNetworksOfOneSiteDoNotTakeTheRoomOfTheOthers(t *testing.T) {
	var c crowd
	var leave []func()
	joined := 0
	for n := range 2 * crowdLimit {
		if l, err := c.join(fmt.Sprintf("2001:db8:1:%x::1", n%256)); err == nil {
			joined, leave = joined+1, append(leave, l)
		}
	}
	require.Equal(t, crowdSiteShare, joined)
	for _, other := range []string{"2001:db8:2::1", "192.0.2.7", ""} {
		l, err := c.join(other)
		require.NoError(t, err, other)
		leave = append(leave, l)
	}
	for _, l := range leave {
		l()
	}
	require.Zero(t, c.waiting)
	require.Empty(t, c.from)
}

func told(m *metrics.Metrics) string {
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

// However many attempts wait that come from one network address, there is room for those from another.
func TestOneAddressDoesNotTakeTheRoomOfTheOthers(t *testing.T) {
	s := newSite(t)
	const flood = "192.0.2.66"
	for range addressAtOnce { // so that nobody from there gets on
		done, err := s.people.limits.addresses.take(t.Context(), flood)
		require.NoError(t, err)
		defer done()
	}
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	var refused atomic.Int64
	var group sync.WaitGroup
	for n := range crowdLimit + 100 {
		group.Go(func() {
			_, err := s.people.SignIn(ctx, fmt.Sprintf("nobody-%d@example.com", n), "wrong", From{Address: flood})
			if errors.Is(err, errCrowded) {
				refused.Add(1)
			}
		})
	}
	const tooMany = crowdLimit + 100 - crowdShare
	require.Eventually(t, func() bool { return refused.Load() >= tooMany }, 60*time.Second, time.Millisecond)
	_, err := s.people.SignIn(t.Context(), anaEmail, anaPassword, From{Address: elsewhere(s.people.limits.addresses, flood)})
	require.NoError(t, err)
	giveUp()
	group.Wait()
	require.EqualValues(t, tooMany, refused.Load())
	require.Zero(t, s.people.door.waiting)
	require.Empty(t, s.people.door.from, "nothing is kept of who has gone")
}

// elsewhere is an address that does not happen to queue up with this one.
func elsewhere(t *turns, address string) string {
	queue := func(address string) uint64 { return maphash.String(t.seed, address) % uint64(len(t.queues)) }
	for n := 1; ; n++ {
		if other := fmt.Sprintf("198.51.100.%d", n); queue(other) != queue(address) {
			return other
		}
	}
}
