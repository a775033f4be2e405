package miniapp

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// flow is what one trip to the super app has to be compared with when it comes back.
type flow struct {
	State    string // ties the answer to this browser (RFC 6749 §10.12)
	Nonce    string // ties the ID token to this trip (OIDC Core §3.1.2.1)
	Verifier string // proves that whoever exchanges the code also began the trip (RFC 7636)
	InHost   bool   // the app was opened inside the super app
}

// login sends the browser to the super app. With ?again=1 the person is asked even about what is decided already.
func (a *App) login(w http.ResponseWriter, r *http.Request) {
	f := flow{State: random(), Nonce: random(), Verifier: oauth2.GenerateVerifier()}
	a.sessions.start(w, r, session{Flow: &f})

	options := []oauth2.AuthCodeOption{oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)}
	if r.FormValue("again") != "" {
		options = append(options, oauth2.SetAuthURLParam("prompt", "consent"))
	}
	http.Redirect(w, r, a.oauth.AuthCodeURL(f.State, options...), http.StatusSeeOther)
}

// launch is what the super app opens in its web view. The trip is the usual one, but to the super app's own program: the
// person has decided there already, so it answers with a code at once. It needs our state and challenge for that like
// anybody, or the code would be of use to somebody else.
func (a *App) launch(w http.ResponseWriter, r *http.Request) {
	if a.options.HostURL == "" {
		http.NotFound(w, r)
		return
	}
	f := flow{State: random(), Nonce: random(), Verifier: oauth2.GenerateVerifier(), InHost: true}
	a.sessions.start(w, r, session{Flow: &f, InHost: true})

	toHost := a.oauth
	toHost.Endpoint.AuthURL = a.options.HostURL + "/open/" + url.PathEscape(a.options.ClientID)
	http.Redirect(w, r, toHost.AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), http.StatusSeeOther)
}

// callback is the redirect URI. Nothing in its query is believed before the state and the issuer are right.
func (a *App) callback(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	before, _ := a.sessions.get(r)
	f := before.Flow
	if f == nil || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(f.State)) != 1 {
		a.fail(w, "invalid_state", "This sign-in was not started in this browser, or it was finished already.")
		return
	}
	// RFC 9207 §2.4: an answer of another server is not for us.
	if q.Get("iss") != a.options.Issuer {
		a.fail(w, "invalid_issuer", "The answer came from another server than the one we asked.")
		return
	}
	if code := q.Get("error"); code != "" {
		a.sessions.end(w, r)
		a.fail(w, code, q.Get("error_description"))
		return
	}
	signedIn, err := a.exchange(a.context(r), q.Get("code"), *f)
	if err != nil {
		a.options.Log.ErrorContext(r.Context(), "sign-in failed", "error", reason(err))
		a.fail(w, "sign_in_failed", "The super app's answer could not be used. Nobody is signed in.")
		return
	}
	a.sessions.start(w, r, signedIn) // a new session ID, now that it is worth something
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// exchange turns a code into tokens and the tokens into a person.
func (a *App) exchange(ctx context.Context, code string, f flow) (session, error) {
	token, err := a.oauth.Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return session{}, err
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return session{}, errors.New("there is no ID token in the answer")
	}
	// Checks signature, issuer, audience and expiry (OIDC Core §3.1.3.7).
	idToken, err := a.provider.Verifier(&oidc.Config{ClientID: a.options.ClientID}).Verify(ctx, raw)
	if err != nil {
		return session{}, err
	}
	if subtle.ConstantTimeCompare([]byte(idToken.Nonce), []byte(f.Nonce)) != 1 {
		return session{}, errors.New("the ID token belongs to another sign-in")
	}
	claims, err := a.userInfo(ctx, token, idToken.Subject)
	if err != nil {
		return session{}, err
	}
	return session{Subject: idToken.Subject, Token: token, Granted: a.granted(token), Claims: claims, InHost: f.InHost}, nil
}

// granted returns the scopes that the person allowed. The server may leave `scope` out where it is all that was asked
// (RFC 6749 §5.1).
func (a *App) granted(token *oauth2.Token) []string {
	scope, ok := token.Extra("scope").(string)
	if !ok {
		return a.options.Scopes
	}
	return strings.Fields(scope)
}

// reason is what a log may say: an answer of the token endpoint can hold tokens, so only its error code is repeated.
func reason(err error) string {
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return fmt.Sprintf("the token endpoint answered %s %s", refused.Response.Status, refused.ErrorCode)
	}
	return err.Error()
}
