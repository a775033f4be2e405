package authz

import (
	"context"
	"net/http"

	"gatehouse/consent"
	"gatehouse/identity"
	"gatehouse/storage"
)

// issueCode makes an authorization code and stores it, with the decision of a policy where nobody was asked.
func (s *Server) issueCode(ctx context.Context, req *authorizeRequest, grant *storage.Grant, answer consent.Answer, who *identity.SignedIn) (string, error) {
	owner := req.owner(who.User)
	x := &exchange{now: s.now(), client: req.client, route: req.route, family: newFamily(), givenBy: req.givenBy}
	if len(answer.Unrecorded) > 0 {
		unrecorded, _ := registered(req.client, answer.Unrecorded)
		policy := consent.Act{Owner: owner, Client: req.client, By: who.User.ID, At: x.now}
		grant = x.saveGrant(consent.Allow(grant, unrecorded, answer.Unrecorded, policy))
	}
	x.session = s.newSession(req, owner, grant, who)
	x.lifetimes = s.lifetimesFor(req.client, req.route, x.session.kind())
	ctx = withExchange(ctx, x)

	request := (&http.Request{Method: http.MethodGet, Header: http.Header{}, Form: req.fositeForm()}).WithContext(ctx)
	ar, err := s.provider.NewAuthorizeRequest(ctx, request)
	if err != nil {
		return "", err
	}
	ar.SetID(familyString(x.family))
	for _, scope := range s.merged(req, grant, answer.Granted, who.User) {
		ar.GrantScope(scope)
	}
	response, err := s.provider.NewAuthorizeResponse(ctx, ar, x.session)
	if err != nil {
		return "", x.first(err)
	}
	if err := s.commit(ctx, x); err != nil {
		return "", err
	}
	return response.GetCode(), nil
}

func (s *Server) newSession(req *authorizeRequest, owner storage.Owner, grant *storage.Grant, who *identity.SignedIn) *session {
	sess := &session{
		GrantID: grant.ID, UserID: owner.UserID, CompanyID: owner.CompanyID,
		AuthTime: who.Session.AuthTime.Unix(), Nonce: req.params["nonce"], Challenge: req.params["code_challenge"],
		RedirectURI: req.params["redirect_uri"],
	}
	if sess.RedirectURI == "" {
		sess.DefaultRedirectURI = req.redirectURI
	}
	if sess.Action = req.params["grant_management_action"]; sess.Action != "" {
		sess.PublicID = grant.PublicID()
	}
	if req.company {
		sess.AllowedBy = grant.AllowedBy
	}
	return sess
}
