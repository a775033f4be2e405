package authz

import (
	"net/http"
	"strings"
)

// guard lets the endpoint's methods through, answers others with 405 (RFC 9110 §15.5.6), and lets scripts of every
// origin use it where credentials never come from the browser itself (Fetch Standard §3.2).
func (e endpoint) guard() http.Handler {
	allow := strings.Join(e.Methods, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if e.cors {
			h.Set("Access-Control-Allow-Origin", "*")
			h.Set("Access-Control-Expose-Headers", "WWW-Authenticate, Retry-After")
		}
		switch {
		case e.Takes(r.Method):
			e.Endpoint(w, r, &e.Route)
		case r.Method == http.MethodOptions && e.cors:
			h.Set("Access-Control-Allow-Methods", allow)
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept")
			h.Set("Access-Control-Max-Age", "7200")
			w.WriteHeader(http.StatusNoContent)
		default:
			h.Set("Allow", allow)
			writeJSON(w, http.StatusMethodNotAllowed, map[string]string{
				"error": CodeInvalidRequest, "error_description": "This endpoint answers " + allow + " only.",
			})
		}
	})
}

// Handler returns what answers at the path of these routes, where no other route has that path: 405 with Allow to methods
// that none of them takes (RFC 9110 §15.5.6), in the format of the first.
func (s *Server) Handler(routes ...*Route) http.Handler {
	var methods []string
	for _, route := range routes {
		methods = append(methods, route.Methods...)
	}
	allow := strings.Join(methods, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, route := range routes {
			if route.Takes(r.Method) {
				route.Endpoint(w, r, route)
				return
			}
		}
		s.RefuseMethod(w, r, routes[0], allow)
	})
}

// RefuseMethod answers 405 in a route's format to a method that is none of allow's (RFC 9110 §15.5.6).
func (s *Server) RefuseMethod(w http.ResponseWriter, r *http.Request, route *Route, allow string) {
	w.Header().Set("Allow", allow)
	s.Refuse(w, r, route, Refuse(CodeInvalidRequest, "This endpoint answers "+allow+" only.").WithStatus(http.StatusMethodNotAllowed))
}
