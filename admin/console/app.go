package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"gatehouse/admin"
	"gatehouse/internal/rim"
	"gatehouse/internal/translated"
	"gatehouse/registry"
	"gatehouse/registry/logo"
	"gatehouse/storage"
	"gatehouse/templates"
)

// app is GET /admin/apps/{id}. The query may bring the comment of a form that was sent too long after signing in.
func (p *Pages) app(w http.ResponseWriter, r *http.Request) {
	query, ok := p.Query(w, r)
	if !ok {
		return
	}
	v, ok := p.enter(w, r, r.URL.RequestURI())
	if !ok {
		return
	}
	page, err := p.appPage(w, r, v)
	if err != nil {
		p.refused(w, r, v, err, appsPath)
		return
	}
	page.Comment, page.Saved = query.Get("comment"), doneBy[query.Get("done")]
	if query.Get("done") == "1" { // form#change of its registration
		page.Saved = saved(query)
	}
	p.Pages.Render(w, r, http.StatusOK, page)
}

func appPath(id string) string { return appsPath + "/" + url.PathEscape(id) }

// appPage is a mini app as it is now: what waits for a review compared with what is live.
func (p *Pages) appPage(w http.ResponseWriter, r *http.Request, v *visitor) (*templates.AdminApp, error) {
	work, err := p.House.Client(r.Context(), v.Caller, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	hints, err := p.House.Hints(r.Context(), v.Caller, work)
	if err != nil {
		return nil, err
	}
	here := templates.AdminAppsPart
	if work.Status() == storage.StatusSubmitted {
		here = templates.AdminReviewPart
	}
	page := &templates.AdminApp{
		AdminCommon: p.common(r, v, here), Status: work.Live.Status, Was: work.ETag(), EditName: work.Proposed().Name, KeepHours: keepHours,
	}
	if page.App, err = p.waiting(r.Context(), work, hints); err != nil {
		return nil, err
	}
	if work.Version != nil {
		page.Waiting, page.Compared = work.Version.Status, true
	}
	again := false
	page.Ways = v.waysFrom(work)
	page.Can, again = p.possible(v, work)
	if again {
		page.SignIn = signInAt(appPath(work.Live.ID))
	}
	for _, s := range registry.LiveSecrets(work.Live, p.Now()) {
		page.Secrets = append(page.Secrets, templates.AdminSecret{ID: s.ID, Created: s.CreatedAt, Ends: s.ExpiresAt})
	}
	page.Fields = p.fieldsOf(work)
	if page.Scopes, err = p.scopesOf(r, work, page.Common); err != nil {
		return nil, err
	}
	requests, err := p.House.ClientRequests(r.Context(), v.Caller, work.Live.ID)
	if err != nil {
		return nil, err
	}
	page.Requests = requestsOf(requests)
	page.Notes, err = p.notes(r.Context(), v, work.Live.ID)
	return page, err
}

// waysFrom are the links from a mini app's page.
func (v *visitor) waysFrom(work *registry.Work) (ways []templates.AdminWay) {
	if v.Sees(admin.ClientUpdate) {
		ways = append(ways, templates.AdminWay{Key: templates.AdminChange, Path: appPath(work.Live.ID) + editBelow})
	}
	if v.Sees(admin.ClientEvaluate) {
		ways = append(ways, templates.AdminWay{Key: templates.AdminEvaluatePart, Path: evaluatePath + "?" + url.Values{"client_id": {work.Live.ID}}.Encode()})
	}
	return ways
}

// possible returns the actions of this page that v may take here and now, and whether v has to sign in again for one.
func (p *Pages) possible(v *visitor, work *registry.Work) (can map[string]bool, again bool) {
	can = map[string]bool{}
	owner := admin.Belongs{PublisherID: work.Live.PublisherID}
	offer := func(action string, do admin.Capability) {
		err := v.May(do, owner, p.Now())
		can[action] = err == nil || errors.Is(err, admin.ErrSignInAgain)
		again = again || errors.Is(err, admin.ErrSignInAgain)
	}
	for _, action := range work.Possible() {
		if action != registry.Submit { // which is the developers'
			offer(string(action), admin.CapabilityOf(action))
		}
	}
	offer(actionComment, admin.ClientComment)
	if work.Version != nil {
		offer(actionDiscard, admin.ClientDiscard)
	}
	if !work.Live.Public && work.Live.Status != storage.StatusArchived {
		offer(actionRotate, admin.ClientRotateSecret)
	}
	return can, again
}

// fieldsOf are the parts of a registration: all, or where a version waits beside it those that differ.
func (p *Pages) fieldsOf(work *registry.Work) []templates.AdminField {
	differences := registry.Values(work.Live)
	if work.Version != nil {
		differences = registry.Differences(work.Live, work.Proposed())
	}
	var fields []templates.AdminField
	for _, d := range differences {
		field := templates.AdminField{Name: d.Name, Lines: compare(d.Was, d.Is, work.Version != nil)}
		if d.Name == "logo_uri" {
			field.Logos = p.logosOf(field.Lines)
		}
		fields = append(fields, field)
	}
	return fields
}

// logosOf are the logos that lines name and this server has; a picture from elsewhere would tell that server who reviews.
func (p *Pages) logosOf(lines []templates.AdminLine) (logos []templates.AdminLogo) {
	for _, line := range lines {
		if path := logo.Path(p.House.Issuer, line.Text, logo.Sides[1]); path != "" {
			logos = append(logos, templates.AdminLogo{Path: path, Change: line.Change})
		}
	}
	return logos
}

// compare marks the lines that went and came; without a version before, none is marked.
func compare(was, is []string, marked bool) []templates.AdminLine {
	var lines []templates.AdminLine
	for _, text := range was {
		if !slices.Contains(is, text) {
			lines = append(lines, templates.AdminLine{Text: text, Change: "removed"})
		}
	}
	for _, text := range is {
		line := templates.AdminLine{Text: text}
		if marked && !slices.Contains(was, text) {
			line.Change = "added"
		}
		lines = append(lines, line)
	}
	return lines
}

// scopesOf are the scopes of a registration, with what changes where a version waits beside it.
func (p *Pages) scopesOf(r *http.Request, work *registry.Work, common templates.Common) ([]templates.AdminScope, error) {
	all, err := p.Registry.Scopes(r.Context())
	if err != nil {
		return nil, err
	}
	catalogue, lang := registry.NewCatalogue(all), p.Pages.Language(r, common)
	was, proposed := storage.Client{Scopes: work.Live.Scopes}, work.Proposed()
	if work.Version == nil {
		was = proposed
	}
	var scopes []templates.AdminScope
	for i, d := range registry.ScopeDifferences(was, proposed) {
		scope := templates.AdminScope{Name: d.Name, Title: d.Name}
		if known := catalogue.Scope(d.Name); known != nil {
			scope.Sensitive = known.Sensitive
			if title, _ := translated.In(known.Title, lang); title != "" {
				scope.Title = title
			}
		}
		describe(&scope, i, d)
		scopes = append(scopes, scope)
	}
	return scopes, nil
}

// describe says what a scope is, and how it differs; n is its place in the registration.
func describe(scope *templates.AdminScope, n int, d registry.ScopeDifference) {
	var was, is map[string]string
	switch {
	case d.Was == nil:
		scope.Change, scope.Required, scope.WasRequired = "added", d.Is.Required, d.Is.Required
		is = d.Is.Purpose
	case d.Is == nil:
		scope.Change, scope.Required, scope.WasRequired = "removed", d.Was.Required, d.Was.Required
		was, is = d.Was.Purpose, d.Was.Purpose
	default:
		if d.Changed() {
			scope.Change = "changed"
		}
		scope.Required, scope.WasRequired = d.Is.Required, d.Was.Required
		was, is = d.Was.Purpose, d.Is.Purpose
	}
	for _, lang := range languagesOf(was, is) {
		scope.Purposes = append(scope.Purposes, templates.AdminPurpose{
			ID: purposeID(n, lang), Lang: lang, Text: is[lang], Lines: compare(lineOf(was[lang]), lineOf(is[lang]), scope.Change == "changed"),
		})
	}
}

// purposeID names the control of a purpose in form#edit: of the nth scope, in a language.
func purposeID(n int, lang string) string { return fmt.Sprintf("purpose-%d-%s", n, lang) }

func languagesOf(texts ...map[string]string) []string {
	var tags []string
	for _, t := range texts {
		for tag := range t {
			tags = append(tags, tag)
		}
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

func lineOf(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// notes are the newest of what was said about a mini app, the oldest of them first.
func (p *Pages) notes(ctx context.Context, v *visitor, id string) ([]templates.AdminNote, error) {
	said, err := p.House.LastNotes(ctx, v.Caller, id)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	var notes []templates.AdminNote
	for _, n := range said {
		by, known := names[n.Author.ID]
		if !known {
			by = p.nameOf(ctx, n.Author)
			names[n.Author.ID] = by
		}
		notes = append(notes, templates.AdminNote{By: by, Action: n.Action, Text: n.Text, At: n.At})
	}
	return notes, nil
}

// nameOf is how somebody who did something is called, by themselves or by their API key: who is gone, or no person, by kind and ID.
func (p *Pages) nameOf(ctx context.Context, a storage.Actor) string {
	if id := a.PersonID(); id != "" {
		if u, err := p.House.Store.User(ctx, id); err == nil {
			return rim.Person(u).Name
		}
	}
	if a.ID == "" {
		return string(a.Kind)
	}
	return string(a.Kind) + " " + a.ID
}
