package portal

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"gatehouse/admin"
	"gatehouse/identity"
	"gatehouse/internal/interaction"
	"gatehouse/internal/rim"
	"gatehouse/registry"
	"gatehouse/registry/logo"
	"gatehouse/storage"
	"gatehouse/templates"
)

// Options is what the pages work with. Everything is needed.
type Options struct {
	rim.Writer
	House    *admin.House
	Sessions *identity.Sessions
	Sealer   *interaction.Sealer
	// SignIn sends a browser to sign in, as somebody or anew, and then to a path here.
	SignIn func(w http.ResponseWriter, r *http.Request, back string)
	// Preview draws the consent page that a client would have, as look says.
	Preview func(w http.ResponseWriter, r *http.Request, viewer storage.User, c storage.Client, look templates.Preview) error
	// Samples says what a client would learn of a sample person by each of its scopes.
	Samples       func(ctx context.Context, c storage.Client, lang string) (map[string][]templates.Value, error)
	ClientAddress func(*http.Request) string
}

// Pages are the pages of developers.
type Pages struct{ Options }

// New returns the pages.
func New(o Options) *Pages { return &Pages{o} }

// Mount adds the pages to mux.
func (p *Pages) Mount(mux *http.ServeMux) {
	for pattern, handle := range map[string]func(*visit) error{
		"GET /developer":                    p.list,
		"GET /developer/new":                p.showStep,
		"POST /developer/new":               p.saveStep,
		"GET /developer/people":             p.showPeople,
		"POST /developer/people":            p.changePeople,
		"GET /developer/keys":               p.showKeys,
		"POST /developer/keys":              p.changeKeys,
		"GET /developer/apps/{id}":          p.showApp,
		"GET /developer/apps/{id}/{step}":   p.showStep,
		"POST /developer/apps/{id}/{step}":  p.saveStep,
		"GET /developer/apps/{id}/review":   p.showReview,
		"GET /developer/apps/{id}/preview":  p.preview,
		"GET /developer/apps/{id}/code":     p.showCode,
		"POST /developer/apps/{id}/submit":  p.submit,
		"POST /developer/apps/{id}/comment": p.comment,
		"POST /developer/apps/{id}/discard": p.discard,
		"POST /developer/apps/{id}/secret":  p.rotateSecret,
		"POST /developer/apps/{id}/archive": p.archive,
		"POST /developer/apps/{id}/test":    p.testRedirect,
	} {
		mux.HandleFunc(pattern, p.visited(handle))
	}
	mux.HandleFunc("GET /developer/sign-in", func(w http.ResponseWriter, r *http.Request) { p.SignIn(w, r, "/developer") }) // again, too
}

// visit is a request of a developer.
type visit struct {
	w      http.ResponseWriter
	r      *http.Request
	user   storage.User
	caller admin.Caller
	lang   string         // that the page is drawn in
	seal   string         // of the forms on it, see interaction.SealForm
	query  url.Values     // what is asked for
	form   url.Values     // what is posted; nil for a GET
	file   []byte         // what was chosen in form#step, of logo.MaxBytes and one at most
	work   *registry.Work // what a step is about; nil: a new mini app
}

// common is what every page has.
func (v *visit) common() templates.Common {
	c := rim.Common(v.r, interaction.Interaction{}, &v.user)
	c.FormSeal = v.seal
	return c
}

// saved is the text that says what was done: where the mini app is now, or that it was saved. Empty where nothing was.
func (v *visit) saved() string {
	if v.r.Method != http.MethodGet || !v.query.Has("saved") {
		return ""
	}
	switch v.query.Get("saved") {
	case string(registry.Submit):
		return "status.submitted"
	case string(registry.Archive):
		return "status.archived"
	}
	return "saved.other"
}

// clientID is the mini app that the request is about; empty: a new one.
func (v *visit) clientID() string { return v.r.PathValue("id") }

// visited finds out who is here before handle, and answers for its errors. A form that was not given to them in this browser is
// shown to them first.
func (p *Pages) visited(handle func(*visit) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := &visit{w: w, r: r}
		var ok bool
		if v.query, ok = p.Query(w, r); !ok {
			return
		}
		if r.Method == http.MethodPost {
			if ok = p.posted(v); !ok {
				return
			}
		}
		signedIn, err := p.Sessions.Current(r)
		if err != nil {
			p.Fail(w, r, err)
			return
		}
		if signedIn == nil || signedIn.Vouched() {
			p.again(v)
			return
		}
		v.user = signedIn.User
		v.lang = p.Pages.Language(r, v.common())
		v.caller, err = p.House.Person(r.Context(), v.user, signedIn.Session.AuthTime, p.ClientAddress(r))
		if err != nil {
			p.Fail(w, r, err)
			return
		}
		isAdmin := v.caller.Sees(admin.PublisherSave)
		v.caller.Roles = slices.DeleteFunc(slices.Clone(v.caller.Roles), func(role string) bool { return role != storage.RoleDeveloper }) // here, everybody is a developer
		if len(v.caller.Roles) == 0 || len(v.caller.Publishers) == 0 {
			p.Pages.Render(w, r, http.StatusForbidden, &templates.Developer{Common: v.common(), Refused: true, Admin: isAdmin})
			return
		}
		browser := p.Sessions.Browser(w, r)
		v.seal = p.Sealer.SealForm(browser, v.user.ID)
		if r.Method == http.MethodPost && !p.Sealer.OpensForm(browser, v.user.ID, single(v.form, "interaction")) {
			p.unsealed(v)
			return
		}
		if err := handle(v); err != nil {
			p.fail(v, err)
		}
	}
}

// posted reads what is posted, and answers for what is no form.
func (p *Pages) posted(v *visit) (ok bool) {
	if rim.HasFile(v.r) {
		v.form, v.file, ok = p.Upload(v.w, v.r, "logo", logo.MaxBytes)
		return ok
	}
	v.form, ok = p.Form(v.w, v.r)
	return ok
}

// again sends somebody to sign in, and then to where they wanted to go. What they had typed is not lost: they sign in beside
// it, and send it again.
func (p *Pages) again(v *visit) {
	if v.form == nil {
		p.SignIn(v.w, v.r, back(v.r))
		return
	}
	p.Pages.Render(v.w, v.r, http.StatusForbidden, p.kept(v))
}

// unsealed asks whoever posted a form that was not given to them whether they want it, and gives it to them.
func (p *Pages) unsealed(v *visit) {
	page := p.kept(v)
	page.Unsealed = true
	p.Pages.Render(v.w, v.r, http.StatusForbidden, page)
}

// kept is a page that keeps what was posted. The form in it is sealed anew, for somebody who is signed in.
func (p *Pages) kept(v *visit) *templates.DeveloperAgain {
	page := &templates.DeveloperAgain{Common: rim.Common(v.r, interaction.Interaction{}, nil), Action: v.r.URL.Path, Back: back(v.r)}
	if v.user.ID != "" {
		page.Common = v.common()
	}
	for _, name := range slices.Sorted(maps.Keys(v.form)) {
		if name == "interaction" && page.FormSeal != "" {
			continue
		}
		for _, value := range v.form[name] {
			page.Fields = append(page.Fields, templates.Field{Name: name, Value: value})
		}
	}
	return page
}

// single is a value that a form has once; empty when it is missing or comes twice.
func single(form url.Values, name string) string {
	if len(form[name]) != 1 {
		return ""
	}
	return form[name][0]
}

// back is where a browser goes once somebody has signed in: where it wanted to go, or for a form to the page that it is on.
func back(r *http.Request) string {
	switch {
	case r.Method == http.MethodGet:
		return r.URL.Path
	case r.PathValue("id") != "":
		return path(r.PathValue("id"))
	}
	return "/developer"
}

// path is where a mini app's page is.
func path(clientID string) string { return templates.DeveloperApp{ClientID: clientID}.Path() }

func (p *Pages) fail(v *visit, err error) {
	switch {
	case errors.Is(err, admin.ErrSignInAgain):
		p.again(v)
	case errors.Is(err, admin.ErrCursor):
		p.Refuse(v.w, v.r, http.StatusBadRequest, "invalid_request", "", err.Error())
	case errors.Is(err, storage.ErrNotFound):
		p.Refuse(v.w, v.r, http.StatusNotFound, "not_found", "", "")
	case errors.Is(err, admin.ErrForbidden):
		p.Refuse(v.w, v.r, http.StatusForbidden, "access_denied", "", err.Error())
	default:
		p.Fail(v.w, v.r, err)
	}
}
