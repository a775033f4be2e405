package portal

import (
	"fmt"
	"slices"
	"strings"

	"gatehouse/admin"
	"gatehouse/internal/rim"
	"gatehouse/internal/translated"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

// dataFields are the scopes that a mini app may have: the catalogue, without what is for others, and what it has.
func dataFields(p *Pages, v *visit, c storage.Client, page *templates.DeveloperStep) error {
	catalogue, err := p.House.Scopes(v.r.Context(), v.caller, admin.Page{Limit: admin.MaxPage})
	if err != nil {
		return err
	}
	has := make(map[string]storage.ClientScope, len(c.Scopes))
	for _, s := range c.Scopes {
		has[s.Name] = s
	}
	languages := p.purposeLanguages(v, c)
	page.Languages = p.otherLanguages(languages)
	sample := c
	sample.Scopes = nil
	for _, entry := range catalogue.Items {
		s, uses := has[entry.Name]
		if !uses && !offered(entry) {
			continue
		}
		row := templates.DeveloperScope{Name: entry.Name, Title: entry.Name, Sensitive: entry.Sensitive, Description: inLanguage(entry.Description, v.lang)}
		if title := inLanguage(entry.Title, v.lang); title != "" {
			row.Title = title
		}
		switch {
		case uses && s.Required:
			row.Use = "required"
		case uses:
			row.Use = "optional"
		}
		tags := append(slices.Clone(languages), missingFrom(languages, s.Purpose)...)
		if !registry.WantsPurpose(entry.Name) && len(s.Purpose) == 0 {
			tags = nil
		}
		for _, tag := range tags {
			row.Purposes = append(row.Purposes, templates.DeveloperPurpose{Lang: tag, Language: p.Pages.LanguageName(tag), Text: s.Purpose[tag]})
		}
		page.Scopes = append(page.Scopes, row)
		sample.Scopes = append(sample.Scopes, storage.ClientScope{Name: entry.Name})
	}
	values, err := p.Samples(v.r.Context(), sample, v.lang)
	for i := range page.Scopes {
		page.Scopes[i].Values = values[page.Scopes[i].Name]
	}
	return err
}

// purposeLanguages are those in which every purpose has a control: that of the page, those that purposes are in already, and
// the one that somebody asked for.
func (p *Pages) purposeLanguages(v *visit, c storage.Client) []string {
	tags := []string{v.lang}
	for _, s := range c.Scopes {
		tags = append(tags, missingFrom(tags, s.Purpose)...)
	}
	wanted := v.query.Get("in")
	if v.form.Has("in") {
		wanted = v.form.Get("in")
	}
	if slices.Contains(p.Pages.Languages(), wanted) && !slices.Contains(tags, wanted) {
		tags = append(tags, wanted)
	}
	return tags
}

// otherLanguages are the pages' languages that are not among tags.
func (p *Pages) otherLanguages(tags []string) (others []templates.DeveloperOption) {
	for _, tag := range p.Pages.Languages() {
		if !slices.Contains(tags, tag) {
			others = append(others, templates.DeveloperOption{Value: tag, Text: p.Pages.LanguageName(tag)})
		}
	}
	return others
}

// offered are the scopes that a developer can choose: people's data, but not what one vendor's apps alone ask for.
func offered(s storage.Scope) bool {
	if !s.BuiltIn {
		return !s.Client
	}
	return slices.Contains([]string{registry.ScopeOpenID, "profile", "email", "phone", "address", registry.ScopeOfflineAccess, registry.ScopeUserSession, registry.ScopeUnionID}, s.Name)
}

func inLanguage(texts map[string]string, lang string) string {
	for _, tag := range []string{lang, "en"} {
		if text, _ := translated.In(texts, tag); text != "" {
			return text
		}
	}
	return ""
}

// readData reads the scopes that are used, in the order of the form, after those that are not on it.
func readData(v *visit, c *storage.Client) func(string) string {
	scopes := rim.Scopes(v.form, c.Scopes)
	c.Scopes = scopes
	return func(field string) string {
		var i int
		if n, _ := fmt.Sscanf(field, "scopes[%d].", &i); n != 1 || i >= len(scopes) {
			return ""
		}
		_, rest, _ := strings.Cut(field, "].")
		switch tag, is := strings.CutPrefix(rest, "purpose."); {
		case !v.form.Has("use:" + scopes[i].Name):
			return ""
		case is:
			return "purpose-" + scopes[i].Name + "-" + tag
		case rest == "purpose":
			return "purpose-" + scopes[i].Name + "-" + v.lang
		}
		return "use-" + scopes[i].Name
	}
}
