package consent

import (
	"errors"
	"net/http"
	"slices"

	"gatehouse/internal/httpx"
	"gatehouse/internal/interaction"
	"gatehouse/internal/rim"
	"gatehouse/storage"
)

// show is GET /consent?interaction=…, sealed for the consent step.
func (p *Pages) show(w http.ResponseWriter, r *http.Request) {
	v, ok := p.enter(w, r, r.URL.Query().Get("interaction"))
	if !ok {
		return
	}
	if v.answer.Verdict != Ask {
		p.back(w, r, v)
		return
	}
	p.draw(w, r, v, http.StatusOK, false)
}

// decide is POST /consent, form#consent.
func (p *Pages) decide(w http.ResponseWriter, r *http.Request) {
	form, ok := p.Form(w, r)
	if !ok {
		return
	}
	v, ok := p.enter(w, r, single(form, "interaction"))
	if !ok {
		return
	}
	d := decision{word: single(form, "decision"), chosen: form["scope"]}
	if !v.offers(d.chosen) {
		p.Refuse(w, r, http.StatusBadRequest, "invalid_request", "", "a posted scope is not one that the form offers")
		return
	}
	if !d.made() || v.moved() || v.answer.Verdict != Ask {
		p.overtaken(w, r, v, d)
		return
	}
	unit := p.unit(v, d)
	by := storage.Actor{Kind: storage.ActorUser, ID: v.person.ID, Address: httpx.ClientAddress(r)}
	err := p.Store.Apply(Audited(r.Context(), by, d.word, v.grant, unit, ""), unit)
	overtaken := errors.Is(err, storage.ErrConflict)
	if overtaken {
		err = p.findGrant(r, v)
	}
	switch {
	case err != nil:
		p.Fail(w, r, err)
	case overtaken:
		p.overtaken(w, r, v, d)
	default:
		p.Activity.Count(counterOf(d.word))
		p.done(w, r, v)
	}
}

// counterOf is what counts a decision.
func counterOf(word string) storage.Counter {
	if word == "allow" {
		return storage.CountConsents
	}
	return storage.CountDenials
}

// overtaken answers a form that decides nothing, mostly because something moved since it was drawn. When its decision is
// the one on record, it was sent twice and the browser goes on. Otherwise the person sees what is open now.
func (p *Pages) overtaken(w http.ResponseWriter, r *http.Request, v *visit, d decision) {
	switch {
	case d.made() && d.onRecord(v):
		p.done(w, r, v)
	case v.answer.Verdict != Ask:
		p.back(w, r, v)
	default:
		p.draw(w, r, v, http.StatusUnprocessableEntity, v.moved())
	}
}

// decision is what form#consent says.
type decision struct {
	word   string // allow or deny
	chosen []string
}

// made reports whether the form says one or the other.
func (d decision) made() bool { return d.word == "allow" || d.word == "deny" }

// unit is the decision as a unit of work. An allow is about what was asked, so what was allowed before stays; a deny is
// about the whole request.
func (p *Pages) unit(v *visit, d decision) storage.Unit {
	act := Act{Owner: v.owner, Client: v.client, By: v.person.ID, At: p.now(), Lang: v.lang}
	if d.word == "deny" {
		return Deny(v.grant, v.requested, act)
	}
	return Allow(v.grant, v.asked(), d.chosen, act)
}

// offers reports whether every chosen scope was requested. A required one has no checkbox; naming it says nothing new.
func (v *visit) offers(chosen []string) bool {
	requested := names(v.requested)
	return !slices.ContainsFunc(chosen, func(name string) bool { return !slices.Contains(requested, name) })
}

// onRecord reports whether the last change of the grant, since the interaction began, made this very decision.
func (d decision) onRecord(v *visit) bool {
	g := v.grant
	if g == nil || g.UpdatedAt.Before(v.i.Began) || (d.word == "deny") != (g.Denials > 0) {
		return false
	}
	then := Question{Grant: g, Publisher: v.client.PublisherID, Now: g.UpdatedAt}
	for _, s := range v.requested {
		made, decided := then.find(s)
		allow := d.word == "allow" && (Required(s) || slices.Contains(d.chosen, s.Name))
		// What was allowed earlier has no checkbox in the form.
		earlier := d.word == "allow" && made.Allowed && !made.DecidedAt.Equal(g.UpdatedAt)
		if !decided || made.Allowed != allow && !earlier {
			return false
		}
	}
	return true
}

// done goes back with a decision made in this interaction, by this person.
func (p *Pages) done(w http.ResponseWriter, r *http.Request, v *visit) {
	v.i.DecidedAt, v.i.UserID = p.now(), v.person.ID
	p.back(w, r, v)
}

// back sends the browser to where the request came from.
func (p *Pages) back(w http.ResponseWriter, r *http.Request, v *visit) {
	v.i.GrantID, v.i.GrantVersion, v.i.Asked = "", 0, ""
	rim.Redirect(w, r, p.Sealer.Return(v.browser, v.i))
}

// draw answers with the page. changed says that it is drawn again because the decisions changed meanwhile.
func (p *Pages) draw(w http.ResponseWriter, r *http.Request, v *visit, status int, changed bool) {
	page, err := p.page(r, v)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	page.Changed = changed
	p.Pages.Render(w, r, status, page)
}

// sealed returns the interaction for the form, which says what it is drawn for, and for the account switch, which
// forgets who was here.
func (p *Pages) sealed(v *visit) (form, another string) {
	form = p.Sealer.Seal(v.browser, interaction.StepConsent, v.mark(v.i))
	return form, p.Sealer.Seal(v.browser, interaction.StepLogin, v.i.Undone())
}
