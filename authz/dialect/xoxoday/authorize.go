package xoxoday

import (
	"net/http"
	"net/url"

	"gatehouse/authz"
	"gatehouse/authz/dialect"
)

// decodeAuthorize reads an authorization request (RFC 6749 §4.1.1) whose scopes commas separate.
func decodeAuthorize(r *http.Request) (*authz.Request, error) {
	req, err := authz.DecodeQuery(r)
	if err != nil {
		return nil, err
	}
	dialect.SpaceScopes(req.Params)
	return req, nil
}

// redirect leaves out iss (RFC 9207), which the vendor does not know, and tells of a refusal in the vendor's words.
func redirect(response url.Values) url.Values {
	response.Del("iss")
	if response.Get("error") == authz.CodeAccessDenied {
		response.Set("error_description", "The user denied the request")
	}
	return response
}
