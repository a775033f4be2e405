package authz

import (
	"context"
	"log/slog"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"

	"gatehouse/authz/keys"
	"gatehouse/consent"
	"gatehouse/identity"
	"gatehouse/identity/claims"
	"gatehouse/internal/activity"
	"gatehouse/internal/interaction"
	"gatehouse/internal/metrics"
	"gatehouse/internal/secret"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

// Store is what the protocol keeps.
type Store interface {
	storage.Tokens
	storage.Grants
	storage.Units
	User(ctx context.Context, id string) (storage.User, error)
	Company(ctx context.Context, id string) (storage.Company, error)
}

// Options are what a Server is made of. All fields but RegistrationEndpoint are required.
type Options struct {
	Issuer string // no slash at its end
	// RegistrationEndpoint is where clients register themselves (RFC 7591 §3); empty: nowhere.
	RegistrationEndpoint string
	Store                Store
	Registry             *registry.Registry
	Sessions             *identity.Sessions
	People               *identity.People
	Claims               *claims.Claims
	Keys                 *keys.Set
	Root                 secret.Root
	Interactions         *interaction.Sealer
	Pages                *templates.Pages
	// App returns how a client is shown on a page.
	App          func(ctx context.Context, clientID string) (*templates.App, error)
	Lifetimes    Lifetimes
	DenyCooldown time.Duration
	Reads        *consent.Reads   // when clients last read what they may
	Activity     *activity.Log    // what clients asked last; nil: nothing is noted
	Metrics      *metrics.Metrics // counts answers; nil: nothing does
	BaseScope    bool             // openid alone passes without a question, see consent.PassesBase
	Log          *slog.Logger
	Now          func() time.Time
}

// Server answers the protocol's endpoints. It is safe for concurrent use.
type Server struct {
	issuer       string
	registration string
	store        Store
	registry     *registry.Registry
	sessions     *identity.Sessions
	people       *identity.People
	claims       *claims.Claims
	keys         *keys.Set
	values       *values
	thirdParty   *secret.Sealer // of what a client sends with a sign-in ticket
	interactions *interaction.Sealer
	pages        *templates.Pages
	app          func(ctx context.Context, clientID string) (*templates.App, error)
	lifetimes    Lifetimes
	cooldown     time.Duration
	baseScope    bool
	reads        *consent.Reads
	activity     *activity.Log
	metrics      *metrics.Metrics
	log          *slog.Logger
	now          func() time.Time
	turns        turns
	provider     *fosite.Fosite            // of codes
	tokens       map[string]*fosite.Fosite // by grant type
	metadata     []byte
	authorize    map[string]*Route // authorization endpoints by dialect
}

// maxCodeLifetime bounds every code's life (contract: at most five minutes; RFC 6749 §4.1.2 allows ten).
const maxCodeLifetime = 5 * time.Minute

// New returns a server.
func New(o Options) *Server {
	s := &Server{
		issuer: o.Issuer, registration: o.RegistrationEndpoint, store: o.Store, registry: o.Registry, sessions: o.Sessions, people: o.People, claims: o.Claims, keys: o.Keys,
		values: newValues(o.Root), thirdParty: o.Root.Sealer("third-party data"), interactions: o.Interactions, pages: o.Pages, app: o.App,
		lifetimes: o.Lifetimes, cooldown: o.DenyCooldown, baseScope: o.BaseScope, reads: o.Reads, activity: o.Activity, metrics: o.Metrics, log: o.Log, now: o.Now,
		turns: turns{of: map[string]*share{}},
	}
	s.assemble()
	return s
}

// assemble makes fosite from its three core handlers. PKCE, OpenID Connect, introspection and revocation are ours.
// Every getter that fosite would fill lazily, and so race on, is set. Each grant type has a provider with its handler alone: a
// handler of another one refuses with an error that has the stack in it, which costs more than the rest of what fosite does.
func (s *Server) assemble() {
	cfg := &fosite.Config{
		ScopeStrategy:                fosite.ExactScopeStrategy,
		AudienceMatchingStrategy:     fosite.ExactAudienceMatchingStrategy,
		ClientSecretsHasher:          noHasher{},
		ClientAuthenticationStrategy: knownClient,
		RefreshTokenScopes:           []string{}, // a refresh token comes whenever the client may use it
		MinParameterEntropy:          1,
		RedirectSecureChecker:        fosite.IsRedirectURISecure,
		SanitationWhiteList:          []string{"redirect_uri"},
		OmitRedirectScopeParam:       true,
		TokenURL:                     s.issuer + "/oauth2/token",
	}
	store, strat := fositeStore{s}, strategy{s.values}
	code := &oauth2.AuthorizeExplicitGrantHandler{
		AccessTokenStrategy: strat, RefreshTokenStrategy: strat, AuthorizeCodeStrategy: strat,
		CoreStorage: store, TokenRevocationStorage: store, Config: cfg,
	}
	refresh := &oauth2.RefreshTokenGrantHandler{
		AccessTokenStrategy: strat, RefreshTokenStrategy: strat, TokenRevocationStorage: store, Config: cfg,
	}
	credentials := &oauth2.ClientCredentialsGrantHandler{
		HandleHelper: &oauth2.HandleHelper{AccessTokenStrategy: strat, AccessTokenStorage: store, Config: cfg},
		Config:       cfg,
	}
	cfg.AuthorizeEndpointHandlers.Append(code)
	s.provider, s.tokens = fosite.NewOAuth2Provider(store, cfg), map[string]*fosite.Fosite{}
	for grantType, handler := range map[string]fosite.TokenEndpointHandler{grantCode: code, grantRefresh: refresh, grantCredentials: credentials} {
		own := *cfg
		own.TokenEndpointHandlers = fosite.TokenEndpointHandlers{handler}
		s.tokens[grantType] = fosite.NewOAuth2Provider(store, &own)
	}
}

// noHasher is never asked: client authentication is ours.
type noHasher struct{}

func (noHasher) Compare(context.Context, []byte, []byte) error {
	return fosite.ErrInvalidClient
}

func (noHasher) Hash(context.Context, []byte) ([]byte, error) {
	return nil, fosite.ErrServerError
}
