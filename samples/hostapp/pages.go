package hostapp

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode"
)

//go:embed pages
var files embed.FS

// pages draws the phone and what is on it.
type pages struct {
	name   string
	policy string
	byName map[string]*template.Template
}

func newPages(name string, miniApps []string) *pages {
	frames := strings.Join(append([]string{"'self'"}, miniApps...), " ")
	p := &pages{
		name: name,
		policy: "default-src 'none'; style-src 'self'; img-src 'self' https:; frame-src " + frames +
			"; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
		byName: map[string]*template.Template{},
	}
	functions := template.FuncMap{"initials": initials, "value": value, "state": stateOf, "tint": tint, "only": only}
	for _, page := range []string{"welcome", "home", "sheet", "run", "closed", "connected", "error"} {
		p.byName[page] = template.Must(template.New(page).Funcs(functions).ParseFS(files, "pages/layout.html", "pages/"+page+".html"))
	}
	return p
}

func staticFiles() http.Handler {
	sub, err := fs.Sub(files, "pages/static")
	if err != nil {
		panic(err) // the name is a valid path
	}
	return http.FileServerFS(sub)
}

// show draws a page for whoever is signed in, with the notice that was left for it.
func (a *App) show(w http.ResponseWriter, r *http.Request, page string, view any) {
	s, id := a.sessions.get(r)
	a.sessions.change(id, func(s *session) { s.Notice = nil })
	a.pages.render(w, http.StatusOK, page, s, view)
}

// fail draws a page that says what went wrong.
func (a *App) fail(w http.ResponseWriter, status int, code, text string) {
	a.pages.render(w, status, "error", session{}, map[string]string{"Code": code, "Text": text})
}

// render writes a page. What people see here is theirs alone, so nothing may keep it.
func (p *pages) render(w http.ResponseWriter, status int, page string, s session, view any) {
	var body bytes.Buffer
	data := map[string]any{"Host": p.name, "Page": page, "Session": s, "View": view}
	if err := p.byName[page].ExecuteTemplate(&body, "layout", data); err != nil {
		http.Error(w, "The page could not be drawn.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", p.policy)
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = body.WriteTo(w) // an error here means that the browser has gone
}

// initials stand in for a logo: those of the first two words, or of the two parts of a CamelCase name.
func initials(name string) string {
	var found []rune
	before := ' '
	for _, r := range name {
		if unicode.IsLetter(r) && (!unicode.IsLetter(before) || unicode.IsUpper(r) && unicode.IsLower(before)) {
			found = append(found, unicode.ToUpper(r))
		}
		before = r
	}
	return string(found[:min(len(found), 2)])
}

// tint is one of the six colours of a mini app without a logo: always the same one.
func tint(clientID string) int {
	sum := 0
	for _, r := range clientID {
		sum += int(r)
	}
	return sum % 6
}

// only are the scopes that are required, or those that are not.
func only(required bool, scopes []scope) []scope {
	return slices.DeleteFunc(slices.Clone(scopes), func(s scope) bool { return s.Required != required })
}

// value is what a mini app would be told, as a person would write it. Empty: nothing.
func value(claims map[string]any) string {
	if name, ok := claims["name"].(string); ok {
		return name
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		if strings.HasSuffix(name, "_verified") || name == "updated_at" {
			continue
		}
		part := fmt.Sprint(claims[name])
		if verified, _ := claims[name+"_verified"].(bool); verified {
			part += " (verified)"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// stateOf says in words what was decided about a mini app.
func stateOf(status string) string {
	switch status {
	case "allowed":
		return "Allowed"
	case "partial":
		return "Allowed in part"
	case "incomplete":
		return "Asks for something new"
	case "denied":
		return "You said no"
	case "expired":
		return "Your permission has run out"
	}
	return "Not opened yet"
}
