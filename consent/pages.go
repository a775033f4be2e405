package consent

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"gatehouse/identity"
	"gatehouse/identity/claims"
	"gatehouse/internal/httpx"
	"gatehouse/internal/interaction"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

// Store is what the pages keep and read.
type Store interface {
	storage.Grants
	Company(ctx context.Context, id string) (storage.Company, error)
	Apply(ctx context.Context, unit storage.Unit) error
}

// PagesOptions is what the pages work with. Everything is needed; Log may be nil.
type PagesOptions struct {
	Store    Store
	Sessions *identity.Sessions
	Registry *registry.Registry
	Claims   *claims.Claims
	Sealer   *interaction.Sealer
	Pages    *templates.Pages
	Apps     func(ctx context.Context, clientID string) (*templates.App, error) // how a client is shown
	Issuer   string
	Cooldown time.Duration // see Question
	Now      func() time.Time
	Log      *slog.Logger
}

// Pages are the consent page and the connected apps.
type Pages struct{ PagesOptions }

// NewPages returns the pages.
func NewPages(o PagesOptions) *Pages {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Pages{o}
}

// Mount adds the pages to mux.
func (p *Pages) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET /consent", p.show)
	mux.HandleFunc("POST /consent", p.decide)
	mux.HandleFunc("GET /account/apps", p.listApps)
	mux.HandleFunc("POST /account/apps", p.changeApp)
}

// now is the time as every database keeps it: a decision read back equals the one that was written.
func (p *Pages) now() time.Time { return p.Now().UTC().Truncate(time.Microsecond) }

// common is what every page has; person is nil when nobody is signed in.
func (p *Pages) common(r *http.Request, i interaction.Interaction, person *storage.User) templates.Common {
	c := templates.Common{Locales: i.Get("ui_locales"), FormTarget: i.FormTarget(), RequestID: httpx.RequestID(r.Context())}
	if person != nil {
		shown := shownPerson(*person)
		c.Locale, c.Person = person.Locale, &shown
	}
	return c
}

func shownPerson(u storage.User) templates.Person {
	login := u.Email
	if login == "" {
		login = u.Phone
	}
	name := strings.TrimSpace(u.FirstName + " " + u.LastName)
	if name == "" {
		name = login
	}
	return templates.Person{Name: name, Login: login}
}

// redirect answers 303, so that a browser follows with GET whatever it came with (RFC 9110 §15.4.4).
func redirect(w http.ResponseWriter, r *http.Request, to string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
}
