package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse/internal/rim"
	"gatehouse/templates"
)

// signInAt is the path of a link by which somebody signs in again and comes to back, a page of the console.
func signInAt(back string) string { return signInPath + "?" + url.Values{"back": {back}}.Encode() }

// signIn is GET /admin/sign-in: it sends a browser to sign in anew, and then to back. It never leads out of the console.
func (p *Pages) signIn(w http.ResponseWriter, r *http.Request) {
	query, ok := p.Query(w, r)
	if !ok {
		return
	}
	back, err := url.Parse(query.Get("back"))
	if err != nil || back.Scheme != "" || back.Host != "" || !strings.HasPrefix(back.Path, root+"/") {
		rim.Redirect(w, r, root)
		return
	}
	p.SignIn(w, r, (&url.URL{Path: back.Path, RawPath: back.RawPath, RawQuery: back.RawQuery}).String())
}

// again asks somebody to sign in again, in another window, and keeps what they posted for when they have: no address could
// hold it, and nothing of it is stored here. A password is not kept; it is typed anew.
func (p *Pages) again(w http.ResponseWriter, r *http.Request, v *visitor, back string) {
	page := &templates.AdminAgain{AdminCommon: p.common(r, v, ""), SignIn: signInAt(back), Back: back, Action: r.URL.RequestURI()}
	names := make([]string, 0, len(r.PostForm))
	for name := range r.PostForm {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		page.Lost = page.Lost || name == "password" && r.PostForm.Get(name) != ""
		for _, value := range r.PostForm[name] {
			page.Fields = append(page.Fields, templates.Field{Name: name, Value: value})
		}
	}
	if page.Lost || r.Method != http.MethodPost {
		page.Lost, page.Fields = true, nil
	}
	p.Pages.Render(w, r, http.StatusForbidden, page)
}
