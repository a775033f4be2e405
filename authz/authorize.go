package authz

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
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
func (s *Server) Authorize(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		s.authorizeByGet(w, r)
		return
	}
	req, sent, err := s.decodeAuthorize(w, r)
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
		i.Credentials = next == interaction.StepLogin && s.needsCredentials(req, i, who)
		s.sendTo(w, r, next, i)
	default:
		s.writeAuthorization(w, r, req, url.Values{"code": {code}})
	}
}

// authorizeByGet answers a POST (OIDC Core §3.1.2.1) with the GET of the same request, before anything is looked at: a
// POST from another site carries no SameSite cookie, the GET that follows it does.
func (s *Server) authorizeByGet(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(r, maxAuthorize)
	if err != nil {
		s.writeErrorPage(w, r, nil, err)
		return
	}
	values, err := url.ParseQuery(strings.Trim(r.URL.RawQuery+"&"+body, "&"))
	switch encoded := values.Encode(); {
	case err != nil:
		s.writeErrorPage(w, r, nil, refuse(codeInvalidRequest, "The parameters are not properly form-encoded."))
	case len(encoded) > maxAuthorize:
		s.writeErrorPage(w, r, nil, tooLong(http.StatusRequestEntityTooLarge))
	default:
		noStore(w)
		http.Redirect(w, r, r.URL.Path+"?"+encoded, http.StatusSeeOther)
	}
}

func tooLong(status int) error {
	e := refuse(codeInvalidRequest, "The authorization request is too long.")
	e.Status = status
	return e
}

// maxSealed bounds what a sealed request of maxAuthorize bytes can become.
const maxSealed = 8 << 10

// decodeAuthorize reads the request from the query, or from the interaction that a step sent back.
func (s *Server) decodeAuthorize(w http.ResponseWriter, r *http.Request) (*authorizeRequest, *interaction.Interaction, error) {
	query := r.URL.RawQuery
	sealed := strings.HasPrefix(query, "interaction=")
	if (!sealed && len(query) > maxAuthorize) || len(query) > maxSealed {
		return nil, nil, tooLong(http.StatusRequestURITooLong)
	}
	params, repeated, err := parseParams(query)
	if err != nil {
		return nil, nil, err
	}
	if !sealed {
		req := &authorizeRequest{params: params, repeated: repeated}
		if len(params.only(knownParams...).Encode()) > maxAuthorize { // what will be sealed, however little was escaped
			return req, nil, tooLong(http.StatusRequestURITooLong)
		}
		return req, nil, nil
	}
	i, err := s.interactions.Open(s.sessions.Browser(w, r), interaction.StepAuthorize, params["interaction"])
	req, decoded := requestOf(i)
	if err != nil {
		return req, nil, expiredOr(err)
	}
	return req, &i, decoded
}

// requestOf returns the request inside an interaction.
func requestOf(i interaction.Interaction) (*authorizeRequest, error) {
	params, _, err := parseParams(i.Request)
	if i.DefaultRedirect {
		delete(params, "redirect_uri")
	}
	return &authorizeRequest{params: params}, err
}

// resume returns the interaction that this request goes on with. What another person did in it does not count.
func (s *Server) resume(req *authorizeRequest, sent *interaction.Interaction, who *identity.SignedIn) interaction.Interaction {
	var i interaction.Interaction
	if sent != nil {
		i = *sent
	} else {
		i = interaction.Interaction{
			ID: newID(), Route: "/oauth2/authorize", Request: req.encoded(), Company: req.company,
			DefaultRedirect: req.params["redirect_uri"] == "", Began: s.now(),
		}
	}
	if who != nil && i.UserID != who.User.ID {
		i = i.Undone()
		i.UserID = who.User.ID
	}
	return i
}

// decide answers with the step to go to, or a code, or an error for the client.
func (s *Server) decide(ctx context.Context, req *authorizeRequest, i interaction.Interaction, who *identity.SignedIn) (interaction.Step, string, error) {
	if s.needsCredentials(req, i, who) || req.asks(promptSelectAccount) && !i.Chosen {
		if req.asks(promptNone) {
			return "", "", refuse(codeLoginRequired, "Nobody is signed in who may answer without being asked.")
		}
		return interaction.StepLogin, "", nil
	}
	if req.hintSubject != "" && req.hintSubject != s.claims.Subject(who.User.ID, req.client) {
		return "", "", refuse(codeLoginRequired, "Another person is signed in than the one in id_token_hint.")
	}
	if !mayAllow(req, who.User) {
		if req.asks(promptNone) {
			return "", "", refuse(codeInteractionRequired, "This person cannot allow this.")
		}
		return "", "", refuse(codeAccessDenied, "This person cannot allow this.")
	}
	// A grant that moves between reading and writing is looked at again.
	for attempt := 0; ; attempt++ {
		next, code, err := s.decideConsent(ctx, req, i, who)
		switch {
		case !errors.Is(err, storage.ErrConflict):
			return next, code, err
		case attempt == 2:
			return "", "", errUnavailable.because(err)
		}
	}
}

// freshEnough is how long a sign-in within the interaction is good for max_age, where that is shorter. It leaves time to
// read the consent page, and makes max_age=0 end.
const freshEnough = 5 * time.Minute

// needsCredentials reports whether the person has to sign in before anything else. What they did within this interaction
// is enough, which is what makes prompt=login and max_age=0 end.
func (s *Server) needsCredentials(req *authorizeRequest, i interaction.Interaction, who *identity.SignedIn) bool {
	if who == nil {
		return true
	}
	maxAge := time.Duration(req.maxAge) * time.Second
	if !i.LoginAt.IsZero() {
		return req.maxAge >= 0 && s.now().Sub(i.LoginAt) > max(maxAge, freshEnough)
	}
	switch {
	case req.asks(promptLogin), req.maxAge == 0:
		return true
	case req.maxAge > 0 && s.now().Sub(who.Session.AuthTime) > maxAge:
		return true
	case req.hintSubject != "" && !req.asks(promptNone):
		return req.hintSubject != s.claims.Subject(who.User.ID, req.client)
	}
	return false
}

// mayAllow reports whether it is for this person to allow the request at all: a company's authorization is for its
// admins, and the scope admin for ours.
func mayAllow(req *authorizeRequest, u storage.User) bool {
	if req.company && (u.CompanyID == "" || !slices.Contains(u.Roles, storage.RoleCompanyAdmin)) {
		return false
	}
	return !slices.Contains(req.scopeNames(), registry.ScopeAdmin) || slices.Contains(u.Roles, storage.RoleAdmin)
}

// decideConsent asks what this person, or their company, has decided.
func (s *Server) decideConsent(ctx context.Context, req *authorizeRequest, i interaction.Interaction, who *identity.SignedIn) (interaction.Step, string, error) {
	owner := storage.Owner{UserID: who.User.ID}
	if req.company {
		owner = storage.Owner{CompanyID: who.User.CompanyID}
	}
	grant, err := s.currentGrant(ctx, owner, req.client.ID)
	if err != nil {
		return "", "", err
	}
	answer := consent.Decide(consent.Question{
		Grant: grant, Scopes: req.scopes, FirstParty: req.client.FirstParty, Reask: req.asks(promptConsent),
		DecidedAt: i.DecidedAt, Now: s.now(), Cooldown: s.cooldown,
	})
	switch answer.Verdict {
	case consent.Denied:
		return "", "", refuse(codeAccessDenied, "The person did not allow it.")
	case consent.Ask:
		if req.asks(promptNone) {
			return "", "", refuse(codeConsentRequired, "The person has to be asked.")
		}
		return interaction.StepConsent, "", nil
	}
	code, err := s.issueCode(ctx, req, owner, grant, answer, who)
	return "", code, err
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

// issueCode makes an authorization code and stores it, with the decision of a policy where nobody was asked.
func (s *Server) issueCode(ctx context.Context, req *authorizeRequest, owner storage.Owner, grant *storage.Grant, answer consent.Answer, who *identity.SignedIn) (string, error) {
	x := &exchange{now: s.now(), client: req.client, family: newFamily()}
	if len(answer.Unrecorded) > 0 {
		unrecorded, _ := registered(req.client, answer.Unrecorded)
		x.unit = consent.Allow(grant, owner, req.client.ID, unrecorded, answer.Unrecorded, who.User.ID, x.now)
		recorded, _ := consent.Recorded(x.unit)
		grant, x.grantSaved = &recorded, true
	}
	x.session = s.newSession(req, owner, grant, who)
	x.lifetimes = s.lifetimesFor(req.client, x.session.kind())
	ctx = withExchange(ctx, x)

	request := (&http.Request{Method: http.MethodGet, Header: http.Header{}, Form: req.fositeForm()}).WithContext(ctx)
	ar, err := s.provider.NewAuthorizeRequest(ctx, request)
	if err != nil {
		return "", err
	}
	ar.SetID(familyString(x.family))
	for _, scope := range answer.Granted {
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
	if req.company {
		sess.AllowedBy = grant.AllowedBy
	}
	return sess
}
