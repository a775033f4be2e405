// Package rim is what the rooms with pages share at their rim: what is on every page, how a form is read, and how an
// error is shown.
package rim

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"gatehouse/internal/httpx"
	"gatehouse/internal/interaction"
	"gatehouse/storage"
	"gatehouse/templates"
)

// Writer answers browsers with pages. All fields are needed.
type Writer struct {
	Pages *templates.Pages
	// Apps returns how a client is shown; storage.ErrNotFound when there is none.
	Apps func(ctx context.Context, clientID string) (*templates.App, error)
	Log  *slog.Logger
}

// Common is what every page has; user is nil when nobody is signed in.
func Common(r *http.Request, i interaction.Interaction, user *storage.User) templates.Common {
	c := templates.Common{Locales: i.Get("ui_locales"), FormTarget: i.FormTarget(), RequestID: httpx.RequestID(r.Context())}
	if user != nil {
		person := Person(*user)
		person.Develops = slices.Contains(user.Roles, storage.RoleDeveloper)
		person.Operates = slices.Contains(user.Roles, storage.RoleReviewer) || slices.Contains(user.Roles, storage.RoleAdmin)
		c.Locale, c.Person = user.Locale, &person
	}
	return c
}

// Person is how a page shows somebody.
func Person(u storage.User) templates.Person {
	login := u.Email
	if login == "" {
		login = u.Phone
	}
	name := strings.TrimSpace(u.FirstName + " " + u.LastName)
	if name == "" {
		name = login
	}
	return templates.Person{Name: name, Login: login}
}

// Redirect answers 303, so that a browser follows with GET whatever it came with (RFC 9110 §15.4.4). It is only ever
// given a path of our own.
func Redirect(w http.ResponseWriter, r *http.Request, to string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// retryAfter is how many seconds a browser should wait while the database is away.
const retryAfter = "2"

// Fail answers for an error from inside: 503 for an outage, or when there was no room for the work in time, else 500.
// It is logged here.
func (p *Writer) Fail(w http.ResponseWriter, r *http.Request, err error) {
	page := &templates.Error{Common: Common(r, interaction.Interaction{}, nil), Code: "server_error"}
	status := http.StatusInternalServerError
	if errors.Is(err, storage.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		page.Code, status = "temporarily_unavailable", http.StatusServiceUnavailable
		w.Header().Set("Retry-After", retryAfter)
	}
	if r.Context().Err() == nil { // else the browser has left, and that is the error
		p.Log.ErrorContext(r.Context(), "a page failed", "request_id", httpx.RequestID(r.Context()), "path", r.URL.Path, "cause", err)
	}
	p.Pages.Render(w, r, status, page)
}

// Refuse answers a request that no form or link of ours makes. key is the catalog's explanation, or empty for that of
// code; detail is for developers.
func (p *Writer) Refuse(w http.ResponseWriter, r *http.Request, status int, code, key, detail string) {
	page := &templates.Error{Common: Common(r, interaction.Interaction{}, nil), Code: code, Key: key, Detail: detail}
	p.Pages.Render(w, r, status, page)
}

// Unsealed answers for an interaction that did not open: err is the sealer's, and i what it could still read. An expired
// one can be started again where it came from: at the mini app, or for a form of the person's own pages at own.
func (p *Writer) Unsealed(w http.ResponseWriter, r *http.Request, i interaction.Interaction, err error, own string) {
	if !errors.Is(err, interaction.ErrExpired) {
		p.Refuse(w, r, http.StatusBadRequest, "invalid_request", "invalid_interaction",
			"the sealed interaction does not belong to this browser and page")
		return
	}
	page := &templates.Error{Common: Common(r, i, nil), Code: "expired", Retry: own}
	if clientID := i.Get("client_id"); clientID != "" {
		page.Retry = ""
		if app, err := p.Apps(r.Context(), clientID); err == nil {
			page.App, page.Retry = app, app.LoginURI // the page has a button that leads to the app's home
		}
	}
	p.Pages.Render(w, r, http.StatusBadRequest, page)
}
