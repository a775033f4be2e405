package boxc

import (
	"net/http"
	"net/url"

	"gatehouse/authz"
	"gatehouse/authz/dialect"
)

// authorizeExtras are parameters that BoxC does not have and that mean here what they mean in the RFCs. nonce is not one
// of them: in this format it is the answer.
var authorizeExtras = []string{"state", "code_challenge", "code_challenge_method", "prompt", "login_hint", "ui_locales"}

// decodeAuthorize reads an authorization request. It asks for all that the client is registered for, since the format
// has no scope.
func decodeAuthorize(r *http.Request) (*authz.Request, error) {
	query, err := dialect.ReadQuery(r)
	if err != nil {
		return nil, err
	}
	if query.Has("client_id") {
		return nil, authz.Refuse(authz.CodeInvalidRequest, "The parameters application_id and client_id do not go together.")
	}
	req := &authz.Request{Params: authz.Params{"response_type": "code"}}
	for _, name := range [][2]string{{applicationID, "client_id"}, {returnURI, "redirect_uri"}} {
		text, err := query.Text(name[0])
		if err != nil {
			return nil, err
		}
		if text == "" {
			return nil, authz.Refuse(authz.CodeInvalidRequest, "The parameter "+name[0]+" is missing.")
		}
		req.Params[name[1]] = text
	}
	for _, name := range authorizeExtras {
		text, err := query.Text(name)
		if err != nil {
			req.Repeated = append(req.Repeated, name)
		} else if text != "" {
			req.Params[name] = text
		}
	}
	return req, nil
}

// encodeRedirect writes an authorization response: nonce for code, without iss, and a denial in one word.
func encodeRedirect(response url.Values) url.Values {
	v := url.Values{}
	for ours, theirs := range map[string]string{
		"code": nonce, "state": "state", "error": "error", "error_description": "error_description",
	} {
		if response.Has(ours) {
			v.Set(theirs, response.Get(ours))
		}
	}
	if v.Get("error") == authz.CodeAccessDenied {
		v.Del("error_description")
	}
	return v
}
