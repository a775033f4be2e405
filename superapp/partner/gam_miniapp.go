package partner

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"time"

	"gatehouse/authz"
	"gatehouse/authz/dialect/gam"
	"gatehouse/identity"
	"gatehouse/registry"
	"gatehouse/storage"
)

// signInLifetime is how long the mini app's own token lives, as in GAM's example.
const signInLifetime = 30 * time.Minute

// signInRoute is GAM's POST /oauth/gam/signin of a mini app's server: its super app brings a code, which is exchanged
// there for a token, and that for who the person is; the answer is a token of our own. GET is the super app's side of the
// browser's flow (authz/dialect/gam).
func (p *Partner) signInRoute() authz.Route {
	return authz.Route{
		Methods: []string{http.MethodPost}, Path: "/oauth/gam/signin", Dialect: registry.DialectGAM,
		Endpoint: p.authz.API(p.signInPerson), Decode: decodeSignIn, Encode: encodeSignIn, Fail: gam.Fail,
		AccessLifetime: storage.Lifetime(signInLifetime),
	}
}

// decodeSignIn reads the form. oauth=miniapp may be anywhere in it.
func decodeSignIn(r *http.Request) (*authz.Request, error) {
	params, err := gam.ReadForm(r, "oauth", "client_id", "client_secret", "code")
	req := &authz.Request{Params: params}
	if err == nil && params["oauth"] != "miniapp" {
		err = authz.Refuse(authz.CodeInvalidRequest, "The parameter oauth has to be miniapp.")
	}
	return req, err
}

func encodeSignIn(_ *authz.Request, a *authz.Answer) authz.Response {
	return authz.Response{Body: gam.TokenOf(a)}
}

// signInPerson issues a token to the mini app for the person behind a code of its super app. Nothing is written before
// the super app has said who that is.
func (p *Partner) signInPerson(ctx context.Context, req *authz.Request) (*authz.Answer, error) {
	at, err := p.provenMiniApp(ctx, req)
	if err != nil {
		return nil, err
	}
	code := req.Params["code"]
	if code == "" {
		return nil, authz.Refuse(authz.CodeInvalidRequest, "The parameter code is missing.")
	}
	token, err := p.exchange(ctx, at, code)
	if err != nil {
		return nil, err
	}
	info, err := p.userInfo(ctx, at, token.access)
	if err != nil {
		return nil, err
	}
	user, err := p.provision(ctx, at, info)
	if err != nil {
		return nil, err
	}
	return p.authz.TokensFor(ctx, req.Route, at.client, user, token.scope)
}

// superApp is the super app of a mini app that we are the server of.
type superApp struct {
	client           *storage.Client // the mini app
	url              string          // of the super app, canonical: what comes before /oauth/gam/v2.0/
	clientID, secret string          // of the mini app at the super app
}

var errMiniApp = authz.Refuse(authz.CodeInvalidClient, "The mini app is not known here, or its secret is wrong.")

// provenMiniApp returns the super app of the mini app that a request names, if whoever sent it has their common secret.
// An unknown mini app and a wrong secret are the same refusal, after the same comparison.
func (p *Partner) provenMiniApp(ctx context.Context, req *authz.Request) (*superApp, error) {
	c, err := p.registry.GAMMiniApp(ctx, req.Params["client_id"])
	if errors.Is(err, storage.ErrNotFound) {
		sameSecret(req.Params["client_secret"], "")
		return nil, errMiniApp.For(authz.ReasonUnknownClient)
	}
	if err != nil {
		return nil, err
	}
	req.Client = c
	settings, _ := registry.GAMOf(c)
	secret, err := p.open(c, settings.SuperApp.ClientSecret)
	if err != nil {
		return nil, err
	}
	if !sameSecret(req.Params["client_secret"], secret) {
		return nil, errMiniApp
	}
	base, err := canonical(settings.SuperApp.URL)
	if err != nil {
		return nil, err
	}
	return &superApp{client: c, url: base, clientID: settings.SuperApp.ClientID, secret: secret}, nil
}

// sameSecret compares in a time that tells nothing about the secret, not even its length. Nothing equals no secret.
func sameSecret(sent, secret string) bool {
	a, b := sha256.Sum256([]byte(sent)), sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && secret != ""
}

// provision returns the local person whom the super app speaks of, a new one where they have not been here.
func (p *Partner) provision(ctx context.Context, at *superApp, info *person) (storage.User, error) {
	issuer, subject := info.identify(at.url)
	user, err := p.people.Provision(ctx, info.account(), issuer, subject, identity.From{})
	switch {
	case identity.Invalids(err) != nil:
		return user, superAppFailed(err)
	case err != nil:
		return user, err
	case user.Disabled:
		return user, authz.Refuse(authz.CodeAccessDenied, "The account of this person is disabled.").WithStatus(http.StatusForbidden)
	}
	return user, nil
}
