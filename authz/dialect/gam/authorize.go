package gam

import (
	"net/http"
	"net/url"

	"gatehouse/authz"
	"gatehouse/authz/dialect"
)

// decodeAuthorize reads an authorization request: the RFCs' parameters in names of whatever case, a scope with any
// separator, and oauth=auth as another word for response_type=code.
func decodeAuthorize(r *http.Request) (*authz.Request, error) {
	query, err := dialect.ReadQuery(r)
	if err != nil {
		return nil, err
	}
	req := &authz.Request{Params: authz.Params{}}
	for name, spellings := range spellingsOf(query) {
		text, err := textOf(query, spellings)
		if err != nil {
			req.Repeated = append(req.Repeated, name)
		} else if text != "" {
			req.Params[name] = text
		}
	}
	dialect.SpaceScopes(req.Params)
	if req.Params["oauth"] == "auth" && req.Params["response_type"] == "" {
		req.Params["response_type"] = "code"
	}
	delete(req.Params, "oauth")
	return req, nil
}

// encodeRedirect writes an authorization response without iss, which GAM does not know.
func encodeRedirect(response url.Values) url.Values {
	response.Del("iss")
	return response
}
