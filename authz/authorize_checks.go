package authz

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gatehouse/registry"
	"gatehouse/storage"
)

// authorizeRequest is an authorization request on its way through the checks. Each check fills in what it has proven.
type authorizeRequest struct {
	route    *Route
	params   Params
	repeated []string

	client      *storage.Client
	redirectURI string // registered; from the request, or the only one
	mode        string // query or form_post
	scopes      []storage.ClientScope
	company     bool // user_session is asked: the authorization will be a company's
	prompt      []string
	maxAge      int64 // seconds; -1: not asked
	hintSubject string
	givenBy     storage.FamilyID // of the host app's access token, where it is that app that asks
}

// pageError is a refusal that must not redirect: client or redirect URI are not good (RFC 6749 §4.1.2.1).
type pageError struct{ refusal *Error }

func (e pageError) Error() string { return e.refusal.Error() }
func (e pageError) Unwrap() error { return e.refusal }

func page(code, description string) error { return pageError{refuse(code, description)} }

// checkAuthorize runs the checks in order. Until client and redirect URI are both good every refusal is a page; from
// then on it goes to the redirect URI, in the response mode that was asked.
func (s *Server) checkAuthorize(ctx context.Context, req *authorizeRequest) error {
	for _, check := range []func(context.Context, *authorizeRequest) error{
		s.checkClient,
		s.checkRegisteredRedirectURI,
		s.checkResponseMode,
		s.checkRepeated,
		s.checkUnsupported,
		s.checkResponseType,
		s.checkScope,
		s.checkChallenge,
		s.checkPrompt,
		s.checkMaxAge,
		s.checkHint,
		s.checkGrantManagement,
	} {
		if err := check(ctx, req); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) checkClient(ctx context.Context, req *authorizeRequest) error {
	if slices.Contains(req.repeated, "client_id") || slices.Contains(req.repeated, "redirect_uri") {
		return page(CodeInvalidRequest, "The parameters client_id and redirect_uri may be there only once.")
	}
	id := req.params["client_id"]
	if id == "" {
		return page(CodeInvalidRequest, "The parameter client_id is missing.")
	}
	c, err := s.registry.Client(ctx, id)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return errNoSuchClient
	case err != nil:
		return pageError{asError(err)}
	case !req.route.Speaks(c):
		return errNoSuchClient
	case c.Status != storage.StatusApproved:
		return pageError{refuse(CodeUnauthorizedClient, "This client is not approved.").WithStatus(http.StatusForbidden).told("the client is not approved: its status is " + c.Status)}
	}
	req.client = c
	return nil
}

var errNoSuchClient = page(CodeInvalidClient, "No client has this client_id.")

// checkRegisteredRedirectURI matches redirect_uri. It may be left out where exactly one is registered, but not with
// openid (RFC 6749 §3.1.2.3, OIDC Core §3.1.2.1).
func (s *Server) checkRegisteredRedirectURI(_ context.Context, req *authorizeRequest) error {
	sent := req.params["redirect_uri"]
	if sent == "" {
		if len(req.client.RedirectURIs) != 1 || slices.Contains(req.scopeNames(), "openid") {
			return page(CodeInvalidRequest, "The parameter redirect_uri is missing.")
		}
		req.redirectURI = req.client.RedirectURIs[0]
		return nil
	}
	if !registry.MatchRedirectURI(req.client.RedirectURIs, sent) && !req.matchesReturnURI(sent) {
		return pageError{refuse(CodeInvalidRequest, "The redirect_uri is not registered for this client. It has to match exactly.").told(notRegistered(sent, req.client.RedirectURIs))}
	}
	req.redirectURI = sent
	return nil
}

// matchesReturnURI reports whether the format knows further redirect URIs, and this is one.
func (req *authorizeRequest) matchesReturnURI(uri string) bool {
	return req.route.ReturnURI != nil && req.route.ReturnURI(req.client, uri)
}

// scopeNames is the scope that is asked: without a scope parameter all that the client is registered for
// (RFC 6749 §3.3). Each is named once, in the order of the request.
func (req *authorizeRequest) scopeNames() []string {
	asked := strings.Fields(req.params["scope"])
	if len(asked) == 0 {
		return slices.DeleteFunc(scopeNames(req.client.Scopes), registry.ClientOnly)
	}
	names := asked[:0]
	for _, name := range asked {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// checkResponseMode comes before everything that redirects, since it says how (OAuth 2.0 Multiple Response Types §2.1).
func (s *Server) checkResponseMode(_ context.Context, req *authorizeRequest) error {
	req.mode = modeQuery
	switch mode := req.params["response_mode"]; mode {
	case "", modeQuery:
		return nil
	case modeFormPost:
		if !strings.HasPrefix(req.redirectURI, "https://") && !strings.HasPrefix(req.redirectURI, "http://") {
			return refuse(CodeInvalidRequest, "The response_mode form_post needs an http or https redirect_uri.")
		}
		req.mode = modeFormPost
		return nil
	}
	return refuse(CodeInvalidRequest, "The response_mode is not supported. Use query or form_post.")
}

func (s *Server) checkRepeated(_ context.Context, req *authorizeRequest) error {
	if len(req.repeated) > 0 {
		return refuse(CodeInvalidRequest, "A parameter is there more than once.") // RFC 6749 §3.1
	}
	return nil
}

// checkUnsupported refuses what OIDC Core §3.1.2.6 has a name for.
func (s *Server) checkUnsupported(_ context.Context, req *authorizeRequest) error {
	for _, unsupported := range [][2]string{
		{"request", CodeRequestNotSupported},
		{"request_uri", CodeRequestURINotSupported},
		{"registration", CodeRegistrationNotSupported},
	} {
		if req.params[unsupported[0]] != "" {
			return refuse(unsupported[1], "The parameter "+unsupported[0]+" is not supported.")
		}
	}
	return nil
}

func (s *Server) checkResponseType(_ context.Context, req *authorizeRequest) error {
	switch req.params["response_type"] {
	case "code":
	case "":
		return refuse(CodeInvalidRequest, "The parameter response_type is missing.")
	default:
		return refuse(CodeUnsupportedResponseType, descriptions[CodeUnsupportedResponseType])
	}
	if !slices.Contains(req.client.GrantTypes, grantCode) {
		return refuse(CodeUnauthorizedClient, "The client is not registered for the grant type authorization_code.")
	}
	return nil
}

// checkScope resolves the scope and so decides what kind of authorization this is.
func (s *Server) checkScope(ctx context.Context, req *authorizeRequest) error {
	names := req.scopeNames()
	scopes, ok := registered(req.client, names)
	if !ok || len(scopes) == 0 || slices.ContainsFunc(names, registry.ClientOnly) {
		return refuse(CodeInvalidScope, descriptions[CodeInvalidScope]).told(s.scopeNotRegistered(ctx, names, req.client))
	}
	req.scopes = scopes
	req.company = slices.Contains(names, "user_session")
	if req.company && slices.Contains(names, "openid") {
		return refuse(CodeInvalidScope, "openid is about a person and user_session about a company. Ask for one of them.")
	}
	kind := kindUser
	if req.company {
		kind = kindCompany
	}
	if !slices.Contains(req.client.TokenTypes, kind) {
		return refuse(CodeInvalidScope, "The client is not registered for tokens of a "+kind+".")
	}
	return nil
}

// checkChallenge wants PKCE with S256 of every client, except of a confidential one whose record says that it is
// optional (RFC 7636 §4.3, RFC 9700 §2.1.1). A challenge that was sent binds either way.
func (s *Server) checkChallenge(_ context.Context, req *authorizeRequest) error {
	challenge, method := req.params["code_challenge"], req.params["code_challenge_method"]
	if challenge == "" {
		if method != "" || req.client.Public || req.client.PKCE != "optional" && !req.route.NoChallenge {
			return refuse(CodeInvalidRequest, "The parameter code_challenge is missing. This client needs PKCE with S256.")
		}
		return nil
	}
	if method != "S256" {
		return refuse(CodeInvalidRequest, "The code_challenge_method has to be S256.")
	}
	if !validChallenge(challenge) {
		return refuse(CodeInvalidRequest, "The code_challenge is malformed. It is the base64url of a SHA-256, 43 characters.")
	}
	return nil
}

// Values of prompt (OIDC Core §3.1.2.1).
const (
	promptNone          = "none"
	promptLogin         = "login"
	promptConsent       = "consent"
	promptSelectAccount = "select_account"
)

var prompts = []string{promptNone, promptLogin, promptConsent, promptSelectAccount}

func (s *Server) checkPrompt(_ context.Context, req *authorizeRequest) error {
	req.prompt = strings.Fields(req.params["prompt"])
	for _, p := range req.prompt {
		if !slices.Contains(prompts, p) {
			return refuse(CodeInvalidRequest, "A value of prompt is not supported.")
		}
	}
	if len(req.prompt) > 1 && req.asks(promptNone) {
		return refuse(CodeInvalidRequest, "prompt=none goes with no other value.")
	}
	return nil
}

func (req *authorizeRequest) asks(prompt string) bool { return slices.Contains(req.prompt, prompt) }

func (s *Server) checkMaxAge(_ context.Context, req *authorizeRequest) error {
	req.maxAge = -1
	sent := req.params["max_age"]
	if sent == "" {
		return nil
	}
	seconds, err := strconv.ParseUint(sent, 10, 31)
	if err != nil {
		return refuse(CodeInvalidRequest, "The parameter max_age has to be a number of seconds.")
	}
	req.maxAge = int64(seconds)
	return nil
}

// checkHint reads id_token_hint. One that is not, or no longer, known to be ours hints at nobody: nobody can be answered
// for it without a question, and nobody is kept from answering.
func (s *Server) checkHint(_ context.Context, req *authorizeRequest) error {
	hint := req.params["id_token_hint"]
	if hint == "" {
		return nil
	}
	subject, ok := s.hintSubject(hint, req.client.ID)
	if !ok && req.asks(promptNone) {
		return refuse(CodeLoginRequired, "The id_token_hint is not an ID token that this server issued to this client.")
	}
	req.hintSubject = subject
	return nil
}

// knownParams are the parameters that travel on through sign-in and consent; unknown ones are ignored (RFC 6749 §3.1).
var knownParams = []string{
	"client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "code_challenge",
	"code_challenge_method", "nonce", "prompt", "max_age", "login_hint", "id_token_hint", "ui_locales",
	"grant_management_action", "grant_id",
}

// encoded returns the checked request for an interaction, with scope and redirect_uri spelled out.
func (req *authorizeRequest) encoded() string {
	v := req.params.only(knownParams...)
	v.Set("scope", strings.Join(req.scopeNames(), " "))
	v.Set("redirect_uri", req.redirectURI)
	return v.Encode()
}

// fositeForm is the request as fosite needs to see it to make a code.
func (req *authorizeRequest) fositeForm() url.Values {
	v := req.params.only("client_id", "response_type", "response_mode")
	v.Set("redirect_uri", checkedRedirectURI)
	v.Set("scope", strings.Join(req.scopeNames(), " "))
	v.Set("state", "none") // fosite wants one; the client's own is sent back by us, and only if there was one
	return v
}
