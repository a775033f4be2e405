package boxo

import (
	"maps"
	"net/http"

	"gatehouse/authz"
	"gatehouse/authz/dialect"
	"gatehouse/registry"
)

// decodeCode reads a token request with an auth code (RFC 6749 §4.1.3). The vendor's table calls it auth_code and its
// example authCode. code_verifier is not Boxo's: it is for codes that were asked for with a challenge (RFC 7636 §4.5).
func decodeCode(r *http.Request) (*authz.Request, error) {
	return decodeGrant(r, registry.GrantAuthorizationCode, func(body dialect.Body) (authz.Params, error) {
		sent, err := body.Params(map[string]string{"auth_code": "code", "authCode": "example", "code_verifier": "code_verifier"})
		if err != nil {
			return nil, err
		}
		example := sent["example"]
		delete(sent, "example")
		switch {
		case example == "" || example == sent["code"]:
		case sent["code"] != "":
			return nil, Refuse(InvalidAuthCode, "auth_code and authCode differ. Send one of them.")
		default:
			sent["code"] = example
		}
		return sent, nil
	})
}

// decodeRefresh reads a token request with a refresh token (RFC 6749 §6).
func decodeRefresh(r *http.Request) (*authz.Request, error) {
	return decodeGrant(r, registry.GrantRefreshToken, func(body dialect.Body) (authz.Params, error) {
		return body.Params(map[string]string{"refresh_token": "refresh_token"})
	})
}

// decodeGrant reads a token request whose body holds the grant and nothing else, which read returns under RFC names. JSON
// without it is for the endpoint to refuse; anything else without it is no request body of Boxo's.
func decodeGrant(r *http.Request, grantType string, read func(dialect.Body) (authz.Params, error)) (*authz.Request, error) {
	req := DecodeClient(r)
	req.Params, req.Kind = authz.Params{"grant_type": grantType}, registry.TokenUser
	body, err := dialect.ReadBody(r, false)
	if err != nil {
		return req, err
	}
	grant, err := read(body)
	if err != nil {
		return req, err
	}
	if len(grant) == 0 && !body.IsJSON() {
		return req, authz.Refuse(authz.CodeInvalidRequest, "The request body is not a JSON object.")
	}
	maps.Copy(req.Params, grant)
	return req, nil
}

// encodeTokens writes the tokens and nothing about them: neither token_type nor expires_in nor scope.
func encodeTokens(_ *authz.Request, a *authz.Answer) authz.Response {
	return authz.Response{Body: struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token,omitempty"`
	}{a.AccessToken, a.RefreshToken}}
}
