package portal

import (
	"net/http"
	"net/url"

	"gatehouse/admin"
	"gatehouse/registry"
	"gatehouse/registry/logo"
	"gatehouse/storage"
	"gatehouse/templates"
)

// list draws the mini apps of a developer's publishers.
func (p *Pages) list(v *visit) error {
	publishers, err := p.publishers(v)
	if err != nil {
		return err
	}
	found, err := p.House.Works(v.r.Context(), v.caller, admin.ClientFilter{}, admin.Page{After: v.query.Get("after")})
	if err != nil {
		return err
	}
	page := &templates.Developer{Common: v.common()}
	for _, w := range found.Items {
		app := shownApp(p, &w)
		for _, publisher := range publishers {
			if publisher.ID == w.Live.PublisherID {
				app.Publisher = publisher.Name
			}
		}
		page.Apps = append(page.Apps, app)
	}
	if found.Next != "" {
		page.Next = "/developer?" + url.Values{"after": {found.Next}}.Encode()
	}
	p.Pages.Render(v.w, v.r, http.StatusOK, page)
	return nil
}

// shownApp is a mini app as it is live, and apart from that what waits beside it: what nobody approved is not shown as approved.
func shownApp(p *Pages, w *registry.Work) templates.DeveloperApp {
	c := w.Live
	app := templates.DeveloperApp{ClientID: c.ID, Name: c.Name, LogoURL: logo.Path(p.House.Issuer, c.LogoURI, logo.Sides[0]), Status: w.Live.Status}
	if w.Version != nil {
		app.Waiting = w.Version.Status
		if name := w.Proposed().Name; name != c.Name {
			app.NewName = name
		}
	}
	return app
}

// publishers are those that the developer develops for.
func (p *Pages) publishers(v *visit) ([]storage.Publisher, error) {
	found, err := p.House.Publishers(v.r.Context(), v.caller, admin.Page{Limit: admin.MaxPage})
	return found.Items, err
}
