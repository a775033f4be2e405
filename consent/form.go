package consent

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/httpx"
)

// form reads a posted form. When it is too large, or no text, the answer is an error page and ok is false.
func (p *Pages) form(w http.ResponseWriter, r *http.Request) (form url.Values, ok bool) {
	r.Body = http.MaxBytesReader(w, r.Body, httpx.MaxBody)
	err := r.ParseForm()
	if httpx.TooLarge(err) {
		p.refuse(w, r, http.StatusRequestEntityTooLarge, "too_large", "a form may have 64 KiB")
		return nil, false
	}
	if err != nil || !isText(r.PostForm) {
		p.refuse(w, r, http.StatusBadRequest, "invalid_request", "the form is not UTF-8 text without NUL, form-encoded")
		return nil, false
	}
	return r.PostForm, true
}

func isText(form url.Values) bool {
	for name, values := range form {
		for _, s := range append(values, name) {
			if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
				return false
			}
		}
	}
	return true
}

// single returns a value that a form has once; empty when it is missing or comes twice.
func single(form url.Values, name string) string {
	if len(form[name]) != 1 {
		return ""
	}
	return form[name][0]
}
