package authz

import (
	"context"
	"errors"
	"net/http"
	"time"

	"gatehouse/storage"
)

// UserInfo answers with the claims that this person allowed this client (OIDC Core §5.3), or with the company's:
// Answer.Claims, Answer.Allowed where the format wants to know, and what the access token is worth.
func (s *Server) UserInfo(ctx context.Context, req *Request) (*Answer, error) {
	t, err := s.presented(ctx, req, req.Params["access_token"])
	if err != nil {
		return nil, err
	}
	answer, sess, err := s.about(req, t)
	if err != nil {
		return nil, err
	}
	answer.ReadBy = t.GrantID
	return answer, s.addClaims(ctx, req.Route, answer, sess)
}

// Validate answers what the presented access token is worth to whoever holds it.
func (s *Server) Validate(ctx context.Context, req *Request) (*Answer, error) {
	t, err := s.presented(ctx, req, req.Params["access_token"])
	if err != nil {
		return nil, err
	}
	answer, _, err := s.about(req, t)
	if err != nil {
		return nil, err
	}
	if tells := req.Route.RefreshExpiry; tells != nil && tells(req.Client) {
		// The refresh token that came with an access token has its generation.
		refresh, err := s.store.Token(ctx, storage.TokenKey{Family: t.Family, Kind: storage.KindRefresh, Generation: t.Generation})
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return nil, err
		}
		answer.RefreshExpiry = endOfToken(req.Client, &refresh)
	}
	return answer, nil
}

// presented returns the live access token that a request presents, whose client is approved, speaks the route's dialect
// and passes its check. An *Error with code invalid_token otherwise, errNoToken for none.
func (s *Server) presented(ctx context.Context, req *Request, value string) (*storage.StoredToken, error) {
	if value == "" {
		return nil, errNoToken
	}
	t, err := s.lookUp(ctx, value)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, errToken
	}
	if err != nil {
		return nil, err
	}
	if t.Kind != storage.KindAccess {
		return nil, errToken
	}
	c, err := s.registry.Client(ctx, t.ClientID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, errToken
	case err != nil:
		return nil, err
	case c.Status != storage.StatusApproved || !req.Route.Speaks(c):
		return nil, errToken
	}
	req.Client = c
	switch now := s.now(); {
	case !t.Alive(now):
		why := whyDead(t, now)
		return nil, errToken.For(why).told("access token is no longer good: " + string(why))
	case !t.MayMeet(c):
		return nil, errToken.For(ReasonRevoked).told("access token is of a test person of the publisher that the client had")
	case ranOut(c, t, now):
		return nil, errToken.For(ReasonExpired).told("access token has expired with what the person allowed")
	}
	if waited, err := s.take(ctx, req, c, true); err != nil {
		return nil, err
	} else if waited {
		return s.presented(ctx, req, value) // it may have ended meanwhile
	}
	if err := req.admit(ctx, c); err != nil {
		return nil, err
	}
	req.holder = holder(t.UserID, t.CompanyID, t.Family)
	return t, nil
}

// about says what is known about an access token without asking further.
func (s *Server) about(req *Request, t *storage.StoredToken) (*Answer, *session, error) {
	sess, err := ofWhom(&t.Token)
	if err != nil {
		return nil, nil, err
	}
	answer := &Answer{
		AccessToken: req.Params["access_token"], Client: req.Client, Kind: sess.kind(), Subject: s.subject(sess, req.Client),
		Scope: s.scopeOf(req.Client, t), ExpiresAt: endOfToken(req.Client, t),
	}
	if !answer.ExpiresAt.IsZero() {
		answer.ExpiresIn = answer.ExpiresAt.Sub(s.now())
	}
	return answer, sess, nil
}

// addClaims adds what the person, or their company, lets the client know.
func (s *Server) addClaims(ctx context.Context, route *Route, answer *Answer, sess *session) error {
	switch answer.Kind {
	case kindClient:
		return refuse(CodeInsufficientScope, "The token is a client's own. Userinfo needs one that a person allowed.")
	case kindCompany:
		company, err := s.store.Company(ctx, sess.CompanyID)
		if err != nil {
			return gone(err)
		}
		answer.Claims = s.claims.Company(company, sess.AllowedBy, answer.Client)
		return nil
	}
	user, err := s.store.User(ctx, sess.UserID)
	if err != nil {
		return gone(err)
	}
	answer.Person = &user
	if route.Complete != nil {
		if answer.Allowed, err = s.claims.Names(ctx, answer.Scope); err != nil {
			return err
		}
	}
	answer.Claims, err = s.claims.UserInfo(ctx, user, answer.Client, answer.Scope)
	return err
}

// gone says that whose token it is no longer exists.
func gone(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return errToken
	}
	return err
}

var errToken = refuse(CodeInvalidToken, "The access token is not valid, has expired or was revoked.")

// errNoToken is answered with a challenge and no error code (RFC 6750 §3.1).
var errNoToken = &Error{Description: "No access token was sent.", Status: http.StatusUnauthorized, Reason: ReasonNoToken}

// whyDead is the reason why a token that was once issued is not alive.
func whyDead(t *storage.StoredToken, now time.Time) Reason {
	switch {
	case t.GrantEnded:
		return ReasonWithdrawn
	case t.FamilyRevoked || t.UserDisabled:
		return ReasonRevoked
	case !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt):
		return ReasonExpired
	}
	return ReasonRevoked // spent
}
