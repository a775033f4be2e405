package console

import (
	"net/http"
	"net/url"
	"slices"

	"gatehouse/admin"
	"gatehouse/storage"
	"gatehouse/templates"
)

// statuses are what a list of mini apps can be cut down to.
var statuses = []string{storage.StatusDraft, storage.StatusSubmitted, storage.StatusChangesRequested, storage.StatusApproved,
	storage.StatusRejected, storage.StatusSuspended, storage.StatusArchived}

// apps is GET /admin/apps: all mini apps, or those that form#find asks for.
func (p *Pages) apps(w http.ResponseWriter, r *http.Request) {
	query, ok := p.Query(w, r)
	if !ok {
		return
	}
	v, ok := p.enter(w, r, r.URL.RequestURI())
	if !ok {
		return
	}
	filter := admin.ClientFilter{Status: query.Get("status"), Search: query.Get("search")}
	if !slices.Contains(statuses, filter.Status) {
		filter.Status = ""
	}
	list, err := p.House.Clients(r.Context(), v.Caller, filter, admin.Page{After: query.Get("after")})
	if err != nil {
		p.refused(w, r, v, err, appsPath)
		return
	}
	page := &templates.AdminApps{
		AdminCommon: p.common(r, v, templates.AdminAppsPart), Search: filter.Search, Status: filter.Status, Statuses: statuses,
		Next: next(appsPath, url.Values{"status": {filter.Status}, "search": {filter.Search}}, list.Next),
	}
	for _, c := range list.Items {
		publisher, err := p.publisher(r.Context(), c.PublisherID)
		if err != nil {
			p.Fail(w, r, err)
			return
		}
		page.Apps = append(page.Apps, templates.AdminListed{ClientID: c.ID, Name: c.Name, Publisher: publisher.Name, Status: c.Status})
	}
	p.Pages.Render(w, r, http.StatusOK, page)
}
