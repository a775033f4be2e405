package consent

import (
	"errors"
	"net/http"
	"net/url"

	"gatehouse/internal/interaction"
	"gatehouse/storage"
	"gatehouse/templates"
)

// retryAfter is how many seconds a browser should wait while the database is away.
const retryAfter = "5"

// fail answers for an error from inside: 503 for an outage, else 500. This is the rim, so it is logged here.
func (p *Pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	page := &templates.Error{Common: p.common(r, interaction.Interaction{}, nil), Code: "server_error"}
	status := http.StatusInternalServerError
	if errors.Is(err, storage.ErrUnavailable) {
		page.Code, status = "temporarily_unavailable", http.StatusServiceUnavailable
		w.Header().Set("Retry-After", retryAfter)
	}
	if r.Context().Err() == nil { // else the browser has left, and that is the error
		p.Log.ErrorContext(r.Context(), "a consent page failed", "path", r.URL.Path, "err", err)
	}
	p.Pages.Render(w, r, status, page)
}

// refuse answers a request that no form of ours makes.
func (p *Pages) refuse(w http.ResponseWriter, r *http.Request, status int, code, detail string) {
	p.Pages.Render(w, r, status, &templates.Error{Common: p.common(r, interaction.Interaction{}, nil), Code: code, Detail: detail})
}

// unsealed answers for an interaction that did not open: err is the sealer's, and i what it could still read.
func (p *Pages) unsealed(w http.ResponseWriter, r *http.Request, i interaction.Interaction, err error) {
	if !errors.Is(err, interaction.ErrExpired) {
		p.refuse(w, r, http.StatusBadRequest, "invalid_interaction", "the sealed interaction does not belong to this browser and page")
		return
	}
	page := &templates.Error{Common: p.common(r, i, nil), Code: "expired"}
	if i.Route == "" { // a form of the person's own pages
		page.Retry = r.URL.Path
	} else if client, err := p.Registry.Client(r.Context(), i.Get("client_id")); err == nil {
		page.Retry = p.restart(client)
		page.App, _ = p.Apps(r.Context(), client.ID) // the page does without
	}
	p.Pages.Render(w, r, http.StatusBadRequest, page)
}

// restart is where a person begins anew: the client's login initiation endpoint, told who asks (OIDC Core §4), or its
// home page. Empty when it has neither.
func (p *Pages) restart(client *storage.Client) string {
	u, err := url.Parse(client.InitiateLoginURI)
	if client.InitiateLoginURI == "" || err != nil {
		return client.ClientURI
	}
	query := u.Query()
	query.Set("iss", p.Issuer)
	u.RawQuery = query.Encode()
	return u.String()
}
