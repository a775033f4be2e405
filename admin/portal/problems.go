package portal

import (
	"errors"
	"net/http"
	"strings"

	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

// problemsOf is an error as a page shows it, and the status to answer with; false for one that no form is about. control
// is the ID of the control that a field is filled in by; empty where the page has none.
func problemsOf(err error, control func(field string) string) (problems []templates.Problem, status int, ok bool) {
	var broken registry.Problems
	var stuck *registry.StatusError
	switch {
	case errors.As(err, &broken):
		for _, b := range broken {
			id, text := control(b.Field), b.Text
			if id == "" {
				text = b.Field + ": " + text
			}
			problems = append(problems, rule(id, text))
		}
		return problems, http.StatusUnprocessableEntity, true
	case errors.As(err, &stuck):
		return []templates.Problem{rule("", stuck.Error())}, http.StatusConflict, true
	case errors.Is(err, storage.ErrConflict):
		return []templates.Problem{{Key: "problem.conflict"}}, http.StatusConflict, true
	}
	return nil, 0, false
}

// nowhere is the control of every field on a page whose problems are all shown at its head.
func nowhere(string) string { return "" }

// rule is a problem in the words of the registry, which are the same wherever somebody registers a mini app.
func rule(id, text string) templates.Problem {
	return templates.Problem{Field: id, Key: "problem.rule", Args: map[string]string{"text": text}}
}

// stepOf is the step in which a field is filled in.
func stepOf(field string) string {
	name, _, _ := strings.Cut(field, "[")
	name, _, _ = strings.Cut(name, ".")
	switch name {
	case "redirect_uris", "post_logout_redirect_uris", "initiate_login_uri":
		return "redirects"
	case "scopes":
		return "data"
	case "public", "subject_type", "jwks", "jwks_uri", "token_types", "grant_types", "pkce", "token_endpoint_auth_method":
		return "security"
	}
	return "identity"
}
