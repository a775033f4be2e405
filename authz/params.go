package authz

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

const (
	maxBody      = 64 << 10 // bytes of a request body
	maxAuthorize = 4 << 10  // bytes of all authorization parameters: 5.6 KB sealed, under every proxy's limit
)

// Params are the parameters of one request under their RFC names. A parameter without a value is not there
// (RFC 6749 §3.1), and each is there once.
type Params map[string]string

// parseParams decodes a form-encoded string. It returns the parameters, those that were there more than once (the first
// value counts), and an error for what is not form-encoded UTF-8 text or has a NUL byte in it.
func parseParams(encoded string) (Params, []string, error) {
	values, err := url.ParseQuery(encoded)
	if err != nil {
		return nil, nil, refuse(CodeInvalidRequest, "The parameters are not properly form-encoded.").because(err)
	}
	params, repeated := make(Params, len(values)), []string(nil)
	for name, all := range values {
		if len(all) > 1 {
			repeated = append(repeated, name)
		}
		for _, text := range append([]string{name}, all...) {
			if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
				return nil, nil, refuse(CodeInvalidRequest, "The parameters are not valid UTF-8 text.")
			}
		}
		if all[0] != "" {
			params[name] = all[0]
		}
	}
	return params, repeated, nil
}

// only returns the parameters with these names.
func (p Params) only(names ...string) url.Values {
	v := url.Values{}
	for _, name := range names {
		if value, ok := p[name]; ok {
			v.Set(name, value)
		}
	}
	return v
}

// ReadBody returns a body of at most limit bytes, or an Error with status 413.
func ReadBody(r *http.Request, limit int64) (string, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return "", refuse(CodeInvalidRequest, "The request body is too large.").WithStatus(http.StatusRequestEntityTooLarge)
	case err != nil:
		return "", refuse(CodeInvalidRequest, "The request body could not be read.").because(err)
	}
	return string(body), nil
}

// parseForm reads the parameters of a form-encoded POST: from the body alone, each once (RFC 6749 §3.2).
func parseForm(r *http.Request) (Params, error) {
	if r.URL.RawQuery != "" {
		return nil, refuse(CodeInvalidRequest, "Parameters belong into the request body, not into the URL.")
	}
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/x-www-form-urlencoded" {
		return nil, refuse(CodeInvalidRequest, "The request body must be application/x-www-form-urlencoded.")
	}
	body, err := ReadBody(r, maxBody)
	if err != nil {
		return nil, err
	}
	params, repeated, err := parseParams(body)
	if err != nil {
		return nil, err
	}
	if len(repeated) > 0 {
		return nil, refuse(CodeInvalidRequest, "A parameter is there more than once.")
	}
	return params, nil
}
