package console

import (
	"errors"
	"net/http"
	"time"

	"gatehouse/admin"
	"gatehouse/storage"
	"gatehouse/templates"
)

const dashboardPath = "/admin/dashboard"

// counterKeys are what is counted, in the words of the pages.
var counterKeys = map[storage.Counter]string{
	storage.CountSignIns: templates.AdminCountSignIns, storage.CountFailedSignIns: templates.AdminCountFailed,
	storage.CountConsents: templates.AdminCountConsents, storage.CountDenials: templates.AdminCountDenials,
	storage.CountTokensIssued: templates.AdminCountTokens, storage.CountTokenErrors: templates.AdminCountTokenErrors,
}

// dashboard is GET /admin/dashboard; its parameter range is one of admin.DashboardRanges.
func (p *Pages) dashboard(w http.ResponseWriter, r *http.Request) {
	query, ok := p.Query(w, r)
	if !ok {
		return
	}
	v, ok := p.enter(w, r, r.URL.RequestURI())
	if !ok {
		return
	}
	d, err := p.House.Dashboard(r.Context(), v.Caller, query.Get("range"))
	if errors.Is(err, admin.ErrRange) {
		err = storage.ErrNotFound
	}
	if err != nil {
		p.refused(w, r, v, err, dashboardPath)
		return
	}
	page := &templates.AdminDashboard{AdminCommon: p.common(r, v, templates.AdminDashboardPart), Ranges: rangesBut(d.Range)}
	for _, s := range d.Series {
		page.Plots = append(page.Plots, plotOf(s, d.Starts))
	}
	for _, s := range d.Secrets {
		page.Secrets = append(page.Secrets, templates.AdminEnding{ClientID: s.ClientID, Name: s.ClientName, EndsAt: s.ExpiresAt})
	}
	page.Reviews = v.amount(d.Reviews, admin.ReviewRead, reviewsPath)
	page.Dead = v.amount(d.Dead, admin.DeliveryRead, "/admin/deliveries?state=dead")
	page.Failing = v.amount(d.Retried, admin.DeliveryRead, "/admin/deliveries?state=pending")
	page.Unsealed = v.amount(storage.Waiting{Count: d.Unsealed}, admin.AuditRead, "/admin/audit")
	p.Pages.Render(w, r, http.StatusOK, page)
}

// amount is how much of something there is, with where it is listed for whoever may go there.
func (v *visitor) amount(n storage.Waiting, do admin.Capability, path string) templates.AdminAmount {
	if !v.Sees(do) {
		path = ""
	}
	return templates.AdminAmount{N: n.Count, Oldest: n.Oldest, Path: path}
}

// rangesBut are the links to the ranges, of which one is shown.
func rangesBut(shown admin.DashboardRange) (links []templates.AdminRange) {
	for _, r := range admin.DashboardRanges() {
		link := templates.AdminRange{Key: "admin.days", Path: dashboardPath + "?range=" + r.Name, Here: r.Name == shown.Name}
		if link.N = int(time.Duration(r.Points) * r.Step / (24 * time.Hour)); link.N == 1 {
			link.Key, link.N = "admin.hours", 24
		}
		links = append(links, link)
	}
	return links
}

func plotOf(s admin.Series, starts []time.Time) templates.AdminPlot {
	plot := templates.AdminPlot{ID: string(s.Counter), Key: counterKeys[s.Counter], Total: int(s.Total)}
	for i, n := range s.N {
		plot.Points = append(plot.Points, templates.AdminPoint{At: starts[i], N: int(n)})
	}
	return plot
}

// requestsOf are the last requests of a mini app as its page shows them.
func requestsOf(requests []storage.ClientRequest) (shown []templates.ClientRequest) {
	for _, r := range requests {
		shown = append(shown, templates.ClientRequest{
			At: r.At, Endpoint: r.Endpoint, Format: r.Format, Outcome: r.Outcome, OK: r.Outcome == storage.OutcomeOK, Reason: r.Reason, RequestID: r.RequestID,
		})
	}
	return shown
}
