package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

// The actions of a mini app's page beside those of the workflow.
const (
	actionComment = "comment"
	actionEdit    = "approve-changed"
	actionDiscard = "discard"
	actionRotate  = "rotate-secret"
)

// doneFirst says, in the address of the page after it, that an approval still needs a second one.
const doneFirst = "approve-first"

// doneBy are the catalog's texts for what was done, by what the page's address says.
var doneBy = map[string]string{
	string(registry.Approve): "status.approved", string(registry.RequestChanges): "status.changes_requested", string(registry.Reject): "status.rejected",
	string(registry.Suspend): "status.suspended", string(registry.Reinstate): "status.approved", string(registry.Archive): "status.archived",
	actionComment: "saved.other", actionDiscard: "saved.other", doneFirst: "saved.approved_first",
}

// keepHours are how long an old secret can be kept, in hours.
var keepHours = []int{0, 1, 24, 168}

// change is POST /admin/apps/{id}: one of the actions of the page.
func (p *Pages) change(w http.ResponseWriter, r *http.Request) {
	form, ok := p.Form(w, r)
	if !ok {
		return
	}
	back := appPath(r.PathValue("id"))
	v, ok := p.enter(w, r, back)
	if !ok {
		return
	}
	if single(form, "action") == actionRotate {
		p.rotate(w, r, v, form)
		return
	}
	done, err := p.act(r, v, form)
	problems, status := problemsOf(err)
	switch {
	case problems != nil:
		p.redraw(w, r, v, form, problems, status)
	case errors.Is(err, errUnknown):
		p.Refuse(w, r, http.StatusBadRequest, "invalid_request", "", err.Error())
	case err != nil:
		p.refused(w, r, v, err, back)
	default:
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, appPath(r.PathValue("id"))+"?"+url.Values{"done": {done}}.Encode(), http.StatusSeeOther)
	}
}

// act does what a form asks for, and returns what the page after it is to say.
func (p *Pages) act(r *http.Request, v *visitor, form url.Values) (done string, err error) {
	ctx, id, action, comment := r.Context(), r.PathValue("id"), single(form, "action"), strings.TrimSpace(single(form, "comment"))
	switch action {
	case actionComment:
		_, err := p.House.Comment(ctx, v.Caller, id, comment)
		return action, err
	case actionDiscard:
		if err := p.unmoved(v, id, form); err != nil {
			return "", err
		}
		return action, p.House.DiscardVersion(ctx, v.Caller, id)
	}
	step := registry.Step{Action: registry.Action(action), ClientID: id, Comment: comment, Was: single(form, "was")}
	if action == actionEdit {
		step.Action = registry.Approve
		if step.Changed, err = p.edited(r, v, form); err != nil {
			return "", err
		}
	}
	if _, known := doneBy[string(step.Action)]; !known {
		return "", errUnknown
	}
	if err := p.unmoved(v, id, form); err != nil { // also without a tag, which would mean: whatever it is
		return "", err
	}
	status, err := p.House.TakeStep(ctx, v.Caller, step)
	if err == nil && step.Action == registry.Approve && status == storage.StatusSubmitted {
		return doneFirst, nil
	}
	return string(step.Action), err
}

// edited is what was submitted, as form#edit makes it: its name, and of each scope the purposes and whether it is required.
func (p *Pages) edited(r *http.Request, v *visitor, form url.Values) (*storage.Client, error) {
	work, err := p.House.Client(r.Context(), v.Caller, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if work.ETag() != single(form, "was") { // else the numbers of the scopes are of other ones
		return nil, storage.ErrConflict
	}
	c := work.Proposed()
	c.Name = strings.TrimSpace(single(form, "name"))
	c.Scopes = slices.Clone(c.Scopes)
	for i := range c.Scopes {
		s := &c.Scopes[i]
		s.Required = slices.Contains(form["required"], s.Name)
		purpose := map[string]string{}
		for lang := range s.Purpose {
			if text := strings.TrimSpace(single(form, purposeID(i, lang))); text != "" {
				purpose[lang] = text
			}
		}
		s.Purpose = purpose
	}
	return &c, nil
}

// rotate answers with the new secret. It is the only form here that is not followed by a redirect: the secret is shown once,
// and kept nowhere. A form that is posted again is about what is no more, and makes no other.
func (p *Pages) rotate(w http.ResponseWriter, r *http.Request, v *visitor, form url.Values) {
	keep, err := time.ParseDuration(single(form, "keep_old") + "h")
	if err != nil {
		p.Refuse(w, r, http.StatusBadRequest, "invalid_request", "", "keep_old is a number of hours")
		return
	}
	secret, err := "", p.unmoved(v, r.PathValue("id"), form)
	if err == nil {
		secret, err = p.House.RotateSecret(v.ctx, v.Caller, r.PathValue("id"), keep, single(form, "was"))
	}
	if problems, status := problemsOf(err); problems != nil {
		p.redraw(w, r, v, form, problems, status)
		return
	}
	if err != nil {
		p.refused(w, r, v, err, appPath(r.PathValue("id")))
		return
	}
	page, err := p.appPage(w, r, v)
	if err != nil {
		p.refused(w, r, v, err, appsPath)
		return
	}
	page.Secret = secret
	p.Pages.Render(w, r, http.StatusOK, page)
}

// unmoved returns storage.ErrConflict when a form is about another state of the mini app than the present one.
func (p *Pages) unmoved(v *visitor, id string, form url.Values) error {
	work, err := p.House.Client(v.ctx, v.Caller, id)
	if err == nil && work.ETag() != single(form, "was") {
		err = storage.ErrConflict
	}
	return err
}

// redraw draws the page with what is wrong and with what was typed.
func (p *Pages) redraw(w http.ResponseWriter, r *http.Request, v *visitor, form url.Values, problems []templates.Problem, status int) {
	page, err := p.appPage(w, r, v)
	if err != nil {
		p.refused(w, r, v, err, appsPath)
		return
	}
	page.Problems, page.Comment = inText(problems), single(form, "comment")
	if single(form, "action") == actionEdit && single(form, "was") == page.Was {
		page.EditName = single(form, "name")
		for i := range page.Scopes {
			s := &page.Scopes[i]
			s.Required = slices.Contains(form["required"], s.Name)
			for j := range s.Purposes {
				s.Purposes[j].Text = single(form, s.Purposes[j].ID)
			}
		}
	}
	p.Pages.Render(w, r, status, page)
}

// inText are problems with the field that they are about in their text: the controls of the page have other names.
func inText(problems []templates.Problem) []templates.Problem {
	for i, p := range problems {
		if text, is := p.Args["text"]; is && p.Field != "" {
			problems[i] = rule("", p.Field+": "+text)
		}
	}
	return problems
}

// single returns a value that a form has once; empty when it is missing or comes twice.
func single(form url.Values, name string) string {
	if len(form[name]) != 1 {
		return ""
	}
	return form[name][0]
}
