package xoxoday

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"gatehouse/authz"
	"gatehouse/authz/dialect"
)

// decodeSSO reads a request for a sign-in ticket. Its body is the only one that may have comments: the vendor's example
// has one.
func decodeSSO(r *http.Request) (*authz.Request, error) {
	req, err := decodeBearer(r)
	if err != nil {
		return req, err
	}
	body, err := dialect.ReadBody(r, true)
	if err != nil {
		return req, err
	}
	email, err := body.Text("user_input")
	if err != nil {
		return req, err
	}
	if email = strings.TrimSpace(email); email != "" {
		req.Params["login_hint"] = email
	}
	if body.Has("tpd") {
		if req.Params["tpd"], err = thirdPartyData(body.Raw("tpd")); err != nil {
			return req, err
		}
	}
	return req, nil
}

// thirdPartyData is what the store gets to know about the person's session at the client: any JSON object.
func thirdPartyData(raw json.RawMessage) (string, error) {
	var text bytes.Buffer
	if !bytes.HasPrefix(raw, []byte("{")) || json.Compact(&text, raw) != nil {
		return "", authz.Refuse(authz.CodeInvalidRequest, "The member tpd has to be an object.")
	}
	return text.String(), nil
}

func encodeSSO(_ *authz.Request, a *authz.Answer) authz.Response {
	return authz.Response{Body: map[string]any{"data": map[string]any{"ssoToken": a.Ticket}}}
}

// decodeRedirect finds the ticket in the path.
func decodeRedirect(r *http.Request) (*authz.Request, error) {
	return &authz.Request{Params: authz.Params{"ticket": r.PathValue("ssoToken")}}, nil
}
