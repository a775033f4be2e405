package consent

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"gatehouse/identity"
	"gatehouse/identity/claims"
	"gatehouse/internal/activity"
	"gatehouse/internal/interaction"
	"gatehouse/internal/rim"
	"gatehouse/registry"
	"gatehouse/storage"
)

// Store is what the pages keep and read.
type Store interface {
	storage.Grants
	Company(ctx context.Context, id string) (storage.Company, error)
	Apply(ctx context.Context, unit storage.Unit) error
}

// PagesOptions is what the pages work with. Everything but the policy is needed.
type PagesOptions struct {
	rim.Writer
	Store     Store
	Sessions  *identity.Sessions
	Registry  *registry.Registry
	Claims    *claims.Claims
	Sealer    *interaction.Sealer
	Cooldown  time.Duration // see Question
	BaseScope bool          // see PassesBase
	Reads     *Reads
	Activity  *activity.Log // counts what people decide; nil: nothing does
	Now       func() time.Time
}

// Pages are the consent page, the connected apps, and the person's record as a file.
type Pages struct{ PagesOptions }

// NewPages returns the pages.
func NewPages(o PagesOptions) *Pages { return &Pages{o} }

// Mount adds the pages to mux.
func (p *Pages) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET /consent", p.show)
	mux.HandleFunc("POST /consent", p.decide)
	mux.HandleFunc("GET /account/apps", p.listApps)
	mux.HandleFunc("POST /account/apps", p.changeApp)
	mux.HandleFunc("GET /account/export", p.export)
}

// now is the time as every database keeps it: a decision read back equals the one that was written.
func (p *Pages) now() time.Time { return p.Now().UTC().Truncate(time.Microsecond) }

// single returns a value that a form has once; empty when it is missing or comes twice.
func single(form url.Values, name string) string {
	if len(form[name]) != 1 {
		return ""
	}
	return form[name][0]
}
