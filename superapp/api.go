package superapp

import (
	"context"
	"net/http"
	"time"

	"gatehouse/authz"
	"gatehouse/identity/claims"
	"gatehouse/internal/activity"
	"gatehouse/registry"
	"gatehouse/storage"
)

// Store is what the API keeps and reads.
type Store interface {
	Grant(ctx context.Context, owner storage.Owner, clientID string) (storage.Grant, error)
	Grants(ctx context.Context, owner storage.Owner) ([]storage.Grant, error)
	Apply(ctx context.Context, unit storage.Unit) error
}

// Options is what the API works with. Everything is needed.
type Options struct {
	Authz    *authz.Server
	Issuer   string
	Store    Store
	Registry *registry.Registry
	Claims   *claims.Claims
	People   People
	SignIn   SignIn // calls mini apps
	// Language returns the language of an answer: as ui_locales asks, as Accept-Language asks, or the person's own.
	Language func(uiLocales, accept, locale string) string
	Cooldown time.Duration // how long two denials in a row last
	Activity *activity.Log // counts what people decide; nil: nothing does
	Now      func() time.Time
}

// API is the host app's API.
type API struct{ Options }

// New returns the API.
func New(o Options) *API { return &API{o} }

// Routes returns the calls of the API. Several may have one path.
func (a *API) Routes() []authz.Route {
	return []authz.Route{
		a.documentRoute(),
		a.appsRoute(), a.appRoute(),
		a.sharingRoute(), a.decideRoute(), a.forgetRoute(),
		a.codeRoute(), a.accessTokenRoute(),
		a.logoutRoute(),
		a.peopleRoute(), a.sessionsRoute(),
	}
}

// Mount puts the calls on mux, and the page where a person is handed over.
func (a *API) Mount(mux *http.ServeMux) {
	byPath := make(map[string][]*authz.Route)
	for _, route := range append(a.Routes(), a.openRoute()) {
		byPath[route.Path] = append(byPath[route.Path], &route)
	}
	for path, routes := range byPath {
		mux.Handle(path, a.Authz.Handler(routes...))
	}
}

// now is the time as every database keeps it: a decision read back equals the one that was written.
func (a *API) now() time.Time { return a.Now().UTC().Truncate(time.Microsecond) }
