package upstream

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"gatehouse/internal/outbound"
)

const (
	// metadataLifetime is how long a provider's metadata is good. Its keys are looked up whenever an unknown one is met.
	metadataLifetime = time.Hour
	// restAfterFailure is how long a provider that did not answer is left alone.
	restAfterFailure = 3 * time.Second
	// skew is how far the provider's clock may be from ours.
	skew = time.Minute
)

// What can go wrong at a provider.
var (
	// errUnavailable: it did not answer as a server of this kind does, or said that it cannot at the moment.
	errUnavailable = errors.New("the provider does not answer")
	// errRefused: it answered, and what it sent proves nothing.
	errRefused = errors.New("the provider's answer is no proof")
	// errStale: it did not ask the person for their credentials anew.
	errStale = errors.New("the provider did not ask the person to sign in again")
)

// provider is one server that people may sign in with. It is safe for concurrent use.
type provider struct {
	Settings
	redirectURI  string
	calls        *outbound.Client
	allowPrivate bool
	now          func() time.Time

	turn     chan struct{} // capacity 1: one discovers, the others wait
	found    *metadata
	failedAt time.Time
	failure  error
}

// metadata is what a provider publishes about itself (OIDC Discovery §3).
type metadata struct {
	oidc     *oidc.Provider
	at       time.Time
	endpoint oauth2.Endpoint
	sendsIss bool // RFC 9207 §3
	userinfo bool
}

// withCalls makes the libraries call through the rules of internal/outbound.
func (p *provider) withCalls(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.calls.HTTP())
}

// discover returns the metadata, asking the provider for it when what we have is old. Old metadata is better than none.
func (p *provider) discover(ctx context.Context) (*metadata, error) {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	now := p.now()
	if p.found != nil && now.Sub(p.found.at) < metadataLifetime {
		return p.found, nil
	}
	if p.failure != nil && now.Sub(p.failedAt) < restAfterFailure {
		return p.found, p.failureWithout(p.found)
	}
	// Whoever asks may leave; those who wait for the answer have not.
	fresh, err := p.fetch(context.WithoutCancel(ctx))
	if err != nil {
		p.failedAt, p.failure = now, fmt.Errorf("%w: discovery: %w", errUnavailable, err)
		return p.found, p.failureWithout(p.found)
	}
	p.found, p.failure = fresh, nil
	return fresh, nil
}

func (p *provider) failureWithout(m *metadata) error {
	if m != nil {
		return nil
	}
	return p.failure
}

func (p *provider) fetch(ctx context.Context) (*metadata, error) {
	found, err := oidc.NewProvider(p.withCalls(ctx), p.Issuer)
	if err != nil {
		return nil, brief(err)
	}
	var more struct {
		Methods  []string `json:"token_endpoint_auth_methods_supported"`
		SendsIss bool     `json:"authorization_response_iss_parameter_supported"`
	}
	if err := found.Claims(&more); err != nil {
		return nil, brief(err)
	}
	m := &metadata{oidc: found, at: p.now(), endpoint: found.Endpoint(), sendsIss: more.SendsIss,
		userinfo: found.UserInfoEndpoint() != ""}
	if err := outbound.CheckURL(m.endpoint.AuthURL, p.allowPrivate); err != nil { // browsers are sent there
		return nil, fmt.Errorf("authorization_endpoint: %w", err)
	}
	m.endpoint.AuthStyle = oauth2.AuthStyleInHeader // the default of OIDC Discovery §3
	if len(more.Methods) > 0 && !slices.Contains(more.Methods, "client_secret_basic") {
		m.endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return m, nil
}

func (p *provider) oauth(m *metadata) *oauth2.Config {
	return &oauth2.Config{ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: m.endpoint, RedirectURL: p.redirectURI, Scopes: p.Scopes}
}

// authorizationURL is where the browser goes (OIDC Core §3.1.2.1). reauthenticate, 0 or more, is how long ago in seconds
// the person may have given their credentials there; below 0 it does not matter.
func (p *provider) authorizationURL(ctx context.Context, state string, a attempt, prompt []string, hint string, reauthenticate int) (string, error) {
	m, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(a.Verifier), oidc.Nonce(a.Nonce)}
	if len(prompt) > 0 {
		options = append(options, oauth2.SetAuthURLParam("prompt", strings.Join(prompt, " ")))
	}
	if hint != "" {
		options = append(options, oauth2.SetAuthURLParam("login_hint", hint))
	}
	if reauthenticate >= 0 {
		options = append(options, oauth2.SetAuthURLParam("max_age", strconv.Itoa(reauthenticate)))
	}
	return p.oauth(m).AuthCodeURL(state, options...), nil
}

// checkIssuer holds an authorization response against the provider that it was asked of (RFC 9207 §2.4): another one's
// answer must not be taken to this one's token endpoint. Each provider has a redirect URI of its own besides.
func (p *provider) checkIssuer(ctx context.Context, response url.Values) error {
	m, err := p.discover(ctx)
	if err != nil {
		return err
	}
	iss, sent := response["iss"]
	if !sent && m.sendsIss {
		return fmt.Errorf("%w: the response has no iss, although the provider announces it", errRefused)
	}
	if sent && !slices.Equal(iss, []string{p.Issuer}) {
		return fmt.Errorf("%w: the response has another issuer than the one that was asked", errRefused)
	}
	return nil
}

// proof is what a provider says about who signed in.
type proof struct {
	subject  string
	provedAt time.Time // when the person gave their credentials there; zero: not said
	profile  profile
	// more asks the provider for the rest of the profile, where the ID token does not have it.
	more func(ctx context.Context) (profile, error)
}

// profile are the claims that an account is made of (OIDC Core §5.1).
type profile struct {
	Email         string `json:"email"`
	EmailVerified any    `json:"email_verified"` // some send it as a text
	Name          string `json:"name"`
	GivenName     string `json:"given_name"`
	FamilyName    string `json:"family_name"`
	Locale        string `json:"locale"`
}

func (p profile) verified() bool { return p.EmailVerified == true || p.EmailVerified == "true" }

// exchange takes a code to the token endpoint and proves what comes back (OIDC Core §3.1.3.7).
func (p *provider) exchange(ctx context.Context, code string, a attempt) (*proof, error) {
	m, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	ctx = p.withCalls(ctx)
	token, err := p.oauth(m).Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return nil, tokenFailure(err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return nil, fmt.Errorf("%w: there is no ID token", errRefused)
	}
	id, err := m.oidc.Verifier(&oidc.Config{ClientID: p.ClientID, Now: p.now}).Verify(ctx, raw)
	if err != nil {
		if isUnreachable(err) {
			return nil, fmt.Errorf("%w: its keys: %w", errUnavailable, brief(err))
		}
		return nil, fmt.Errorf("%w: %w", errRefused, brief(err))
	}
	return p.prove(m, id, token, a)
}

// prove checks what the library leaves to its caller.
func (p *provider) prove(m *metadata, id *oidc.IDToken, token *oauth2.Token, a attempt) (*proof, error) {
	var claims struct {
		profile
		AuthorizedParty string  `json:"azp"`
		AuthTime        float64 `json:"auth_time"`
	}
	if err := id.Claims(&claims); err != nil {
		return nil, fmt.Errorf("%w: its claims cannot be read", errRefused)
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(a.Nonce)) != 1:
		return nil, fmt.Errorf("%w: the ID token has another nonce", errRefused)
	case claims.AuthorizedParty != "" && claims.AuthorizedParty != p.ClientID,
		claims.AuthorizedParty == "" && len(id.Audience) > 1:
		return nil, fmt.Errorf("%w: the ID token was made for another client", errRefused)
	case id.AccessTokenHash != "" && id.VerifyAccessToken(token.AccessToken) != nil:
		return nil, fmt.Errorf("%w: the access token is not the one of the ID token", errRefused)
	case claims.AuthTime > float64(p.now().Add(skew).Unix()):
		return nil, fmt.Errorf("%w: the person signs in there in the future", errRefused)
	}
	found := &proof{subject: id.Subject, profile: claims.profile}
	if claims.AuthTime >= 1 {
		found.provedAt = time.Unix(int64(claims.AuthTime), 0)
	}
	if !a.ProvedAfter.IsZero() && found.provedAt.Before(a.ProvedAfter.Add(-skew)) {
		return nil, errStale // also where it does not say when
	}
	found.more = func(ctx context.Context) (profile, error) {
		if claims.profile.Email != "" || !m.userinfo {
			return claims.profile, nil
		}
		return p.userinfo(ctx, m, id.Subject, token)
	}
	return found, nil
}

// userinfo asks for the profile. It is only that of subject (OIDC Core §5.3.2).
func (p *provider) userinfo(ctx context.Context, m *metadata, subject string, token *oauth2.Token) (profile, error) {
	info, err := m.oidc.UserInfo(p.withCalls(ctx), oauth2.StaticTokenSource(token))
	if err != nil {
		return profile{}, fmt.Errorf("%w: userinfo", errUnavailable) // the error may quote the answer
	}
	var found profile
	if info.Subject != subject || info.Claims(&found) != nil {
		return profile{}, fmt.Errorf("%w: userinfo is not about who signed in", errRefused)
	}
	return found, nil
}

// tokenFailure says what a token endpoint said, without what may repeat the code or the secret.
func tokenFailure(err error) error {
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	switch {
	case !ok && isUnreachable(err):
		return fmt.Errorf("%w: %w", errUnavailable, brief(err))
	case !ok:
		return fmt.Errorf("%w: the token endpoint's answer cannot be read", errRefused)
	case refused.Response != nil && refused.Response.StatusCode >= 500:
		return fmt.Errorf("%w: the token endpoint answered %d", errUnavailable, refused.Response.StatusCode)
	}
	return fmt.Errorf("%w: the token endpoint refused the code: %s", errRefused, errorCode(refused.ErrorCode))
}

func isUnreachable(err error) bool {
	return errors.Is(err, outbound.ErrUnreachable) || errors.Is(err, outbound.ErrRefused) || errors.Is(err, outbound.ErrTooLarge) ||
		strings.Contains(err.Error(), "fetching keys") // go-oidc does not wrap it
}

// errorCode is an error code of the other side, as far as it is one (RFC 6749 §5.2).
func errorCode(code string) string {
	if len(code) > 64 || code == "" || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return "other"
	}
	return code
}

// brief is an error of the libraries in at most 300 bytes: some repeat what the other side sent.
func brief(err error) error {
	if text := err.Error(); len(text) > 300 {
		return errors.New(strings.ToValidUTF8(text[:300], "") + "…")
	}
	return err
}
