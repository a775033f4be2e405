package miniapp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// home shows what the app knows: nothing, or what the person allowed. It is read again each time, so that what was taken
// back is gone at once.
func (a *App) home(w http.ResponseWriter, r *http.Request) {
	s, id := a.sessions.get(r)
	if s.Token == nil {
		a.pages.render(w, http.StatusOK, "welcome", nil)
		return
	}
	claims, err := a.userInfo(a.context(r), s.Token, s.Subject)
	if err != nil { // perhaps the access token has just expired; a new one tells
		a.refresh(w, r)
		return
	}
	s.Claims = claims
	a.sessions.save(id, s)
	a.pages.render(w, http.StatusOK, "account", a.accountView(s))
}

// userInfo reads the claims that were allowed (OIDC Core §5.3).
func (a *App) userInfo(ctx context.Context, token *oauth2.Token, subject string) (map[string]any, error) {
	info, err := a.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, err
	}
	if info.Subject != subject { // OIDC Core §5.3.2: otherwise the answer may be about somebody else
		return nil, errors.New("userinfo is about another person than the ID token")
	}
	claims := map[string]any{}
	return claims, info.Claims(&claims)
}

// refresh gets new tokens for the old refresh token, which is used up by that, and reads the claims again.
func (a *App) refresh(w http.ResponseWriter, r *http.Request) {
	s, id := a.sessions.get(r)
	if s.Token == nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	ctx := a.context(r)
	old := &oauth2.Token{RefreshToken: s.Token.RefreshToken} // without an access token it counts as expired
	token, err := a.oauth.TokenSource(ctx, old).Token()
	var claims map[string]any
	if err == nil {
		claims, err = a.userInfo(ctx, token, s.Subject)
	}
	if err != nil {
		a.options.Log.ErrorContext(ctx, "refresh failed", "error", reason(err))
		a.refreshFailed(w, r, s, err)
		return
	}
	s.Token, s.Claims, s.Granted, s.RefreshedAt = token, claims, a.granted(token), time.Now()
	a.sessions.save(id, s)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// refreshFailed tells apart a person who has ended the access, which ends the session, from a server in trouble.
func (a *App) refreshFailed(w http.ResponseWriter, r *http.Request, s session, err error) {
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.ErrorCode == "invalid_grant" {
		a.sessions.end(w, r)
		a.ended(w, s)
		return
	}
	a.fail(w, "refresh_failed", "The data could not be read just now. Try again in a moment.")
}

// logout forgets the person here and gives the tokens back, so that nothing stolen from us later still works.
func (a *App) logout(w http.ResponseWriter, r *http.Request) {
	s, _ := a.sessions.get(r)
	a.sessions.end(w, r)
	if s.Token != nil {
		if err := a.revoke(r.Context(), s.Token.RefreshToken); err != nil {
			a.options.Log.ErrorContext(r.Context(), "revocation failed", "error", err)
		}
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// revoke ends a refresh token and everything that came from it (RFC 7009 §2.1).
func (a *App) revoke(ctx context.Context, token string) error {
	if token == "" || a.revocation == "" {
		return nil
	}
	form := url.Values{"token": {token}, "token_type_hint": {"refresh_token"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.revocation, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(url.QueryEscape(a.options.ClientID), url.QueryEscape(a.options.ClientSecret)) // RFC 6749 §2.3.1
	res, err := a.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the revocation endpoint answered %s", res.Status)
	}
	return nil
}

// account is what the page of a signed-in person shows.
type account struct {
	Greeting    string
	Claims      []claim
	Wishes      []decidedWish
	Expires     string
	RefreshedAt string
	CanRefresh  bool
	InHost      bool
}

type claim struct {
	Name  string
	Value string
}

type decidedWish struct {
	Wish
	Allowed bool
}

func (a *App) accountView(s session) account {
	v := account{Greeting: "Hello", CanRefresh: s.Token.RefreshToken != "", InHost: s.InHost}
	if name, ok := s.Claims["given_name"].(string); ok && name != "" {
		v.Greeting = "Hello, " + name
	}
	for name, value := range s.Claims {
		v.Claims = append(v.Claims, claim{Name: name, Value: fmt.Sprint(readable(name, value))})
	}
	slices.SortFunc(v.Claims, func(a, b claim) int { return strings.Compare(a.Name, b.Name) })
	for _, w := range wishes {
		if !slices.Contains(a.options.Scopes, w.Scope) {
			continue
		}
		v.Wishes = append(v.Wishes, decidedWish{w, slices.Contains(s.Granted, w.Scope)})
	}
	if !s.Token.Expiry.IsZero() {
		v.Expires = s.Token.Expiry.UTC().Format("2 January 2006, 15:04 UTC")
	}
	if !s.RefreshedAt.IsZero() {
		v.RefreshedAt = s.RefreshedAt.UTC().Format("15:04:05 UTC")
	}
	return v
}

// readable turns the one claim that is a number of seconds (OIDC Core §5.1) into a date.
func readable(name string, value any) any {
	if seconds, ok := value.(float64); ok && name == "updated_at" {
		return time.Unix(int64(seconds), 0).UTC().Format("2 January 2006, 15:04 UTC")
	}
	return value
}
