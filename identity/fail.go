package identity

import (
	"errors"
	"math"
	"net/http"
	"strconv"

	"gatehouse/templates"
)

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
