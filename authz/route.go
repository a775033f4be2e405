package authz

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"gatehouse/registry"
	"gatehouse/storage"
)

// Route is one spelling of an endpoint: where it answers, what decides there, and how request and answer are written.
// The RFCs' own format is a set of routes like any vendor's (format.go). A route translates; its endpoint decides.
type Route struct {
	Methods []string
	Path    string // a pattern of http.ServeMux without method and host, such as /v1/oauth/token/{token_type}
	// Dialect is the vendor's name in Client.Dialects. A client that does not speak it is unknown here. Empty: the RFCs.
	Dialect string
	// Marks are parameters that tell this route from another vendor's with the same method and path.
	Marks []string

	// Name is what the endpoint is called in the list of the last requests of a client (storage.ClientRequest); empty where
	// they are not listed.
	Name     string
	Endpoint Endpoint
	// Decode turns the request into RFC parameters. With an error it may return what it has read so far.
	Decode func(*http.Request) (*Request, error)
	// Encode writes what was decided, Fail a refusal. The request is never nil.
	Encode func(*Request, *Answer) Response
	Fail   func(*Request, *Error) Response
	// Complete, if there, refuses an answer that lacks what the format needs. For operations that write nothing.
	Complete func(*Request, *Answer) error
	// Redirect is there for an authorization endpoint, in place of Encode and Fail: it returns an authorization response
	// (RFC 6749 §4.1.2: code, state, iss, error, error_description) as the parameters of the redirect URI.
	Redirect func(url.Values) url.Values

	// Check is what the format asks of its client, once it is known and before anything else is looked at; nil: nothing.
	Check func(context.Context, *Request) error

	// What a format has no place for, and what it says where a client's record says nothing.
	AccessLifetime storage.Lifetime                              // zero: the server's
	Refresh        func(*storage.Client) bool                    // whether a client gets refresh tokens; nil: as its grant types say
	NoRedirectURI  bool                                          // a code may be exchanged without its redirect_uri; one that is sent has to match
	NoChallenge    bool                                          // a confidential client may ask for a code without code_challenge
	ReturnURI      func(c *storage.Client, uri string) bool      // redirect URIs beside the registered ones
	Ticket         func(*storage.Client) (string, time.Duration) // where a sign-in ticket leads, and how long it is good

	// What the answer tells beyond the RFCs. Each costs a read.
	Person        bool
	RefreshExpiry func(*storage.Client) bool
}

// Endpoint answers requests in the format of a route.
type Endpoint func(w http.ResponseWriter, r *http.Request, route *Route)

// Operation decides a request: RFC parameters in, RFC members out. A refusal is an *Error; any other error is a fault of
// ours or, see asError, the database's.
type Operation func(ctx context.Context, req *Request) (*Answer, error)

// Request is a request in the words of the RFCs, whatever format it came in.
type Request struct {
	Route *Route
	// Params are under their RFC names: a client's credentials are client_id and client_secret (or in Authorization), a
	// bearer token is access_token (RFC 6750 §2.2), wherever the format has them.
	Params        Params
	Repeated      []string    // parameters that were there more than once, where that is for the endpoint to refuse
	Authorization string      // Basic credentials of a client (RFC 7617 §2); empty: none
	Header        http.Header // for what a format keeps in headers of its own
	Kind          string      // the token endpoint takes authorizations of this kind only: user or company; empty: all
	// Client is filled in by the endpoint as soon as it is known, so that Check and Fail see it: proven or not, but
	// only one that speaks the route's dialect.
	Client *storage.Client
	// Named is for Fail only: the client that a request names which was refused before it came to Client. Not proven.
	Named *storage.Client
	// proven says that the client has shown its secret, and holder who else proved, by a code or token that is good, that the
	// request is the client's: see holder().
	proven bool
	holder string
	// from is there where the client has to take a turn, and share is whose it has taken; see share.go.
	from  *http.Request
	share string
}

// Answer is what an operation found, in the words of the RFCs. The operation says what it fills in.
type Answer struct {
	AccessToken  string // new, or the one that was presented
	RefreshToken string // empty: none
	IDToken      string // empty: none
	Code         string // an authorization code; ExpiresIn is its life
	Ticket       string // a sign-in ticket; ExpiresIn is its life
	GrantType    string // how the tokens were had
	GrantID      string // what the client knows the grant by, where it asked for that (Grant Management for OAuth 2.0 §5.5)

	// The authorization behind the access token.
	Client        *storage.Client
	Kind          string        // user, company or client
	Subject       string        // sub: the person as this client sees them, the company, or the client
	Scope         []string      // granted
	ExpiresIn     time.Duration // of the access token; zero: it never expires
	ExpiresAt     time.Time     // of the access token; zero: never
	RefreshExpiry time.Time     // of the refresh token; zero: never, there is none, or the route does not tell
	Person        *storage.User // whose it is, or of a company's who allowed it; with new tokens only where the route tells

	// ReadBy is the ID of the grant by which the answer lets a client read what is a person's or a company's; empty where
	// it tells nothing but who somebody is.
	ReadBy string

	Claims  map[string]any  // userinfo (OIDC Core §5.3.2)
	Allowed []string        // for Complete: the claims that a person's userinfo may have, also those without a value
	Members any             // an answer that has a form of its own, such as introspection (RFC 7662 §2.2)
	Raw     json.RawMessage // another server's answer, which is handed on as it is
}

// Response is an answer as it goes over the wire.
type Response struct {
	Status int               // zero: 200
	Code   string            // a vendor's error code, for the log
	Header map[string]string // beside Content-Type and those that forbid to store it
	Body   any               // written as JSON; nil: no body
}

// API returns an endpoint that answers with what op decides.
func (s *Server) API(op Operation) Endpoint {
	return func(w http.ResponseWriter, r *http.Request, route *Route) {
		req, err := route.Decode(r)
		if req == nil {
			req = &Request{}
		}
		req.Route, req.from = route, r
		defer s.giveBack(req)
		if err != nil {
			s.fail(w, r, req, err)
			return
		}
		answer, err := op(r.Context(), req)
		if err == nil && route.Complete != nil {
			err = route.Complete(req, answer)
		}
		if err != nil {
			s.fail(w, r, req, err)
			return
		}
		if answer.ReadBy != "" {
			s.reads.Note(answer.ReadBy)
		}
		s.noteAnswer(r.Context(), req, answer)
		route.Encode(req, answer).write(w)
	}
}

// fail answers with a refusal in the route's format.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, req *Request, err error) {
	e := asError(err)
	if req.Client == nil && e.Status < http.StatusInternalServerError {
		req.Named = s.named(r.Context(), req)
	}
	response := req.Route.Fail(req, e)
	var vendors []any
	if response.Code != "" {
		vendors = []any{"vendor_code", response.Code}
	}
	s.logError(r.Context(), e, vendors...)
	s.noteRefusal(r.Context(), req, e)
	if e.Status == http.StatusServiceUnavailable || e.Status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", strconv.Itoa(max(retryAfter, int(e.RetryAfter/time.Second))))
	}
	response.write(w)
}

// Refuse answers in the route's format for a request that does not get to its endpoint: with the wrong method, say. Where
// people look, which is where a route has no Fail, that is a page.
func (s *Server) Refuse(w http.ResponseWriter, r *http.Request, route *Route, e *Error) {
	if route.Fail == nil {
		s.writeErrorPage(w, r, nil, e)
		return
	}
	s.fail(w, r, &Request{Route: route}, e)
}

func (a Response) write(w http.ResponseWriter) {
	for name, value := range a.Header {
		w.Header().Set(name, value)
	}
	status := a.Status
	if status == 0 {
		status = http.StatusOK
	}
	if a.Body != nil {
		writeJSON(w, status, a.Body)
		return
	}
	noStore(w)
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(status)
}

// Speaks reports whether a client is there for a route: every client for the RFCs', for a vendor's the ones that are
// registered for its dialect.
func (route *Route) Speaks(c *storage.Client) bool {
	return route.Dialect == "" || registry.Speaks(c, route.Dialect)
}

// admit notes the client of a request and lets the format check it.
func (req *Request) admit(ctx context.Context, c *storage.Client) error {
	req.Client = c
	if req.Route.Check == nil {
		return nil
	}
	return req.Route.Check(ctx, req)
}

// Takes reports whether a route answers to a method.
func (route *Route) Takes(method string) bool { return slices.Contains(route.Methods, method) }
