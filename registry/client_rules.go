package registry

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/nearest"
	"gatehouse/storage"
)

var (
	recordIDs  = regexp.MustCompile(`^[A-Za-z0-9._~-]{1,64}$`)
	scopeNames = regexp.MustCompile(`^[!#-*.-\[\]-~\-]{1,64}$`) // RFC 6749 §3.3 without + and , which vendors separate by
	statuses   = []string{storage.StatusDraft, storage.StatusSubmitted, storage.StatusChangesRequested, storage.StatusApproved, storage.StatusRejected, storage.StatusSuspended, storage.StatusArchived}
	grantTypes = []string{GrantAuthorizationCode, GrantRefreshToken, GrantClientCredentials, GrantJWTBearer}
)

func validClientID(id string) bool {
	if id == "" || len(id) > 64 || id == "." || id == ".." {
		return false
	}
	for i := range len(id) { // not by recordIDs: every request asks, some of them often
		if c := id[i]; !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("._~-", c) >= 0) {
			return false
		}
	}
	return true
}

// CheckClient applies the rules for a client's metadata, after Defaults. Whether its publisher exists is not looked at.
func CheckClient(c storage.Client, catalogue *Catalogue) Problems {
	var p Problems
	if !validClientID(c.ID) {
		p.add("client_id", "must be 1 to 64 of the characters A-Z a-z 0-9 . _ ~ -")
	}
	p.addErr("name", checkName(c.Name))
	for _, tag := range sortedKeys(c.Names) {
		p.addErr("name#"+tag, checkTagged(tag, c.Names[tag], checkName))
	}
	p.oneOf("status", c.Status, statuses...)
	p.oneOf("subject_type", c.SubjectType, SubjectPublic, SubjectPairwise)
	p.oneOf("id_token_signed_response_alg", c.IDTokenAlg, AlgES256, AlgRS256)
	p.oneOf("pkce", c.PKCE, PKCERequired, PKCEOptional)
	p.someOf("grant_types", c.GrantTypes, grantTypes...)
	p.someOf("token_types", c.TokenTypes, TokenUser, TokenCompany)
	p.checkAuthentication(c)
	p.checkAssertions(c)
	p.checkURIs(c)
	p.checkScopes(c, catalogue)
	p.checkPurposes(c, catalogue)
	p.checkTokenTypes(c)
	p.checkLifetimes(c)
	p.checkMore(c)
	return p
}

func (p *Problems) oneOf(field, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		p.add(field, "%q is not allowed; use %s", value, alternatives(allowed))
	}
}

// someOf requires a non-empty list without repetitions out of allowed.
func (p *Problems) someOf(field string, values []string, allowed ...string) {
	if len(values) == 0 {
		p.add(field, "must not be empty; use %s", alternatives(allowed))
	}
	for i, value := range values {
		at := fmt.Sprintf("%s[%d]", field, i)
		p.oneOf(at, value, allowed...)
		p.noRepetition(at, values[:i], value)
	}
}

func (p *Problems) noRepetition(field string, before []string, value string) {
	if slices.Contains(before, value) {
		p.add(field, "%q is listed twice; leave one out", value)
	}
}

func alternatives(values []string) string {
	if len(values) == 1 {
		return values[0]
	}
	last := len(values) - 1
	return strings.Join(values[:last], ", ") + " or " + values[last]
}

// checkAuthentication holds what a client may be to how it can prove who it is (RFC 6749 §2.1 to §2.3).
func (p *Problems) checkAuthentication(c storage.Client) {
	if c.Public {
		p.checkPublic(c)
		return
	}
	switch c.TokenEndpointAuthMethod {
	case "", MethodBasic, MethodPost:
	case MethodNone:
		p.add("token_endpoint_auth_method", "none is for public clients; set public: true or use %s", MethodBasic)
	default:
		p.oneOf("token_endpoint_auth_method", c.TokenEndpointAuthMethod, MethodBasic, MethodPost, MethodNone)
	}
	for _, s := range c.Secrets {
		p.addErr("client_secret_hash", CheckSecretHash(s.Hash))
	}
}

func (p *Problems) checkPublic(c storage.Client) {
	if c.TokenEndpointAuthMethod != MethodNone {
		p.add("token_endpoint_auth_method", "a public client has no secret to authenticate with; use none, or leave it out")
	}
	if len(c.Secrets) > 0 {
		p.add("client_secret", "a public client has no secret; leave it out, or leave out public: true")
	}
	if c.PKCE != PKCERequired {
		p.add("pkce", "must be required for a public client")
	}
	if slices.Contains(c.GrantTypes, GrantClientCredentials) {
		p.add("grant_types", "a public client cannot use client_credentials (RFC 6749 §4.4); leave it out, or leave out public: true")
	}
	if c.ResourceServer {
		p.add("resource_server", "a public client cannot introspect, since it cannot authenticate; leave out public: true")
	}
}

// checkAssertions holds the grant that signs people in by the client's word alone to clients whose word is the super app's.
func (p *Problems) checkAssertions(c storage.Client) {
	if !slices.Contains(c.GrantTypes, GrantJWTBearer) {
		return
	}
	if !c.FirstParty || c.Public {
		p.add("grant_types", "%s is for the super app's own clients that have a secret; leave it out, or set first_party: true", GrantJWTBearer)
	}
	if len(c.JWKS) == 0 {
		p.add("jwks", "%s needs the public keys that the client signs with (RFC 7523 §3)", GrantJWTBearer)
	}
}

func (p *Problems) checkURIs(c storage.Client) {
	if len(c.RedirectURIs) == 0 && slices.Contains(c.GrantTypes, GrantAuthorizationCode) && !needsNoRedirectURI(&c) && c.Status != storage.StatusDraft { // a draft is filled in step by step
		p.add("redirect_uris", "authorization_code needs at least one; add it, or leave authorization_code out of grant_types")
	}
	p.checkRedirects("redirect_uris", c.RedirectURIs)
	p.checkRedirects("post_logout_redirect_uris", c.PostLogoutRedirectURIs)
	for _, uri := range []struct{ field, value string }{
		{"logo_uri", c.LogoURI}, {"client_uri", c.ClientURI}, {"policy_uri", c.PolicyURI}, {"tos_uri", c.TOSURI},
		{"initiate_login_uri", c.InitiateLoginURI}, {"jwks_uri", c.JWKSURI}, {"webhook_uri", c.WebhookURI},
	} {
		if uri.value != "" {
			p.addErr(uri.field, CheckWebURI(uri.value))
		}
	}
}

func (p *Problems) checkRedirects(field string, uris []string) {
	for i, uri := range uris {
		at := fmt.Sprintf("%s[%d]", field, i)
		if err := CheckRedirectURI(uri); err != nil {
			p.add(at, "%q %s", printable(uri), err)
		}
		p.noRepetition(at, uris[:i], uri)
	}
}

func (p *Problems) checkScopes(c storage.Client, catalogue *Catalogue) {
	var before []string
	for i, s := range c.Scopes {
		at := fmt.Sprintf("scopes[%d].", i)
		switch known := catalogue.Scope(s.Name); {
		case known == nil, catalogue.isAttributeScope(s.Name) && !Speaks(&c, DialectGAM):
			p.add(at+"name", "%q is not in the catalogue; %s", printable(s.Name), addScope(s.Name, catalogue))
		case firstPartyOnly(s.Name) && !c.FirstParty:
			p.add(at+"name", "%q is for the super app's own clients; set first_party: true or leave it out", s.Name)
		}
		p.noRepetition(at+"name", before, s.Name)
		before = append(before, s.Name)
		for _, tag := range sortedKeys(s.Purpose) {
			p.addErr(at+"purpose."+tag, checkTagged(tag, s.Purpose[tag], checkText))
		}
	}
}

// checkTokenTypes holds token_types to the scopes: an authorization is a company's when user_session is asked, else a
// person's.
func (p *Problems) checkTokenTypes(c storage.Client) {
	session := slices.IndexFunc(c.Scopes, func(s storage.ClientScope) bool { return s.Name == ScopeUserSession })
	company := slices.Contains(c.TokenTypes, TokenCompany)
	switch {
	case session >= 0 && !company && slices.Contains(c.TokenTypes, TokenUser):
		p.add(fmt.Sprintf("scopes[%d].name", session), "%s is for the tokens of a company; add company to token_types, or leave it out", ScopeUserSession)
	case session < 0 && company && len(c.TokenTypes) == 1 && slices.Contains(c.GrantTypes, GrantAuthorizationCode):
		p.add("token_types", "the tokens of a company need the scope %s; add it to scopes, or user to token_types", ScopeUserSession)
	}
}

// addScope is what to do about a scope that the catalogue does not have.
func addScope(name string, catalogue *Catalogue) string {
	if meant := nearest.Name(name, catalogue.Names()); meant != "" {
		return "did you mean " + meant + "? Otherwise add the scope first"
	}
	return "add the scope first"
}

func (p *Problems) checkLifetimes(c storage.Client) {
	p.checkLifetime("access_token_lifetime", c.AccessTokenLifetime, true)
	p.checkLifetime("refresh_token_lifetime", c.RefreshTokenLifetime, true)
	p.checkLifetime("code_lifetime", c.CodeLifetime, false)
	if time.Duration(c.CodeLifetime) > MaxCodeLifetime {
		p.add("code_lifetime", "is longer than %s; codes are exchanged at once", seconds(MaxCodeLifetime))
	}
	if c.RefreshReuseGrace < 0 || c.RefreshReuseGrace > MaxRefreshReuseGrace {
		p.add("refresh_reuse_grace", "must be from 0s to %s", seconds(MaxRefreshReuseGrace))
	}
}

func (p *Problems) checkLifetime(field string, lifetime storage.Lifetime, mayBeNever bool) {
	d := time.Duration(lifetime)
	switch {
	case lifetime == storage.Never && mayBeNever, d == 0:
	case lifetime == storage.Never:
		p.add(field, "cannot be never; use at most %s", seconds(MaxCodeLifetime))
	case d < 0 || d%time.Second != 0:
		p.add(field, "must be a whole number of seconds, at least one")
	case d > maxLifetime:
		p.add(field, "is over a hundred years; use never")
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%ds", int(d.Seconds())) }

// Statuses returns every status that a mini app can have.
func Statuses() []string { return slices.Clone(statuses) }
