package consent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/interaction"
	"gatehouse/internal/rim"
	"gatehouse/storage"
)

// errElsewhere says that the consent page is not what this request needs: authorize knows what is.
var errElsewhere = errors.New("consent: not a question for this page")

// visit is a request to the consent page with all that it is about.
type visit struct {
	browser   string
	i         interaction.Interaction
	person    storage.User
	lang      string // that the page is drawn in
	client    *storage.Client
	requested []storage.ClientScope
	company   *storage.Company // on whose behalf the person decides; nil: their own
	owner     storage.Owner
	grant     *storage.Grant // nil: nothing was decided
	answer    Answer
}

// enter opens what was sealed for this page and finds everything that it names. When the page is not for this request,
// the browser is answered and ok is false.
func (p *Pages) enter(w http.ResponseWriter, r *http.Request, sealed string) (v *visit, ok bool) {
	v = &visit{browser: p.Sessions.Browser(w, r)}
	var err error
	if v.i, err = p.Sealer.Open(v.browser, interaction.StepConsent, sealed); err != nil {
		p.Unsealed(w, r, v.i, err, appsPath)
		return nil, false
	}
	for _, find := range []func(*http.Request, *visit) error{p.findPerson, p.findClient, p.findOwner, p.findGrant} {
		if err = find(r, v); err != nil {
			break
		}
	}
	switch {
	case errors.Is(err, errElsewhere):
		v.i.DecidedAt = time.Time{}
		p.back(w, r, v)
		return nil, false
	case err != nil:
		p.Fail(w, r, err)
		return nil, false
	}
	return v, true
}

// findPerson requires that the person who came here is still the one who is signed in.
func (p *Pages) findPerson(r *http.Request, v *visit) error {
	signedIn, err := p.Sessions.Current(r)
	if err != nil {
		return err
	}
	if signedIn == nil || signedIn.User.ID != v.i.UserID || signedIn.Vouched() {
		return errElsewhere
	}
	v.person = signedIn.User
	v.lang = p.Pages.Language(r, rim.Common(r, v.i, &v.person))
	return nil
}

// findClient reads the client again: it may have lost its approval, or scopes.
func (p *Pages) findClient(r *http.Request, v *visit) error {
	client, err := p.Registry.Client(r.Context(), v.i.Get("client_id"))
	if errors.Is(err, storage.ErrNotFound) || err == nil && client.Status != storage.StatusApproved {
		return errElsewhere
	}
	if err != nil {
		return err
	}
	v.client = client
	v.requested = Requested(client, v.i.Scopes())
	return nil
}

// findOwner says whose decision it is. Only its admins decide for a company.
func (p *Pages) findOwner(r *http.Request, v *visit) error {
	if !v.i.Company {
		v.owner = storage.Owner{UserID: v.person.ID}
		return nil
	}
	if !v.person.AdministersCompany() {
		return errElsewhere
	}
	company, err := p.company(r.Context(), v.person)
	v.company, v.owner = &company, storage.Owner{CompanyID: company.ID}
	return err
}

// company returns a person's company; one that nobody has named goes by its ID.
func (p *Pages) company(ctx context.Context, u storage.User) (storage.Company, error) {
	company, err := p.Store.Company(ctx, u.CompanyID)
	if errors.Is(err, storage.ErrNotFound) {
		return storage.Company{ID: u.CompanyID, Name: u.CompanyID}, nil
	}
	return company, err
}

// findGrant reads what was decided, and decides what that means now.
func (p *Pages) findGrant(r *http.Request, v *visit) error {
	grant, err := p.Store.Grant(r.Context(), v.owner, v.client.ID)
	switch {
	case err == nil:
		v.grant = &grant
	case errors.Is(err, storage.ErrNotFound):
		v.grant = nil
	default:
		return err
	}
	v.answer = Decide(Question{
		Grant: v.grant, Scopes: v.requested, Publisher: v.client.PublisherID, FirstParty: v.client.FirstParty,
		DecidedAt: v.i.DecidedAt, Stranger: !v.person.MayMeet(v.client), BaseScope: PassesBase(p.BaseScope, v.client),
		Reask: slices.Contains(strings.Fields(v.i.Get("prompt")), "consent"), Now: p.now(), Cooldown: p.Cooldown,
	})
	return nil
}

// mark returns i as it is sealed into the form: it names what the form was drawn for. So a form never decides about
// another state of the grant, nor about anything else than what the person read.
func (v *visit) mark(i interaction.Interaction) interaction.Interaction {
	i.GrantID, i.GrantVersion, i.Asked = "", 0, ""
	if v.grant != nil {
		i.GrantID, i.GrantVersion = v.grant.ID, v.grant.Version
	}
	for _, s := range v.asked() {
		i.Asked += fmt.Sprintf("%s %t %s\n", s.Name, Required(s), shown(s, v.client.PublisherID, v.lang))
	}
	i.Asked = digest(i.Asked)
	return i
}

// moved reports whether the form was drawn for something else than what is so now.
func (v *visit) moved() bool { return v.mark(v.i) != v.i }

// asked are the requested scopes that the page asks about.
func (v *visit) asked() []storage.ClientScope {
	return slices.DeleteFunc(slices.Clone(v.requested), func(s storage.ClientScope) bool {
		return !slices.Contains(v.answer.Ask, s.Name)
	})
}
