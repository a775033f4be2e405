package upstream

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"gatehouse/identity"
	"gatehouse/internal/httpx"
	"gatehouse/internal/interaction"
	"gatehouse/internal/outbound"
	"gatehouse/internal/rim"
	"gatehouse/internal/secret"
	"gatehouse/storage"
	"gatehouse/templates"
)

// Options are what the pages work with. Everything is needed.
type Options struct {
	rim.Writer
	Issuer       string     // ours; the redirect URIs are built from it
	Providers    []Settings // as ReadFile returns them
	Identity     *identity.Pages
	People       *identity.People
	Sessions     *identity.Sessions
	Interactions *interaction.Sealer
	Root         secret.Root
	Calls        *outbound.Client
	AllowPrivate bool // as Calls was made
	SignUp       bool // whether people may sign up
	Now          func() time.Time
}

// Pages are /login/upstream/{id} and /login/upstream/{id}/callback.
type Pages struct {
	Options
	providers map[string]*provider
	attempts  sealer
}

// NewPages returns the pages. No provider is called yet.
func NewPages(o Options) *Pages {
	p := &Pages{Options: o, providers: map[string]*provider{}, attempts: sealer{o.Root.Sealer("upstream sign-in"), o.Now}}
	for _, s := range o.Providers {
		p.providers[s.ID] = &provider{Settings: s, redirectURI: o.Issuer + "/login/upstream/" + s.ID + "/callback",
			calls: o.Calls, allowPrivate: o.AllowPrivate, now: o.Now, turn: make(chan struct{}, 1)}
	}
	return p
}

// Shown is how providers stand on the pages for sign-in and sign-up.
func Shown(providers []Settings) []identity.Upstream {
	shown := make([]identity.Upstream, len(providers))
	for n, s := range providers {
		shown[n] = identity.Upstream{ID: s.ID, Name: s.Name, Names: s.Names}
	}
	return shown
}

// Mount adds the pages to mux.
func (p *Pages) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET /login/upstream/{id}", p.leave)
	mux.HandleFunc("GET /login/upstream/{id}/callback", p.comeBack)
	mux.HandleFunc("HEAD /login/upstream/{id}/callback", refuseHEAD)
}

// refuseHEAD answers 405: a GET of a callback uses up a code, so whoever only wants to know what is there gets nothing.
func refuseHEAD(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Allow", http.MethodGet)
	w.WriteHeader(http.StatusMethodNotAllowed)
}

// provider returns the one that the path names; what names none is answered.
func (p *Pages) provider(w http.ResponseWriter, r *http.Request) (*provider, bool) {
	found, ok := p.providers[r.PathValue("id")]
	if !ok {
		p.Refuse(w, r, http.StatusNotFound, "not_found", "", "no provider has this id (GATEHOUSE_UPSTREAMS_FILE)")
	}
	return found, ok
}

// leave sends the browser to the provider, for the interaction of the page that the link stood on. Without one it leads to
// that page: no other site can begin a sign-in here.
func (p *Pages) leave(w http.ResponseWriter, r *http.Request) {
	to, ok := p.provider(w, r)
	if !ok {
		return
	}
	query, ok := p.Query(w, r)
	if !ok {
		return
	}
	if query.Get("interaction") == "" {
		rim.Redirect(w, r, "/login")
		return
	}
	browser := p.Sessions.Browser(w, r)
	i, err := p.Interactions.Open(browser, interaction.StepLogin, query.Get("interaction"))
	if err != nil {
		p.Unsealed(w, r, i, err, "/login")
		return
	}
	signedIn, err := p.Sessions.Current(r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	location, err := p.question(r.Context(), to, browser, i, signedIn != nil)
	if err != nil {
		p.fail(w, r, to, i, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, location, http.StatusSeeOther)
}

// question is the authorization request. What the mini app asks of the sign-in is asked of the provider: credentials anew
// (prompt=login, max_age), another account, and for whom.
func (p *Pages) question(ctx context.Context, to *provider, browser string, i interaction.Interaction, another bool) (string, error) {
	now := p.Now()
	a := attempt{Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Began: now, Interaction: i}
	var prompt []string
	asked := strings.Fields(i.Get("prompt"))
	maxAge := -1
	if seconds, err := strconv.Atoi(i.Get("max_age")); err == nil && seconds >= 0 {
		maxAge = min(seconds, 1<<30) // more, in nanoseconds, is no time.Duration
	}
	if slices.Contains(asked, "login") {
		prompt, maxAge = append(prompt, "login"), 0
	}
	if slices.Contains(asked, "select_account") || another && maxAge < 0 {
		prompt = append(prompt, "select_account")
	}
	if maxAge >= 0 {
		a.ProvedAfter = now.Add(-time.Duration(maxAge) * time.Second)
	}
	state, err := p.attempts.seal(browser, to.ID, a)
	if err != nil {
		return "", err
	}
	return to.authorizationURL(ctx, state, a, prompt, i.Get("login_hint"), maxAge)
}

// comeBack answers the provider's redirect: the authorization response (OIDC Core §3.1.2.5).
func (p *Pages) comeBack(w http.ResponseWriter, r *http.Request) {
	from, ok := p.provider(w, r)
	if !ok {
		return
	}
	query, ok := p.Query(w, r)
	if !ok {
		return
	}
	a, err := p.attempts.open(p.Sessions.Browser(w, r), from.ID, query.Get("state"))
	if err != nil {
		p.Unsealed(w, r, a.Interaction, err, "/login")
		return
	}
	found, err := p.answer(r.Context(), from, query, a)
	if err != nil {
		p.fail(w, r, from, a.Interaction, err)
		return
	}
	u, err := p.person(r.Context(), from, found, httpx.ClientAddress(r))
	if err != nil {
		p.fail(w, r, from, a.Interaction, err)
		return
	}
	provedAt := p.Now()
	if !found.provedAt.IsZero() {
		provedAt = found.provedAt
	}
	if err := p.Identity.Welcome(w, r, a.Interaction, u.ID, provedAt); err != nil {
		p.fail(w, r, from, a.Interaction, err)
	}
}

// errDenied says that the person, or the provider, did not want to.
var errDenied = errors.New("the provider did not sign the person in")

// answer takes an authorization response apart and has its code exchanged.
func (p *Pages) answer(ctx context.Context, from *provider, query url.Values, a attempt) (*proof, error) {
	for _, name := range []string{"state", "code", "error", "iss"} {
		if len(query[name]) > 1 {
			return nil, fmt.Errorf("%w: %s stands in the response twice", errRefused, name)
		}
	}
	if err := from.checkIssuer(ctx, query); err != nil {
		return nil, err
	}
	switch code := query.Get("error"); code {
	case "":
	case "access_denied", "login_required", "interaction_required", "account_selection_required", "consent_required":
		return nil, fmt.Errorf("%w: %s", errDenied, code)
	case "server_error", "temporarily_unavailable":
		return nil, fmt.Errorf("%w: it says %s", errUnavailable, code)
	default:
		return nil, fmt.Errorf("%w: it refused the request: %s", errRefused, errorCode(code))
	}
	if query.Get("code") == "" {
		return nil, fmt.Errorf("%w: the response has no code", errRefused)
	}
	return from.exchange(ctx, query.Get("code"), a)
}

// failures are how errors of a provider are shown.
var failures = []struct {
	err    error
	status int
	code   string
}{
	{errDenied, http.StatusForbidden, "upstream_denied"},
	{errNobody, http.StatusForbidden, "upstream_nobody"},
	{identity.ErrDisabled, http.StatusForbidden, "upstream_nobody"},
	{identity.ErrRole, http.StatusForbidden, "upstream_role"},
	{errStale, http.StatusForbidden, "upstream_stale"},
	{errRefused, http.StatusBadGateway, "upstream_failed"},
	{errUnavailable, http.StatusBadGateway, "upstream_unavailable"},
}

// fail draws what went wrong at a provider, with the way back to the sign-in page; our own errors go to Fail.
func (p *Pages) fail(w http.ResponseWriter, r *http.Request, at *provider, i interaction.Interaction, err error) {
	for _, f := range failures {
		if !errors.Is(err, f.err) {
			continue
		}
		level := slog.LevelWarn
		if f.status == http.StatusForbidden {
			level = slog.LevelInfo
		}
		p.Log.Log(r.Context(), level, "sign-in by a provider failed", "request_id", httpx.RequestID(r.Context()), "provider", at.ID, "cause", err)
		p.Pages.Render(w, r, f.status, p.failure(w, r, at, i, f.code))
		return
	}
	p.Fail(w, r, err)
}

func (p *Pages) failure(w http.ResponseWriter, r *http.Request, at *provider, i interaction.Interaction, code string) *templates.Error {
	common := rim.Common(r, i, nil)
	shown := identity.Upstream{Name: at.Name, Names: at.Names}
	sealed := p.Interactions.Seal(p.Sessions.Browser(w, r), interaction.StepLogin, i)
	page := &templates.Error{Common: common, Code: code, Args: map[string]string{"provider": shown.NameIn(p.Writer.Pages.Language(r, common))},
		Retry: "/login?" + url.Values{"interaction": {sealed}}.Encode()}
	if clientID := i.Get("client_id"); clientID != "" {
		app, err := p.Apps(r.Context(), clientID)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			p.Log.WarnContext(r.Context(), "an error page without its way back to the mini app", "cause", err)
		}
		page.App = app
	}
	return page
}
