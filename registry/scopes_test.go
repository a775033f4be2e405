package registry_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/registry"
)

// languages are the tags that lang/ has a file for.
func languages(t *testing.T) (tags []string) {
	t.Helper()
	files, err := filepath.Glob("lang/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		tags = append(tags, strings.TrimSuffix(filepath.Base(file), ".json"))
	}
	return tags
}

func TestBuiltInScopesHaveTextsInEveryLanguage(t *testing.T) {
	tags := languages(t)
	require.Contains(t, tags, "en")
	for _, s := range registry.BuiltInScopes {
		require.True(t, s.BuiltIn)
		for _, tag := range tags {
			require.NotEmpty(t, s.Title[tag], "title of %s in %s", s.Name, tag)
			require.NotEmpty(t, s.Description[tag], "description of %s in %s", s.Name, tag)
			if tag != "en" {
				require.NotEqual(t, s.Description["en"], s.Description[tag], "description of %s in %s is English", s.Name, tag)
			}
		}
		require.ElementsMatch(t, tags, slices.Collect(maps.Keys(s.Title)), s.Name)

		// They keep the rules that an operator's own scopes have.
		s.Name = "x-" + s.Name
		s.Claims = nil // "unionid" has a meaning of its own
		require.Empty(t, registry.CheckScope(s))
	}
}

func TestLanguagesOfScopesNameNoScopeThatThereIsNot(t *testing.T) {
	names := registry.NewCatalogue(nil).Names()
	for _, tag := range languages(t) {
		raw, err := os.ReadFile("lang/" + tag + ".json")
		require.NoError(t, err)
		var texts map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(raw, &texts), tag)
		require.ElementsMatch(t, names, slices.Collect(maps.Keys(texts)), tag)
	}
}
