package superapp

import (
	"net/http"
	"time"

	"gatehouse/authz"
)

// sessionParams are the members that a request for a sign-in URL may have.
var sessionParams = map[string]string{"external_id": "external_id", "continue": "continue"}

// sessionsRoute is POST /superapp/v1/sessions: a one-time URL that signs a person of the host in, for its web view to open.
func (a *API) sessionsRoute() authz.Route {
	return authz.Route{
		Methods: []string{http.MethodPost}, Path: "/superapp/v1/sessions",
		Endpoint: a.Authz.API(a.Authz.IssueHandOver), Decode: decodeFor(sessionParams), Encode: a.encodeSession, Fail: fail,
	}
}

func (a *API) encodeSession(_ *authz.Request, answer *authz.Answer) authz.Response {
	return authz.Response{Status: http.StatusCreated, Body: struct {
		URL       string `json:"url"`
		ExpiresIn int64  `json:"expires_in"`
	}{a.Issuer + openPath + answer.Ticket, int64(answer.ExpiresIn / time.Second)}}
}

// openPath begins the path of the one-time URL. The ticket is in the path, which is logged as its pattern.
const openPath = "/superapp/sign-in/"

// openRoute is where the one-time URL is opened. It is a page for people, and no call of the API.
func (a *API) openRoute() authz.Route {
	return authz.Route{
		Methods: []string{http.MethodGet, http.MethodPost}, Path: openPath + "{ticket}", Endpoint: a.Authz.OpenTicket,
		Decode: func(r *http.Request) (*authz.Request, error) {
			return &authz.Request{Params: authz.Params{"ticket": r.PathValue("ticket")}}, nil
		},
	}
}
