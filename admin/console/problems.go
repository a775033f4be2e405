package console

import (
	"errors"
	"net/http"

	"gatehouse/admin"
	"gatehouse/identity"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

// problemMoved says that somebody changed the record since the form was drawn.
const problemMoved = "problem.moved"

// problemsOf says on a form why err came of it, and with which status the page is answered; nil for what a form cannot help.
func problemsOf(err error) ([]templates.Problem, int) {
	if wrong, is := errors.AsType[registry.Problems](err); is {
		var problems []templates.Problem
		for _, w := range wrong {
			problems = append(problems, rule(w.Field, w.Text))
		}
		return problems, http.StatusUnprocessableEntity
	}
	if wrong := identity.Invalids(err); wrong != nil {
		var problems []templates.Problem
		for _, w := range wrong {
			problems = append(problems, templates.Problem{Field: w.Field, Key: w.Key, Args: w.Args})
		}
		return problems, http.StatusUnprocessableEntity
	}
	if wrong, is := errors.AsType[*registry.StatusError](err); is {
		return []templates.Problem{rule("", wrong.Error())}, http.StatusUnprocessableEntity
	}
	if refused, is := errors.AsType[*admin.RefusedError](err); is {
		return []templates.Problem{rule("", refused.Error())}, http.StatusConflict
	}
	switch {
	case errors.Is(err, storage.ErrExists):
		return []templates.Problem{{Key: "problem.taken"}}, http.StatusConflict
	case errors.Is(err, admin.ErrInUse):
		return []templates.Problem{rule("", err.Error())}, http.StatusConflict
	case errors.Is(err, storage.ErrConflict):
		return []templates.Problem{{Key: problemMoved}}, http.StatusConflict
	}
	return nil, 0
}

// rule is a problem in the words of the registry, which are the same wherever somebody changes a record.
func rule(field, text string) templates.Problem {
	return templates.Problem{Field: field, Key: "problem.rule", Args: map[string]string{"text": text}}
}
