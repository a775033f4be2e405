package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse/internal/rim"
	"gatehouse/templates"
)

// kind is a kind of record with the generic pages: the list at path and, where they are there, a page for a new one at
// newPath(path) and one for each at path/ID. Its functions fill what is particular; the links at the top, problems, what was typed,
// a new sign-in and what was saved are the same for all.
type kind struct {
	path string
	part string // the key of its part, which is also the title of the list
	// below is what the page of one has in its path after path/ID, where that has another page; empty: nothing.
	below string
	// list fills filters, rows and Next for a query.
	list func(v *visitor, query url.Values, page *templates.AdminList) error
	// record is the page of one; nil: they have none.
	record func(v *visitor, id string) (*templates.AdminRecord, error)
	// fresh is the page of one to make; nil: nobody can. Its form has the action create.
	fresh func(v *visitor) (*templates.AdminRecord, error)
	// act does what a form asks for, to the record id, or where that is empty to the list or to make one; nil: there are no forms.
	// errUnknown where action is none of its own.
	act func(v *visitor, id, action string, form url.Values) (outcome, error)
}

// outcome is what came of a form. Where Secret is set, the record's page shows it at once, for it is nowhere else; else the
// browser is sent on: a page that is loaded again does nothing twice.
type outcome struct {
	path   string // where to go on; empty: to the page that the form was on
	secret string
}

// errUnknown says that no form of the page asks for this.
var errUnknown = errors.New("the form asks for something that this page does not do")

func (p *Pages) mount(mux *http.ServeMux, k kind) {
	mux.HandleFunc("GET "+k.path, func(w http.ResponseWriter, r *http.Request) { p.listed(w, r, k) })
	if k.act != nil {
		mux.HandleFunc("POST "+k.path, func(w http.ResponseWriter, r *http.Request) { p.posted(w, r, k, "") })
	}
	if k.fresh != nil {
		mux.HandleFunc("GET "+newPath(k.path), func(w http.ResponseWriter, r *http.Request) { p.shown(w, r, k, "") })
		mux.HandleFunc("POST "+newPath(k.path), func(w http.ResponseWriter, r *http.Request) { p.posted(w, r, k, "") })
	}
	if k.record == nil {
		return
	}
	mux.HandleFunc("GET "+k.path+"/{id}"+k.below, func(w http.ResponseWriter, r *http.Request) { p.shown(w, r, k, r.PathValue("id")) })
	if k.act != nil {
		mux.HandleFunc("POST "+k.path+"/{id}"+k.below, func(w http.ResponseWriter, r *http.Request) { p.posted(w, r, k, r.PathValue("id")) })
	}
}

// listed is GET of a list.
func (p *Pages) listed(w http.ResponseWriter, r *http.Request, k kind) {
	query, ok := p.Query(w, r)
	if !ok {
		return
	}
	v, ok := p.enter(w, r, r.URL.RequestURI())
	if !ok {
		return
	}
	page := &templates.AdminList{AdminCommon: p.common(r, v, k.part), Title: k.part, Path: k.path, Saved: saved(query)}
	if err := k.list(v, query, page); err != nil {
		p.refused(w, r, v, err, k.path)
		return
	}
	p.Pages.Render(w, r, http.StatusOK, page)
}

// saved says that something was done, on the page after it.
func saved(query url.Values) string {
	if query.Has("done") {
		return "saved.other"
	}
	return ""
}

// shown is GET of a record, or without an ID of one to make.
func (p *Pages) shown(w http.ResponseWriter, r *http.Request, k kind, id string) {
	query, ok := p.Query(w, r)
	if !ok {
		return
	}
	v, ok := p.enter(w, r, r.URL.RequestURI())
	if !ok {
		return
	}
	page, err := p.recordPage(r, v, k, id)
	if err != nil {
		p.refused(w, r, v, err, k.path)
		return
	}
	page.Saved = saved(query)
	p.Pages.Render(w, r, http.StatusOK, page)
}

func (p *Pages) recordPage(r *http.Request, v *visitor, k kind, id string) (page *templates.AdminRecord, err error) {
	if id == "" {
		page, err = k.fresh(v)
	} else {
		page, err = k.record(v, id)
	}
	if err == nil {
		page.AdminCommon, page.Path = p.common(r, v, k.part), pathOf(k, id)
	}
	return page, err
}

// pathOf is where a record is, or without an ID where one is made.
func pathOf(k kind, id string) string {
	if id == "" {
		return newPath(k.path)
	}
	return k.path + "/" + url.PathEscape(id) + k.below
}

// newPath is where a record of the list at path is made: beside the list, for below it new may be the ID of one.
func newPath(path string) string { return root + "/new" + strings.TrimPrefix(path, root) }

// posted is POST of a form, of the page of a record, of one to make, or of a list's rows.
func (p *Pages) posted(w http.ResponseWriter, r *http.Request, k kind, id string) {
	form, ok := p.Form(w, r)
	if !ok {
		return
	}
	action, back := single(form, "action"), pathOf(k, id)
	if id == "" && action != actionCreate {
		back = listAgain(r)
	}
	v, ok := p.enter(w, r, back)
	if !ok {
		return
	}
	done, err := k.act(v, id, action, form)
	switch problems, status := problemsOf(err); {
	case problems != nil:
		p.redrawn(w, r, v, k, id, problems, status)
	case errors.Is(err, errUnknown):
		p.Refuse(w, r, http.StatusBadRequest, "invalid_request", "", err.Error())
	case err != nil:
		p.refused(w, r, v, err, back)
	case done.secret != "":
		p.secret(w, r, v, k, id, done.secret)
	default:
		if done.path != "" {
			back = done.path
		}
		rim.Redirect(w, r, withDone(back))
	}
}

// listAgain is the address of the list that a form was on, with its filter.
func listAgain(r *http.Request) string {
	query := r.URL.Query()
	query.Del("done")
	return (&url.URL{Path: r.URL.Path, RawQuery: query.Encode()}).String()
}

// withDone is a path here after something was done there.
func withDone(path string) string {
	if strings.Contains(path, "?") {
		return path + "&done=1"
	}
	return path + "?done=1"
}

// redrawn is the page of a form that cannot be accepted: with what is wrong, and with what was typed.
func (p *Pages) redrawn(w http.ResponseWriter, r *http.Request, v *visitor, k kind, id string, problems []templates.Problem, status int) {
	if id == "" && r.PostForm.Get("action") != actionCreate {
		page := &templates.AdminList{AdminCommon: p.common(r, v, k.part), Title: k.part, Path: k.path, Problems: problems}
		if err := k.list(v, r.URL.Query(), page); err != nil {
			p.refused(w, r, v, err, k.path)
			return
		}
		p.Pages.Render(w, r, status, page)
		return
	}
	page, err := p.recordPage(r, v, k, id)
	if err != nil {
		p.refused(w, r, v, err, k.path)
		return
	}
	if slices.ContainsFunc(problems, func(p templates.Problem) bool { return p.Key == problemMoved }) {
		for _, m := range page.Moved(r.PostForm) {
			problems = append(problems, rule(m.Name, isNow(m.Now)))
		}
	}
	page.Problems = problems
	page.Keep(r.PostForm)
	p.Pages.Render(w, r, status, page)
}

// isNow says what is in a control now.
func isNow(value string) string {
	const most = 300
	value = strings.Join(lines(value), ", ")
	if value == "" {
		return "is empty now"
	}
	if runes := []rune(value); len(runes) > most {
		value = string(runes[:most]) + "…"
	}
	return "is now: " + value
}

// secret is the page of a record with a secret that it got just now.
func (p *Pages) secret(w http.ResponseWriter, r *http.Request, v *visitor, k kind, id, secret string) {
	page, err := p.recordPage(r, v, k, id)
	if err != nil {
		p.refused(w, r, v, err, k.path)
		return
	}
	page.Secret = secret
	p.Pages.Render(w, r, http.StatusOK, page)
}
