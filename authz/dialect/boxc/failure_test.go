package boxc

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/authz"
)

// What no transcript can bring about from outside is here too: no endpoint of BoxC's needs a scope, and it takes a flood to have too many requests.
func TestRefusalsHaveBoxCsCodeAndTheRFCs(t *testing.T) {
	tooMany := authz.Refuse(authz.CodeTemporarilyUnavailable, "Slow down.")
	tooMany.Status = http.StatusTooManyRequests
	for _, c := range []struct {
		refusal      *authz.Error
		status, code int
		message      string
	}{
		{authz.Refuse(authz.CodeInvalidRequest, "It is wrong."), 400, 1000, "Validation Error. It is wrong."},
		{authz.Refuse(authz.CodeInvalidGrant, "It is used."), 400, 1000, "Validation Error. It is used."},
		{authz.Refuse(authz.CodeInvalidGrant, "It is gone.").For(authz.ReasonWithdrawn), 400, 1000, "Validation Error. It is gone."},
		{authz.Refuse(authz.CodeServerError, "Our fault."), 500, 1001, "Server error. Try again later."},
		{authz.Refuse(authz.CodeInvalidClient, "No.").For(authz.ReasonUnapproved), 401, 1004, "Client was deactivated"},
		{authz.Refuse(authz.CodeInvalidToken, "No."), 401, 1005, "Invalid access token"},
		{authz.Refuse(authz.CodeInvalidToken, "Late.").For(authz.ReasonExpired), 401, 1005, "Invalid access token"},
		{authz.Refuse(authz.CodeInvalidClient, "No."), 401, 1007, "Client with that ID doesn't exist"},
		{authz.Refuse(authz.CodeInvalidClient, "No.").For(authz.ReasonUnknownClient), 401, 1007, "Client with that ID doesn't exist"},
		{authz.Refuse(authz.CodeInvalidToken, "No.").For(authz.ReasonRevoked), 403, 1008, "Forbidden: Authorization revoked"},
		{authz.Refuse(authz.CodeInvalidToken, "No.").For(authz.ReasonWithdrawn), 403, 1008, "Forbidden: Authorization revoked"},
		{authz.Refuse(authz.CodeInsufficientScope, "No."), 403, 1009, "Forbidden: Missing required scope"},
		{authz.Refuse(authz.CodeTemporarilyUnavailable, "Later."), 503, 1010, "Service Unavailable: Later."},
		{tooMany, 429, 1015, "Too many requests"},
	} {
		answer := fail(&authz.Request{}, c.refusal)
		require.Equal(t, c.status, answer.Status, c.message)
		require.Equal(t, envelope{
			Status: "error", Code: c.code, Message: c.message, Error: c.refusal.Code, ErrorDescription: c.refusal.Description,
		}, answer.Body)
		require.Equal(t, c.status == http.StatusUnauthorized, answer.Header["WWW-Authenticate"] != "", c.message)
	}
}

func TestErrorsAreThereOnlyWhereFieldsAreWrong(t *testing.T) {
	raw, err := json.Marshal(fail(nil, authz.Refuse(authz.CodeInvalidGrant, "It is used.")).Body)
	require.NoError(t, err)
	require.Equal(t, `{"status":"error","code":1000,"message":"Validation Error. It is used.","error":"invalid_grant","error_description":"It is used."}`, string(raw))

	raw, err = json.Marshal(fail(nil, fields{nonce: "Required"}.refusal().(*authz.Error)).Body)
	require.NoError(t, err)
	require.Equal(t, `{"status":"error","code":1000,"message":"Validation Error. These parameters are missing or no text: nonce.",`+
		`"errors":{"nonce":"Required"},"error":"invalid_request","error_description":"These parameters are missing or no text: nonce."}`, string(raw))
}

func TestAnAccessTokenIsWrittenAsInTheVendorsExample(t *testing.T) {
	for _, c := range []struct {
		life time.Duration
		want string
	}{
		{0, `{"access_token":"t","expires_in":null,"token_type":"Bearer"}`},
		{90 * time.Second, `{"access_token":"t","expires_in":90,"token_type":"Bearer"}`},
	} {
		answer := encodeAccessToken(nil, &authz.Answer{AccessToken: "t", RefreshToken: "r", IDToken: "i", ExpiresIn: c.life})
		require.Equal(t, http.StatusCreated, answer.Status)
		raw, err := json.Marshal(answer.Body)
		require.NoError(t, err)
		require.Equal(t, c.want, string(raw))
	}
}
