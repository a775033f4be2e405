package authz

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"gatehouse/consent"
	"gatehouse/identity"
	"gatehouse/registry"
	"gatehouse/storage"
)

// Evaluation is what would come of an authorization request of a client for a person, now.
type Evaluation struct {
	Scope    []string // that was asked
	Verdict  consent.Verdict
	Ask      []string       // what the person would be asked about
	Granted  []string       // what they allow; when they are asked: what that is if they allow everything
	UserInfo map[string]any // what userinfo would answer with Granted; nil where nothing is shared
	IDToken  map[string]any // the claims of the ID token; nil where there is none
}

// Evaluate answers what an authorization request would share with c, which need not be approved, of a person, who need not
// be stored. It decides and stores nothing. Without scope it is all that c may ask this person for; of openid and
// user_session, which no request has together, openid. An *Error with code invalid_scope as at authorize.
func (s *Server) Evaluate(ctx context.Context, c *storage.Client, person storage.User, scope string) (*Evaluation, error) {
	req := &authorizeRequest{route: &Route{}, params: Params{"scope": scope}, client: c}
	if scope == "" {
		req.params["scope"] = allScopes(req, person)
	}
	if err := s.checkScope(ctx, req); err != nil {
		return nil, err
	}
	e := &Evaluation{Scope: req.scopeNames(), Verdict: consent.Denied}
	if person.Disabled || !mayAllow(req, person) { // a disabled person signs in nowhere
		return e, nil
	}
	who := &identity.SignedIn{User: person}
	grant, answer, err := s.decided(ctx, req, time.Time{}, who)
	if err != nil {
		return nil, err
	}
	e.Verdict, e.Ask, e.Granted = answer.Verdict, answer.Ask, answer.Granted
	allowedBy := person.ID
	switch {
	case answer.Verdict == consent.Ask:
		e.Granted = s.ifAllowed(req, grant, answer, who)
	case answer.Verdict == consent.Allowed && grant != nil && len(answer.Unrecorded) == 0:
		allowedBy = grant.AllowedBy
	}
	if e.Verdict == consent.Denied {
		return e, nil
	}
	return e, s.shares(ctx, req, e, person, allowedBy)
}

func allScopes(req *authorizeRequest, person storage.User) string {
	names := slices.DeleteFunc(req.scopeNames(), func(name string) bool { return !mayAllowScope(name, person) })
	if slices.Contains(names, registry.ScopeOpenID) {
		names = slices.DeleteFunc(names, func(name string) bool { return name == registry.ScopeUserSession })
	}
	return strings.Join(names, " ")
}

// ifAllowed is what is granted once the person allows all that they are asked about, by the rules of Decide.
func (s *Server) ifAllowed(req *authorizeRequest, grant *storage.Grant, answer consent.Answer, who *identity.SignedIn) []string {
	now := s.now()
	asked, _ := registered(req.client, answer.Ask)
	act := consent.Act{Owner: req.owner(who.User), Client: req.client, By: who.User.ID, At: now}
	if allowed, ok := consent.Recorded(consent.Allow(grant, asked, answer.Ask, act)); ok {
		grant = &allowed
	}
	return consent.Decide(s.question(req, grant, now, who)).Granted
}

// shares fills in what userinfo and the ID token would say.
func (s *Server) shares(ctx context.Context, req *authorizeRequest, e *Evaluation, person storage.User, allowedBy string) (err error) {
	sess := &session{UserID: person.ID, AuthTime: s.now().Unix()}
	if req.company {
		sess = &session{CompanyID: person.CompanyID, AllowedBy: allowedBy}
		company, err := s.store.Company(ctx, person.CompanyID)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		company.ID = person.CompanyID
		e.UserInfo = s.claims.Company(company, allowedBy, req.client)
		return nil
	}
	if e.UserInfo, err = s.claims.UserInfo(ctx, person, req.client, e.Granted); err != nil {
		return err
	}
	if !hasIDToken(sess, e.Granted) {
		return nil
	}
	raw, err := json.Marshal(s.idTokenOf(sess, req.client, s.now()))
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, &e.IDToken)
}
