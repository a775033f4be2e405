package templates

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/language"
)

const (
	languageCookie = "lang"
	languagePath   = "/language"
	// maxPreference bounds what is parsed of ui_locales and Accept-Language.
	maxPreference = 512
)

// Languages returns the tags of the languages that pages come in, the default first (ui_locales_supported, OIDC
// Discovery §3).
func (p *Pages) Languages() []string {
	tags := make([]string, len(p.languages))
	for i, l := range p.languages {
		tags[i] = l.tag
	}
	return tags
}

// LanguageName is what a language that pages come in is called in that language; the tag of any other.
func (p *Pages) LanguageName(tag string) string {
	if !p.has(tag) {
		return tag
	}
	return p.find(tag).name()
}

// Language returns the tag of the language that Render draws a page with these Common in: c.Language, the person's own choice in this browser, then
// c.Locale, c.Locales, Accept-Language, then the default. Tags that we do not have are passed over without an error
// (OIDC Core §3.1.2.1).
func (p *Pages) Language(r *http.Request, c Common) string {
	if p.has(c.Language) {
		return c.Language
	}
	if cookie, err := r.Cookie(languageCookie); err == nil && p.has(cookie.Value) {
		return cookie.Value
	}
	return p.match(parseTags(c.Locale), parseTags(c.Locales), acceptedTags(r.Header.Get("Accept-Language")))
}

// LanguageFor returns the tag of the language for an answer that is no page: what the request asks for, as ui_locales and
// then as Accept-Language, then the person's own locale, then the default.
func (p *Pages) LanguageFor(uiLocales, accept, locale string) string {
	return p.match(parseTags(uiLocales), acceptedTags(accept), parseTags(locale))
}

// match returns the first language that we have of those that are wanted, group by group.
func (p *Pages) match(groups ...[]language.Tag) string {
	for _, wanted := range groups {
		if len(wanted) == 0 {
			continue
		}
		if _, i, confidence := p.matcher.Match(wanted...); confidence > language.No {
			return p.languages[i].tag
		}
	}
	return defaultLanguage
}

func (p *Pages) has(tag string) bool {
	return slices.ContainsFunc(p.languages, func(l pageLanguage) bool { return l.tag == tag })
}

func parseTags(s string) []language.Tag {
	if len(s) > maxPreference {
		return nil
	}
	var tags []language.Tag
	for field := range strings.FieldsSeq(s) {
		if tag, err := language.Parse(field); err == nil {
			tags = append(tags, tag)
		}
	}
	return tags
}

func acceptedTags(header string) []language.Tag {
	if len(header) > maxPreference {
		return nil
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return nil
	}
	return tags
}

// Mount adds POST /language: it remembers the language chosen at the foot of a page and leads back to that page.
func (p *Pages) Mount(mux *http.ServeMux) {
	mux.HandleFunc("POST "+languagePath, p.chooseLanguage)
}

func (p *Pages) chooseLanguage(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return
	}
	if tag := r.PostForm.Get("lang"); p.has(tag) {
		http.SetCookie(w, &http.Cookie{
			Name: languageCookie, Value: tag, Path: "/", MaxAge: 365 * 24 * 60 * 60,
			Secure: p.brand.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", ownAddress(r.PostForm.Get("return")))
	w.WriteHeader(http.StatusSeeOther)
}

// ownAddress lets through a path on this server, with its query, and turns everything else into the person's own page.
// Browsers read "//host", "/\host" and these with tabs or line ends between as another server.
func ownAddress(s string) string {
	const home = "/account"
	if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.Contains(s, `\`) ||
		strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || r > unicode.MaxASCII }) {
		return home
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.HasPrefix(u.Path, "//") {
		return home
	}
	return s
}
