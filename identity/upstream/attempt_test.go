package upstream

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/interaction"
	"gatehouse/internal/secret"
)

func newSealer(t testing.TB, now func() time.Time) sealer {
	root, err := secret.New(bytes.Repeat([]byte("a"), 32), nil)
	require.NoError(t, err)
	return sealer{root.Sealer("upstream sign-in"), now}
}

func TestAnAttemptOpensForItsBrowserAndProviderInTime(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := newSealer(t, func() time.Time { return now })
	a := attempt{Nonce: "n", Verifier: "v", Began: now, ProvedAfter: now, Interaction: interaction.Interaction{ID: "1", Began: now,
		Route: "/oauth2/authorize", Request: strings.Repeat("scope=openid&", 40)}}
	state, err := s.seal("browser", "acme", a)
	require.NoError(t, err)
	require.Less(t, len(state), 400, "it is compressed")
	opened, err := s.open("browser", "acme", state)
	require.NoError(t, err)
	require.Equal(t, a, opened)

	for name, open := range map[string]func() (attempt, error){
		"another browser":  func() (attempt, error) { return s.open("other", "acme", state) },
		"no browser":       func() (attempt, error) { return s.open("", "acme", state) },
		"another provider": func() (attempt, error) { return s.open("browser", "other", state) },
		"a changed one":    func() (attempt, error) { return s.open("browser", "acme", state[:len(state)-2]+"AA") },
		"nothing":          func() (attempt, error) { return s.open("browser", "acme", "") },
		"an interaction": func() (attempt, error) {
			return s.open("browser", "acme", base64.RawURLEncoding.EncodeToString([]byte("{}")))
		},
	} {
		_, err := open()
		require.ErrorIs(t, err, interaction.ErrInvalid, name)
	}

	now = now.Add(attemptLifetime)
	late, err := s.open("browser", "acme", state)
	require.ErrorIs(t, err, interaction.ErrExpired)
	require.Equal(t, a.Interaction, late.Interaction, "what it was for is known")
}

func FuzzOpenTakesOnlyWhatSealMade(f *testing.F) {
	f.Add("")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, state string) {
		_, err := newSealer(t, time.Now).open("browser", "acme", state)
		require.ErrorIs(t, err, interaction.ErrInvalid)
	})
}
