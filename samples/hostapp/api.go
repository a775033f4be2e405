package hostapp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// person is who is signed in, and calls the API for them.
type person struct {
	app     *App
	session string
	token   string
}

// person returns who is signed in, nil for nobody.
func (a *App) person(r *http.Request) *person {
	s, id := a.sessions.get(r)
	if s.Token == "" {
		return nil
	}
	return &person{app: a, session: id, token: s.Token}
}

// refusal is an error response of the API.
type refusal struct {
	Status int    `json:"-"`
	Code   string `json:"error"`
}

func (e *refusal) Error() string { return fmt.Sprintf("the server answered %d %s", e.Status, e.Code) }

// miniApp is a mini app as the API describes it to a person.
type miniApp struct {
	ClientID  string `json:"client_id"`
	Name      string `json:"name"`
	LogoURI   string `json:"logo_uri"`
	Publisher *struct {
		Name     string `json:"name"`
		Verified bool   `json:"verified"`
	} `json:"publisher"`
	Status   string  `json:"status"`
	Approved bool    `json:"approved"` // false: the person decided about it once, and nobody can open it now
	Scopes   []scope `json:"scopes"`
}

// scope is one thing that a mini app asks for.
type scope struct {
	Name     string         `json:"name"`
	Title    string         `json:"title"`
	Purpose  string         `json:"purpose"`
	Required bool           `json:"required"`
	Claims   map[string]any `json:"claims"` // what the mini app would be told
	Decision string         `json:"decision"`
}

// apps returns all mini apps that there are, page after page. This sample speaks English, whatever the browser does.
func (p *person) apps(ctx context.Context) (all []miniApp, err error) {
	query := url.Values{"ui_locales": {"en"}}
	for {
		var page struct {
			Apps []miniApp `json:"apps"`
			Next string    `json:"next"` // where the next page begins; empty: this is the last one
		}
		if err := p.call(ctx, http.MethodGet, "/apps?"+query.Encode(), nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Apps...)
		if page.Next == "" {
			return all, nil
		}
		query.Set("cursor", page.Next)
	}
}

func (p *person) miniApp(ctx context.Context, clientID string) (app miniApp, err error) {
	err = p.call(ctx, http.MethodGet, pathOf(clientID, "?ui_locales=en"), nil, &app)
	return app, err
}

// pathOf is the path of a call about one mini app.
func pathOf(clientID, rest string) string { return "/apps/" + url.PathEscape(clientID) + rest }

// call calls /superapp/v1 for the person, with body and answer as JSON. nil for either means that there is none. The error
// is a *refusal where the server has one.
func (p *person) call(ctx context.Context, method, path string, body, answer any) error {
	path = "/superapp/v1" + path
	status, err := p.app.fetch(ctx, method, p.app.options.Issuer+path, p.token, body, answer)
	p.app.sessions.change(p.session, func(s *session) {
		told, _, _ := strings.Cut(path, "?")
		s.Calls = append([]call{{method, told, status}}, s.Calls[:min(len(s.Calls), maxCalls-1)]...)
	})
	return err
}

// fetch sends a request, with a bearer token unless that is empty, and returns the status, 0 if nobody answered.
func (a *App) fetch(ctx context.Context, method, target, token string, body, answer any) (int, error) {
	var sent io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		sent = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, method, target, sent)
	if err != nil {
		return 0, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token) // RFC 6750 §2.1
	}
	res, err := a.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		refused := &refusal{Status: res.StatusCode}
		_ = json.NewDecoder(res.Body).Decode(refused) // the status alone says enough
		return res.StatusCode, refused
	}
	if answer == nil {
		return res.StatusCode, nil
	}
	return res.StatusCode, json.NewDecoder(res.Body).Decode(answer)
}
