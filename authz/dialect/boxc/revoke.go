package boxc

import (
	"maps"
	"net/http"
	"strings"

	"gatehouse/authz"
	"gatehouse/authz/dialect"
)

// revokeHeaders say that there is a better place to revoke a token, one without it in the URL: since BoxC itself has one,
// 1 May 2023 (RFC 9745 §2.1, RFC 5829 §3.3). Whoever gets the answer shall not pass the URL on.
var revokeHeaders = map[string]string{
	"Deprecation":     "@1682899200",
	"Link":            `</oauth2/revoke>; rel="successor-version"`,
	"Referrer-Policy": "no-referrer",
}

// decodeRevoke reads the revocation of the token in the path. Whoever sends an Authorization header as well names that
// token or its client; several headers count as one (RFC 9110 §5.3), which is then neither.
func decodeRevoke(r *http.Request) (*authz.Request, error) {
	req := &authz.Request{Params: authz.Params{"token": r.PathValue(accessToken)}}
	authorization := strings.Join(r.Header.Values("Authorization"), ", ")
	token, bearer := dialect.Credentials(authorization, "Bearer")
	_, basic := dialect.Credentials(authorization, "Basic")
	switch {
	case authorization == "":
	case basic:
		req.Authorization = authorization
	case bearer && token != "":
		req.Params["access_token"] = token
	default:
		return req, authz.Refuse(authz.CodeInvalidToken, "The Authorization header is neither the token's nor its application's.")
	}
	return req, nil
}

func encodeRevoked(*authz.Request, *authz.Answer) authz.Response {
	return authz.Response{Header: revokeHeaders}
}

func failRevoke(req *authz.Request, e *authz.Error) authz.Response {
	response := fail(req, e)
	header := maps.Clone(revokeHeaders)
	maps.Copy(header, response.Header)
	response.Header = header
	return response
}
