package authz

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"gatehouse/consent"
	"gatehouse/identity"
	"gatehouse/registry"
	"gatehouse/storage"
)

// Codes and tokens that nobody's browser asked for.

// IssueCode makes an authorization code (Answer.Code) for the person behind the host app's access token, without a
// browser. Params are access_token, and those of an authorization request but response_type: client_id, redirect_uri,
// scope, code_challenge, nonce. Without scope it is for what the person allowed. An *Error with code consent_required,
// status 403, where what they decided does not cover it; with interaction_required where the request wants the person in a
// browser; with invalid_scope for what people do not share (consent.Shareable); ErrNoMiniApp. What comes of the code ends
// with the family of the access token (EndHostSession), which is why a host app gets none: it could give codes of its own.
func (s *Server) IssueCode(ctx context.Context, req *Request) (*Answer, error) {
	who, family, err := s.hostSession(ctx, req)
	if err != nil {
		return nil, err
	}
	asked := &authorizeRequest{route: req.Route, params: req.Params, givenBy: family}
	asked.params["response_type"] = "code"
	grant, err := s.enterMiniApp(ctx, asked, who)
	if err != nil {
		return nil, err
	}
	if asked.params["scope"] == "" {
		shared := consent.SharingWith(asked.client, grant, s.now(), s.cooldown)
		if !shared.Allowed {
			return nil, errConsent
		}
		asked.params["scope"] = strings.Join(shared.Granted, " ")
	}
	for _, check := range []func(context.Context, *authorizeRequest) error{
		s.checkHostRedirectURI, s.checkUnsupported, s.checkScope, checkShareable, s.checkHostChallenge, s.checkPrompt, s.checkMaxAge, s.checkHint, s.checkGrantManagement,
	} {
		if err := check(ctx, asked); err != nil {
			return nil, err
		}
	}
	if s.needsBrowser(asked, who) {
		return nil, errBrowser
	}
	return s.codeFor(ctx, asked, who)
}

// enterMiniApp finds the client that a request of the host app is about, and what the person has decided about it. An
// *Error where it is no mini app to them, or none that a code opens.
func (s *Server) enterMiniApp(ctx context.Context, asked *authorizeRequest, who *identity.SignedIn) (*storage.Grant, error) {
	id := asked.params["client_id"]
	if id == "" {
		return nil, refuse(CodeInvalidRequest, "The parameter client_id is missing.")
	}
	c, err := s.registry.Client(ctx, id)
	switch {
	case errors.Is(err, storage.ErrNotFound), err == nil && !asked.route.Speaks(c):
		return nil, ErrNoMiniApp
	case err != nil:
		return nil, err
	}
	grant, err := s.currentGrant(ctx, storage.Owner{UserID: who.User.ID}, c.ID)
	switch {
	case err != nil:
		return nil, err
	case !IsMiniApp(c, grant != nil):
		return nil, ErrNoMiniApp
	case !who.User.MayMeet(c):
		return nil, errStranger
	case !Approved(c):
		return nil, ErrNotApproved
	case !Opens(c):
		return nil, errOpensNot
	}
	asked.client = c
	return grant, nil
}

// checkShareable refuses what a person decides about in a browser only: for a company, or for what makes a client the
// super app's own.
func checkShareable(_ context.Context, req *authorizeRequest) error {
	if slices.ContainsFunc(req.scopeNames(), func(scope string) bool { return !isShareable(req.client, scope) }) {
		return refuse(CodeInvalidScope, "user_session, superapp and admin are given in the browser only. Leave them out.")
	}
	return nil
}

func isShareable(c *storage.Client, scope string) bool {
	return slices.ContainsFunc(consent.Shareable(c), func(s storage.ClientScope) bool { return s.Name == scope })
}

// needsBrowser reports whether a request wants the person to sign in, to choose or to be asked now, or to be another one
// (OIDC Core §3.1.2.1).
func (s *Server) needsBrowser(req *authorizeRequest, who *identity.SignedIn) bool {
	return len(req.prompt) > 0 && !req.asks(promptNone) ||
		req.maxAge >= 0 && s.now().Sub(who.Session.AuthTime) > time.Duration(req.maxAge)*time.Second ||
		req.hintSubject != "" && req.hintSubject != s.claims.Subject(who.User.ID, req.client)
}

// codeFor issues the code if what the person decided allows it.
func (s *Server) codeFor(ctx context.Context, asked *authorizeRequest, who *identity.SignedIn) (*Answer, error) {
	answer := &Answer{Client: asked.client, ExpiresIn: s.lifetimesFor(asked.client, asked.route, kindUser).code}
	err := consent.Retry(func() error {
		grant, decided, err := s.decided(ctx, asked, time.Time{}, who)
		switch {
		case err != nil:
			return err
		case decided.Verdict != consent.Allowed:
			return errConsent
		case len(decided.Unrecorded) == 0 && !consent.SharingWith(asked.client, grant, s.now(), s.cooldown).Allowed:
			return errConsent // as the host app reads of it, also where less is asked than what stands in the way
		}
		if err := asked.checkGrantID(grant); err != nil {
			return err
		}
		answer.Scope = decided.Granted
		answer.Code, err = s.issueCode(ctx, asked, grant, decided, who)
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// HostPerson returns whose access token the host app presents: one of a first-party client, with the scope superapp,
// that a person allowed, and that no other host app gave. An *Error otherwise.
func (s *Server) HostPerson(ctx context.Context, req *Request) (*identity.SignedIn, error) {
	who, _, err := s.hostSession(ctx, req)
	return who, err
}

// hostSession is HostPerson, and the family of the access token: the person's session in the host app.
func (s *Server) hostSession(ctx context.Context, req *Request) (*identity.SignedIn, storage.FamilyID, error) {
	t, err := s.presented(ctx, req, req.Params["access_token"])
	if err != nil {
		return nil, storage.FamilyID{}, err
	}
	sess, err := decodeSession(&t.Token)
	switch {
	case err != nil:
		return nil, storage.FamilyID{}, err
	case !req.Client.FirstParty || sess.kind() != kindUser || t.GivenBy != (storage.FamilyID{}) || !slices.Contains(s.scopeOf(req.Client, t), registry.ScopeSuperapp):
		return nil, storage.FamilyID{}, refuse(CodeInsufficientScope, "The access token has to be a person's, of the super app's own client, with the scope superapp.")
	}
	user, err := s.store.User(ctx, t.UserID)
	if err != nil {
		return nil, storage.FamilyID{}, gone(err)
	}
	return &identity.SignedIn{User: user, Session: storage.Session{UserID: user.ID, AuthTime: time.Unix(sess.AuthTime, 0)}}, t.Family, nil
}

// EndHostSession ends the host app's access token (Params["access_token"]) with its family, and every code and token that
// IssueCode gave with one of that family. Errors as those of HostPerson.
func (s *Server) EndHostSession(ctx context.Context, req *Request) (*Answer, error) {
	_, family, err := s.hostSession(ctx, req)
	if err != nil {
		return nil, err
	}
	return &Answer{}, s.store.Apply(ctx, storage.Unit{storage.RevokeFamily{Family: family, At: s.now()}})
}

var (
	errConsent = refuse(CodeConsentRequired, "The person has to be asked first.").WithStatus(http.StatusForbidden)
	errBrowser = refuse(CodeInteractionRequired, "The request wants the person in a browser. Send an authorization request there.").WithStatus(http.StatusForbidden)
)

// checkHostRedirectURI is checkRegisteredRedirectURI where the redirect URI may be left out: with one registered, or for
// a client whose format has none.
func (s *Server) checkHostRedirectURI(ctx context.Context, req *authorizeRequest) error {
	switch {
	case req.params["redirect_uri"] != "":
	case len(req.client.RedirectURIs) == 1:
		req.redirectURI = req.client.RedirectURIs[0]
		return nil
	case registry.TakesBareCodes(req.client):
		return nil
	}
	return s.checkRegisteredRedirectURI(ctx, req)
}

// checkHostChallenge is checkChallenge where a client whose format has no place for a challenge needs none.
func (s *Server) checkHostChallenge(ctx context.Context, req *authorizeRequest) error {
	bare := req.params["code_challenge"] == "" && req.params["code_challenge_method"] == ""
	if bare && registry.TakesBareCodes(req.client) {
		return nil
	}
	return s.checkChallenge(ctx, req)
}

// TokensFor issues tokens to a client for a person who allowed it elsewhere: it records their decision about scope, of
// which what the client is not registered for is left out, and the tokens, in one unit. An *Error with code
// access_denied where the person refuses the client here, or nothing is left of scope.
func (s *Server) TokensFor(ctx context.Context, route *Route, c *storage.Client, user storage.User, scope []string) (*Answer, error) {
	return s.tokensOnce(ctx, route, c, user, scope, nil)
}

// tokensOnce is TokensFor with a mark that is stored with the tokens. errAssertionUsed when the mark is there already.
func (s *Server) tokensOnce(ctx context.Context, route *Route, c *storage.Client, user storage.User, scope []string, mark *storage.Token) (answer *Answer, err error) {
	if !slices.Contains(user.Roles, storage.RoleAdmin) { // see mayAllow
		scope = slices.DeleteFunc(slices.Clone(scope), func(name string) bool { return name == registry.ScopeAdmin })
	}
	err = consent.Retry(func() error {
		if err := s.checkUnused(ctx, mark); err != nil {
			return err
		}
		answer, err = s.tokensFor(ctx, route, c, user, scope, mark)
		return err
	})
	return answer, err
}

func (s *Server) tokensFor(ctx context.Context, route *Route, c *storage.Client, user storage.User, scope []string, mark *storage.Token) (*Answer, error) {
	owner := storage.Owner{UserID: user.ID}
	x := &exchange{now: s.now(), client: c, route: route, family: newFamily(), generation: 1}
	scopes := consent.Requested(c, scope)
	grant, err := s.currentGrant(ctx, owner, c.ID)
	if err != nil {
		return nil, err
	}
	decided := consent.Decide(consent.Question{
		Grant: grant, Scopes: scopes, Publisher: c.PublisherID, FirstParty: c.FirstParty, Stranger: !user.MayMeet(c), Now: x.now, Cooldown: s.cooldown,
	})
	policy := consent.Act{Owner: owner, Client: c, By: owner.UserID, At: x.now}
	switch {
	case len(scopes) == 0 || decided.Verdict == consent.Denied:
		return nil, errDenied
	case mark != nil && decided.Verdict == consent.Ask: // with an assertion nobody has allowed anything elsewhere
		return nil, errDenied
	case mark != nil && len(decided.Unrecorded) > 0: // what they refused stays refused, as at authorize
		unrecorded, _ := registered(c, decided.Unrecorded)
		grant = x.saveGrant(consent.Allow(grant, unrecorded, decided.Unrecorded, policy))
	case decided.Verdict == consent.Ask || len(decided.Unrecorded) > 0:
		decided.Granted = scopeNames(scopes)
		grant = x.saveGrant(consent.Allow(grant, scopes, decided.Granted, policy))
	}
	x.session = &session{GrantID: grant.ID, UserID: owner.UserID, AuthTime: x.now.Unix()}
	x.lifetimes = s.lifetimesFor(c, route, kindUser)
	if mark != nil {
		x.lifetimes.access = shorter(x.lifetimes.access, assertedLifetime)
	}
	key := storage.TokenKey{Family: x.family, Kind: storage.KindAccess, Generation: x.generation}
	answer := s.answerOf(x, "", decided.Granted)
	answer.AccessToken = s.values.random(key)
	answer.tellExpiry(x.now, x.lifetimes.access, consent.EndOf(c, decided.Granted, grant.ScopeEnds()))
	if err := x.issue(key, hashValue(answer.AccessToken), strings.Join(decided.Granted, " "), expiry(x.now, x.lifetimes.access)); err != nil {
		return nil, err
	}
	if mark != nil {
		x.unit = append(x.unit, storage.InsertToken{Token: *mark})
	}
	return answer, s.commit(ctx, x)
}
