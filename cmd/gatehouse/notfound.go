package main

import (
	"net/http"
	"path"
	"strings"

	"gatehouse/internal/httpx"
	"gatehouse/templates"
)

// pageErrors says which error a page shows for a status that no handler of a page has answered: its code, and the key of
// a text that is more precise than the code's.
var pageErrors = map[int][2]string{
	http.StatusForbidden:             {"access_denied", "cross_origin"},
	http.StatusNotFound:              {"not_found"},
	http.StatusMethodNotAllowed:      {"invalid_request"},
	http.StatusRequestEntityTooLarge: {"invalid_request", "too_large"},
	http.StatusRequestURITooLong:     {"invalid_request", "too_large"},
}

// errorPage answers with the page for status.
func (r *rooms) errorPage(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		is, ok := pageErrors[status]
		if !ok {
			is[0] = "server_error"
		}
		r.pages.Render(w, req, status, &templates.Error{
			Common: templates.Common{RequestID: httpx.RequestID(req.Context())}, Code: is[0], Key: is[1],
		})
	}
}

// refuse answers in place of a handler: in a vendor's format at a path of theirs, else with a page where a person looks and
// with JSON where a program does.
func (r *rooms) refuse(w http.ResponseWriter, req *http.Request, status int) {
	if r.vendors.Refuse(w, req, status) {
		return
	}
	if strings.HasPrefix(req.URL.Path, "/api/") {
		r.api.Refuse(w, req, status)
		return
	}
	api := strings.HasPrefix(req.URL.Path, "/oauth2/") && req.URL.Path != "/oauth2/authorize"
	if api || strings.HasPrefix(req.URL.Path, "/.well-known/") || strings.HasPrefix(req.URL.Path, "/superapp/") {
		httpx.Refuse(w, req, status)
		return
	}
	r.errorPage(status)(w, req)
}

// withErrorPages answers what no page is at, or not with this method, with a page instead of plain text.
func (r *rooms) withErrorPages(pages *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if _, pattern := pages.Handler(req); pattern != "" {
			pages.ServeHTTP(w, req)
			return
		}
		missed := statusOnly{header: http.Header{}}
		pages.ServeHTTP(&missed, req)
		if allow := missed.header.Get("Allow"); allow != "" {
			w.Header().Set("Allow", allow) // RFC 9110 §15.5.6
		}
		if !r.vendors.Refuse(w, req, missed.status) {
			r.errorPage(missed.status)(w, req)
		}
	})
}

// onlyCleanPaths answers a path with an empty or a dot segment, which is none of ours. http.ServeMux would answer it with
// 307 and the path tidied up, and that would send a POST once more, password and all (RFC 9110 §15.4.8).
func (r *rooms) onlyCleanPaths(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		sent := req.URL.EscapedPath()
		if clean := path.Clean(sent); clean != sent && clean+"/" != sent {
			r.refuse(w, req, http.StatusNotFound)
			return
		}
		next.ServeHTTP(w, req)
	})
}

// statusOnly is a ResponseWriter that remembers the status and drops the body.
type statusOnly struct {
	header http.Header
	status int
}

func (s *statusOnly) Header() http.Header         { return s.header }
func (s *statusOnly) WriteHeader(status int)      { s.status = status }
func (s *statusOnly) Write(b []byte) (int, error) { return len(b), nil }
