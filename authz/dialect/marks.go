package dialect

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"

	"gatehouse/authz"
)

// How a request is told to be for one vendor and not for another with the same path and method.

// choose returns the route whose mark the request has; the first one where it has none, which then says what is missing;
// and a refusal where it has those of several.
func choose(r *http.Request, routes []*authz.Route) (*authz.Route, *authz.Error) {
	if len(routes) == 1 {
		return routes[0], nil
	}
	var meant []*authz.Route
	names := parameterNames(r)
	for _, route := range routes {
		if slices.ContainsFunc(route.Marks, func(mark string) bool { return names[strings.ToLower(mark)] }) {
			meant = append(meant, route)
		}
	}
	switch len(meant) {
	case 0:
		return routes[0], nil
	case 1:
		return meant[0], nil
	}
	return meant[0], authz.Refuse(authz.CodeInvalidRequest, "The request has parameters of two formats. Send those of one: "+
		strings.Join(meant[0].Marks, " and ")+", or "+strings.Join(meant[1].Marks, " and ")+".")
}

// parameterNames returns the names, in lower case, of the parameters in the query and the body. The body can be read
// again afterwards. What cannot be understood has none; the route that gets it says so.
func parameterNames(r *http.Request) map[string]bool {
	names := make(map[string]bool)
	for name := range r.URL.Query() {
		names[strings.ToLower(name)] = true
	}
	if r.Method != http.MethodPost {
		return names
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	rest := r.Body
	if err != nil {
		rest = io.NopCloser(failing{err})
	}
	r.Body = readCloser{io.MultiReader(bytes.NewReader(raw), rest), r.Body}
	copied := &http.Request{Header: r.Header, Body: io.NopCloser(bytes.NewReader(raw))}
	if body, err := ReadBody(copied, true); err == nil {
		for _, name := range body.Names() {
			names[strings.ToLower(name)] = true
		}
	}
	return names
}

// readCloser reads from one and closes the other.
type readCloser struct {
	io.Reader
	io.Closer
}

// failing is the rest of a body that broke off.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// checkMarks panics for two routes of one path and method that nothing tells apart.
func checkMarks(here []authz.Route) {
	for i, a := range here {
		for _, b := range here[:i] {
			same := slices.ContainsFunc(a.Methods, b.Takes)
			common := slices.ContainsFunc(a.Marks, func(mark string) bool {
				return slices.ContainsFunc(b.Marks, func(other string) bool { return strings.EqualFold(mark, other) })
			})
			if same && (len(a.Marks) == 0 || len(b.Marks) == 0 || common) {
				panic("two routes of " + a.Path + " need different marks")
			}
		}
	}
}
