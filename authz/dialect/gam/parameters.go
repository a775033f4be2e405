package gam

import (
	"net/http"
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
	if err := dialect.RefuseQuery(r, names...); err != nil {
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
