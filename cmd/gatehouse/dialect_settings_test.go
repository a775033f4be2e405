package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/identity/claims"
	"gatehouse/internal/config"
	"gatehouse/registry"
	"gatehouse/storage"
)

// What a mini app's server expects from us is sealed under the root secret, and lasts longer than that.
func TestOutboundSecretsSurviveARotationOfTheRootSecret(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	before := testConfig("", "").Secret
	after := strings.Repeat("another root secret ", 3)
	outbound := func(current, other string) *registry.Outbound {
		root, err := (&config.Config{Secret: current, SecretPrevious: other}).Root()
		require.NoError(t, err)
		return registry.NewOutbound(root)
	}
	sealed := outbound(before, "").Seal("gam-app", "a secret of theirs")
	s.register(storage.Client{ID: "gam-app", Name: "GAM app", Dialects: map[string]json.RawMessage{
		"gam": json.RawMessage(fmt.Sprintf(`{"superapp":{"url":"https://superapp.example","client_secret":%q}}`, sealed)),
	}})
	s.beside(withSecrets(before, after))
	s.beside(withSecrets(after, before))
	c, err := s.store.Client(t.Context(), "gam-app")
	require.NoError(t, err)
	gam, speaks := registry.GAMOf(&c)
	require.True(t, speaks)
	value, current, err := outbound(after, "").Open("gam-app", gam.SuperApp.ClientSecret)
	require.NoError(t, err)
	require.True(t, current)
	require.Equal(t, "a secret of theirs", value)
}

// identity and registry do not know each other: this is where the scopes that one lists meet the values that the other
// computes.
func TestAdditionalDataRepeatsNothingThatAScopeOfGAMReleases(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	ana, all := s.users["ana@example.com"], []string{}
	ana.Attributes = map[string]any{"EmployeeID": "123100"}
	for _, scope := range registry.BuiltInScopes {
		for _, name := range scope.Claims {
			if name != "attributes" {
				ana.Attributes[name] = map[string]any{"of": name}
				all = append(all, name)
			}
		}
	}
	values := claims.New([]byte("salt"), s.reg)
	client := &storage.Client{ID: "photoprint", PublisherID: "p"}
	for _, scope := range []string{"gam_user_additional_data", "fullcontrol"} {
		released, err := values.Of(t.Context(), ana, client, scope)
		require.NoError(t, err)
		i := slices.IndexFunc(released, func(c claims.Claim) bool { return c.Name == "attributes" })
		require.GreaterOrEqual(t, i, 0)
		attributes := released[i].Value.(map[string]any)
		require.Equal(t, "123100", attributes["EmployeeID"])
		for _, name := range all {
			require.NotContains(t, attributes, name, scope)
		}
	}
}
