package boxo

import (
	"net/http"

	"gatehouse/authz"
	"gatehouse/authz/dialect"
	"gatehouse/registry"
)

// decodeCode reads a token request with an auth code (RFC 6749 §4.1.3). The vendor's table calls it auth_code and its
// example authCode.
func decodeCode(r *http.Request) (*authz.Request, error) {
	return decodeGrant(r, registry.GrantAuthorizationCode, "code", func(body dialect.Body) (string, error) {
		sent, err := body.Params(map[string]string{"auth_code": "auth_code", "authCode": "authCode"})
		code, example := sent["auth_code"], sent["authCode"]
		switch {
		case err != nil:
			return "", err
		case code == "":
			return example, nil
		case example != "" && example != code:
			return "", refuse(InvalidAuthCode, "auth_code and authCode differ. Send one of them.")
		}
		return code, nil
	})
}

// decodeRefresh reads a token request with a refresh token (RFC 6749 §6).
func decodeRefresh(r *http.Request) (*authz.Request, error) {
	return decodeGrant(r, registry.GrantRefreshToken, "refresh_token", func(body dialect.Body) (string, error) {
		return body.Text("refresh_token")
	})
}

// decodeGrant reads a token request whose body holds nothing but the grant, under the RFC name param. JSON without it is
// for the endpoint to refuse; anything else without it is no request body of Boxo's.
func decodeGrant(r *http.Request, grantType, param string, read func(dialect.Body) (string, error)) (*authz.Request, error) {
	req := DecodeClient(r)
	req.Params, req.Kind = authz.Params{"grant_type": grantType}, registry.TokenUser
	body, err := dialect.ReadBody(r, false)
	if err != nil {
		return req, err
	}
	grant, err := read(body)
	switch {
	case err != nil:
		return req, err
	case grant != "":
		req.Params[param] = grant
	case !body.IsJSON():
		return req, authz.Refuse(authz.CodeInvalidRequest, "The request body is not a JSON object.")
	}
	return req, nil
}

// encodeTokens writes the tokens and nothing about them: neither token_type nor expires_in nor scope.
func encodeTokens(_ *authz.Request, a *authz.Answer) authz.Response {
	return authz.Response{Body: struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token,omitempty"`
	}{a.AccessToken, a.RefreshToken}}
}
