package gam

import (
	"net/http"
	"slices"
	"strings"

	"gatehouse/authz"
	"gatehouse/authz/dialect"
)

// ReadForm reads the parameters of these names from a body that is a form or JSON. What the client writes in whatever case
// (the vendor's own example has Grant_type) names is to have in lower case; a parameter without a value and one that is not
// among names is left out. An *authz.Error with code invalid_request for a name that is there twice, also in two
// spellings, for one of names in the URL, and as dialect.ReadBody has it.
func ReadForm(r *http.Request, names ...string) (authz.Params, error) {
	params := make(authz.Params, len(names))
	if err := refuseQuery(r, names...); err != nil {
		return params, err
	}
	body, err := dialect.ReadBody(r, false)
	if err != nil {
		return params, err
	}
	spellings := spellingsOf(body)
	for _, name := range names {
		text, err := textOf(body, spellings[name])
		if err != nil {
			return params, err
		}
		if text != "" {
			params[name] = text
		}
	}
	return params, nil
}

// refuseQuery refuses these parameters in the URL, where logs and histories keep them.
func refuseQuery(r *http.Request, names ...string) error {
	query, err := dialect.ReadQuery(r)
	if err != nil {
		return err
	}
	spellings := spellingsOf(query)
	for _, name := range names {
		if spellings[name] != nil {
			return authz.Refuse(authz.CodeInvalidRequest, "Parameters belong into the request body or a header, not into the URL.")
		}
	}
	return nil
}

// spellingsOf returns, for each name in lower case, how it is written.
func spellingsOf(body dialect.Body) map[string][]string {
	spellings := make(map[string][]string)
	for _, name := range body.Names() {
		lower := strings.Map(lowerASCII, name)
		spellings[lower] = append(spellings[lower], name)
	}
	return spellings
}

// lowerASCII leaves letters alone that only Unicode takes for ours, such as the sign of Kelvin.
func lowerASCII(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r - 'A' + 'a'
	}
	return r
}

// textOf returns the value of a parameter that has at most one spelling.
func textOf(body dialect.Body, spellings []string) (string, error) {
	switch len(spellings) {
	case 0:
		return "", nil
	case 1:
		return body.Text(spellings[0])
	}
	return "", authz.Refuse(authz.CodeInvalidRequest, "A parameter is there more than once, in several spellings.")
}

// credentialsOf returns the Authorization header if it is one of a scheme, and what follows the scheme (RFC 9110 §11.4).
func credentialsOf(authorization string, schemes ...string) (string, bool) {
	scheme, credentials, _ := strings.Cut(authorization, " ")
	is := slices.ContainsFunc(schemes, func(s string) bool { return strings.EqualFold(s, scheme) })
	return strings.TrimSpace(credentials), is
}
