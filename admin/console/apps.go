package console

import (
	"net/url"
	"slices"

	"gatehouse/admin"
	"gatehouse/storage"
	"gatehouse/templates"
)

// statuses are what a list of mini apps can be cut down to.
var statuses = []string{storage.StatusDraft, storage.StatusSubmitted, storage.StatusChangesRequested, storage.StatusApproved,
	storage.StatusRejected, storage.StatusSuspended, storage.StatusArchived}

// appList lists mini apps, and has the forms of their registrations. The page of one is app.
func (p *Pages) appList() kind {
	return kind{
		path: appsPath, part: templates.AdminAppsPart, below: editBelow,
		list: p.listApps, record: p.registrationPage, fresh: p.newApp, act: p.changeRegistration,
	}
}

func (p *Pages) listApps(v *visitor, query url.Values, page *templates.AdminList) error {
	filter := admin.ClientFilter{Status: query.Get("status"), Search: query.Get("search"), Publisher: query.Get("publisher")}
	if !slices.Contains(statuses, filter.Status) {
		filter.Status = ""
	}
	found, err := p.House.Clients(v.ctx, v.Caller, filter, admin.Page{After: query.Get("after")})
	if err != nil {
		return err
	}
	page.Next = next(page.Path, query, found.Next)
	page.Ways = v.wayToNew(admin.ClientCreate, page.Path)
	if page.Ways != nil && filter == (admin.ClientFilter{}) && len(found.Items) == 0 && query.Get("after") == "" {
		page.Nothing = templates.AdminAppsNone
		page.Ways = append(page.Ways, templates.AdminWay{Key: templates.AdminPublishersPart, Path: publishersPath})
	}
	choice := []templates.AdminOption{{Key: templates.AdminAny}}
	for _, status := range statuses {
		choice = append(choice, templates.AdminOption{Value: status, Key: templates.AdminStatus(status).Key, Chosen: status == filter.Status})
	}
	page.Filters = []templates.AdminInput{
		{Name: "search", Label: templates.AdminSearch, Kind: templates.InputSearch, Value: filter.Search, Max: 80},
		{Name: "status", Label: templates.AdminState, Kind: templates.InputSelect, Options: choice},
		{Name: "publisher", Value: filter.Publisher, Max: 64},
	}
	for _, c := range found.Items {
		publisher, err := p.publisher(v.ctx, c.PublisherID)
		if err != nil {
			return err
		}
		page.Rows = append(page.Rows, templates.AdminRow{
			Path: appPath(c.ID), Title: c.Name, Tags: []templates.AdminTag{templates.AdminStatus(c.Status)},
			Facts: []templates.AdminFact{codeFact("client_id", c.ID), linkFact("publisher", publisher.Name, publisherPath(publisher.ID))},
		})
	}
	return nil
}
