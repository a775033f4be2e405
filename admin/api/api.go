package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"gatehouse/admin"
	"gatehouse/internal/secret"
	"gatehouse/storage"
)

// Holder is whose access token it is.
type Holder struct {
	ClientID string
	User     *storage.User // nil: the client's own
	AuthTime time.Time     // when the person signed in
}

// Options is what the API works with. Everything is needed.
type Options struct {
	House   *admin.House
	Answers storage.Answers
	Root    secret.Root // seals remembered answers
	// Bearer returns whose access token with the scope admin this is: ErrToken for one that is not good, ErrScope for one that
	// is good for something else.
	Bearer func(ctx context.Context, token string) (Holder, error)
	Now    func() time.Time
	Log    *slog.Logger
}

// API is the REST API.
type API struct {
	Options
	sealer *secret.Sealer
}

// New returns the API.
func New(o Options) *API { return &API{Options: o, sealer: o.Root.Sealer("remembered answer")} }

// call is something that can be asked.
type call struct {
	method, path string
	capability   admin.Capability
	do           func(*request) (*response, error)
	query        []string // the parameters that it takes
}

// Call is what a call is, for whoever compares it with a description.
type Call struct {
	Method, Path string
	Capability   admin.Capability
	Query        []string // the parameters that it takes; cursor is among them where it answers a list page by page
}

// Calls lists every call.
func (a *API) Calls() []Call {
	var all []Call
	for _, c := range a.calls() {
		all = append(all, Call{c.method, c.path, c.capability, c.query})
	}
	return all
}

// Prefix is where the API is.
const Prefix = "/api/v1"

// Mount puts the calls on mux. It panics for a call whose capability there is not: nobody is let in where no rule says who.
func (a *API) Mount(mux *http.ServeMux) {
	byPath := make(map[string][]call)
	for _, c := range a.calls() {
		if _, known := admin.RuleOf(c.capability); !known {
			panic(fmt.Sprintf("admin/api: %s %s has no capability", c.method, c.path))
		}
		byPath[c.path] = append(byPath[c.path], c)
	}
	for path, calls := range byPath {
		mux.HandleFunc(Prefix+path, func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, calls) })
	}
	mux.HandleFunc(Prefix+"/openapi.json", a.document)
	mux.HandleFunc(Prefix+"/", func(w http.ResponseWriter, r *http.Request) { a.fail(w, r, errNoCall) })
}

// serve answers a request to a path that has these calls.
func (a *API) serve(w http.ResponseWriter, r *http.Request, calls []call) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	i := slices.IndexFunc(calls, func(c call) bool { return c.method == method })
	if i < 0 {
		w.Header().Set("Allow", allowed(calls))
		a.fail(w, r, errMethod)
		return
	}
	answer, err := a.answer(w, r, calls[i])
	if err != nil {
		a.fail(w, r, err)
		return
	}
	answer.write(w, r)
}

func allowed(calls []call) string {
	var methods []string
	for _, c := range calls {
		methods = append(methods, c.method)
		if c.method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
	}
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}

// answer is what a call answers: who asks is known, and may ask it of something, before anything else is looked at.
func (a *API) answer(w http.ResponseWriter, r *http.Request, c call) (*response, error) {
	caller, err := a.authenticate(r)
	if err != nil {
		return nil, err
	}
	if err := caller.Might(c.capability); err != nil {
		return nil, err
	}
	req, err := readRequest(w, r, c)
	if err != nil {
		return nil, err
	}
	req.house, req.caller, req.now = a.House, caller, a.Now
	if key := r.Header.Values("Idempotency-Key"); c.method == http.MethodPost && len(key) > 0 {
		return a.once(req, c, key)
	}
	return req.withNext(c.do(req))
}
