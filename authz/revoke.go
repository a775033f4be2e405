package authz

import (
	"context"
	"errors"

	"gatehouse/storage"
)

// Revoke ends a token (RFC 7009): whichever of the pair it is, the whole family dies. A token that means nothing is
// revoked already; one of another client is refused and lives on.
func (s *Server) Revoke(ctx context.Context, req *Request) (*Answer, error) {
	c, err := s.Authenticate(ctx, req)
	if err != nil {
		return nil, err
	}
	if req.Params["token"] == "" {
		return nil, refuse(CodeInvalidRequest, "The parameter token is missing.")
	}
	t, err := s.lookUp(ctx, req.Params["token"])
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return &Answer{}, nil
	case err != nil:
		return nil, err
	case t.Kind == storage.KindCode || t.Kind == storage.KindTicket:
		return &Answer{}, nil // not a token (RFC 7009 §2)
	case t.ClientID != c.ID:
		return nil, refuse(CodeUnauthorizedClient, "The token belongs to another client.")
	}
	return &Answer{}, s.end(ctx, t)
}

// RevokeByPossession ends the family of an access token for whoever holds it: 256 random bits are the credential.
// Whoever names one more, as access_token or as a client's own credentials, has to be right with it. An *Error with code
// invalid_token for anything but a live access token of a client that speaks the route's dialect, ReasonRevoked or
// ReasonWithdrawn where it was one.
func (s *Server) RevokeByPossession(ctx context.Context, req *Request) (*Answer, error) {
	token := req.Params["token"]
	if other := req.Params["access_token"]; other != "" && other != token {
		return nil, errToken
	}
	t, err := s.presented(ctx, req, token)
	if err != nil {
		return nil, err
	}
	if req.Authorization != "" {
		c, err := s.Authenticate(ctx, req)
		if err != nil {
			return nil, err
		}
		if c.ID != t.ClientID {
			return nil, errClient
		}
	}
	return &Answer{}, s.end(ctx, t)
}

// end ends a token with its family. Doing it again does nothing.
func (s *Server) end(ctx context.Context, t *storage.StoredToken) error {
	if t.FamilyRevoked {
		return nil
	}
	return s.store.Apply(ctx, storage.Unit{storage.RevokeFamily{Family: t.Family, At: s.now()}})
}
