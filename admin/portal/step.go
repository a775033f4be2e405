package portal

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"gatehouse/internal/rim"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

// step is one part of a registration on a form of its own.
type step struct {
	name string
	next string
	// fields are its controls, filled in from a registration.
	fields func(p *Pages, v *visit, c storage.Client, page *templates.DeveloperStep) error
	// read puts what was typed in place of what c has. It returns a function that finds the control of a field of c.
	read func(v *visit, c *storage.Client) (control func(field string) string)
}

// steps are all of them, in order; the review comes after them.
var steps = []step{
	{name: "identity", next: "redirects", fields: identityFields, read: readIdentity},
	{name: "redirects", next: "data", fields: redirectFields, read: readRedirects},
	{name: "data", next: "security", fields: dataFields, read: readData},
	{name: "security", next: "review", fields: securityFields, read: readSecurity},
}

// stepFor is the step that a request is about: the first, for a new mini app.
func stepFor(v *visit) (step, bool) {
	i := slices.IndexFunc(steps, func(s step) bool { return s.name == v.r.PathValue("step") })
	if v.clientID() == "" {
		i = 0
	}
	if i < 0 {
		return step{}, false
	}
	return steps[i], true
}

// worked is the registration that a request is about, where it stands, and its tag; a new one where the path names none.
func (p *Pages) worked(v *visit) (c storage.Client, status, etag string, err error) {
	if v.clientID() == "" {
		fresh := storage.Client{Status: storage.StatusDraft, PublisherID: v.caller.Publishers[0], RefreshReuseGrace: registry.DefaultRefreshReuseGrace}
		return fresh, storage.StatusDraft, "", nil
	}
	w, err := p.House.Client(v.r.Context(), v.caller, v.clientID())
	if err != nil {
		return c, "", "", err
	}
	v.work = w
	return p.House.Editable(v.caller, w), w.Status(), w.ETag(), nil
}

// showStep draws a step. Where nothing can be changed now, the mini app's page says so.
func (p *Pages) showStep(v *visit) error {
	s, ok := stepFor(v)
	if !ok {
		return storage.ErrNotFound
	}
	c, status, etag, err := p.worked(v)
	if err != nil {
		return err
	}
	if !slices.Contains(editable, status) {
		rim.Redirect(v.w, v.r, path(v.clientID()))
		return nil
	}
	return p.drawStep(v, s, c, etag, http.StatusOK, nil)
}

func (p *Pages) drawStep(v *visit, s step, c storage.Client, etag string, status int, problems []templates.Problem) error {
	page := &templates.DeveloperStep{
		Common: v.common(), ClientID: v.clientID(), Name: c.Name, Step: s.name, ETag: etag, Problems: problems, Saved: v.saved(),
		Live: c.Status == storage.StatusApproved || c.Status == storage.StatusSuspended,
	}
	if err := s.fields(p, v, c, page); err != nil {
		return err
	}
	p.Pages.Render(v.w, v.r, status, page)
	return nil
}

// saveStep answers form#step. What cannot be saved is on the page again as it was typed, with what is wrong beside it.
func (p *Pages) saveStep(v *visit) error {
	s, ok := stepFor(v)
	if !ok {
		return storage.ErrNotFound
	}
	c, _, etag, err := p.worked(v)
	if err != nil {
		return err
	}
	control := s.read(v, &c)
	if err = p.keepLogo(v, &c); err == nil {
		c, err = p.save(v, c)
	}
	if err != nil {
		problems, status, ok := problemsOf(err, control)
		if !ok {
			return err
		}
		return p.drawStep(v, s, c, etag, status, problems)
	}
	next := s.name
	if v.form.Get("then") == "next" {
		next = s.next
	}
	query := url.Values{"saved": {"draft"}}
	if in := v.form.Get("in"); in != "" && next == s.name {
		query.Set("in", in)
	}
	rim.Redirect(v.w, v.r, path(c.ID)+"/"+next+"?"+query.Encode())
	return nil
}

// save stores a registration and returns it, with its ID. A new one has no secret: developers make one when they need it.
func (p *Pages) save(v *visit, c storage.Client) (storage.Client, error) {
	if v.clientID() == "" {
		created, err := p.House.CreateClientWithoutSecret(v.r.Context(), v.caller, c)
		if errors.Is(err, storage.ErrExists) {
			err = storage.ErrConflict
		}
		if err != nil {
			return c, err
		}
		return created, nil
	}
	was := single(v.form, "etag")
	if was == "" { // which would mean: whatever it is
		return c, storage.ErrConflict
	}
	_, err := p.House.UpdateClient(v.r.Context(), v.caller, c, was)
	return c, err
}
