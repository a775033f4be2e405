package api

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// storageClient has a value in every field that a registration has.
var storageClient = storage.Client{
	ID: "mini", Name: "Mini", Names: map[string]string{"es": "Míni"}, PublisherID: "printco", Public: true, RedirectURIs: []string{"https://mini.example/cb"},
	GrantTypes: []string{"authorization_code"}, TokenTypes: []string{"user"}, TokenEndpointAuthMethod: "none",
	Scopes:      []storage.ClientScope{{Name: "email", Required: true, Purpose: map[string]string{"en": "to write to you"}}},
	SubjectType: "pairwise", Status: "approved", ResourceServer: true, FirstParty: true, PKCE: "required", IDTokenAlg: "RS256",
	AccessTokenLifetime: storage.Never, RefreshTokenLifetime: storage.Lifetime(720 * time.Hour), CodeLifetime: storage.Lifetime(1500 * time.Millisecond),
	RefreshReuseGrace: 0, LogoURI: "https://mini.example/logo.png", ClientURI: "https://mini.example/", PolicyURI: "https://mini.example/policy",
	TOSURI: "https://mini.example/tos", Contacts: []string{"ops@mini.example"}, PostLogoutRedirectURIs: []string{"https://mini.example/bye"},
	InitiateLoginURI: "https://mini.example/login", JWKS: json.RawMessage(`{"keys":[{"kty":"EC"}]}`), JWKSURI: "https://mini.example/jwks",
	WebhookURI: "https://mini.example/hook", Dialects: map[string]json.RawMessage{"boxc": json.RawMessage(`{"return_uri_prefixes":["https://mini.example/r/"]}`)},
}

// notRegistered are the fields that are no part of what is registered.
var notRegistered = map[string]bool{"Secrets": true, "TokensFrom": true, "CreatedAt": true, "UpdatedAt": true, "RefreshReuseGrace": true}

func TestEveryFieldOfARegistrationIsInTheAPI(t *testing.T) {
	value := reflect.ValueOf(storageClient)
	for i := range value.NumField() {
		if name := value.Type().Field(i).Name; !notRegistered[name] {
			require.False(t, value.Field(i).IsZero(), "%s has no value here; add it to clientFields and to this test", name)
		}
	}
}

func TestASpanIsReadInSecondsAndAsADuration(t *testing.T) {
	for text, want := range map[string]time.Duration{`0`: 0, `90`: 90 * time.Second, `"5"`: 5 * time.Second, `"5m"`: 5 * time.Minute, `"1.5s"`: 1500 * time.Millisecond} {
		var s span
		require.NoError(t, json.Unmarshal([]byte(text), &s), text)
		require.Equal(t, want, time.Duration(s))
	}
	for _, text := range []string{`-1`, `1.5`, `""`, `"-5m"`, `9223372036854775807`, `true`, `"never"`, `[1]`} {
		var s span
		require.Error(t, json.Unmarshal([]byte(text), &s), text)
	}
	var l lifetime
	require.NoError(t, json.Unmarshal([]byte(`"never"`), &l))
	require.Equal(t, lifetime(storage.Never), l)
	require.Error(t, json.Unmarshal([]byte(`0`), &l))
}
