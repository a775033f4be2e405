package miniapp

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
)

//go:embed pages
var files embed.FS

// pages draws the app's few pages.
type pages struct {
	hostName string
	framedBy string // who may show the app inside a page of its own: the super app, or nobody
	byName   map[string]*template.Template
}

func newPages(hostName, hostURL string) *pages {
	p := &pages{hostName: hostName, framedBy: "'none'", byName: map[string]*template.Template{}}
	if hostURL != "" {
		p.framedBy = hostURL
	}
	for _, name := range []string{"welcome", "account", "error"} {
		p.byName[name] = template.Must(template.ParseFS(files, "pages/layout.html", "pages/"+name+".html"))
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

// render writes a page. What people see here is theirs alone, so nothing may keep it.
func (p *pages) render(w http.ResponseWriter, status int, name string, view any) {
	var page bytes.Buffer
	if err := p.byName[name].ExecuteTemplate(&page, "layout", map[string]any{"Host": p.hostName, "View": view}); err != nil {
		http.Error(w, "The page could not be drawn.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors "+p.framedBy)
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	w.Write(page.Bytes())
}

// failure is what the error page shows.
type failure struct {
	Code   string // an RFC 6749 error code, or one of our own
	Title  string
	Text   string
	Detail string
	Again  string // where the person can begin again
	InHost bool
}

// fail explains why nobody is signed in. A refusal is the person's good right and not an error of ours.
func (a *App) fail(w http.ResponseWriter, code, detail string) {
	f := failure{Code: code, Title: "That did not work", Text: detail, Again: "/login"}
	status := http.StatusBadRequest
	switch code {
	case "access_denied":
		f.Title = "You did not allow access"
		f.Text = "Nothing was shared with PhotoPrint. You can look around, and sign in whenever you like."
		f.Detail, status = detail, http.StatusOK
	}
	a.pages.render(w, status, "error", f)
}

// ended says that the person, or time, has ended the access. The session with us has ended with it.
func (a *App) ended(w http.ResponseWriter, s session) {
	f := failure{Code: "access_ended", Title: "PhotoPrint is disconnected", Again: "/login",
		Text: "You took your permission back in " + a.options.HostName + ", or it has expired. We are told nothing about you any more, and you are signed out here."}
	if s.InHost {
		f.InHost = true
		f.Again = a.options.HostURL + "/apps/" + url.PathEscape(a.options.ClientID)
	}
	a.pages.render(w, http.StatusOK, "error", f)
}
