package authz

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"gatehouse/consent"
	"gatehouse/identity"
	"gatehouse/internal/interaction"
	"gatehouse/registry"
	"gatehouse/storage"
)

// Authorize is a question that is asked again and again: it looks at the request, at who is signed in, at what this
// person has decided, and at the seal, and answers with an error page, a redirect with an error, "go and sign in", "go
// and decide", or a code. Sign-in and consent each do their step and send the browser back here.
func (s *Server) Authorize(w http.ResponseWriter, r *http.Request, route *Route) {
	if r.Method == http.MethodPost {
		s.authorizeByGet(w, r)
		return
	}
	req, sent, err := s.decodeAuthorize(w, r, route)
	if err != nil {
		s.writeErrorPage(w, r, req, err)
		return
	}
	if err := s.checkAuthorize(r.Context(), req); err != nil {
		s.refuseAuthorize(w, r, req, err)
		return
	}
	who, err := s.sessions.Current(r)
	if err != nil {
		s.refuseAuthorize(w, r, req, err)
		return
	}
	i := s.resume(req, sent, who)
	next, code, err := s.decide(r.Context(), req, i, who)
	switch {
	case err != nil:
		s.refuseAuthorize(w, r, req, err)
	case next != "":
		i.Credentials = next == interaction.StepLogin && (s.needsCredentials(req, i, who) || who.Vouched())
		s.sendTo(w, r, next, i)
	default:
		s.noteCode(r.Context(), req, who)
		s.metrics.Authorized("code")
		s.writeAuthorization(w, r, req, url.Values{"code": {code}})
	}
}

// decide answers with the step to go to, or a code, or an error for the client.
func (s *Server) decide(ctx context.Context, req *authorizeRequest, i interaction.Interaction, who *identity.SignedIn) (interaction.Step, string, error) {
	if s.needsCredentials(req, i, who) {
		return s.sendToLogin(ctx, req, who, s.noCredentials(req, who))
	}
	if req.asks(promptSelectAccount) && !i.Chosen {
		return s.sendToLogin(ctx, req, who, false)
	}
	if req.hintSubject != "" && req.hintSubject != s.claims.Subject(who.User.ID, req.client) {
		return "", "", refuse(CodeLoginRequired, "Another person is signed in than the one in id_token_hint.")
	}
	if !mayAllow(req, who.User) {
		if req.asks(promptNone) {
			return "", "", refuse(CodeInteractionRequired, "This person cannot allow this.")
		}
		return "", "", refuse(CodeAccessDenied, "This person cannot allow this.")
	}
	var next interaction.Step
	var code string
	err := consent.Retry(func() (err error) {
		next, code, err = s.decideConsent(ctx, req, i, who)
		return err
	})
	return next, code, err
}

// sendToLogin answers a request that needs a sign-in, which is in vain where the person can do nothing about it. Who has
// silenced the client is not asked to sign in for it either.
func (s *Server) sendToLogin(ctx context.Context, req *authorizeRequest, who *identity.SignedIn, inVain bool) (interaction.Step, string, error) {
	if who != nil && mayAllow(req, who.User) {
		_, answer, err := s.decided(ctx, req, time.Time{}, who)
		switch {
		case err != nil:
			return "", "", err
		case answer.Verdict == consent.Denied:
			return "", "", errDenied
		}
	}
	if req.asks(promptNone) {
		return "", "", refuse(CodeLoginRequired, "Nobody is signed in who may answer without being asked.")
	}
	if inVain {
		return "", "", noSignIn(who)
	}
	return interaction.StepLogin, "", nil
}

// noCredentials reports whether who is signed in has no credentials to give, and the request wants those of nobody else.
func (s *Server) noCredentials(req *authorizeRequest, who *identity.SignedIn) bool {
	return who != nil && who.OnlyVouched() && (req.hintSubject == "" || req.hintSubject == s.claims.Subject(who.User.ID, req.client))
}

// noSignIn is the answer about somebody who would have to sign in and has no credentials for it (OIDC Core §3.1.2.6).
func noSignIn(who *identity.SignedIn) error {
	if who.Vouched() {
		return refuse(CodeLoginRequired, "This person has a role here and has to sign in themselves, but has no credentials. They need a password, or an account at another provider.")
	}
	return refuse(CodeLoginRequired, "This person has no credentials here. The app that brought them has to do so anew, for this request.")
}

// freshEnough is how long a sign-in within the interaction is good for max_age, where that is shorter. It leaves time to
// read the consent page, and makes max_age=0 end.
const freshEnough = 5 * time.Minute

// needsCredentials reports whether the person has to sign in before anything else. What they did within this interaction
// is enough, which is what makes prompt=login and max_age=0 end.
func (s *Server) needsCredentials(req *authorizeRequest, i interaction.Interaction, who *identity.SignedIn) bool {
	if who == nil || who.Vouched() && (req.client.FirstParty || req.client.ID != who.Session.VouchedBy) {
		return true // a ticket is for the mini app that made it; and tokens of the super app's own clients speak for the person
	}
	maxAge := time.Duration(req.maxAge) * time.Second
	if !i.LoginAt.IsZero() {
		return req.maxAge >= 0 && s.now().Sub(i.LoginAt) > max(maxAge, freshEnough)
	}
	switch {
	case req.asks(promptLogin), req.maxAge == 0:
		return true
	case req.maxAge > 0 && (who.Vouched() || s.now().Sub(who.Session.AuthTime) > maxAge):
		return true
	case req.hintSubject != "" && !req.asks(promptNone):
		return req.hintSubject != s.claims.Subject(who.User.ID, req.client)
	}
	return false
}

// mayAllow reports whether it is for this person to allow the request at all: a company's authorization is for its
// admins, and the scope admin for ours.
func mayAllow(req *authorizeRequest, u storage.User) bool {
	if req.company && !u.AdministersCompany() {
		return false
	}
	return !slices.ContainsFunc(req.scopeNames(), func(scope string) bool { return !mayAllowScope(scope, u) })
}

func mayAllowScope(scope string, u storage.User) bool {
	return scope != registry.ScopeAdmin || slices.Contains(u.Roles, storage.RoleAdmin)
}

// errDenied says that the person, or a decision of theirs that stands, refuses the request.
var errDenied = refuse(CodeAccessDenied, "The person did not allow it.")

// decideConsent answers with what this person, or their company, has decided: a code, or the consent step.
func (s *Server) decideConsent(ctx context.Context, req *authorizeRequest, i interaction.Interaction, who *identity.SignedIn) (interaction.Step, string, error) {
	grant, answer, err := s.decided(ctx, req, i.DecidedAt, who)
	if err == nil {
		err = req.checkGrantID(grant)
	}
	switch {
	case err != nil:
		return "", "", err
	case answer.Verdict == consent.Denied:
		return "", "", errDenied
	case answer.Verdict == consent.Ask && req.asks(promptNone):
		return "", "", refuse(CodeConsentRequired, "The person has to be asked.")
	case answer.Verdict == consent.Ask && who.Vouched() && s.noCredentials(req, who):
		return "", "", noSignIn(who)
	case answer.Verdict == consent.Ask && who.Vouched():
		return interaction.StepLogin, "", nil
	case answer.Verdict == consent.Ask:
		return interaction.StepConsent, "", nil
	}
	code, err := s.issueCode(ctx, req, grant, answer, who)
	return "", code, err
}

// decided reads what was decided about the client and what that means for the request. at is when a decision was made
// in this interaction, zero when none was. The grant is nil when nothing was ever decided.
func (s *Server) decided(ctx context.Context, req *authorizeRequest, at time.Time, who *identity.SignedIn) (*storage.Grant, consent.Answer, error) {
	grant, err := s.currentGrant(ctx, req.owner(who.User), req.client.ID)
	if err != nil {
		return nil, consent.Answer{}, err
	}
	return grant, consent.Decide(s.question(req, grant, at, who)), nil
}

// question is everything that the decision about a request hangs on; see decided.
func (s *Server) question(req *authorizeRequest, grant *storage.Grant, at time.Time, who *identity.SignedIn) consent.Question {
	return consent.Question{
		Grant: grant, Scopes: req.scopes, Publisher: req.client.PublisherID, FirstParty: req.client.FirstParty, Reask: req.asks(promptConsent),
		BaseScope: !who.Vouched() && consent.PassesBase(s.baseScope, req.client),
		DecidedAt: at, Stranger: !who.User.MayMeet(req.client), Now: s.now(), Cooldown: s.cooldown,
	}
}

// owner is on whose behalf a person decides the request.
func (req *authorizeRequest) owner(u storage.User) storage.Owner {
	if req.company {
		return storage.Owner{CompanyID: u.CompanyID}
	}
	return storage.Owner{UserID: u.ID}
}

// currentGrant returns what the owner has decided about a client, nil when nothing.
func (s *Server) currentGrant(ctx context.Context, owner storage.Owner, clientID string) (*storage.Grant, error) {
	grant, err := s.store.Grant(ctx, owner, clientID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &grant, nil
}
