package console

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"gatehouse/internal/rim"
	"gatehouse/templates"
)

// signInAt is the path of a link by which somebody signs in again and comes to back, a page of the console.
func signInAt(back string) string { return signInPath + "?" + url.Values{"back": {back}}.Encode() }

// signIn is GET /admin/sign-in: it sends a browser to sign in anew, and then to back. It never leads out of
// the console: a path that a browser could read as another one is none.
func (p *Pages) signIn(w http.ResponseWriter, r *http.Request) {
	query, ok := p.Query(w, r)
	if !ok {
		return
	}
	back, err := url.Parse(query.Get("back"))
	if err != nil || back.Scheme != "" || back.Host != "" || path.Clean(back.Path) != back.Path || !strings.HasPrefix(back.Path, root+"/") {
		rim.Redirect(w, r, root)
		return
	}
	p.SignIn(w, r, (&url.URL{Path: back.Path, RawPath: back.RawPath, RawQuery: back.RawQuery}).String())
}

// again asks somebody to sign in again, in another window, and keeps what they posted for when they have: no address could
// hold it, and nothing of it is stored here. A password is not kept; it is typed anew.
func (p *Pages) again(w http.ResponseWriter, r *http.Request, v *visitor, back string) {
	p.Pages.Render(w, r, http.StatusForbidden, p.kept(r, v, back))
}

// unsealed asks whoever posted a form that was not given to them whether they want it, and gives it to them.
func (p *Pages) unsealed(w http.ResponseWriter, r *http.Request, v *visitor, back string) {
	page := p.kept(r, v, back)
	page.Unsealed = true
	p.Pages.Render(w, r, http.StatusForbidden, page)
}

// kept is a page that keeps what was posted. The form in it is sealed anew, for somebody who is signed in.
func (p *Pages) kept(r *http.Request, v *visitor, back string) *templates.AdminAgain {
	page := &templates.AdminAgain{AdminCommon: p.common(r, v, ""), SignIn: signInAt(back), Back: back, Action: r.URL.RequestURI()}
	names := make([]string, 0, len(r.PostForm))
	for name := range r.PostForm {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if name == "interaction" && page.FormSeal != "" {
			continue
		}
		page.Lost = page.Lost || name == "password" && r.PostForm.Get(name) != ""
		for _, value := range r.PostForm[name] {
			page.Fields = append(page.Fields, templates.Field{Name: name, Value: value})
		}
	}
	if page.Lost || r.Method != http.MethodPost {
		page.Lost, page.Fields = true, nil
	}
	return page
}
