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

func TestNameIsEmptyWhereNoneIsNear(t *testing.T) {
	for typed, known := range map[string][]string{
		"foo":    {"users", "clients", "scopes"},
		"delete": {"create", "list", "get", "rotate-secret"},
		"x":      {"id", "name"},
		"":       {"name"},
	} {
		require.Empty(t, nearest.Name(typed, known), typed)
	}
}

func TestHintNamesTheNearestOrAll(t *testing.T) {
	require.Equal(t, "did you mean users?", nearest.Hint("user", []string{"clients", "users"}))
	require.Equal(t, "use clients, scopes or users", nearest.Hint("foo", []string{"clients", "scopes", "users"}))
	require.Equal(t, "use list or rotate", nearest.Hint("delete", []string{"list", "rotate"}))
	require.Equal(t, "use rotate", nearest.Hint("delete", []string{"rotate"}))
}

func TestNameOfAVeryLongWordEnds(t *testing.T) {
	require.Empty(t, nearest.Name(strings.Repeat("x", 1<<20), []string{"name"}))
}
