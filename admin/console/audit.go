package console

import (
	"maps"
	"net/http"
	"net/url"
	"slices"

	"gatehouse/admin"
	"gatehouse/internal/audit"
	"gatehouse/internal/httpx"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

const (
	auditPath       = "/admin/audit"
	auditExportPath = "/admin/audit/export"
)

// auditLog is the page of what was done, the newest first.
func (p *Pages) auditLog() kind {
	return kind{path: auditPath, part: templates.AdminAuditPart, list: p.listAudit}
}

// auditAbout is the path of what was done to a record.
func auditAbout(kind, id string) string {
	return auditPath + "?" + url.Values{"target": {kind + ":" + id}}.Encode()
}

// auditControls are the controls of form#find, which have the names of the API.
var auditControls = []string{"actor", "action", "target", "since", "until"}

// auditFilter is what form#find asks for; since and until are days, both of them meant. registry.Problems where it cannot be.
func auditFilter(query url.Values) (f storage.AuditFilter, err error) {
	asked := admin.AuditQuery{Actor: query.Get("actor"), Action: query.Get("action"), Target: query.Get("target")}
	if asked.Since, err = dayOf(query, "since", 0); err != nil {
		return f, err
	}
	if asked.Until, err = dayOf(query, "until", 1); err != nil {
		return f, err
	}
	f, ok := asked.Filter()
	if !ok {
		return f, registry.Problems{{Field: "actor", Text: "has to be KIND:ID, as in user:4f0c… or client:photoprint; kinds are user, client, api_key, command and server"}}
	}
	return f, nil
}

func (p *Pages) listAudit(v *visitor, query url.Values, page *templates.AdminList) error {
	asked := url.Values{}
	for _, control := range auditControls {
		input := templates.AdminInput{Name: control, Value: query.Get(control)}
		if control == "since" || control == "until" {
			input.Kind = templates.InputDate
		}
		page.Filters = append(page.Filters, input)
		if input.Value != "" {
			asked.Set(control, input.Value)
		}
	}
	f, err := auditFilter(query)
	if problems, _ := problemsOf(err); problems != nil {
		page.Problems = problems
		return nil
	}
	found, err := p.House.AuditEvents(v.ctx, v.Caller, f, admin.Page{After: query.Get("after")})
	if err != nil {
		return err
	}
	page.Next = next(page.Path, asked, found.Next)
	page.Ways = []templates.AdminWay{{Key: templates.AdminExport, Path: auditExportPath + "?" + asked.Encode()}}
	names := p.names(v)
	for _, e := range found.Items {
		page.Rows = append(page.Rows, rowOf(e, names))
	}
	return nil
}

func rowOf(e storage.AuditEvent, names *names) templates.AdminRow {
	actor := pageFact("actor", string(e.Actor.Kind), e.Actor.ID)
	if e.Actor.Kind == storage.ActorUser {
		actor = names.user("actor", e.Actor.ID)
	}
	row := templates.AdminRow{
		Title: e.Action, Tags: []templates.AdminTag{{Key: templates.AdminUnsealed, Kind: "warn"}},
		Facts: []templates.AdminFact{timeFact("at", e.At), actor, codeFact("address", e.Actor.Address), pageFact("target", e.Target.Kind, e.Target.ID)},
	}
	detail := templates.AdminFact{Name: "detail"}
	for _, name := range slices.Sorted(maps.Keys(e.Detail)) {
		detail.Lines = append(detail.Lines, templates.AdminValue{Text: name + "=" + e.Detail[name]})
	}
	row.Facts = append(row.Facts, detail)
	if e.Sequence > 0 {
		row.Tags[0] = templates.AdminTag{Key: templates.AdminSealed, Kind: "good"}
	}
	return row
}

// pagesOf are where the records of a kind have their pages.
var pagesOf = map[string]string{
	"client": appsPath, "publisher": publishersPath, "scope": scopesPath, "delivery": deliveriesPath, "user": peoplePath,
	"company": companiesPath, "grant": decisionsPath,
}

// pageFact is a member that names a record, as the log does: KIND:ID.
func pageFact(member, kind, id string) templates.AdminFact {
	if id == "" {
		return codeFact(member, kind)
	}
	value := templates.AdminValue{Text: kind + ":" + id, Code: true}
	if at := pagesOf[kind]; at != "" {
		value.Path = at + "/" + url.PathEscape(id)
	}
	return valueFact(member, value)
}

// exportAudit is GET /admin/audit/export: all that form#find asks for, as lines of JSON.
func (p *Pages) exportAudit(w http.ResponseWriter, r *http.Request) {
	query, ok := p.Query(w, r)
	if !ok {
		return
	}
	v, ok := p.enter(w, r, r.URL.RequestURI())
	if !ok {
		return
	}
	f, err := auditFilter(query)
	if err != nil {
		p.Refuse(w, r, http.StatusBadRequest, "invalid_request", "", err.Error())
		return
	}
	events, err := p.House.AuditLog(v.ctx, v.Caller, f)
	if err != nil {
		p.refused(w, r, v, err, auditPath)
		return
	}
	w.Header().Set("Content-Disposition", `attachment; filename="audit-`+v.now.UTC().Format("20060102T150405Z")+`.jsonl"`)
	w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
	httpx.JSONLines(w, r, audit.Entries(events))
}
