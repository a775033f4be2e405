package main

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
)

// browser is a person's, who signs in and allows whatever is asked.
type browser struct {
	http  *http.Client
	base  *url.URL
	email string
}

func newBrowser(base, email string) (*browser, error) {
	at, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &browser{base: at, email: email, http: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// cookie is the header line with which the browser's person is signed in.
func (b *browser) cookie() string {
	var pairs []string
	for _, c := range b.http.Jar.Cookies(b.base) {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	return "Cookie: " + strings.Join(pairs, "; ") + "\r\n"
}

// formOf finds the form with an id in a page of ours, and its hidden interaction.
var formOf = map[string]*regexp.Regexp{
	"sign-in": regexp.MustCompile(`(?s)<form id="sign-in"[^>]* action="([^"]*)".*?name="interaction" value="([^"]*)"`),
	"consent": regexp.MustCompile(`(?s)<form id="consent"[^>]* action="([^"]*)".*?name="interaction" value="([^"]*)"`),
}

// authorize goes the whole way of an authorization request, through sign-in and consent where they are due, to the code.
func (b *browser) authorize(target string) error {
	request, err := http.NewRequest(http.MethodGet, b.absolute(target), nil)
	for range 12 {
		if err != nil {
			return err
		}
		response, body, err2 := b.do(request)
		if err2 != nil {
			return err2
		}
		location := response.Header.Get("Location")
		switch {
		case response.StatusCode == http.StatusSeeOther && strings.HasPrefix(location, callback):
			if !strings.Contains(location, "code=") {
				return fmt.Errorf("no code: %s", location)
			}
			return nil
		case response.StatusCode == http.StatusSeeOther:
			request, err = http.NewRequest(http.MethodGet, b.absolute(location), nil)
		case response.StatusCode == http.StatusOK:
			request, err = b.fillIn(body)
		default:
			return fmt.Errorf("%s: %s", request.URL.Path, response.Status)
		}
	}
	return fmt.Errorf("%s leads round in circles", target)
}

func (b *browser) do(r *http.Request) (*http.Response, string, error) {
	response, err := b.http.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response, string(body), err
}

func (b *browser) fillIn(page string) (*http.Request, error) {
	form := url.Values{"username": {b.email}, "password": {password}}
	found := formOf["sign-in"].FindStringSubmatch(page)
	if found == nil {
		form = url.Values{"decision": {"allow"}}
		found = formOf["consent"].FindStringSubmatch(page)
	}
	if found == nil {
		return nil, fmt.Errorf("a page without a form to sign in or to decide")
	}
	form.Set("interaction", html.UnescapeString(found[2]))
	r, err := http.NewRequest(http.MethodPost, b.absolute(html.UnescapeString(found[1])), strings.NewReader(form.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return r, err
}

func (b *browser) absolute(target string) string {
	if strings.HasPrefix(target, "/") {
		return b.base.String() + target
	}
	return target
}
