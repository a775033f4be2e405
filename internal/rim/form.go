package rim

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/httpx"
)

// Form reads a posted form. What is not one, is too large or holds what no text holds is answered here; then ok is
// false. Parameters in the query are no part of it.
func (p *Writer) Form(w http.ResponseWriter, r *http.Request) (form url.Values, ok bool) {
	httpx.LimitBody(w, r, httpx.MaxBody)
	err := r.ParseForm()
	if httpx.TooLarge(err) {
		p.Refuse(w, r, http.StatusRequestEntityTooLarge, "invalid_request", "too_large", "a form has at most 64 KiB")
		return nil, false
	}
	if err != nil || !isText(r.PostForm) {
		p.Refuse(w, r, http.StatusBadRequest, "invalid_request", "", "the form is not one that a browser sends")
		return nil, false
	}
	return r.PostForm, true
}

// Query reads the query in the same way.
func (p *Writer) Query(w http.ResponseWriter, r *http.Request) (query url.Values, ok bool) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || !isText(query) {
		p.Refuse(w, r, http.StatusBadRequest, "invalid_request", "", "the query is not one that a browser sends")
		return nil, false
	}
	return query, true
}

// isText reports whether names and values are UTF-8 without NUL, which no database keeps.
func isText(values url.Values) bool {
	for name, list := range values {
		for _, s := range append(list, name) {
			if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
				return false
			}
		}
	}
	return true
}
