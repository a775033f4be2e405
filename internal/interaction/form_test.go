package interaction_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/interaction"
)

func TestAFormIsOfItsBrowserAndPersonForAsLongAsTheyAreSignedIn(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := newSealer(t, &now)
	sealed := s.SealForm("browser", "ana")
	account := s.Seal("browser", interaction.StepAccount, interaction.Interaction{UserID: "ana", Began: now})
	now = now.Add(48 * time.Hour)
	require.True(t, s.OpensForm("browser", "ana", sealed))
	for name, opens := range map[string]bool{
		"another browser":      s.OpensForm("other", "ana", sealed),
		"another person":       s.OpensForm("browser", "bo", sealed),
		"nobody":               s.OpensForm("browser", "", s.SealForm("browser", "")),
		"no browser":           s.OpensForm("", "ana", s.SealForm("", "ana")),
		"none":                 s.OpensForm("browser", "ana", ""),
		"one of another form":  s.OpensForm("browser", "ana", account),
		"one that was touched": s.OpensForm("browser", "ana", sealed[:len(sealed)-4]+"AAAA"),
	} {
		require.False(t, opens, name)
	}
}
