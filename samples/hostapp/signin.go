package hostapp

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/oauth2"
)

// flow is what one trip to the authorization server has to be compared with when it comes back.
type flow struct {
	State    string // ties the answer to this browser (RFC 6749 §10.12)
	Verifier string // proves that whoever exchanges the code also began the trip (RFC 7636)
}

// login sends the browser to the authorization server. We are its own client, so the person signs in and is asked nothing.
func (a *App) login(w http.ResponseWriter, r *http.Request) {
	f := flow{State: random(), Verifier: oauth2.GenerateVerifier()}
	a.sessions.start(w, r, session{Flow: &f})
	http.Redirect(w, r, a.oauth.AuthCodeURL(f.State, oauth2.S256ChallengeOption(f.Verifier)), http.StatusSeeOther)
}

// callback is our redirect URI. Nothing in its query is believed before the state and the issuer are right.
func (a *App) callback(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	before, _ := a.sessions.get(r)
	f := before.Flow
	if f == nil || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(f.State)) != 1 {
		a.fail(w, http.StatusBadRequest, "invalid_state", "This sign-in was not started in this browser, or it was finished already.")
		return
	}
	if q.Get("iss") != a.options.Issuer { // RFC 9207 §2.4
		a.fail(w, http.StatusBadRequest, "invalid_issuer", "The answer came from another server than the one we asked.")
		return
	}
	if q.Get("error") != "" {
		a.sessions.end(w, r)
		a.fail(w, http.StatusOK, "not_signed_in", "You are not signed in. Nothing has changed.")
		return
	}
	s, err := a.exchange(r.Context(), q.Get("code"), f.Verifier)
	if err != nil {
		a.options.Log.ErrorContext(r.Context(), "sign-in failed", "error", reason(err))
		a.fail(w, http.StatusBadGateway, "sign_in_failed", "The server's answer could not be used. Nobody is signed in.")
		return
	}
	a.sessions.start(w, r, s) // a new session ID, now that it is worth something
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// exchange turns a code into the token for the API, and asks who the person is (OIDC Core §5.3).
func (a *App) exchange(ctx context.Context, code, verifier string) (session, error) {
	ctx = context.WithValue(ctx, oauth2.HTTPClient, a.client) // the default one waits for ever
	token, err := a.oauth.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return session{}, err
	}
	var person struct {
		GivenName string `json:"given_name"`
	}
	_, err = a.fetch(ctx, http.MethodGet, a.userInfo, token.AccessToken, nil, &person)
	return session{Token: token.AccessToken, Name: person.GivenName}, err
}

// logout tells the server that the person leaves, which also ends what mini apps were given meanwhile.
func (a *App) logout(w http.ResponseWriter, r *http.Request, p *person) {
	if err := p.call(r.Context(), http.MethodPost, "/logout", nil, nil); err != nil {
		a.options.Log.ErrorContext(r.Context(), "sign-out failed", "error", reason(err))
	}
	a.sessions.end(w, r)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// signedIn wraps pages that are about somebody. Who is nobody is sent to where they can sign in.
func (a *App) signedIn(next func(http.ResponseWriter, *http.Request, *person)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p := a.person(r)
		if p == nil {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return
		}
		next(w, r, p)
	}
}

// reason is what a log may say: an answer of the token endpoint can hold tokens, so only its error code is repeated.
func reason(err error) string {
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return fmt.Sprintf("the token endpoint answered %s %s", refused.Response.Status, refused.ErrorCode)
	}
	return err.Error()
}
