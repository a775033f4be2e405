package portal

import (
	"net/http"
	"net/url"

	"gatehouse/admin"
	"gatehouse/storage"
	"gatehouse/templates"
)

// listed is how many mini apps are on a page: what waits beside each is asked one by one.
const listed = 20

// list draws the mini apps of a developer's publishers.
func (p *Pages) list(v *visit) error {
	publishers, err := p.publishers(v)
	if err != nil {
		return err
	}
	found, err := p.House.Clients(v.r.Context(), v.caller, admin.ClientFilter{}, admin.Page{After: v.query.Get("after"), Limit: listed})
	if err != nil {
		return err
	}
	page := &templates.Developer{Common: v.common()}
	for _, c := range found.Items {
		w, err := p.House.Client(v.r.Context(), v.caller, c.ID)
		if err != nil {
			return err
		}
		app := templates.DeveloperApp{ClientID: c.ID, Name: c.Name, Status: c.Status}
		if w.Version != nil {
			app.Waiting = w.Version.Status
		}
		for _, publisher := range publishers {
			if publisher.ID == c.PublisherID {
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

// publishers are those that the developer develops for.
func (p *Pages) publishers(v *visit) ([]storage.Publisher, error) {
	found, err := p.House.Publishers(v.r.Context(), v.caller, admin.Page{Limit: admin.MaxPage})
	return found.Items, err
}
