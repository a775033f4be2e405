package dialect

import (
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"gatehouse/authz"
)

// Mux finds the route of a vendor's path: at the root and under each prefix, with and without a slash at the end, with
// doubled slashes anywhere, and never by a redirect, which would lose the body of a POST or send it once more. What is no
// vendor's path goes on to the handler behind it as it is.
type Mux struct {
	server   *authz.Server
	paths    *http.ServeMux           // finds patterns; methods and marks are ours
	routes   map[string][]authz.Route // by pattern, in the order in which they were given
	prefixes []string                 // the empty one first
	first    map[string]bool          // segments that a path of a vendor's can begin with
	next     http.Handler
}

// NewMux returns the Mux of routes. prefixes are paths such as /chef, clean and without a slash at the end. It panics for a
// route where nothing of a vendor's may be, and for one that needs a mark to be told from another and has none.
func NewMux(s *authz.Server, routes []authz.Route, prefixes []string, next http.Handler) *Mux {
	m := &Mux{
		server: s, paths: http.NewServeMux(), routes: make(map[string][]authz.Route),
		prefixes: append([]string{""}, prefixes...), first: make(map[string]bool), next: next,
	}
	for _, prefix := range prefixes {
		if !strings.HasPrefix(prefix, "/") || prefix == "/" || path.Clean(prefix) != prefix {
			panic("the prefix " + prefix + " has to be a path such as /chef")
		}
		m.first[firstSegment(prefix)] = true
	}
	for _, route := range routes {
		checkRoute(route)
		m.first[firstSegment(route.Path)] = true
		m.routes[route.Path] = append(m.routes[route.Path], route)
	}
	for pattern, here := range m.routes {
		checkMarks(here)
		m.paths.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { m.dispatch(w, r, here) })
	}
	return m
}

// ServeHTTP implements http.Handler.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	found, pattern := m.find(r)
	if found == nil {
		m.next.ServeHTTP(w, r)
		return
	}
	r.Pattern = pattern // what is logged, so that no token in a path ever is
	m.paths.ServeHTTP(w, found)
}

// Refuse answers with a status for a request that got no further, 414, 500 or 404, in the format of its path; for 404, in
// that of the paths around it. It reports false, and answers nothing, where no vendor has a path like this one.
func (m *Mux) Refuse(w http.ResponseWriter, r *http.Request, status int) bool {
	route, pattern := m.routeFor(r, status)
	if route == nil {
		return false
	}
	r.Pattern = pattern
	e := authz.Refuse(authz.CodeInvalidRequest, refusals[status])
	if e.Status = status; status >= http.StatusInternalServerError {
		e.Code = authz.CodeServerError
	}
	m.server.Refuse(w, r, route, e)
	return true
}

var refusals = map[int]string{
	http.StatusNotFound:            "There is no endpoint at this path.",
	http.StatusRequestURITooLong:   "The address is too long.",
	http.StatusInternalServerError: "The server failed to answer the request.",
}

func (m *Mux) routeFor(r *http.Request, status int) (*authz.Route, string) {
	if found, pattern := m.find(r); found != nil {
		_, key := m.paths.Handler(found)
		here := m.routes[key]
		i := max(0, slices.IndexFunc(here, func(route authz.Route) bool { return takes(&route, r.Method) }))
		return &here[i], pattern
	}
	if status != http.StatusNotFound {
		return nil, ""
	}
	return m.neighbour(r), ""
}

// find returns the request as the route's pattern expects it, and what to call its path; nil where there is none.
func (m *Mux) find(r *http.Request) (*http.Request, string) {
	if !m.first[firstSegment(r.URL.Path)] { // most requests are none of a vendor's: they cost nothing here
		return nil, ""
	}
	clean, ok := cleanPath(r.URL)
	if !ok {
		return nil, ""
	}
	for _, prefix := range m.prefixes {
		rest, under := strings.CutPrefix(clean, prefix+"/")
		if !under {
			continue
		}
		at := withPath(r, "/"+rest)
		if _, pattern := m.paths.Handler(at); pattern != "" {
			return at, prefix + pattern
		}
	}
	return nil, ""
}

// firstSegment returns the first segment of a decoded path that is not empty.
func firstSegment(path string) string {
	first, _, _ := strings.Cut(strings.TrimLeft(path, "/"), "/")
	return first
}

// cleanPath returns the path of u, still escaped, without empty segments; false where one is none that a vendor has: a
// dot segment (RFC 3986 §5.2.4) or a backslash, which some take for a slash.
func cleanPath(u *url.URL) (string, bool) {
	var clean strings.Builder
	for segment := range strings.SplitSeq(u.EscapedPath(), "/") {
		plain, err := url.PathUnescape(segment)
		if err != nil || plain == "." || plain == ".." || strings.Contains(plain, `\`) {
			return "", false
		}
		if segment != "" {
			clean.WriteString("/" + segment)
		}
	}
	return clean.String(), strings.HasPrefix(u.Path, "/") && clean.Len() > 0
}

// withPath returns the request as if it had been sent to this escaped path.
func withPath(r *http.Request, escaped string) *http.Request {
	at, u := r.WithContext(r.Context()), *r.URL
	u.Path, _ = url.PathUnescape(escaped) // cleanPath has seen that it can be
	u.RawPath = escaped
	at.URL = &u
	return at
}

// dispatch hands the request to the one of the routes of its path that is meant.
func (m *Mux) dispatch(w http.ResponseWriter, r *http.Request, here []authz.Route) {
	var taking []*authz.Route
	for i := range here {
		if takes(&here[i], r.Method) {
			taking = append(taking, &here[i])
		}
	}
	if len(taking) == 0 {
		m.server.RefuseMethod(w, r, &here[0], allowed(here))
		return
	}
	route, err := choose(r, taking)
	if err != nil {
		m.server.Refuse(w, r, route, err)
		return
	}
	route.Endpoint(w, r, route)
}

// takes reports whether a route answers to a method. HEAD is for pages only: elsewhere a GET may do something.
func takes(route *authz.Route, method string) bool {
	return route.Takes(method) || method == http.MethodHead && route.Redirect != nil && route.Takes(http.MethodGet)
}

// allowed lists the methods that any of the routes answers to.
func allowed(routes []authz.Route) string {
	methods := make(map[string]bool)
	for i := range routes {
		for _, method := range append(slices.Clone(routes[i].Methods), http.MethodHead) {
			if takes(&routes[i], method) {
				methods[method] = true
			}
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
}

// sharedSegments is how much of a path has to be a vendor's for its mistake to be answered in that vendor's format.
const sharedSegments = 2

// neighbour returns a route with the same first segments as the path that was asked for, the one that shares most.
func (m *Mux) neighbour(r *http.Request) *authz.Route {
	clean := path.Clean("/" + r.URL.Path)
	best, most := "", sharedSegments-1
	for _, prefix := range m.prefixes {
		rest, under := strings.CutPrefix(clean, prefix+"/")
		for _, pattern := range slices.Sorted(maps.Keys(m.routes)) {
			if n := shared(rest, pattern[1:]); under && n > most {
				best, most = pattern, n
			}
		}
	}
	if best == "" {
		return nil
	}
	return &m.routes[best][0]
}

// shared counts the segments that a path and a pattern have in common from the start.
func shared(sent, pattern string) int {
	theirs := strings.Split(pattern, "/")
	for i, segment := range strings.Split(sent, "/") {
		if i >= len(theirs) || segment != theirs[i] && !strings.HasPrefix(theirs[i], "{") {
			return i
		}
	}
	return strings.Count(sent, "/") + 1
}
