package consent

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"gatehouse/internal/interaction"
	"gatehouse/internal/rim"
	"gatehouse/storage"
	"gatehouse/templates"
)

const appsPath = "/account/apps"

// changeTries is how often a change starts over because the grant moved meanwhile.
const changeTries = 3

// doneBy names what each action did, for the page after it.
var doneBy = map[string]string{"disconnect": "disconnected", "clear": "cleared"}

// listApps is GET /account/apps: what the person decided, and for an admin what their company did.
func (p *Pages) listApps(w http.ResponseWriter, r *http.Request) {
	person, ok := p.signedIn(w, r)
	if !ok {
		return
	}
	page, err := p.apps(w, r, person)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	page.Saved = doneBy[r.URL.Query().Get("done")]
	p.Pages.Render(w, r, http.StatusOK, page)
}

// changeApp is POST /account/apps, form#app-CLIENT_ID.
func (p *Pages) changeApp(w http.ResponseWriter, r *http.Request) {
	form, ok := p.Form(w, r)
	if !ok {
		return
	}
	person, ok := p.signedIn(w, r)
	if !ok {
		return
	}
	i, err := p.Sealer.Open(p.Sessions.Browser(w, r), interaction.StepAccount, single(form, "interaction"))
	if err == nil && i.UserID != person.ID {
		err = interaction.ErrInvalid
	}
	if err != nil {
		p.Unsealed(w, r, i, err, appsPath)
		return
	}
	owner, ok := ownerOf(person, single(form, "owner"))
	action := single(form, "action")
	if !ok || doneBy[action] == "" {
		p.Refuse(w, r, http.StatusBadRequest, "invalid_request", "", "the form asks for something that this page does not do")
		return
	}
	if err := p.change(r.Context(), owner, single(form, "client_id"), action); err != nil {
		p.Fail(w, r, err)
		return
	}
	rim.Redirect(w, r, appsPath+"?"+url.Values{"done": {action}}.Encode())
}

// signedIn returns who is signed in. When nobody is, or who came by a ticket would change something, the browser is sent
// to sign in, and back here, and ok is false.
func (p *Pages) signedIn(w http.ResponseWriter, r *http.Request) (u storage.User, ok bool) {
	current, err := p.Sessions.Current(r)
	switch {
	case err != nil:
		p.Fail(w, r, err)
	case current == nil, r.Method == http.MethodPost && current.Vouched():
		here := interaction.Interaction{ID: rand.Text(), Route: appsPath, Began: p.now()}
		sealed := p.Sealer.Seal(p.Sessions.Browser(w, r), interaction.StepLogin, here)
		rim.Redirect(w, r, "/login?"+url.Values{"interaction": {sealed}}.Encode())
	default:
		return current.User, true
	}
	return storage.User{}, false
}

// ownerOf is whose authorizations a form changes: the person's own, or with owner=company the company's, if the person
// is one of its admins.
func ownerOf(u storage.User, name string) (owner storage.Owner, ok bool) {
	switch name {
	case "":
		return storage.Owner{UserID: u.ID}, true
	case "company":
		return storage.Owner{CompanyID: u.CompanyID}, u.AdministersCompany()
	}
	return storage.Owner{}, false
}

// change disconnects or clears a mini app. One that has no grant is what the person wants already.
func (p *Pages) change(ctx context.Context, owner storage.Owner, clientID, action string) error {
	var err error
	for range changeTries {
		var grant storage.Grant
		if grant, err = p.Store.Grant(ctx, owner, clientID); errors.Is(err, storage.ErrNotFound) {
			return nil
		} else if err != nil {
			return err
		}
		unit := Disconnect(grant, p.now())
		if action == "clear" {
			unit = Clear(grant, p.now())
		}
		if err = p.Store.Apply(ctx, unit); !errors.Is(err, storage.ErrConflict) {
			return err
		}
	}
	return err
}

// apps is the list for a person.
func (p *Pages) apps(w http.ResponseWriter, r *http.Request, person storage.User) (*templates.Apps, error) {
	page := &templates.Apps{Common: rim.Common(r, interaction.Interaction{}, &person)}
	page.Interaction = p.Sealer.Seal(p.Sessions.Browser(w, r), interaction.StepAccount,
		interaction.Interaction{UserID: person.ID, Began: p.now()})
	if err := p.addApps(r, page, storage.Owner{UserID: person.ID}, ""); err != nil || !person.AdministersCompany() {
		return page, err
	}
	of, err := p.company(r.Context(), person)
	if err != nil {
		return nil, err
	}
	return page, p.addApps(r, page, storage.Owner{CompanyID: of.ID}, of.Name)
}

// addApps adds an owner's grants to the page; company is the name of a company that owns them.
func (p *Pages) addApps(r *http.Request, page *templates.Apps, owner storage.Owner, company string) error {
	grants, err := p.Store.Grants(r.Context(), owner)
	if err != nil {
		return err
	}
	lang := p.Pages.Language(r, page.Common)
	for _, g := range grants {
		app, err := p.connected(r.Context(), g, lang)
		if err != nil {
			return err
		}
		app.Company = company
		app.Beside = slices.ContainsFunc(page.Apps, func(own templates.ConnectedApp) bool { return own.ClientID == app.ClientID })
		page.Apps = append(page.Apps, app)
	}
	return nil
}

// connected is one mini app with what it may and may not read now.
func (p *Pages) connected(ctx context.Context, g storage.Grant, lang string) (templates.ConnectedApp, error) {
	shown, err := p.Apps(ctx, g.ClientID)
	if errors.Is(err, storage.ErrNotFound) { // it has gone; what was decided about it has not
		shown, err = &templates.App{ClientID: g.ClientID, Name: g.ClientID}, nil
	}
	if err != nil {
		return templates.ConnectedApp{}, err
	}
	app := templates.ConnectedApp{App: *shown, Since: g.CreatedAt, Blocked: p.blockedUntil(g)}
	for _, d := range standingDecisions(g, p.now()) {
		title, err := p.scopeTitle(ctx, d.Scope, lang)
		if err != nil {
			return templates.ConnectedApp{}, err
		}
		if d.Allowed {
			app.Allowed = append(app.Allowed, title)
		} else {
			app.Denied = append(app.Denied, title)
		}
	}
	return app, nil
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
	scope, err := p.Registry.Scope(ctx, name)
	if errors.Is(err, storage.ErrNotFound) {
		return name, nil
	}
	if err != nil {
		return "", err
	}
	return title(scope, lang), nil
}
