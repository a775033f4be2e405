package miniapp

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Options is what a mini app's developer gets when the app is registered, and where the app runs.
type Options struct {
	Issuer       string // the super app's authorization server, e.g. https://id.nimbus.example
	ClientID     string
	ClientSecret string
	BaseURL      string // where browsers reach this app, without a slash at the end
	HostName     string // how the super app is called
	HostURL      string // where the super app's own program is, which opens mini apps; empty: there is none
	// Scopes are asked in one request; empty: all that the app has a use for. A scope that is not registered is refused
	// (RFC 6749 §4.1.2.1), so an app asks for a new one only once it has been approved.
	Scopes []string
	Log    *slog.Logger
}

// Wish is a scope that this app asks for, with what it means to the person.
type Wish struct {
	Scope string
	Label string
}

// wishes are what the app has a use for. openid and email are registered as required, the person may leave out the others:
// an app has to work with whatever it gets.
var wishes = []Wish{
	{oidc.ScopeOpenID, "An ID for your orders"},
	{"email", "E-mail address"},
	{"profile", "Name"},
	{"phone", "Phone number"},
	{"points_read", "Points balance"},
}

// App is the mini app.
type App struct {
	options    Options
	oauth      oauth2.Config
	provider   *oidc.Provider
	revocation string // RFC 7009; empty where the server has none
	client     *http.Client
	sessions   *sessions
	pages      *pages
}

// New discovers the authorization server's endpoints and keys (OpenID Connect Discovery §4) and returns the app. Only
// the issuer is configured: everything else about the server is read from it. ctx only bounds the discovery.
func New(ctx context.Context, o Options) (*App, error) {
	client := &http.Client{Timeout: 30 * time.Second}
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, client), o.Issuer)
	if err != nil {
		return nil, fmt.Errorf("discovering %s: %w", o.Issuer, err)
	}
	var metadata struct {
		Revocation string `json:"revocation_endpoint"`
	}
	if err := provider.Claims(&metadata); err != nil {
		return nil, fmt.Errorf("reading the metadata of %s: %w", o.Issuer, err)
	}
	if len(o.Scopes) == 0 {
		o.Scopes = scopes()
	}
	return &App{
		options: o,
		oauth: oauth2.Config{
			ClientID:     o.ClientID,
			ClientSecret: o.ClientSecret,
			Endpoint:     provider.Endpoint(),
			RedirectURL:  o.BaseURL + "/callback",
			Scopes:       o.Scopes,
		},
		provider:   provider,
		revocation: metadata.Revocation,
		client:     client,
		sessions:   newSessions(cookieName, strings.HasPrefix(o.BaseURL, "https:")),
		pages:      newPages(o.HostName, o.HostURL),
	}, nil
}

// Handler serves the app.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.home)
	mux.HandleFunc("GET /login", a.login)
	mux.HandleFunc("GET /launch", a.launch)
	mux.HandleFunc("GET /callback", a.callback)
	mux.HandleFunc("POST /refresh", a.refresh)
	mux.HandleFunc("POST /logout", a.logout)
	mux.Handle("GET /static/", http.StripPrefix("/static/", staticFiles()))
	return http.NewCrossOriginProtection().Handler(mux) // no other site may press our buttons
}

func scopes() []string {
	names := make([]string, len(wishes))
	for i, w := range wishes {
		names[i] = w.Scope
	}
	return names
}

// context gives the libraries our HTTP client: the default one waits for ever.
func (a *App) context(r *http.Request) context.Context {
	return oidc.ClientContext(r.Context(), a.client)
}
