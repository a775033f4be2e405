package authz

import (
	"context"
	"errors"
	"strings"

	"gatehouse/registry"
	"gatehouse/storage"
)

// Introspect answers what a token is worth right now (RFC 7662): Answer.Members. A client sees its own tokens, a resource
// server all.
func (s *Server) Introspect(ctx context.Context, req *Request) (*Answer, error) {
	c, err := s.Authenticate(ctx, req)
	switch {
	case err != nil:
		return nil, err
	case c.Public:
		return nil, errClient // RFC 7662 §2.1: the endpoint needs authorization, a public client has none
	case req.Params["token"] == "":
		return nil, refuse(CodeInvalidRequest, "The parameter token is missing.")
	}
	return s.introspect(ctx, c, req.Params["token"])
}

func (s *Server) introspect(ctx context.Context, c *storage.Client, token string) (*Answer, error) {
	inactive := &Answer{Members: map[string]any{"active": false}} // all that a client may not know about (RFC 7662 §2.2)
	t, err := s.lookUp(ctx, token)
	if errors.Is(err, storage.ErrNotFound) {
		return inactive, nil
	}
	if err != nil {
		return nil, err
	}
	owner, err := s.owner(ctx, c, t.ClientID)
	switch {
	case err != nil:
		return nil, err
	case owner == nil || !t.Alive(s.now()) || !t.MayMeet(owner) || ranOut(owner, t, s.now()) || t.Kind == storage.KindCode || t.Kind == storage.KindTicket:
		return inactive, nil
	}
	answer := &Answer{}
	if owner != c && t.Kind == storage.KindAccess { // the client calls an API of somebody else's with it, where people's data is
		answer.ReadBy = t.GrantID
	}
	answer.Members, err = s.describe(c, owner, t)
	return answer, err
}

// lookUp returns the row of a token value. ErrNotFound, without asking the database, for what this server did not make.
func (s *Server) lookUp(ctx context.Context, value string) (*storage.StoredToken, error) {
	key, ok := s.values.parse(value)
	if !ok {
		return nil, storage.ErrNotFound
	}
	return s.find(ctx, key, value)
}

// owner returns the client that a token belongs to if asking may know about it and it is approved; nil otherwise.
func (s *Server) owner(ctx context.Context, asking *storage.Client, clientID string) (*storage.Client, error) {
	if asking.ID == clientID {
		return asking, nil
	}
	if !asking.ResourceServer {
		return nil, nil
	}
	c, err := s.registry.Client(ctx, clientID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case c.Status != storage.StatusApproved:
		return nil, nil
	}
	return c, nil
}

// describe is the answer about a live token (RFC 7662 §2.2).
func (s *Server) describe(asking, owner *storage.Client, t *storage.StoredToken) (map[string]any, error) {
	sess, err := decodeSession(&t.Token)
	if err != nil {
		return nil, err
	}
	m := map[string]any{
		"active": true, "scope": strings.Join(s.scopeOf(owner, t), " "), "client_id": t.ClientID,
		"token_kind": sess.kind(), "sub": s.subject(sess, owner),
		"iss": s.issuer, "iat": t.IssuedAt.Unix(),
	}
	if t.Kind == storage.KindAccess {
		m["token_type"] = "Bearer"
	}
	if end := endOfToken(owner, t); !end.IsZero() {
		m["exp"] = end.Unix()
	}
	if t.CompanyID != "" {
		m["company_id"] = t.CompanyID
		m["allowed_by"] = s.claims.Subject(sess.AllowedBy, owner)
	}
	if id, called := registry.AppID(owner); called {
		m["app_id"] = id
	}
	if asking.ResourceServer && t.UserEmail != "" {
		m["username"] = t.UserEmail
	}
	return m, nil
}
