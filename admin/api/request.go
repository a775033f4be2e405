package api

import (
	"context"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/admin"
	"gatehouse/internal/httpx"
	"gatehouse/internal/nearest"
	"gatehouse/registry"
)

// request is what a call gets.
type request struct {
	ctx    context.Context
	house  *admin.House
	caller admin.Caller
	now    func() time.Time
	path   func(name string) string
	query  url.Values
	body   []byte
	match  []string // If-Match, as it was sent
	target string   // the path and query
}

// readRequest reads a request as far as it is the same for all calls.
func readRequest(w http.ResponseWriter, r *http.Request, c call) (*request, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, bad("The query cannot be read.")
	}
	var problems registry.Problems
	for name, values := range query {
		switch {
		case !slices.Contains(c.query, name) && len(c.query) == 0:
			problems = append(problems, registry.Problem{Field: name, Text: "is not a parameter; this call has none"})
		case !slices.Contains(c.query, name):
			problems = append(problems, registry.Problem{Field: name, Text: "is not a parameter; " + nearest.Hint(name, c.query)})
		case len(values) > 1:
			problems = append(problems, registry.Problem{Field: name, Text: "is there twice; leave one out"})
		}
	}
	if len(problems) > 0 {
		slices.SortFunc(problems, func(a, b registry.Problem) int { return strings.Compare(a.Field, b.Field) })
		return nil, &problem{Status: http.StatusBadRequest, Type: typeFields, Title: "Some parameters are not as they should be", Errors: problems}
	}
	body, err := readBody(w, r, c.method)
	if err != nil {
		return nil, err
	}
	return &request{ctx: r.Context(), path: r.PathValue, query: query, body: body, match: r.Header.Values("If-Match"), target: r.URL.RequestURI()}, nil
}

// mergePatch is the media type of a change (RFC 7396 §4).
const mergePatch = "application/merge-patch+json"

// readBody returns the body, of the media type that the method takes. A call that has none ignores it, as HTTP says of GET.
func readBody(w http.ResponseWriter, r *http.Request, method string) ([]byte, error) {
	if method == http.MethodGet || method == http.MethodDelete {
		return nil, nil
	}
	if method == http.MethodPut {
		return readPicture(w, r)
	}
	httpx.LimitBody(w, r, httpx.MaxBody)
	body, err := io.ReadAll(r.Body)
	switch {
	case httpx.TooLarge(err):
		return nil, errLarge
	case err != nil:
		return nil, bad("The body ended early.")
	case len(body) == 0 && method == http.MethodPost:
		return nil, nil
	}
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	good := media == "application/json" || media == mergePatch && method == http.MethodPatch
	if charset := params["charset"]; err != nil || !good || charset != "" && !strings.EqualFold(charset, "utf-8") {
		if method == http.MethodPatch {
			w.Header().Set("Accept-Patch", mergePatch) // RFC 5789 §2.2
		}
		w.Header().Set("Accept", "application/json")
		return nil, &problem{Status: http.StatusUnsupportedMediaType, Detail: "The body has to be JSON in UTF-8: Content-Type: application/json, or " + mergePatch + " for a PATCH."}
	}
	return body, nil
}

// matches says errMatch where If-Match names another state than tag (RFC 9110 §13.1.1, strong comparison).
func (q *request) matches(tag string) error {
	if len(q.match) == 0 {
		return nil
	}
	for named := range strings.SplitSeq(strings.Join(q.match, ","), ",") {
		if named = strings.TrimSpace(named); named == "*" || named == strconv.Quote(tag) {
			return nil
		}
	}
	return errMatch
}

// moved turns a conflict into what a conditional request is answered.
func (q *request) moved(err error) error {
	if p := problemOf(err); len(q.match) > 0 && p.Type == typeChanged {
		return errMatch
	}
	return err
}
