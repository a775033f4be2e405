package partner

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"gatehouse/internal/outbound"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/superapp"
)

// SignIn brings a code to a GAM mini app's server and returns the token that it answers with, as it is. It is a
// superapp.SignIn: superapp.ErrNoSignIn where the client's record has no gam.signin_url. No error holds the secret, the
// code or anything of the answer.
func (p *Partner) SignIn(ctx context.Context, c *storage.Client, code string) (json.RawMessage, error) {
	settings, _ := registry.GAMOf(c)
	if settings.SigninURL == "" {
		return nil, superapp.ErrNoSignIn
	}
	secret, err := p.open(c, cmp.Or(settings.SigninSecret, settings.SuperApp.ClientSecret))
	switch {
	case err != nil:
		return nil, err
	case secret == "":
		return nil, errors.New("there is no secret to send; add dialects.gam.signin_secret to the client's record")
	}
	answer, err := p.send(ctx, call{
		method: http.MethodPost, url: settings.SigninURL, contentType: mediaForm, body: signInForm(c.ID, secret, code),
	})
	if err != nil {
		return nil, err
	}
	return readSignIn(answer)
}

// signInForm is the body of the call. oauth has to be the first parameter, which url.Values would sort behind the others.
func signInForm(clientID, secret, code string) string {
	return "oauth=miniapp" +
		"&client_id=" + url.QueryEscape(clientID) +
		"&client_secret=" + url.QueryEscape(secret) +
		"&code=" + url.QueryEscape(code)
}

// readSignIn returns an answer that is a token, as it came.
func readSignIn(answer *outbound.Response) (json.RawMessage, error) {
	if answer.Status != http.StatusOK {
		return nil, unexpected(answer)
	}
	m := readMembers(answer.Body)
	if m == nil {
		return nil, errors.New("the answer is no JSON object")
	}
	if token, err := m.text("access_token"); err != nil || token == "" {
		return nil, errors.New("the answer has no access_token")
	}
	return json.RawMessage(answer.Body), nil
}
