package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"gatehouse/admin"
	"gatehouse/admin/api"
	"gatehouse/admin/console"
	"gatehouse/admin/portal"
	"gatehouse/admin/registration"
	"gatehouse/authz"
	"gatehouse/authz/dialect"
	"gatehouse/authz/dialect/boxc"
	"gatehouse/authz/dialect/boxo"
	"gatehouse/authz/dialect/gam"
	"gatehouse/authz/dialect/xoxoday"
	"gatehouse/authz/keys"
	"gatehouse/consent"
	"gatehouse/deliveries"
	"gatehouse/identity"
	"gatehouse/identity/claims"
	"gatehouse/identity/upstream"
	"gatehouse/internal/activity"
	"gatehouse/internal/audit"
	"gatehouse/internal/config"
	"gatehouse/internal/httpx"
	"gatehouse/internal/interaction"
	"gatehouse/internal/metrics"
	"gatehouse/internal/outbound"
	"gatehouse/internal/rim"
	"gatehouse/internal/secret"
	"gatehouse/internal/traces"
	"gatehouse/registry"
	"gatehouse/registry/logo"
	"gatehouse/static"
	"gatehouse/storage"
	"gatehouse/superapp"
	"gatehouse/superapp/partner"
	"gatehouse/templates"
)

// This is the only file that sees every room. A feature disappears by deleting its line in mount.

// app is the whole server, put together.
type app struct {
	Handler http.Handler
	// Ops answers on the listener for operators; nil: there is none.
	Ops http.Handler
	// Run does the work in the background until ctx ends.
	Run func(ctx context.Context)
}

// passwordMemory bounds what argon2id may take at a time, in bytes: at most six passwords at once, see identity.NewPasswords.
const passwordMemory = 128 << 20

// rooms are the parts of the server.
type rooms struct {
	cfg      *config.Config
	store    storage.Store
	log      *slog.Logger
	now      func() time.Time
	registry *registry.Registry
	keys     *keys.Set
	sessions *identity.Sessions
	people   *identity.People
	claims   *claims.Claims
	sealer   *interaction.Sealer
	pages    *templates.Pages
	authz    *authz.Server
	consent  *consent.Pages
	reads    *consent.Reads
	activity *activity.Log
	metrics  *metrics.Metrics // nil: nothing is counted
	traces   *traces.Tracer   // nil: nothing is traced
	identity *identity.Pages
	upstream *upstream.Pages
	partner  *partner.Partner
	superapp *superapp.API
	house    *admin.House
	chain    *audit.Chain
	api      *api.API
	portal   *portal.Pages
	formats  []authz.Route // of the vendors; a test may wrap them before they are mounted
	vendors  *dialect.Mux
	checking singleflight.Group // see readyz
}

// wire puts the server together. An error when the keys cannot be opened or the database does not answer.
func wire(ctx context.Context, cfg *config.Config, store storage.Store, log *slog.Logger, now func() time.Time) (*app, error) {
	r, err := furnish(ctx, cfg, store, log, now)
	if err != nil {
		return nil, err
	}
	return &app{Handler: r.handler(), Ops: r.ops(), Run: r.run}, nil
}

// furnish makes the rooms, before anything is mounted.
func furnish(ctx context.Context, cfg *config.Config, store storage.Store, log *slog.Logger, now func() time.Time) (*rooms, error) {
	root, err := cfg.Root()
	if err != nil {
		return nil, err
	}
	r := &rooms{cfg: cfg, store: store, log: log, now: now}
	if err := r.observe(ctx); err != nil {
		return nil, err
	}
	r.activity = activity.New(store, log, now)
	r.activity.Counted = r.metrics.Counted
	r.registry = registry.New(store, now)
	r.registry.TwoReviewers = cfg.TwoReviewers
	r.registry.Forgotten = r.metrics.Forgotten
	r.keys = keys.New(store, root, cfg.IDTokenLifetime, now)
	if err := r.keys.Load(ctx); err != nil {
		return nil, err
	}
	if err := r.registry.Reseal(ctx, registry.NewOutbound(root)); err != nil {
		return nil, fmt.Errorf("sealing outbound secrets anew: %w", err)
	}
	salt, err := claims.LoadSalt(ctx, store, root)
	if err != nil {
		return nil, err
	}
	r.claims = claims.New(salt, r.registry)
	r.sealer = interaction.NewSealer(root, now)
	brand := templates.Brand{Name: cfg.Name, LogoURL: cfg.Logo, Secure: strings.HasPrefix(cfg.Issuer, "https:")}
	r.pages, err = templates.New(brand, log)
	if err != nil {
		return nil, err
	}
	r.sessions = identity.NewSessions(identity.SessionOptions{
		Store: store, Root: root, Issuer: cfg.Issuer, Lifetime: cfg.SessionLifetime, Now: now,
		Address: httpx.ClientAddress, Log: log, Activity: r.activity,
	})
	r.people = identity.NewPeople(identity.PeopleOptions{
		Users: store, Links: store, Failures: store, Passwords: identity.NewPasswords(passwordMemory), Now: now, Log: log, Activity: r.activity, Metrics: r.metrics,
	})
	r.reads = consent.NewReads(store, log, now)
	r.consent = r.newConsent()
	others, err := upstream.ReadFile(cfg.UpstreamsFile, cfg.Issuer, cfg.AllowPrivateNetwork)
	if err != nil {
		return nil, usagef("%w", err)
	}
	r.identity = r.newIdentity(root, others)
	r.upstream = r.newUpstream(root, others)
	r.authz = r.newAuthz(root)
	r.partner = r.newPartner(root)
	r.superapp = r.newSuperApp()
	r.house = r.newHouse(root)
	r.chain = audit.New(store, root)
	r.metrics.Sample(r.gauges()...)
	r.api = r.newAPI(root)
	r.portal = r.newPortal()
	r.formats = slices.Concat[[]authz.Route]( // a vendor's room each
		boxc.Routes(r.authz),
		boxo.Routes(r.authz, r.registry.BoxoApp),
		gam.Routes(r.authz),
		xoxoday.Routes(r.authz),
		r.partner.Routes(),
	)
	return r, nil
}

func (r *rooms) newIdentity(root secret.Root, others []upstream.Settings) *identity.Pages {
	return identity.NewPages(identity.PagesOptions{
		Writer: r.rim(), People: r.people, Sessions: r.sessions, Sealer: r.sealer, Companies: r.store,
		Setup: identity.NewSetup(root, r.store, r.people, r.now), SignUp: r.cfg.SignUp, Upstreams: upstream.Shown(others), Now: r.now, ClientAddress: httpx.ClientAddress,
	})
}

func (r *rooms) newUpstream(root secret.Root, others []upstream.Settings) *upstream.Pages {
	return upstream.NewPages(upstream.Options{
		Writer: r.rim(), Issuer: r.cfg.Issuer, Providers: others, Identity: r.identity, People: r.people, Sessions: r.sessions,
		Interactions: r.sealer, Root: root, Calls: outbound.New(r.cfg.AllowPrivateNetwork), AllowPrivate: r.cfg.AllowPrivateNetwork,
		SignUp: r.cfg.SignUp, Now: r.now,
	})
}

func (r *rooms) newConsent() *consent.Pages {
	return consent.NewPages(consent.PagesOptions{
		Writer: r.rim(), Store: r.store, Sessions: r.sessions, Registry: r.registry, Claims: r.claims, Sealer: r.sealer,
		Cooldown: r.cfg.DenyCooldown, BaseScope: r.cfg.BaseScope, Reads: r.reads, Activity: r.activity, Now: r.now,
	})
}

func (r *rooms) rim() rim.Writer { return rim.Writer{Pages: r.pages, Apps: r.app, Log: r.log} }

func (r *rooms) newAuthz(root secret.Root) *authz.Server {
	return authz.New(authz.Options{
		Issuer: r.cfg.Issuer, RegistrationEndpoint: r.registrationEndpoint(),
		Store: r.store, Registry: r.registry, Sessions: r.sessions, People: r.people, Claims: r.claims, Keys: r.keys,
		Root: root, Interactions: r.sealer, Pages: r.pages, App: r.app,
		Lifetimes: authz.Lifetimes{
			Code:       r.cfg.CodeLifetime,
			UserAccess: r.cfg.UserAccessLifetime, UserRefresh: r.cfg.UserRefreshLifetime,
			CompanyAccess: r.cfg.CompanyAccessLifetime, CompanyRefresh: r.cfg.CompanyRefreshLifetime,
			IDToken: r.cfg.IDTokenLifetime,
		},
		DenyCooldown: r.cfg.DenyCooldown, BaseScope: r.cfg.BaseScope, Reads: r.reads, Activity: r.activity, Metrics: r.metrics, Log: r.log, Now: r.now,
	})
}

func (r *rooms) newDeliveries() *deliveries.Worker {
	return deliveries.New(deliveries.Options{
		Store: r.store, Registry: r.registry, Claims: r.claims, Keys: r.keys, Calls: outbound.New(r.cfg.AllowPrivateNetwork),
		Issuer: r.cfg.Issuer, Now: r.now, Log: r.log, Metrics: r.metrics,
	})
}

func (r *rooms) newPartner(root secret.Root) *partner.Partner {
	return partner.New(partner.Options{
		Authz: r.authz, Registry: r.registry, People: r.people, Claims: r.claims, Grants: r.store,
		Secrets: registry.NewOutbound(root), Calls: outbound.New(r.cfg.AllowPrivateNetwork), Now: r.now,
	})
}

func (r *rooms) newSuperApp() *superapp.API {
	return superapp.New(superapp.Options{
		Authz: r.authz, Issuer: r.cfg.Issuer, Store: r.store, Registry: r.registry, Claims: r.claims, People: r.people, SignIn: r.partner.SignIn,
		Language: r.pages.LanguageFor, Cooldown: r.cfg.DenyCooldown, Activity: r.activity, Now: r.now,
	})
}

func (r *rooms) newHouse(root secret.Root) *admin.House {
	return admin.New(admin.Options{
		Store: r.store, Registry: r.registry, Secrets: registry.NewOutbound(root), People: r.people, Keys: r.keys, Now: r.now, Log: r.log,
		OpenRegistration: r.cfg.DynamicRegistration == config.RegistrationOpen, HostName: r.cfg.Name, Issuer: r.cfg.Issuer,
		Evaluated: r.evaluated,
	})
}

// registrationEndpoint is where programs register mini apps; empty where they may not.
func (r *rooms) registrationEndpoint() string {
	if r.cfg.DynamicRegistration == config.RegistrationOff {
		return ""
	}
	return r.cfg.Issuer + registration.Path
}

func (r *rooms) newAPI(root secret.Root) *api.API {
	return api.New(api.Options{House: r.house, Answers: r.store, Root: root, Bearer: r.administrator, Now: r.now, Log: r.log})
}

func (r *rooms) newPortal() *portal.Pages {
	return portal.New(portal.Options{
		Writer: r.rim(), House: r.house, Sessions: r.sessions, Sealer: r.sealer, SignIn: r.identity.SendToSignIn, Preview: r.previewConsent,
		Samples: r.consent.Samples, ClientAddress: httpx.ClientAddress,
	})
}

// previewConsent draws the consent page of a registration that need not be live.
func (r *rooms) previewConsent(w http.ResponseWriter, req *http.Request, viewer storage.User, c storage.Client, look templates.Preview) error {
	a, err := r.shown(req.Context(), &c)
	if err != nil {
		return err
	}
	return r.consent.Preview(w, req, viewer, c, *a, look)
}

func (r *rooms) newConsole() *console.Pages {
	return console.New(console.Options{
		Writer: r.rim(), House: r.house, Registry: r.registry, Sessions: r.sessions, Sealer: r.sealer, SignIn: r.identity.SendToSignIn, Now: r.now,
		Consent: r.evaluatedConsent,
	})
}

// evaluatedConsent draws the consent page that a person would see.
func (r *rooms) evaluatedConsent(w http.ResponseWriter, req *http.Request, viewer storage.User, e admin.Evaluation, look templates.Preview) error {
	a, err := r.shown(req.Context(), &e.Client)
	if err != nil {
		return err
	}
	return r.consent.PreviewFor(w, req, viewer, e.User, e.Client, e.Scope, *a, look)
}

// administrator is how the admin API, which does not know authz, learns whose access token it is.
func (r *rooms) administrator(ctx context.Context, token string) (api.Holder, error) {
	who, err := r.authz.Administrator(ctx, token)
	if refused, is := errors.AsType[*authz.Error](err); is {
		switch refused.Code {
		case authz.CodeInvalidToken:
			return api.Holder{}, api.ErrToken
		case authz.CodeInsufficientScope:
			return api.Holder{}, api.ErrScope
		}
	}
	if err != nil {
		return api.Holder{}, err
	}
	return api.Holder(*who), nil
}

// mount is the whole surface of the server. Pages and what goes with them are protected from posts of other sites; the
// protocol's endpoints take credentials of their own.
func (r *rooms) mount() (public, pages *http.ServeMux) {
	public, pages = http.NewServeMux(), http.NewServeMux()
	writer := r.rim()
	r.authz.Mount(public, r.formats)
	r.superapp.Mount(public)
	public.HandleFunc("/superapp/", func(w http.ResponseWriter, req *http.Request) { r.refuse(w, req, http.StatusNotFound) })
	r.api.Mount(public)
	if r.registrationEndpoint() != "" {
		registration.New(registration.Options{Issuer: r.cfg.Issuer, House: r.house, Log: r.log}).Mount(public)
	}
	r.identity.Mount(pages)
	r.upstream.Mount(pages)
	r.consent.Mount(pages)
	r.newConsole().Mount(pages)
	r.portal.Mount(pages)
	r.pages.Mount(pages)
	pages.Handle("GET /static/{file}", static.Handler())
	pages.Handle("GET "+logo.Prefix+"{file}", logo.Handler(r.store, writer.Fail))
	pages.HandleFunc("GET /healthz", healthz)
	pages.HandleFunc("GET /readyz", r.readyz)
	pages.Handle("GET /{$}", http.RedirectHandler("/account", http.StatusSeeOther))
	return public, pages
}

// handler puts everything that all requests have in common in front of the routes.
func (r *rooms) handler() http.Handler {
	public, pages := r.mount()
	protection := httpx.Protection{Origin: r.cfg.Issuer, Denied: r.errorPage(http.StatusForbidden)}
	public.Handle("/", protection.Wrap(r.withErrorPages(pages)))
	r.vendors = dialect.NewMux(r.authz, r.formats, r.cfg.PathPrefixes, r.onlyCleanPaths(public))
	return httpx.Wrap(r.vendors, httpx.Options{Log: r.log, TrustedProxies: r.cfg.TrustedProxies, Refuse: r.refuse, Metrics: r.metrics, Traces: r.traces})
}

// run does the background work of every room until ctx ends.
func (r *rooms) run(ctx context.Context) {
	defer r.traces.Close()
	var group sync.WaitGroup
	for _, work := range []func(context.Context){r.registry.Run, r.keys.Run, r.sessions.Run, r.reads.Run, r.activity.Run, r.deliver, r.house.Run, r.collect, r.seal} {
		group.Go(func() { work(ctx) })
	}
	group.Wait()
}

// deliver sends what mini apps' servers have to be told; each call of theirs is traced.
func (r *rooms) deliver(ctx context.Context) { r.newDeliveries().Run(r.traces.Into(ctx)) }

// seal chains what was written to the audit log.
func (r *rooms) seal(ctx context.Context) { r.chain.Run(ctx, r.log) }

// app returns how a mini app is shown to people; storage.ErrNotFound when there is none of this ID.
func (r *rooms) app(ctx context.Context, clientID string) (*templates.App, error) {
	c, err := r.registry.Client(ctx, clientID)
	if err != nil {
		return nil, err
	}
	return r.shown(ctx, c)
}

// shown returns how a registration is shown to people. Its logo is shown from our own origin only: a picture from elsewhere
// would tell that server who looks at a page of ours.
func (r *rooms) shown(ctx context.Context, c *storage.Client) (*templates.App, error) {
	a := &templates.App{
		ClientID: c.ID, Name: c.Name, Names: c.Names, Own: c.FirstParty, HomeURI: c.ClientURI, LoginURI: r.loginURI(c), PolicyURI: c.PolicyURI, TOSURI: c.TOSURI,
	}
	a.LogoURL, a.LogoLarge = logo.Path(r.cfg.Issuer, c.LogoURI, logo.Sides[1]), logo.Path(r.cfg.Issuer, c.LogoURI, logo.Sides[2])
	if c.PublisherID == "" {
		return a, nil
	}
	p, err := r.registry.Publisher(ctx, c.PublisherID)
	if err != nil {
		return nil, fmt.Errorf("publisher of %s: %w", c.ID, err)
	}
	a.Publisher, a.Verified, a.VerifiedAt = p.Name, p.Verified, p.VerifiedAt
	return a, nil
}

// loginURI is where a person begins a sign-in anew: the client's login initiation endpoint, told who asks
// (OIDC Core §4); empty when it has none.
func (r *rooms) loginURI(c *storage.Client) string {
	u, err := url.Parse(c.InitiateLoginURI)
	if c.InitiateLoginURI == "" || err != nil {
		return ""
	}
	query := u.Query()
	query.Set("iss", r.cfg.Issuer)
	u.RawQuery = query.Encode()
	return u.String()
}
