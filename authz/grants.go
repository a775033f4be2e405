package authz

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"gatehouse/consent"
	"gatehouse/registry"
	"gatehouse/storage"
)

// grantRoute is the grant management API (Grant Management for OAuth 2.0 §6): GET tells what a grant allows, DELETE ends
// it.
func (s *Server) grantRoute() Route {
	query := Route{Endpoint: s.API(s.QueryGrant), Decode: decodeGrant, Encode: encodeMembers, Fail: failGrant(registry.ScopeGrantQuery)}
	revoke := Route{Endpoint: s.API(s.EndGrant), Decode: decodeGrant, Encode: encodeNoContent, Fail: failGrant(registry.ScopeGrantRevoke)}
	return Route{
		Path: "/oauth2/grants/{grant_id}", Methods: []string{http.MethodGet, http.MethodHead, http.MethodDelete},
		Endpoint: func(w http.ResponseWriter, r *http.Request, _ *Route) {
			route := &query
			if r.Method == http.MethodDelete {
				route = &revoke
			}
			route.Endpoint(w, r, route)
		},
	}
}

// QueryGrant answers what the grant Params["grant_id"] allows the client of Params["access_token"] now (§6.4):
// Answer.Members. An *Error with code invalid_grant_id, status 404, where the client has no such grant, or it allows
// nothing now.
func (s *Server) QueryGrant(ctx context.Context, req *Request) (*Answer, error) {
	grant, err := s.managedGrant(ctx, req, registry.ScopeGrantQuery)
	if err != nil {
		return nil, err
	}
	if grant.Owner.UserID != "" {
		switch user, err := s.store.User(ctx, grant.Owner.UserID); {
		case errors.Is(err, storage.ErrNotFound), err == nil && user.Disabled: // as introspection says: inactive
			return nil, errNoGrant
		case err != nil:
			return nil, err
		}
	}
	scopes := consent.InForce(grant, req.Client, s.now())
	claims, err := s.claims.Names(ctx, scopes)
	if err != nil {
		return nil, err
	}
	members := map[string]any{"scopes": []map[string]string{{"scope": strings.Join(scopes, " ")}}}
	if len(claims) > 0 {
		members["claims"] = claims
	}
	return &Answer{Client: req.Client, Members: members}, nil
}

// EndGrant ends the grant Params["grant_id"] of the client of Params["access_token"] with all of its tokens (§6.5). Errors
// as those of QueryGrant.
func (s *Server) EndGrant(ctx context.Context, req *Request) (*Answer, error) {
	err := consent.Retry(func() error {
		grant, err := s.managedGrant(ctx, req, registry.ScopeGrantRevoke)
		if err != nil {
			return err
		}
		unit := consent.Revoke(*grant, s.now())
		by := storage.Actor{Kind: storage.ActorClient, ID: req.Client.ID}
		return s.store.Apply(consent.Audited(ctx, by, "revoke", grant, unit, ""), unit)
	})
	return &Answer{Client: req.Client}, err
}

// managedGrant returns the grant that a request names, if the access token is one that the client got for itself with
// this scope. Another client's grant is not found, as one that never was.
func (s *Server) managedGrant(ctx context.Context, req *Request, scope string) (*storage.Grant, error) {
	_, own, err := s.ownToken(ctx, req, scope)
	switch {
	case err != nil:
		return nil, err
	case !own:
		return nil, refuse(CodeInsufficientScope, "The access token has to be the client's own, by client_credentials, with the scope "+scope+".")
	}
	grant, err := s.store.GrantByPublicID(ctx, req.Params["grant_id"])
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	if err != nil || grant.ClientID != req.Client.ID || len(consent.InForce(&grant, req.Client, s.now())) == 0 {
		return nil, errNoGrant
	}
	return &grant, nil
}

// ownToken returns Params["access_token"], and whether its client got it for itself, by client_credentials, with this scope.
// An *Error for one that is not good.
func (s *Server) ownToken(ctx context.Context, req *Request, scope string) (t *storage.StoredToken, own bool, err error) {
	t, err = s.presented(ctx, req, req.Params["access_token"])
	if err != nil {
		return nil, false, err
	}
	sess, err := decodeSession(&t.Token)
	if err != nil {
		return nil, false, err
	}
	return t, sess.kind() == kindClient && slices.Contains(s.scopeOf(req.Client, t), scope), nil
}

var errNoGrant = refuse(CodeInvalidGrantID, "The client has no such grant.").WithStatus(http.StatusNotFound) // §6.6

func decodeGrant(r *http.Request) (*Request, error) {
	req, err := decodeBearer(r)
	if req != nil {
		req.Params["grant_id"] = r.PathValue("grant_id")
	}
	return req, err
}

func encodeNoContent(*Request, *Answer) Response { return Response{Status: http.StatusNoContent} }

// failGrant is failBearer of an endpoint that needs a scope of its own.
func failGrant(scope string) func(*Request, *Error) Response {
	return func(_ *Request, e *Error) Response { return challenge(e, scope) }
}
