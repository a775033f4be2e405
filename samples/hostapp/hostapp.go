package hostapp

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// Options is how the host app is registered, and where it runs.
type Options struct {
	Issuer       string // the authorization server, e.g. https://id.nimbus.example
	ClientID     string // of a client with first_party: true and the scope superapp
	ClientSecret string
	BaseURL      string // where browsers reach the host app, without a slash at the end
	Name         string // the super app's
	MiniApps     map[string]MiniApp
	Log          *slog.Logger
}

// MiniApp is what the host app itself knows about a mini app, by its client_id. All else comes from the API.
type MiniApp struct {
	Launch string // opened in the web view, it answers with an authorization request to us; see open.go
	Home   string // opened in the web view, it goes on where the person was
}

// App is the host app.
type App struct {
	options  Options
	oauth    oauth2.Config
	userInfo string
	client   *http.Client
	sessions *sessions
	pages    *pages
}

// New reads what the authorization server says about itself (RFC 8414) and returns the app. ctx only bounds that.
func New(ctx context.Context, o Options) (*App, error) {
	a := &App{options: o, client: &http.Client{Timeout: 30 * time.Second}}
	var metadata struct {
		Issuer    string `json:"issuer"`
		Authorize string `json:"authorization_endpoint"`
		Token     string `json:"token_endpoint"`
		UserInfo  string `json:"userinfo_endpoint"`
	}
	if _, err := a.fetch(ctx, http.MethodGet, o.Issuer+"/.well-known/oauth-authorization-server", "", nil, &metadata); err != nil {
		return nil, fmt.Errorf("discovering %s: %w", o.Issuer, err)
	}
	if metadata.Issuer != o.Issuer { // RFC 8414 §3.3
		return nil, fmt.Errorf("%s says that it is %s; set the issuer to that", o.Issuer, metadata.Issuer)
	}
	a.oauth = oauth2.Config{
		ClientID:     o.ClientID,
		ClientSecret: o.ClientSecret,
		Endpoint:     oauth2.Endpoint{AuthURL: metadata.Authorize, TokenURL: metadata.Token},
		RedirectURL:  o.BaseURL + "/callback",
		Scopes:       []string{"openid", "profile", "superapp"},
	}
	a.userInfo = metadata.UserInfo
	a.sessions = newSessions(strings.HasPrefix(o.BaseURL, "https:"))
	a.pages = newPages(o.Name, origins(o.MiniApps))
	return a, nil
}

// Handler serves the app.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", a.login)
	mux.HandleFunc("GET /callback", a.callback)
	mux.HandleFunc("POST /logout", a.signedIn(a.logout))

	mux.HandleFunc("GET /{$}", a.home)
	mux.HandleFunc("GET /apps/{client_id}", a.signedIn(a.tap))
	mux.HandleFunc("GET /apps/{client_id}/sheet", a.signedIn(a.sheet))
	mux.HandleFunc("POST /apps/{client_id}/decision", a.signedIn(a.decide))
	mux.HandleFunc("GET /run/{client_id}", a.signedIn(a.run))
	mux.HandleFunc("GET /open/{client_id}", a.signedIn(a.open))
	mux.HandleFunc("GET /connected", a.signedIn(a.connected))
	mux.HandleFunc("POST /apps/{client_id}/disconnect", a.signedIn(a.disconnect))

	mux.Handle("GET /static/", http.StripPrefix("/static/", staticFiles()))
	return http.NewCrossOriginProtection().Handler(mux) // no other site may press our buttons
}

// origins are where mini apps run: the web view shows nothing else.
func origins(apps map[string]MiniApp) []string {
	var found []string
	for _, app := range apps {
		if u, err := url.Parse(app.Launch); err == nil && u.Host != "" {
			found = append(found, u.Scheme+"://"+u.Host)
		}
	}
	return found
}
