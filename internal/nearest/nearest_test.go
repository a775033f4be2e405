package nearest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/nearest"
)

func TestNameFindsWhatWasMeant(t *testing.T) {
	known := []string{"redirect_uris", "grant_types", "token_types", "name"}
	for typed, meant := range map[string]string{
		"redirect_uri": "redirect_uris",
		"grant_tpyes":  "grant_types",
		"NAME":         "name",
		"tokentypes":   "token_types",
	} {
		require.Equal(t, meant, nearest.Name(typed, known), typed)
	}
}

func TestNameOfNothingIsEmpty(t *testing.T) {
	require.Empty(t, nearest.Name("name", nil))
}

func TestNameOfAVeryLongWordEnds(t *testing.T) {
	require.NotEmpty(t, nearest.Name(strings.Repeat("x", 1<<20), []string{"name"}))
}
