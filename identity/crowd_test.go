package identity

import (
	"net/http/httptest"
	"testing"

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
		leave, err = p.door.join()
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
	_, err := p.door.join()
	require.NoError(t, err, "who was turned away takes no room")
}

func told(m *metrics.Metrics) string {
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}
