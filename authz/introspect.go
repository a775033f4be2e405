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
	inactive := &Answer{Members: map[string]bool{"active": false}} // all that a client may not know about (RFC 7662 §2.2)
	t, err := s.lookUp(ctx, token)
	if errors.Is(err, storage.ErrNotFound) {
		return inactive, nil
	}
	if err != nil {
		return nil, err
	}
	owner, err := s.owner(ctx, c, t.ClientID)
	switch now := s.now(); {
	case err != nil:
		return nil, err
	case owner == nil || !t.Alive(now) || !t.MayMeet(owner) || ranOut(owner, t, now) || t.Kind == storage.KindCode || t.Kind == storage.KindTicket:
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

// described is what is answered about a live token (RFC 7662 §2.2).
type described struct {
	Active    bool    `json:"active"`
	Scope     string  `json:"scope"`
	ClientID  string  `json:"client_id"`
	Username  string  `json:"username,omitempty"`
	TokenType string  `json:"token_type,omitempty"`
	TokenKind string  `json:"token_kind"`
	Subject   string  `json:"sub"`
	Issuer    string  `json:"iss"`
	IssuedAt  int64   `json:"iat"`           // seconds since the epoch
	Expires   int64   `json:"exp,omitempty"` // likewise; never: 0
	CompanyID string  `json:"company_id,omitempty"`
	AllowedBy string  `json:"allowed_by,omitempty"`
	AppID     *string `json:"app_id,omitempty"`
}

// describe is the answer about a live token.
func (s *Server) describe(asking, owner *storage.Client, t *storage.StoredToken) (*described, error) {
	sess, err := ofWhom(&t.Token)
	if err != nil {
		return nil, err
	}
	d := &described{
		Active: true, Scope: strings.Join(s.scopeOf(owner, t), " "), ClientID: t.ClientID,
		TokenKind: sess.kind(), Subject: s.subject(sess, owner),
		Issuer: s.issuer, IssuedAt: t.IssuedAt.Unix(), CompanyID: t.CompanyID,
	}
	if t.Kind == storage.KindAccess {
		d.TokenType = "Bearer"
	}
	if end := endOfToken(owner, t); !end.IsZero() {
		d.Expires = end.Unix()
	}
	if t.CompanyID != "" {
		d.AllowedBy = s.claims.Subject(sess.AllowedBy, owner)
	}
	if id, called := registry.AppID(owner); called {
		d.AppID = &id
	}
	if asking.ResourceServer {
		d.Username = t.UserEmail
	}
	return d, nil
}
