package registry

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

func TestDifferencesAreLinesOfWhatChanged(t *testing.T) {
	was := storage.Client{
		Name: "PhotoPrint", RedirectURIs: []string{"https://a.example/cb"}, RefreshReuseGrace: 10 * time.Second,
		Dialects: map[string]json.RawMessage{"boxo": json.RawMessage(`{"app_id":"a","platform":{"app_secret":"sealed:one"}}`)},
	}
	is := was
	is.Name, is.Names = "Photo", map[string]string{"fr": "Photo", "es": "Foto"}
	is.RedirectURIs = []string{"https://a.example/cb", "https://b.example/cb"}
	is.AccessTokenLifetime, is.FirstParty = storage.Never, true
	is.Dialects = map[string]json.RawMessage{"boxo": json.RawMessage(`{"app_id":"b","platform":{"app_secret":"sealed:two"}}`)}
	require.Equal(t, []Difference{
		{"name", []string{"PhotoPrint"}, []string{"Photo"}},
		{"names", nil, []string{"es: Foto", "fr: Photo"}},
		{"redirect_uris", []string{"https://a.example/cb"}, []string{"https://a.example/cb", "https://b.example/cb"}},
		{"first_party", nil, []string{"true"}},
		{"access_token_lifetime", nil, []string{"never"}},
		{"dialects", []string{`boxo: {"app_id":"a","platform":{"app_secret":"(set)"}}`}, []string{`boxo: {"app_id":"b","platform":{"app_secret":"(another one)"}}`}},
	}, Differences(was, is))
	require.Empty(t, Differences(was, was))
	for _, v := range Values(is) {
		require.Nil(t, v.Was, v.Name)
	}
}

func TestScopeDifferencesListAddedChangedKeptAndRemoved(t *testing.T) {
	purpose := map[string]string{"en": "to send your order status"}
	was := storage.Client{Scopes: []storage.ClientScope{{Name: "openid", Required: true}, {Name: "email", Purpose: purpose}, {Name: "phone"}}}
	is := storage.Client{Scopes: []storage.ClientScope{
		{Name: "openid", Required: true, Purpose: map[string]string{}}, {Name: "email", Required: true, Purpose: purpose}, {Name: "points"}}}
	var names []string
	var changed []bool
	for _, d := range ScopeDifferences(was, is) {
		names, changed = append(names, d.Name), append(changed, d.Changed())
	}
	require.Equal(t, []string{"openid", "email", "points", "phone"}, names)
	require.Equal(t, []bool{false, true, true, true}, changed)
}
