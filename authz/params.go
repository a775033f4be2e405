package authz

import (
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
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
	params, repeated := Params{}, []string(nil)
	for pair := range strings.SplitSeq(encoded, "&") {
		if pair == "" {
			continue
		}
		name, value, err := decodePair(pair)
		if err != nil {
			return nil, nil, refuse(CodeInvalidRequest, "The parameters are not properly form-encoded.").because(err)
		}
		if !isText(name) || !isText(value) {
			return nil, nil, refuse(CodeInvalidRequest, "The parameters are not valid UTF-8 text.")
		}
		switch _, there := params[name]; {
		case !there:
			params[name] = value
		case !slices.Contains(repeated, name):
			repeated = append(repeated, name)
		}
	}
	maps.DeleteFunc(params, func(_, value string) bool { return value == "" })
	return params, repeated, nil
}

// decodePair decodes name=value as url.ParseQuery does (URL Standard §5.1), which makes a list of the values of each name.
func decodePair(pair string) (name, value string, err error) {
	if strings.Contains(pair, ";") {
		return "", "", errors.New("invalid semicolon separator")
	}
	name, value, _ = strings.Cut(pair, "=")
	if name, err = url.QueryUnescape(name); err != nil {
		return "", "", err
	}
	value, err = url.QueryUnescape(value)
	return name, value, err
}

func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

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
	if err == nil {
		return string(body), nil
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return "", refuse(CodeInvalidRequest, "The request body is too large.").WithStatus(http.StatusRequestEntityTooLarge)
	}
	return "", refuse(CodeInvalidRequest, "The request body could not be read.").because(err)
}

// typeForm is the media type of what browsers and clients post.
const typeForm = "application/x-www-form-urlencoded"

// parseForm reads the parameters of a form-encoded POST: from the body alone, each once (RFC 6749 §3.2).
func parseForm(r *http.Request) (Params, error) {
	if r.URL.RawQuery != "" {
		return nil, refuse(CodeInvalidRequest, "Parameters belong into the request body, not into the URL.")
	}
	if !isForm(r.Header.Get("Content-Type")) {
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

func isForm(contentType string) bool {
	if contentType == typeForm { // as nearly all write it
		return true
	}
	t, _, err := mime.ParseMediaType(contentType)
	return err == nil && t == typeForm
}
