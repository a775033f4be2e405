package registry

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

func TestASecretAmongDialectsSettingsDiffersByAMarkAndNeverByItsValue(t *testing.T) {
	gam := func(settings string) storage.Client {
		return storage.Client{Dialects: map[string]json.RawMessage{"gam": json.RawMessage(settings)}}
	}
	const path = "dialects.gam.signin_secret"
	one, two, none := gam(`{"signin_secret":"sealed:one"}`), gam(`{"signin_secret":"sealed:two"}`), gam(`{"signin_secret":""}`)
	for _, c := range []struct {
		name         string
		was, is      storage.Client
		before, then []string
	}{
		{"another", one, two, []string{`gam: {"signin_secret":"(set)"}`}, []string{`gam: {"signin_secret":"(another one)"}`}},
		{"added", none, two, []string{`gam: {}`}, []string{`gam: {"signin_secret":"(set)"}`}},
		{"emptied", one, none, []string{`gam: {"signin_secret":"(set)"}`}, []string{`gam: {"signin_secret":"(removed)"}`}},
		{"removed", one, gam(`{}`), []string{`gam: {"signin_secret":"(set)"}`}, []string{`gam: {"signin_secret":"(removed)"}`}},
		{"dialect removed", one, storage.Client{}, []string{`gam: {"signin_secret":"(set)"}`}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, []Difference{{"dialects", c.before, c.then}}, Differences(c.was, c.is))
			require.Equal(t, []string{path}, ChangedSecrets(c.was, c.is))
		})
	}
	require.Empty(t, Differences(one, one))
	require.Empty(t, ChangedSecrets(one, one))
	require.JSONEq(t, `{"signin_secret":"sealed:one"}`, string(one.Dialects["gam"]), "what is compared is left as it is")
	require.Equal(t, []Difference{{"dialects", nil, []string{`gam: {"signin_secret":"(set)"}`}}}, Values(one))
}
