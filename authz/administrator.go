package authz

import (
	"context"
	"slices"
	"time"

	"gatehouse/registry"
	"gatehouse/storage"
)

// Administrator is whose access token with the scope admin it is: a person's, or a client's own.
type Administrator struct {
	ClientID string
	User     *storage.User // nil: the client's own
	AuthTime time.Time     // when the person signed in
}

// Administrator returns who may use the administration API by an access token: one of a first-party client with the scope
// admin, its own or a person's, that no host app gave. An *Error otherwise: invalid_token or insufficient_scope.
func (s *Server) Administrator(ctx context.Context, token string) (*Administrator, error) {
	req := &Request{Route: &Route{}}
	t, err := s.presented(ctx, req, token)
	if err != nil {
		return nil, err
	}
	sess, err := decodeSession(&t.Token)
	switch {
	case err != nil:
		return nil, err
	case !req.Client.FirstParty || sess.kind() == kindCompany || t.GivenBy != (storage.FamilyID{}) || !slices.Contains(s.scopeOf(req.Client, t), registry.ScopeAdmin):
		return nil, refuse(CodeInsufficientScope, "The access token has to be of the super app's own client, its own or a person's, with the scope admin.")
	case sess.kind() == kindClient:
		return &Administrator{ClientID: req.Client.ID}, nil
	}
	user, err := s.store.User(ctx, t.UserID)
	if err != nil {
		return nil, gone(err)
	}
	return &Administrator{ClientID: req.Client.ID, User: &user, AuthTime: time.Unix(sess.AuthTime, 0)}, nil
}
