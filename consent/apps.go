package consent

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"

	"gatehouse/identity"
	"gatehouse/internal/httpx"
	"gatehouse/internal/interaction"
	"gatehouse/internal/rim"
	"gatehouse/storage"
)

const appsPath = "/account/apps"

// doneBy names what each action did, for the page after it.
var doneBy = map[string]string{"disconnect": "disconnected", "clear": "cleared", "withdraw": "withdrawn"}

// listApps is GET /account/apps: what the person decided, and for an admin what their company did.
func (p *Pages) listApps(w http.ResponseWriter, r *http.Request) {
	current, ok := p.signedIn(w, r, false)
	if !ok {
		return
	}
	page, err := p.apps(w, r, current)
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
	current, ok := p.signedIn(w, r, true)
	if !ok {
		return
	}
	person := current.User
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
	change := change{
		owner: owner, clientID: single(form, "client_id"), action: action, scope: single(form, "scope"), by: person.ID, address: httpx.ClientAddress(r),
	}
	switch err := p.change(r.Context(), change); {
	case errors.Is(err, errKept):
		p.Refuse(w, r, http.StatusBadRequest, "invalid_request", "", "the form takes back what the mini app cannot do without")
		return
	case err != nil:
		p.Fail(w, r, err)
		return
	}
	rim.Redirect(w, r, appsPath+"?"+url.Values{"done": {action}}.Encode())
}

// signedIn returns who is signed in. When nobody is, or who came by a ticket would do what takes their own credentials,
// the browser is sent to sign in, and back to the list, and ok is false.
func (p *Pages) signedIn(w http.ResponseWriter, r *http.Request, themselves bool) (current *identity.SignedIn, ok bool) {
	current, err := p.Sessions.Current(r)
	switch {
	case err != nil:
		p.Fail(w, r, err)
	case current == nil, themselves && current.Vouched():
		rim.Redirect(w, r, p.signInPath(w, r))
	default:
		return current, true
	}
	return nil, false
}

// signInPath leads to the sign-in page, and from there to the list.
func (p *Pages) signInPath(w http.ResponseWriter, r *http.Request) string {
	here := interaction.Interaction{ID: rand.Text(), Route: appsPath, Began: p.now()}
	sealed := p.Sealer.Seal(p.Sessions.Browser(w, r), interaction.StepLogin, here)
	return "/login?" + url.Values{"interaction": {sealed}}.Encode()
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

// change is what a form asks for.
type change struct {
	owner    storage.Owner
	clientID string
	action   string // of doneBy
	scope    string // for withdraw
	by       string // the user who asks
	address  string // where they are
}

// errKept says that a scope goes only with the whole app.
var errKept = errors.New("consent: a required scope cannot be taken back alone")

// change makes a change. Where there is nothing to change, it is what the person wants already.
func (p *Pages) change(ctx context.Context, c change) error {
	return Retry(func() error {
		grant, unit, err := p.changing(ctx, c)
		if err != nil || len(unit) == 0 {
			return err
		}
		by := storage.Actor{Kind: storage.ActorUser, ID: c.by, Address: c.address}
		return p.Store.Apply(Audited(ctx, by, c.action, &grant, unit, ""), unit)
	})
}

// changing is a change as a unit of work, and the grant that it changes; empty when there is nothing to change.
func (p *Pages) changing(ctx context.Context, c change) (storage.Grant, storage.Unit, error) {
	grant, err := p.Store.Grant(ctx, c.owner, c.clientID)
	if errors.Is(err, storage.ErrNotFound) {
		return grant, nil, nil
	} else if err != nil {
		return grant, nil, err
	}
	switch c.action {
	case "disconnect":
		return grant, Disconnect(grant, p.now()), nil
	case "clear":
		return grant, Clear(grant, p.now()), nil
	}
	client, err := p.client(ctx, c.clientID)
	if err != nil {
		return grant, nil, err
	}
	unit, ok := Withdraw(grant, client, c.scope, c.by, p.now())
	if made, _ := find(&grant, c.scope, p.now()); !ok && made.Allowed {
		return grant, nil, errKept
	}
	return grant, unit, nil
}

// client is a registration, nil when it has gone; what was decided about it has not.
func (p *Pages) client(ctx context.Context, id string) (*storage.Client, error) {
	client, err := p.Registry.Client(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	return client, err
}
