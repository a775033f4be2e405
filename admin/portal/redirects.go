package portal

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

// redirectFields are where a mini app sends browsers, with what is noteworthy about each and a way to try those that are saved.
func redirectFields(p *Pages, v *visit, c storage.Client, page *templates.DeveloperStep) error {
	uris := rows("redirect_uris", "redirect_uri", "url", c.RedirectURIs, 2)
	uris[0].Optional = false
	after := rows("post_logout_redirect_uris", "post_logout_redirect_uri", "url", c.PostLogoutRedirectURIs, 1)
	if v.work != nil {
		hints, err := p.House.DraftHints(v.r.Context(), v.caller, v.work)
		if err != nil {
			return err
		}
		saved, live := v.work.Proposed().RedirectURIs, v.work.Live
		for i := range uris {
			uris[i].Hints = hintsOn(uris[i].Value, hints)
			if !slices.Contains(saved, uris[i].Value) {
				continue
			}
			if live.Status == storage.StatusApproved && slices.Contains(live.RedirectURIs, uris[i].Value) {
				uris[i].TestAt = authorizeURL(live, uris[i].Value)
				continue
			}
			uris[i].Test = uris[i].Value
		}
		for i := range after {
			after[i].Hints = hintsOn(after[i].Value, hints)
		}
	}
	page.Fields = append(append(page.Fields, uris...), after...)
	page.Fields = append(page.Fields, one("initiate_login_uri", "url", c.InitiateLoginURI, true))
	return nil
}

func readRedirects(v *visit, c *storage.Client) func(string) string {
	c.RedirectURIs, c.PostLogoutRedirectURIs = filled(v.form["redirect_uris"]), filled(v.form["post_logout_redirect_uris"])
	c.InitiateLoginURI = strings.TrimSpace(v.form.Get("initiate_login_uri"))
	return plain([]string{"initiate_login_uri"}, "redirect_uris", "post_logout_redirect_uris")
}

// hintsOn are the hints that are about the host of a URI.
func hintsOn(uri string, hints []registry.Hint) (shown []templates.AdminHint) {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" {
		return nil
	}
	host := strings.ToLower(u.Hostname())
	for _, h := range hints {
		about := h.Kind == registry.HintRedirectHost || h.Kind == registry.HintNewDomain
		if about && (host == h.Value || strings.HasSuffix(host, "."+h.Value)) {
			shown = append(shown, templates.AdminHint{Kind: string(h.Kind), Value: h.Value, Other: h.Other})
		}
	}
	return shown
}

// testState is the state of a test, by which a mini app's log can tell it.
const testState = "test"

// authorizeURL begins a sign-in to a live mini app as the mini app would. What the code would be exchanged with is kept by
// nobody (RFC 7636 §4.1): the test ends where the browser arrives.
func authorizeURL(c storage.Client, redirectURI string) string {
	challenge := sha256.Sum256([]byte(rand.Text() + rand.Text()))
	query := url.Values{
		"response_type": {"code"}, "client_id": {c.ID}, "redirect_uri": {redirectURI}, "state": {testState},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
	if slices.ContainsFunc(c.Scopes, func(s storage.ClientScope) bool { return s.Name == registry.ScopeOpenID }) {
		query.Set("scope", registry.ScopeOpenID)
	}
	return "/oauth2/authorize?" + query.Encode()
}

// testRedirect sends a browser to a redirect URI that is saved, as if a person had refused (RFC 6749 §4.1.2.1). It leads
// nowhere else, and only by a form of ours.
func (p *Pages) testRedirect(v *visit) error {
	w, err := p.House.Client(v.r.Context(), v.caller, v.clientID())
	if err != nil {
		return err
	}
	uri := v.form.Get("test")
	if !slices.Contains(w.Proposed().RedirectURIs, uri) {
		p.Refuse(v.w, v.r, http.StatusBadRequest, "invalid_request", "", "test names no redirect URI that is saved")
		return nil
	}
	to, err := url.Parse(uri)
	if err != nil {
		return errors.New("portal: a redirect URI that was saved cannot be parsed")
	}
	answer := url.Values{
		"error": {"access_denied"}, "error_description": {"This is a test from the developer portal"}, "state": {testState}, "iss": {p.House.Issuer},
	}
	if to.RawQuery != "" {
		to.RawQuery += "&"
	}
	to.RawQuery += answer.Encode()
	v.w.Header().Set("Cache-Control", "no-store")
	v.w.Header().Set("Referrer-Policy", "no-referrer")
	v.w.Header().Set("Location", to.String())
	v.w.WriteHeader(http.StatusSeeOther)
	return nil
}
