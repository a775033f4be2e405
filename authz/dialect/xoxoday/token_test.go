package xoxoday

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/authz"
	"gatehouse/registry"
	"gatehouse/storage"
)

func TestTheEmailIsToldToWhoMayKnowIt(t *testing.T) {
	verified := &storage.User{Email: "ana@example.com", EmailVerified: true}
	unverified := &storage.User{Email: "ana@example.com"}
	for _, c := range []struct {
		why    string
		answer authz.Answer
		told   bool
	}{
		{"a company's", authz.Answer{GrantType: registry.GrantAuthorizationCode, Kind: registry.TokenCompany, Person: unverified}, true},
		{"a company's refresh", authz.Answer{GrantType: registry.GrantRefreshToken, Kind: registry.TokenCompany, Person: verified}, false},
		{"a company's, but who allowed it is gone", authz.Answer{GrantType: registry.GrantAuthorizationCode, Kind: registry.TokenCompany}, false},
		{"a person's with email", authz.Answer{GrantType: registry.GrantAuthorizationCode, Kind: registry.TokenUser, Person: verified, Scope: []string{"a", "email"}}, true},
		{"a person's with profile_read", authz.Answer{GrantType: registry.GrantAuthorizationCode, Kind: registry.TokenUser, Person: verified, Scope: []string{"profile_read"}}, true},
		{"a person's with neither", authz.Answer{GrantType: registry.GrantAuthorizationCode, Kind: registry.TokenUser, Person: verified, Scope: []string{"profile", "emails"}}, false},
		{"a person's who has not shown that it is theirs", authz.Answer{GrantType: registry.GrantAuthorizationCode, Kind: registry.TokenUser, Person: unverified, Scope: []string{"email"}}, false},
		{"a person's refresh", authz.Answer{GrantType: registry.GrantRefreshToken, Kind: registry.TokenUser, Person: verified, Scope: []string{"email"}}, false},
	} {
		require.Equal(t, c.told, email(&c.answer) != "", c.why)
	}
}

func TestTheKeysAreInTheVendorsOrder(t *testing.T) {
	client := &storage.Client{Dialects: map[string]json.RawMessage{"xoxoday": json.RawMessage(`{"extended": true}`)}}
	answer := &authz.Answer{
		AccessToken: "a", RefreshToken: "r", GrantType: registry.GrantAuthorizationCode, Kind: registry.TokenCompany, Person: &storage.User{Email: "e@example.com"},
		Client: client, ExpiresIn: 90*time.Second + time.Millisecond, ExpiresAt: time.UnixMilli(1_000), RefreshExpiry: time.UnixMilli(2_000),
	}
	requireBody(t, `{"access_token":"a","token_type":"bearer","expires_in":90,"refresh_token":"r","email":"e@example.com","access_token_expiry":1000,"refresh_token_expiry":2000}`, encodeTokens(nil, answer))

	client.Dialects["xoxoday"] = json.RawMessage(`{"validate_expires_in": "ms"}`)
	requireBody(t, `{"access_token":"a","token_type":"bearer","expires_in":90001}`, encodeValidation(nil, answer))

	answer.ExpiresIn, answer.ExpiresAt = 0, time.Time{} // it never expires
	requireBody(t, `{"access_token":"a","token_type":"bearer"}`, encodeValidation(nil, answer))
}

func requireBody(t *testing.T, want string, got authz.Response) {
	t.Helper()
	raw, err := json.Marshal(got.Body)
	require.NoError(t, err)
	require.Equal(t, want, string(raw))
}
