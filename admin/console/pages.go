package console

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"time"

	"gatehouse/admin"
	"gatehouse/identity"
	"gatehouse/internal/httpx"
	"gatehouse/internal/interaction"
	"gatehouse/internal/rim"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

// Options is what the console works with. Everything is needed.
type Options struct {
	rim.Writer
	House    *admin.House
	Registry *registry.Registry
	Sessions *identity.Sessions
	Sealer   *interaction.Sealer
	Now      func() time.Time
}

// Pages are the console. It is safe for concurrent use.
type Pages struct{ Options }

// New returns the console.
func New(o Options) *Pages { return &Pages{o} }

const (
	root        = "/admin"
	reviewsPath = "/admin/reviews"
	appsPath    = "/admin/apps"
)

// Mount adds the pages to mux.
func (p *Pages) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET "+root, p.home)
	mux.HandleFunc("GET "+reviewsPath, p.reviews)
	mux.HandleFunc("GET "+appsPath, p.apps)
	mux.HandleFunc("GET "+appsPath+"/{id}", p.app)
	mux.HandleFunc("POST "+appsPath+"/{id}", p.change)
}

// home leads to where the work is.
func (p *Pages) home(w http.ResponseWriter, r *http.Request) {
	if _, ok := p.enter(w, r, r.URL.RequestURI()); ok {
		rim.Redirect(w, r, reviewsPath)
	}
}

// visitor is who looks at a page.
type visitor struct {
	admin.Caller
	user storage.User
}

// enter returns who is signed in. Who is not, or came here by a mini app's ticket, is sent to sign in and then to back, a
// path here; who may not see the console is told so. Then ok is false.
func (p *Pages) enter(w http.ResponseWriter, r *http.Request, back string) (v *visitor, ok bool) {
	current, err := p.Sessions.Current(r)
	if err != nil {
		p.Fail(w, r, err)
		return nil, false
	}
	if current == nil || current.Session.VouchedBy != "" {
		rim.Redirect(w, r, p.signInPath(w, r, back))
		return nil, false
	}
	caller, err := p.House.Person(r.Context(), current.User, current.Session.AuthTime, httpx.ClientAddress(r))
	if err != nil {
		p.Fail(w, r, err)
		return nil, false
	}
	v = &visitor{caller, current.User}
	if err := caller.Might(admin.DashboardRead); err != nil {
		p.refused(w, r, v, err, back)
		return nil, false
	}
	return v, true
}

// signInPath leads to the sign-in page, where being signed in is not enough, and from there to back.
func (p *Pages) signInPath(w http.ResponseWriter, r *http.Request, back string) string {
	here := interaction.Interaction{ID: rand.Text(), Route: back, Began: p.Now(), Credentials: true}
	sealed := p.Sealer.Seal(p.Sessions.Browser(w, r), interaction.StepLogin, here)
	return "/login?" + url.Values{"interaction": {sealed}}.Encode()
}

// refused answers for an error of admin.House that no form can help: back is the page that the person was at.
func (p *Pages) refused(w http.ResponseWriter, r *http.Request, v *visitor, err error, back string) {
	common := rim.Common(r, interaction.Interaction{}, &v.user)
	switch {
	case errors.Is(err, admin.ErrSignInAgain):
		p.Pages.Render(w, r, http.StatusForbidden, &templates.AdminAgain{
			AdminCommon: p.common(r, v, ""), SignIn: p.signInPath(w, r, back), Back: back,
		})
	case errors.Is(err, admin.ErrForbidden):
		p.Pages.Render(w, r, http.StatusForbidden, &templates.Error{Common: common, Code: "access_denied", Key: "not_allowed", Detail: err.Error()})
	case errors.Is(err, storage.ErrNotFound):
		p.Pages.Render(w, r, http.StatusNotFound, &templates.Error{Common: common, Code: "not_found"})
	default:
		p.Fail(w, r, err)
	}
}

// parts are the console's, and what one has to be allowed to see each.
var parts = []struct {
	key  string
	path string
	do   admin.Capability
}{
	{templates.AdminReviewPart, reviewsPath, admin.ClientApprove},
	{templates.AdminAppsPart, appsPath, admin.ClientRead},
}

// common is what every page has; here is the key of the part that it is in.
func (p *Pages) common(r *http.Request, v *visitor, here string) templates.AdminCommon {
	c := templates.AdminCommon{Common: rim.Common(r, interaction.Interaction{}, &v.user)}
	for _, part := range parts {
		if v.Sees(part.do) {
			c.Links = append(c.Links, templates.AdminLink{Key: part.key, Path: part.path, Here: part.key == here})
		}
	}
	return c
}

// next is the path of the next part of a list, with the filter of this one; empty after the last.
func next(path string, filter url.Values, cursor string) string {
	if cursor == "" {
		return ""
	}
	query := url.Values{"after": {cursor}}
	for name, values := range filter {
		if len(values) == 1 && values[0] != "" {
			query[name] = values
		}
	}
	return path + "?" + query.Encode()
}
