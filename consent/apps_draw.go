package consent

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"gatehouse/identity"
	"gatehouse/internal/interaction"
	"gatehouse/internal/rim"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

// viewer is who looks at the list, and how.
type viewer struct {
	person storage.User
	lang   string
	values bool // whether they see what apps see: not in a browser that a mini app opened for them
}

// apps is the list for a person.
func (p *Pages) apps(w http.ResponseWriter, r *http.Request, current *identity.SignedIn) (*templates.Apps, error) {
	person := current.User
	page := &templates.Apps{Common: rim.Common(r, interaction.Interaction{}, &person)}
	page.Interaction = p.Sealer.Seal(p.Sessions.Browser(w, r), interaction.StepAccount,
		interaction.Interaction{UserID: person.ID, Began: p.now()})
	if current.Vouched() {
		page.SignIn = p.signInPath(w, r)
	}
	who := viewer{person: person, lang: p.Pages.Language(r, page.Common), values: !current.Vouched()}
	if err := p.addApps(r.Context(), page, who, storage.Owner{UserID: person.ID}, ""); err != nil || !person.AdministersCompany() {
		return page, err
	}
	of, err := p.company(r.Context(), person)
	if err != nil {
		return nil, err
	}
	return page, p.addApps(r.Context(), page, who, storage.Owner{CompanyID: of.ID}, of.Name)
}

// addApps adds an owner's grants to the page; company is the name of a company that owns them.
func (p *Pages) addApps(ctx context.Context, page *templates.Apps, who viewer, owner storage.Owner, company string) error {
	grants, err := p.Store.Grants(ctx, owner)
	if err != nil {
		return err
	}
	read, err := p.Reads.Last(ctx, owner)
	if err != nil {
		return err
	}
	for _, g := range grants {
		app, err := p.connected(ctx, who, g)
		if err != nil {
			return err
		}
		app.Company, app.Read = company, read[g.ID]
		app.Beside = slices.ContainsFunc(slices.Concat(page.Apps, page.Refused), func(own templates.ConnectedApp) bool { return own.ClientID == app.ClientID })
		if len(app.Allowed) > 0 {
			page.Apps = append(page.Apps, app)
		} else {
			page.Refused = append(page.Refused, app)
		}
	}
	return nil
}

// connected is one mini app with what it may and may not read now.
func (p *Pages) connected(ctx context.Context, who viewer, g storage.Grant) (templates.ConnectedApp, error) {
	shown, err := p.Apps(ctx, g.ClientID)
	if errors.Is(err, storage.ErrNotFound) {
		shown, err = &templates.App{ClientID: g.ClientID, Name: g.ClientID}, nil
	}
	if err != nil {
		return templates.ConnectedApp{}, err
	}
	client, err := p.client(ctx, g.ClientID)
	if err != nil {
		return templates.ConnectedApp{}, err
	}
	sharing := p.sharingBy(g, client)
	app := templates.ConnectedApp{App: *shown, Status: sharing.Status, Since: since(g), Until: EndOf(client, g.AllowedScopes(), g.ScopeEnds()), Blocked: p.blockedUntil(g),
		Pairwise: client != nil && client.SubjectType == registry.SubjectPairwise}
	for _, d := range standingDecisions(g, p.now()) {
		if client != nil && !forPublisher(d, client.PublisherID) {
			continue
		}
		if err := p.addDecision(ctx, &app, who, g, client, d); err != nil {
			return templates.ConnectedApp{}, err
		}
	}
	for _, scope := range sharing.Scopes {
		listed := slices.ContainsFunc(app.Allowed, func(i templates.SharedItem) bool { return i.Scope == scope.Name })
		if listed || scope.Decision != ScopeUndecided { // what was allowed for another purpose is listed
			continue
		}
		title, err := p.scopeTitle(ctx, scope.Name, who.lang)
		if err != nil {
			return templates.ConnectedApp{}, err
		}
		app.Open = append(app.Open, title)
	}
	return app, nil
}

// addDecision adds what was decided about one scope.
func (p *Pages) addDecision(ctx context.Context, app *templates.ConnectedApp, who viewer, g storage.Grant, client *storage.Client, d storage.Decision) error {
	if !d.Allowed {
		title, err := p.scopeTitle(ctx, d.Scope, who.lang)
		app.Denied = append(app.Denied, title)
		return err
	}
	scope := entryOf(client, d.Scope)
	subject := &who.person
	if !who.values || g.Owner.CompanyID != "" {
		subject = nil
	}
	item, err := p.item(ctx, subject, client, scope, who.lang)
	item.Until = d.Until
	app.Allowed = append(app.Allowed, templates.SharedItem{ConsentItem: item, Required: Required(scope)})
	return err
}

// sharingBy is what the owner of a grant shares by it. What a company decides, and what a registration that has gone
// asked for, is what is on record.
func (p *Pages) sharingBy(g storage.Grant, client *storage.Client) Sharing {
	if client != nil && g.Owner.CompanyID == "" {
		return SharingWith(client, &g, p.now(), p.Cooldown)
	}
	return Sharing{Status: recordedStatus(g, p.now())}
}

// recordedStatus is the status of sharing by what is on record alone.
func recordedStatus(g storage.Grant, now time.Time) string {
	standing := standingDecisions(g, now)
	denied := slices.ContainsFunc(standing, func(d storage.Decision) bool { return !d.Allowed })
	switch {
	case slices.ContainsFunc(standing, func(d storage.Decision) bool { return d.Allowed }) && denied:
		return SharingPartial
	case denied:
		return SharingDenied
	case len(standing) > 0:
		return SharingAllowed
	case len(g.AllowedScopes()) > 0:
		return SharingExpired
	}
	return SharingNone
}

// since is when a mini app was first allowed what it is allowed: a grant that took another's place kept its decisions.
func since(g storage.Grant) time.Time {
	first := g.CreatedAt
	for _, d := range g.Decisions {
		if d.Allowed && d.DecidedAt.Before(first) {
			first = d.DecidedAt
		}
	}
	return first
}

// blockedUntil is until when two denials in a row keep a mini app from asking; zero when it may.
func (p *Pages) blockedUntil(g storage.Grant) time.Time {
	q := Question{Grant: &g, Now: p.now(), Cooldown: p.Cooldown}
	if !q.blocked() {
		return time.Time{}
	}
	return g.DeniedAt.Add(p.Cooldown)
}

// scopeTitle is what people call a scope; one that has left the catalogue goes by its name.
func (p *Pages) scopeTitle(ctx context.Context, name, lang string) (string, error) {
	entry, err := p.entry(ctx, name)
	if err != nil {
		return "", err
	}
	return title(entry, lang), nil
}

// entry is a scope's entry in the catalogue; one that has left it has nothing but its name.
func (p *Pages) entry(ctx context.Context, name string) (*storage.Scope, error) {
	entry, err := p.Registry.Scope(ctx, name)
	if errors.Is(err, storage.ErrNotFound) {
		return &storage.Scope{Name: name}, nil
	}
	return entry, err
}
