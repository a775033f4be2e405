package templates

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/language"

	"gatehouse/static"
)

//go:embed html/*.html
var htmlFiles embed.FS

// pageNames are the files in html/ that are pages; layout.html and parts.html are in each of them.
var pageNames = []string{"signin", "signup", "setup", "consent", "error", "formpost", "signout", "switch", "account", "apps", "developer", "developer_app", "developer_step", "developer_review", "developer_code", "developer_people", "developer_keys", "developer_again", "admin_reviews", "admin_app", "admin_dashboard", "admin_evaluate", "admin_again", "admin_list", "admin_record"}

// Brand is the host app as people know it.
type Brand struct {
	Name    string
	LogoURL string // of this server or https; empty: its initial
	Secure  bool   // the issuer is https: browsers are told to stay with it
}

// Pages draws pages. It is safe for concurrent use.
type Pages struct {
	log       *slog.Logger
	brand     Brand
	images    string // CSP img-src
	languages []pageLanguage
	matcher   language.Matcher // its index is that of languages
	now       func() time.Time
}

// pageLanguage is every page in one language. A page is made ready when it is first drawn: most servers speak few of the
// languages, and making all ready would be most of what a start takes.
type pageLanguage struct {
	catalog
	templates map[string]func() *template.Template
}

// view is what layout.html gets.
type view struct {
	Lang, Dir string
	Page      Page
	Common    *Common
	Brand     Brand
	Return    string // where a GET shows the page again, for the choice of language; empty: nowhere
	Languages []pageLanguage
}

// New reads the embedded templates and catalogs. Pages that cannot be drawn are told to log. An error means that this binary was built from broken ones.
func New(brand Brand, log *slog.Logger) (*Pages, error) {
	catalogs, err := loadCatalogs()
	if err != nil {
		return nil, err
	}
	return newPages(brand, catalogs, log)
}

// shared are the files that every page is made of.
var shared = []string{"html/layout.html", "html/parts.html", "html/developer_parts.html", "html/admin_parts.html"}

func newPages(brand Brand, catalogs []catalog, log *slog.Logger) (*Pages, error) {
	p := &Pages{log: log, brand: brand, images: imageSources(brand.LogoURL), now: time.Now}
	parts, err := template.New("").Funcs(p.funcs(catalog{})).ParseFS(htmlFiles, shared...)
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	var tags []language.Tag
	for _, c := range catalogs {
		l := pageLanguage{catalog: c, templates: map[string]func() *template.Template{}}
		for _, name := range pageNames {
			l.templates[name] = sync.OnceValue(func() *template.Template {
				t := template.Must(parts.Clone()).Funcs(p.funcs(c)) // which fails only for what was drawn already
				return template.Must(t.ParseFS(htmlFiles, "html/"+name+".html"))
			})
		}
		p.languages = append(p.languages, l)
		tags = append(tags, language.Make(c.tag))
	}
	p.matcher = language.NewMatcher(tags)
	return p, nil
}

// Render answers with a page, in the language that Language says, with all headers that a page needs. Nothing is sent
// before the page is whole: when it cannot be drawn, that is logged and the answer is a plain 500.
func (p *Pages) Render(w http.ResponseWriter, r *http.Request, status int, page Page) {
	l := p.find(p.Language(r, *page.common()))
	nameApps(page, l.tag)
	var body bytes.Buffer
	if err := l.templates[page.name()]().ExecuteTemplate(&body, "layout", p.view(r, l, page)); err != nil {
		p.log.ErrorContext(r.Context(), "a page cannot be drawn", "page", page.name(), "lang", l.tag, "err", err)
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "Something went wrong on our side. Please try again.", http.StatusInternalServerError)
		return
	}
	p.setHeaders(w.Header(), page, l.tag)
	w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a browser that has left is nobody's error
}

func (p *Pages) find(tag string) pageLanguage {
	for _, l := range p.languages {
		if l.tag == tag {
			return l
		}
	}
	return p.languages[0]
}

func (p *Pages) view(r *http.Request, l pageLanguage, page Page) view {
	back := page.address()
	if back == "" && r.Method == http.MethodGet && page.name() == "error" && !holdsToken(r.URL.Path) {
		back = r.URL.RequestURI()
	}
	return view{
		Lang: l.tag, Dir: l.dir(), Page: page, Common: page.common(), Brand: p.brand, Return: back, Languages: p.languages,
	}
}

// longestShown is how long a segment of a path may be that an error page repeats, in bytes. IDs are not longer.
const longestShown = 40

// holdsToken reports whether a path may have a token in it, as those of some vendors do.
func holdsToken(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if len(segment) > longestShown {
			return true
		}
	}
	return false
}

// asset is static.Path under a name that reads well in a template.
func asset(name string) string { return static.Path(name) }

func (l pageLanguage) Tag() string  { return l.tag }
func (l pageLanguage) Name() string { return l.name() }
