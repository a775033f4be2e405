package dialect_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/authz"
	"gatehouse/authz/dialect"
	"gatehouse/internal/httpx"
	"gatehouse/internal/secret"
	"gatehouse/templates"
)

// seen is what arrived somewhere.
type seen struct {
	route string // the name of the route, or "next"
	url   url.URL
	value string // of the path's variable
	body  string
}

// house is a Mux with routes that say who they are, in front of a handler that does so too, behind what all requests
// have in common.
type house struct {
	mux  *dialect.Mux
	all  http.Handler
	seen []seen
	log  bytes.Buffer
}

func newServer(t testing.TB, log *slog.Logger) *authz.Server {
	t.Helper()
	root, err := secret.New(bytes.Repeat([]byte("root"), 16), nil)
	require.NoError(t, err)
	pages, err := templates.New(templates.Brand{Name: "Nimbus"}, log)
	require.NoError(t, err)
	return authz.New(authz.Options{
		Issuer: "http://127.0.0.1:9096", Root: root, Pages: pages, Log: log, Now: time.Now,
		App: func(context.Context, string) (*templates.App, error) { return nil, errors.New("no apps here") },
	})
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{}
	log := slog.New(slog.NewJSONHandler(&h.log, nil))
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.seen = append(h.seen, seen{route: "next", url: *r.URL})
		if !h.mux.Refuse(w, r, http.StatusNotFound) {
			w.WriteHeader(http.StatusNotFound)
		}
	})
	h.mux = dialect.NewMux(newServer(t, log), h.routes(), []string{"/chef", "/virtual_dir"}, next)
	refuse := func(w http.ResponseWriter, r *http.Request, status int) {
		if !h.mux.Refuse(w, r, status) {
			w.WriteHeader(status)
		}
	}
	h.all = httpx.Wrap(h.mux, httpx.Options{Log: log, Refuse: refuse})
	return h
}

// routes are shaped as the vendors' are, with those that share a path.
func (h *house) routes() []authz.Route {
	api := func(name, method, path string, marks ...string) authz.Route {
		return authz.Route{Methods: []string{method}, Path: path, Marks: marks, Endpoint: h.endpoint(name), Fail: failAs(name)}
	}
	page := func(name, path string, marks ...string) authz.Route {
		return authz.Route{
			Methods: []string{"GET"}, Path: path, Marks: marks, Endpoint: h.endpoint(name),
			Redirect: func(v url.Values) url.Values { return v },
		}
	}
	return []authz.Route{
		page("authorize of boxc", "/v1/oauth/authorize", "application_id"),
		page("authorize of xoxoday", "/v1/oauth/authorize", "client_id"),
		api("token of boxc", "POST", "/oauth/access_token", "nonce", "application_id"),
		api("token of gam", "POST", "/oauth/access_token", "grant_type"),
		api("revoke", "DELETE", "/v1/oauth/{access_token}"),
		api("validate", "GET", "/v1/oauth/token"),
		api("token of xoxoday", "POST", "/v1/oauth/token/{token_type}"),
		api("redeem", "GET", "/v1/oauth/redirect/stores/{ticket}"),
		page("signin of gam", "/oauth/gam/signin"),
		api("signin at gam", "POST", "/oauth/gam/signin"),
		api("boxo", "POST", "/api/get_access_token"),
	}
}

func (h *house) endpoint(name string) authz.Endpoint {
	return func(w http.ResponseWriter, r *http.Request, _ *authz.Route) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			body = append(body, " and then "+err.Error()...)
		}
		if strings.HasSuffix(r.URL.RawQuery, "panic") {
			panic("as the test wants it")
		}
		value := r.PathValue("access_token") + r.PathValue("token_type") + r.PathValue("ticket")
		h.seen = append(h.seen, seen{name, *r.URL, value, string(body)})
	}
}

func failAs(name string) func(*authz.Request, *authz.Error) authz.Response {
	return func(_ *authz.Request, e *authz.Error) authz.Response {
		return authz.Response{Status: e.Status, Body: map[string]string{"format": name, "error": e.Code}}
	}
}

// do sends a request whose target is taken as it is, and returns who got it.
func (h *house) do(t testing.TB, method, target string, body io.Reader, header ...string) (*httptest.ResponseRecorder, seen) {
	t.Helper()
	u, err := url.ParseRequestURI(target)
	require.NoError(t, err)
	r := httptest.NewRequest(method, "/", body)
	r.URL, r.RequestURI = u, target
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	h.seen = nil
	w := httptest.NewRecorder()
	h.all.ServeHTTP(w, r)
	require.LessOrEqual(t, len(h.seen), 1, "somebody has to answer, and one only")
	if len(h.seen) == 0 {
		return w, seen{}
	}
	return w, h.seen[0]
}

func TestVendorsPathsAnswerInEverySpelling(t *testing.T) {
	h := newHouse(t)
	for _, test := range []struct{ method, target, route, value, logged string }{
		{"GET", "/v1/oauth/token", "validate", "", "/v1/oauth/token"},
		{"GET", "/v1/oauth/token/", "validate", "", "/v1/oauth/token"},
		{"GET", "//v1///oauth//token//?a=b", "validate", "", "/v1/oauth/token"},
		{"GET", "/chef/v1/oauth/token", "validate", "", "/chef/v1/oauth/token"},
		{"GET", "//chef//v1/oauth/token/", "validate", "", "/chef/v1/oauth/token"},
		{"GET", "/v1/oauth/%74oken", "validate", "", "/v1/oauth/token"},
		{"GET", "/%76%31/oauth/token", "validate", "", "/v1/oauth/token"},
		{"POST", "//virtual_dir/oauth/gam/signin", "signin at gam", "", "/virtual_dir/oauth/gam/signin"},
		{"POST", "/api/get_access_token/", "boxo", "", "/api/get_access_token"},
		{"DELETE", "/v1/oauth/secret-token-of-a-client", "revoke", "secret-token-of-a-client", "/v1/oauth/{access_token}"},
		{"DELETE", "/chef//v1/oauth/secret-token-of-a-client/", "revoke", "secret-token-of-a-client", "/chef/v1/oauth/{access_token}"},
		{"DELETE", "/v1/oauth/a%2Fb", "revoke", "a/b", "/v1/oauth/{access_token}"},
		{"DELETE", "/v1/oauth/a%00b%20", "revoke", "a\x00b ", "/v1/oauth/{access_token}"},
		{"POST", "/v1/oauth/token/company", "token of xoxoday", "company", "/v1/oauth/token/{token_type}"},
		{"GET", "/v1/oauth/redirect/stores/secret-ticket-of-a-person", "redeem", "secret-ticket-of-a-person", "/v1/oauth/redirect/stores/{ticket}"},
	} {
		t.Run(test.method+" "+test.target, func(t *testing.T) {
			h.log.Reset()
			w, got := h.do(t, test.method, test.target, nil)
			require.Equal(t, http.StatusOK, w.Code, "no redirect, above all")
			require.Equal(t, test.route, got.route)
			require.Equal(t, test.value, got.value)
			require.Contains(t, h.log.String(), `"path":"`+test.logged+`"`)
			require.NotContains(t, h.log.String(), "secret-")
		})
	}
}

func TestOtherPathsGoOnAsTheyAre(t *testing.T) {
	h := newHouse(t)
	for _, target := range []string{
		"/", "//", "/login", "/oauth2/token", "//oauth2//token/", "/chef", "/chef/", "/chef/login", "/chef/chef/v1/oauth/token",
		"/v1/oauth", "/v1/oauth/", "/v1%2Foauth/token", "/v1/oauth/x/../token", "/v1/oauth/./token", "/v1/oauth/%2e%2e", "/v1/oauth/..",
		`/v1/oauth\token`, "/v1/oauth%5Ctoken", "/v1/oauth/a%5cb", "/V1/oauth/token", "/chefs/v1/oauth/token", "/v1/oauth/token/company/more",
	} {
		t.Run(target, func(t *testing.T) {
			w, got := h.do(t, "DELETE", target, nil)
			require.Equal(t, "next", got.route)
			u, err := url.ParseRequestURI(target)
			require.NoError(t, err)
			require.Equal(t, *u, got.url)
			require.Equal(t, http.StatusNotFound, w.Code)
		})
	}
}

func TestTheRFCsEndpointsPayNothingForTheVendors(t *testing.T) {
	mux := dialect.NewMux(newServer(t, slog.Default()), newHouse(t).routes(), []string{"/chef"}, http.NotFoundHandler())
	r := httptest.NewRequest(http.MethodPost, "/oauth2/token", nil)
	without := testing.AllocsPerRun(100, func() { http.NotFound(httptest.NewRecorder(), r) })
	require.Equal(t, without, testing.AllocsPerRun(100, func() { mux.ServeHTTP(httptest.NewRecorder(), r) }))
}

func TestParametersTellRoutesOfOnePathApart(t *testing.T) {
	h := newHouse(t)
	const form, long = "application/x-www-form-urlencoded", 70 << 10
	for _, test := range []struct{ name, method, target, body, contentType, route string }{
		{"a query", "GET", "/v1/oauth/authorize?application_id=a", "", "", "authorize of boxc"},
		{"another query", "GET", "/v1/oauth/authorize?client_id=a", "", "", "authorize of xoxoday"},
		{"neither", "GET", "/v1/oauth/authorize?state=a", "", "", "authorize of boxc"},
		{"both, for a page", "GET", "/v1/oauth/authorize?client_id=a&application_id=b", "", "", ""},
		{"a body does not count in a GET", "GET", "/v1/oauth/authorize?client_id=a", "application_id=b", form, "authorize of xoxoday"},
		{"a form", "POST", "/oauth/access_token", "Grant_type=authorization_code&code=1", form, "token of gam"},
		{"a form without a type", "POST", "/oauth/access_token", "grant_type=authorization_code&code=1", "", "token of gam"},
		{"JSON sent as a form", "POST", "/oauth/access_token", `{"application_id": "a"}`, form, "token of boxc"},
		{"JSON with a comment", "POST", "/oauth/access_token", "{\"grant_type\": \"a\" // here\n}", "", "token of gam"},
		{"a mark of no value", "POST", "/oauth/access_token", `{"nonce": null}`, "", "token of boxc"},
		{"a query of a POST", "POST", "/oauth/access_token?grant_type=a", "", "", "token of gam"},
		{"a mark as a value", "POST", "/oauth/access_token", `{"grant_type": {"nonce": 1}}`, "", "token of gam"},
		{"no mark", "POST", "/oauth/access_token", "code=1", form, "token of boxc"},
		{"nothing", "POST", "/oauth/access_token", "", "", "token of boxc"},
		{"broken JSON", "POST", "/oauth/access_token", `{"grant_type": `, "", "token of boxc"},
		{"too much", "POST", "/oauth/access_token", "grant_type=" + strings.Repeat("a", long), form, "token of boxc"},
		{"both", "POST", "/oauth/access_token", "grant_type=a&nonce=b", form, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, got := h.do(t, test.method, test.target, strings.NewReader(test.body), "Content-Type", test.contentType)
			require.Equal(t, test.route, got.route)
			if test.route == "" {
				require.Equal(t, http.StatusBadRequest, w.Code)
				require.Contains(t, w.Body.String(), "invalid_request")
				return
			}
			require.Equal(t, test.body, got.body, "the route reads all of it again")
		})
	}
}

func TestABodyThatBreaksOffIsTheRoutesToRefuse(t *testing.T) {
	h := newHouse(t)
	body := io.MultiReader(strings.NewReader("grant_type=a"), failing{})
	_, got := h.do(t, "POST", "/oauth/access_token", body)
	require.Equal(t, "grant_type=a and then the line is dead", got.body)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the line is dead") }

func TestAWrongMethodIsToldInTheRoutesFormat(t *testing.T) {
	h := newHouse(t)
	for _, test := range []struct{ method, target, allow, says string }{
		{"POST", "/v1/oauth/token", "GET", `"format":"validate"`},
		{"HEAD", "/v1/oauth/token", "GET", `"format":"validate"`},
		{"DELETE", "/v1/oauth/token", "GET", `"format":"validate"`},
		{"OPTIONS", "/oauth/access_token", "POST", `"format":"token of boxc"`},
		{"GET", "/chef/v1/oauth/secret-token-of-a-client", "DELETE", `"format":"revoke"`},
		{"HEAD", "/v1/oauth/redirect/stores/secret-ticket", "GET", `"format":"redeem"`},
		{"PUT", "/v1/oauth/authorize", "GET, HEAD", `data-error="invalid_request"`},
		{"PUT", "/oauth/gam/signin", "GET, HEAD, POST", `data-error="invalid_request"`},
	} {
		t.Run(test.method+" "+test.target, func(t *testing.T) {
			h.log.Reset()
			w, got := h.do(t, test.method, test.target, nil)
			require.Empty(t, got.route)
			require.Equal(t, http.StatusMethodNotAllowed, w.Code)
			require.Equal(t, test.allow, w.Header().Get("Allow"))
			require.Contains(t, w.Body.String(), test.says)
			require.NotContains(t, h.log.String(), "secret-")
		})
	}
}

func TestHEADIsAsGETForAPageOnly(t *testing.T) {
	h := newHouse(t)
	_, got := h.do(t, "HEAD", "/v1/oauth/authorize?client_id=a", nil)
	require.Equal(t, "authorize of xoxoday", got.route)
}

func TestWhatGetsNoFurtherIsRefusedInTheFormatOfItsPath(t *testing.T) {
	h := newHouse(t)
	for _, test := range []struct {
		name, method, target string
		status               int
		says                 string
	}{
		{"a panic", "GET", "/chef/v1/oauth/token?panic", 500, `{"error":"server_error","format":"validate"}`},
		{"a panic of a page", "GET", "/v1/oauth/authorize?client_id=a&panic", 500, `data-error="server_error"`},
		{"a long address", "GET", "/v1/oauth/token?" + strings.Repeat("a", httpx.MaxURI), 414, `"format":"validate"`},
		{"a long address of a page", "GET", "/v1/oauth/authorize?" + strings.Repeat("a", httpx.MaxURI), 414, `data-error="invalid_request"`},
		{"a long token", "DELETE", "/v1/oauth/" + strings.Repeat("a", httpx.MaxURI), 414, `"format":"revoke"`},
		{"no such path", "POST", "/chef/v1/oauth/token/company/more", 404, `"format":"token of xoxoday"`},
		{"no such path nearby", "POST", "/v1/oauth/token/../x", 404, `"format":"revoke"`},
		{"nowhere near", "POST", "/v1/nothing", 404, ""},
		{"nowhere", "POST", "/login", 404, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, _ := h.do(t, test.method, test.target, nil)
			require.Equal(t, test.status, w.Code)
			if test.says == "" {
				require.Empty(t, w.Body.String())
			}
			require.Contains(t, w.Body.String(), test.says)
		})
	}
	require.NotContains(t, h.log.String(), strings.Repeat("a", 17))
}

func TestNewMuxRefusesRoutesThatStandInTheWay(t *testing.T) {
	h := newHouse(t)
	fine := authz.Route{Methods: []string{"GET"}, Path: "/v1/oauth/token", Endpoint: h.endpoint("fine"), Marks: []string{"a"}}
	with := func(change func(*authz.Route)) []authz.Route {
		r := fine
		change(&r)
		return []authz.Route{fine, r}
	}
	for name, routes := range map[string][]authz.Route{
		"a path of the RFCs":          with(func(r *authz.Route) { r.Path = "/oauth2/token" }),
		"a page":                      with(func(r *authz.Route) { r.Path = "/account" }),
		"the administration's":        with(func(r *authz.Route) { r.Path = "/api/v1/users/{id}" }),
		"a path of anything":          with(func(r *authz.Route) { r.Path = "/{anything}" }),
		"the root":                    with(func(r *authz.Route) { r.Path = "/" }),
		"a slash at the end":          with(func(r *authz.Route) { r.Path = "/v1/oauth/other/" }),
		"no slash at the start":       with(func(r *authz.Route) { r.Path = "v1/oauth/other" }),
		"no method":                   with(func(r *authz.Route) { r.Path, r.Methods = "/v1/a", nil }),
		"no endpoint":                 with(func(r *authz.Route) { r.Path, r.Endpoint = "/v1/a", nil }),
		"the same path, marks alike":  with(func(r *authz.Route) { r.Marks = []string{"b", "A"} }),
		"the same path, and no marks": with(func(r *authz.Route) { r.Marks = nil }),
	} {
		t.Run(name, func(t *testing.T) {
			require.Panics(t, func() { dialect.NewMux(nil, routes, nil, nil) })
		})
	}
	for _, prefix := range []string{"chef", "/chef/", "/", "", "//chef", "/a/../b"} {
		require.Panics(t, func() { dialect.NewMux(nil, []authz.Route{fine}, []string{prefix}, nil) }, prefix)
	}
	other := with(func(r *authz.Route) { r.Path, r.Marks = "/api/v1/connect", nil })
	require.NotPanics(t, func() { dialect.NewMux(nil, other, []string{"/chef"}, nil) })
}

// FuzzPath holds that a path is either one vendor's, whatever its spelling, or goes on as it is; that nothing is
// redirected; and that no part of it that could be a token is logged.
func FuzzPath(f *testing.F) {
	for _, path := range []string{"/v1/oauth/token", "//chef/v1//oauth/token/company/", "/v1/oauth/%2e%2e/x", `/v1/oauth\a`, "/v1/oauth/a%2Fb", "/%76%31/oauth/token"} {
		f.Add("GET", path)
		f.Add("DELETE", path)
	}
	h := newHouse(f)
	f.Fuzz(func(t *testing.T, method, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || !strings.HasPrefix(target, "/") || u.Host != "" || strings.HasSuffix(target, "panic") {
			t.Skip()
		}
		if _, err := http.NewRequest(method, "/", nil); err != nil {
			t.Skip()
		}
		h.log.Reset()
		w, got := h.do(t, method, target, nil)
		require.Empty(t, w.Header().Get("Location"))
		if got.route == "next" {
			require.Equal(t, *u, got.url)
			return
		}
		if got.route == "" {
			require.Contains(t, []int{http.StatusBadRequest, http.StatusMethodNotAllowed}, w.Code)
			return
		}
		require.NotContains(t, got.url.EscapedPath(), "//")
		require.Equal(t, path.Clean(got.url.EscapedPath()), got.url.EscapedPath())
		if v := got.value; len(v) > 16 && !strings.ContainsAny(v, `"\<>&`) && strings.ToValidUTF8(v, "") == v {
			require.NotContains(t, h.log.String(), v)
		}
	})
}
