package console

import (
	"context"
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
	// SignIn sends a browser to sign in, as somebody or anew, and then to a path here.
	SignIn func(w http.ResponseWriter, r *http.Request, back string)
	Now    func() time.Time
	// Consent draws the consent page that an evaluation is about.
	Consent func(w http.ResponseWriter, r *http.Request, viewer storage.User, e admin.Evaluation, look templates.Preview) error
}

// Pages are the console. It is safe for concurrent use.
type Pages struct{ Options }

// New returns the console.
func New(o Options) *Pages { return &Pages{o} }

const (
	root        = "/admin"
	reviewsPath = "/admin/reviews"
	appsPath    = "/admin/apps"
	signInPath  = "/admin/sign-in"
)

// Mount adds the pages to mux.
func (p *Pages) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET "+root, p.home)
	mux.HandleFunc("GET "+dashboardPath, p.dashboard)
	mux.HandleFunc("GET "+reviewsPath, p.reviews)
	mux.HandleFunc("GET "+appsPath+"/{id}", p.app)
	mux.HandleFunc("POST "+appsPath+"/{id}", p.change)
	mux.HandleFunc("GET "+evaluatePath, p.showEvaluate)
	mux.HandleFunc("POST "+evaluatePath, p.evaluate)
	mux.HandleFunc("GET "+evaluatePath+"/consent", p.evaluatedConsent)
	mux.HandleFunc("GET "+signInPath, p.signIn)
	mux.HandleFunc("GET "+auditExportPath, p.exportAudit)
	for _, k := range p.kinds() {
		p.mount(mux, k)
	}
}

// kinds are the kinds of records that have the generic pages.
func (p *Pages) kinds() []kind {
	return []kind{
		p.appList(),
		p.publishers(),
		p.people(),
		p.companies(),
		p.sessions(),
		p.decisions(),
		p.scopes(), p.keys(), p.apiKeys(), p.auditLog(), p.deliveries(),
		p.initialTokens(),
	}
}

// home leads to the first part that somebody may see.
func (p *Pages) home(w http.ResponseWriter, r *http.Request) {
	v, ok := p.enter(w, r, r.URL.RequestURI())
	if !ok {
		return
	}
	for _, part := range parts {
		if v.Might(part.do) == nil {
			rim.Redirect(w, r, part.path)
			return
		}
	}
}

// visitor is who looks at a page.
type visitor struct {
	admin.Caller
	user storage.User
	ctx  context.Context // of the request
	now  time.Time
	lang string // of the page
	seal string // of the forms on it, see interaction.SealForm
}

// offer reports whether v may do something here, if need be after signing in again.
func (v *visitor) offer(do admin.Capability, to admin.Belongs) (can, again bool) {
	err := v.May(do, to, v.now)
	again = errors.Is(err, admin.ErrSignInAgain)
	return err == nil || again, again
}

// enter returns who is signed in. Who is not, or came here by a mini app's ticket, is sent to sign in and then to back, a
// path here, and keeps the form that they sent; who may not see the console is told so; and a form that was not given to them in
// this browser is shown to them first. Then ok is false.
func (p *Pages) enter(w http.ResponseWriter, r *http.Request, back string) (v *visitor, ok bool) {
	current, err := p.Sessions.Current(r)
	if err != nil {
		p.Fail(w, r, err)
		return nil, false
	}
	if current == nil || current.Session.VouchedBy != "" {
		if r.Method == http.MethodPost {
			p.again(w, r, &visitor{}, back)
		} else {
			p.SignIn(w, r, back)
		}
		return nil, false
	}
	caller, err := p.House.Person(r.Context(), current.User, current.Session.AuthTime, httpx.ClientAddress(r))
	if err != nil {
		p.Fail(w, r, err)
		return nil, false
	}
	v = &visitor{
		Caller: caller, user: current.User, ctx: r.Context(), now: p.Now(),
		lang: p.Pages.Language(r, rim.Common(r, interaction.Interaction{}, &current.User)),
	}
	if err := caller.Might(admin.DashboardRead); err != nil && caller.Might(admin.CompanyRead) != nil { // developers have their own pages
		p.refused(w, r, v, err, back)
		return nil, false
	}
	browser := p.Sessions.Browser(w, r)
	v.seal = p.Sealer.SealForm(browser, v.UserID)
	if r.Method == http.MethodPost && !p.Sealer.OpensForm(browser, v.UserID, single(r.PostForm, "interaction")) {
		p.unsealed(w, r, v, back)
		return nil, false
	}
	return v, true
}

// refused answers for an error of admin.House that no form can help: back is the page that the person was at.
func (p *Pages) refused(w http.ResponseWriter, r *http.Request, v *visitor, err error, back string) {
	common := rim.Common(r, interaction.Interaction{}, &v.user)
	switch {
	case errors.Is(err, admin.ErrSignInAgain):
		p.again(w, r, v, back)
	case errors.Is(err, admin.ErrForbidden):
		p.Pages.Render(w, r, http.StatusForbidden, &templates.Error{Common: common, Code: "access_denied", Key: "not_allowed", Detail: err.Error()})
	case errors.Is(err, admin.ErrCursor):
		p.Refuse(w, r, http.StatusBadRequest, "invalid_request", "", err.Error())
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
	{templates.AdminDashboardPart, dashboardPath, admin.DashboardRead},
	{templates.AdminReviewPart, reviewsPath, admin.ClientApprove},
	{templates.AdminAppsPart, appsPath, admin.ClientRead},
	{templates.AdminEvaluatePart, evaluatePath, admin.ClientEvaluate},
	{templates.AdminPublishersPart, publishersPath, admin.PublisherRead},
	{templates.AdminPeoplePart, peoplePath, admin.UserRead},
	{templates.AdminCompaniesPart, companiesPath, admin.CompanyRead},
	{templates.AdminSessionsPart, sessionsPath, admin.SessionRead},
	{templates.AdminDecisionsPart, decisionsPath, admin.GrantRead},
	{templates.AdminCataloguePart, scopesPath, admin.ScopeRead},
	{templates.AdminDeliveriesPart, deliveriesPath, admin.DeliveryRead},
	{templates.AdminAPIKeysPart, apiKeysPath, admin.APIKeyRead},
	{templates.AdminKeysPart, keysPath, admin.KeyRead},
	{templates.AdminAuditPart, auditPath, admin.AuditRead},
	{templates.AdminInitialTokensPart, initialTokensPath, admin.InitialTokenRead},
}

// common is what every page has; here is the key of the part that it is in.
func (p *Pages) common(r *http.Request, v *visitor, here string) templates.AdminCommon {
	if v.UserID == "" { // nobody is signed in
		return templates.AdminCommon{Common: rim.Common(r, interaction.Interaction{}, nil)}
	}
	c := templates.AdminCommon{Common: rim.Common(r, interaction.Interaction{}, &v.user)}
	c.FormSeal = v.seal
	for _, part := range parts {
		if v.Might(part.do) == nil {
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
		if len(values) == 1 && values[0] != "" && name != "done" {
			query[name] = values
		}
	}
	query.Set("after", cursor)
	return path + "?" + query.Encode()
}
