package identity

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"

	"gatehouse/internal/interaction"
	"gatehouse/storage"
	"gatehouse/templates"
)

// retryAfter is how many seconds a browser should wait while the database is away.
const retryAfter = "5"

// fail answers for an error from inside: 503 for an outage or when there was no room to hash a password in time, else
// 500. This is the rim, so it is logged here.
func (p *Pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	page := &templates.Error{Common: common(r, interaction.Interaction{}, nil), Code: "server_error"}
	status := http.StatusInternalServerError
	if errors.Is(err, storage.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
		page.Code, status = "temporarily_unavailable", http.StatusServiceUnavailable
		w.Header().Set("Retry-After", retryAfter)
	}
	if r.Context().Err() == nil { // else the browser has left, and that is the error
		p.Log.ErrorContext(r.Context(), "a page failed", "path", r.URL.Path, "err", err)
	}
	p.Pages.Render(w, r, status, page)
}

// refuse answers a request that no form or link of ours makes.
func (p *Pages) refuse(w http.ResponseWriter, r *http.Request, status int, code, key, detail string) {
	page := &templates.Error{Common: common(r, interaction.Interaction{}, nil), Code: code, Key: key, Detail: detail}
	p.Pages.Render(w, r, status, page)
}

// unsealed answers for an interaction that did not open: err is the sealer's, and i what it could still read.
func (p *Pages) unsealed(w http.ResponseWriter, r *http.Request, i interaction.Interaction, err error) {
	if !errors.Is(err, interaction.ErrExpired) {
		p.refuse(w, r, http.StatusBadRequest, "invalid_request", "invalid_interaction",
			"the sealed interaction does not belong to this browser and page")
		return
	}
	page := &templates.Error{Common: common(r, i, nil), Code: "expired", Retry: strings.TrimSuffix(r.URL.Path, "/switch")}
	if app, err := p.app(r.Context(), i); err == nil && app != nil && app.HomeURI != "" {
		page.App, page.Retry = app, "" // the page has a button that leads to the app's home
	}
	p.Pages.Render(w, r, http.StatusBadRequest, page)
}

// problemsOf says on a form why err came of it, and with which status the page is answered; ok is false for what a
// form cannot help.
func problemsOf(w http.ResponseWriter, err error) (problems []templates.Problem, status int, ok bool) {
	if tooMany, limited := errors.AsType[*TooMany](err); limited {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(tooMany.RetryAfter.Seconds()))))
		minutes := strconv.Itoa(int(math.Ceil(tooMany.RetryAfter.Minutes())))
		return []templates.Problem{{Key: "problem.limited", Args: map[string]string{"minutes": minutes}}},
			http.StatusTooManyRequests, true
	}
	for _, e := range Invalids(err) {
		problems = append(problems, templates.Problem{Field: e.Field, Key: e.Key, Args: e.Args})
	}
	return problems, http.StatusUnprocessableEntity, len(problems) > 0
}
