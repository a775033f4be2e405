package superapp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"gatehouse/authz"
	"gatehouse/storage"
)

// SignIn brings a code to a mini app's server and returns what it answers: its own token, as JSON. ErrNoSignIn when the
// mini app's registration names no address for that; any other error says that the mini app did not answer as it should.
type SignIn func(ctx context.Context, c *storage.Client, code string) (json.RawMessage, error)

// ErrNoSignIn says that a mini app cannot be signed in to from here.
var ErrNoSignIn = errors.New("superapp: the mini app has no sign-in address")

// accessTokenRoute is POST /superapp/v1/apps/{client_id}/access-token: GAM's GetMiniAppAccessToken. The mini app gets a
// code for this person and answers with its own access token, which is handed on unchanged.
func (a *API) accessTokenRoute() authz.Route {
	return authz.Route{
		Methods: []string{http.MethodPost}, Path: "/superapp/v1/apps/{client_id}/access-token",
		Endpoint: a.Authz.API(a.accessToken), Decode: decodeFor(nil), Fail: fail,
		Encode: func(_ *authz.Request, answer *authz.Answer) authz.Response { return authz.Response{Body: answer.Raw} },
	}
}

func (a *API) accessToken(ctx context.Context, req *authz.Request) (*authz.Answer, error) {
	answer, err := a.Authz.IssueCode(ctx, req)
	if refusal, is := errors.AsType[*authz.Error](err); is && refusal.Code == authz.CodeInvalidRequest {
		return nil, errNowhere // its codes need more than there is in this request, so it is not one to be signed in to
	}
	if err != nil {
		return nil, err
	}
	answer.Raw, err = a.SignIn(ctx, answer.Client, answer.Code)
	switch {
	case errors.Is(err, ErrNoSignIn):
		return nil, errNowhere
	case err != nil:
		return nil, &authz.Error{Code: "mini_app_failed", Description: "The mini app did not answer as it should.", Status: http.StatusBadGateway, Cause: err}
	}
	return answer, nil
}

var errNowhere = authz.Refuse(authz.CodeInvalidRequest, "The mini app has no sign-in address. Its registration has to name one: dialects.gam.signin_url.")
