package interaction_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/interaction"
	"gatehouse/internal/secret"
)

func newSealer(t testing.TB, now *time.Time) *interaction.Sealer {
	root, err := secret.New(bytes.Repeat([]byte("k"), 32), nil)
	require.NoError(t, err)
	return interaction.NewSealer(root, func() time.Time { return *now })
}

func TestInteractionOpensOnlyForItsBrowserAndStepAndTime(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := newSealer(t, &now)
	i := interaction.Interaction{ID: "x", Route: "/oauth2/authorize", Request: "client_id=a&scope=openid+email", Began: now}
	sealed := s.Seal("browser", interaction.StepLogin, i)

	got, err := s.Open("browser", interaction.StepLogin, sealed)
	require.NoError(t, err)
	require.Equal(t, i, got)
	require.Equal(t, []string{"openid", "email"}, got.Scopes())

	for name, open := range map[string]func() (interaction.Interaction, error){
		"another browser": func() (interaction.Interaction, error) { return s.Open("other", interaction.StepLogin, sealed) },
		"another step":    func() (interaction.Interaction, error) { return s.Open("browser", interaction.StepConsent, sealed) },
		"no browser":      func() (interaction.Interaction, error) { return s.Open("", interaction.StepLogin, sealed) },
		"a suffix":        func() (interaction.Interaction, error) { return s.Open("browser", interaction.StepLogin, sealed+"A") },
	} {
		_, err := open()
		require.ErrorIs(t, err, interaction.ErrInvalid, name)
	}

	now = now.Add(interaction.Lifetime)
	_, err = s.Open("browser", interaction.StepLogin, sealed)
	require.ErrorIs(t, err, interaction.ErrExpired)
}

func FuzzOpen(f *testing.F) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := newSealer(f, &now)
	f.Add(s.Seal("b", interaction.StepLogin, interaction.Interaction{ID: "x", Began: now}))
	f.Add("")
	f.Fuzz(func(t *testing.T, sealed string) {
		if i, err := s.Open("b", interaction.StepLogin, sealed); err == nil && i.ID != "x" {
			t.Fatalf("opened what was never sealed: %q", sealed)
		}
	})
}
