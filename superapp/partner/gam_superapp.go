package partner

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/authz"
	"gatehouse/authz/dialect"
	"gatehouse/internal/outbound"
)

// superAppToken is what a super app gave for a code.
type superAppToken struct {
	access string
	scope  []string // in the RFCs' spelling
}

// exchange brings a code back to the super app that it comes from (GAM's v2.0/access_token).
func (p *Partner) exchange(ctx context.Context, at *superApp, code string) (*superAppToken, error) {
	form := "code=" + url.QueryEscape(code) +
		"&client_id=" + url.QueryEscape(at.clientID) +
		"&client_secret=" + url.QueryEscape(at.secret) +
		"&Grant_type=authorization_code" // the vendor's spelling
	answer, err := p.send(ctx, call{method: http.MethodPost, url: at.url + "/oauth/gam/v2.0/access_token", contentType: mediaForm, body: form})
	if err != nil {
		return nil, superAppFailed(err)
	}
	return readSuperAppToken(answer)
}

var errCodeRefused = authz.Refuse(authz.CodeInvalidGrant, "The super app did not accept the code, or shares nothing about the person.")

// readSuperAppToken reads an access token response. A refusal is ours to pass on; anything else that is no token is the
// super app's failure.
func readSuperAppToken(answer *outbound.Response) (*superAppToken, error) {
	switch {
	case refuses(answer):
		return nil, errCodeRefused
	case answer.Status != http.StatusOK:
		return nil, superAppFailed(unexpected(answer))
	}
	m := readMembers(answer.Body)
	token, err := m.text("access_token")
	scope, errScope := m.text("scope")
	switch {
	case errors.Join(err, errScope) != nil:
		return nil, superAppFailed(errNoText)
	case !isHeaderText(token):
		return nil, superAppFailed(errors.New("the answer has no access_token"))
	}
	return &superAppToken{access: token, scope: strings.Fields(dialect.Scope(scope))}, nil
}

// userInfo asks the super app who its token is about. One at v2.0/user_info, where some servers have it, is asked there.
func (p *Partner) userInfo(ctx context.Context, at *superApp, token string) (*person, error) {
	var answer *outbound.Response
	for _, name := range []string{"userinfo", "user_info"} {
		var err error
		answer, err = p.send(ctx, call{
			method: http.MethodGet, url: at.url + "/oauth/gam/v2.0/" + name, contentType: mediaForm,
			header: map[string]string{"Authorization": token}, // bare, as the vendor has it
		})
		if err != nil {
			return nil, superAppFailed(err)
		}
		if answer.Status != http.StatusNotFound {
			break
		}
	}
	switch {
	case refuses(answer):
		return nil, errCodeRefused
	case answer.Status != http.StatusOK:
		return nil, superAppFailed(unexpected(answer))
	}
	info, err := readPerson(answer.Body)
	if err != nil {
		return nil, superAppFailed(err)
	}
	return info, nil
}

// refuses reports whether a super app says no, as opposed to failing: GAM's errors have these statuses.
func refuses(answer *outbound.Response) bool {
	no := answer.Status == http.StatusBadRequest || answer.Status == http.StatusUnauthorized || answer.Status == http.StatusForbidden
	return no && readMembers(answer.Body)["error"] != nil
}

// superAppFailed says that the super app did not answer as it should; why is for the log.
func superAppFailed(why error) error {
	return &authz.Error{
		Code: "super_app_failed", Description: "The super app did not answer as it should.", Status: http.StatusBadGateway, Cause: why,
	}
}

// canonical returns the one spelling of a super app's URL, since it says whose person somebody is: a host in lower case,
// no port that is the scheme's own, no slash at the end (RFC 3986 §6.2.2, §6.2.3).
func canonical(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", errors.New("dialects.gam.superapp.url is no URL; correct the client's record") // err repeats it
	}
	u.Host = strings.ToLower(u.Host)
	if port := u.Port(); u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		u.Host = strings.TrimSuffix(u.Host, ":"+port)
	}
	return strings.TrimRight(u.Scheme+"://"+u.Host+u.EscapedPath(), "/"), nil
}
