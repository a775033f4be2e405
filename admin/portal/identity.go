package portal

import (
	"strings"

	"gatehouse/internal/rim"
	"gatehouse/registry/logo"
	"gatehouse/storage"
	"gatehouse/templates"
)

// identityFields are who a mini app is.
func identityFields(p *Pages, v *visit, c storage.Client, page *templates.DeveloperStep) error {
	publishers, err := p.publishers(v)
	if err != nil {
		return err
	}
	choice := one("publisher", "select", c.PublisherID, false)
	for _, publisher := range publishers {
		choice.Options = append(choice.Options, templates.DeveloperOption{Value: publisher.ID, Text: publisher.Name})
	}
	page.Fields = append(page.Fields, one("name", "", c.Name, false), choice,
		one("client_uri", "url", c.ClientURI, true), one("policy_uri", "url", c.PolicyURI, true), one("tos_uri", "url", c.TOSURI, true))
	page.Fields = append(page.Fields, rows("contacts", "contact", "email", c.Contacts, 1)...)
	for _, tag := range p.languagesWith(c.Names) {
		f := one("name:"+tag, "", c.Names[tag], true)
		f.ID, f.Label, f.Lang, f.Language = "name-"+tag, "name", tag, p.Pages.LanguageName(tag)
		page.Names = append(page.Names, f)
	}
	page.Logo = &templates.DeveloperLogo{URI: c.LogoURI, Path: logo.Path(p.House.Issuer, c.LogoURI, logo.Sides[1])}
	return nil
}

// languagesWith are the languages that pages come in, and those of texts.
func (p *Pages) languagesWith(texts map[string]string) []string {
	tags := p.Pages.Languages()
	return append(tags, missingFrom(tags, texts)...)
}

// readIdentity takes the logo that the page had, which may be newer than what is saved: a file that came with something else
// that was wrong need not be chosen again.
func readIdentity(v *visit, c *storage.Client) func(string) string {
	c.Name, c.PublisherID = strings.TrimSpace(v.form.Get("name")), v.form.Get("publisher")
	c.ClientURI, c.PolicyURI, c.TOSURI = strings.TrimSpace(v.form.Get("client_uri")), strings.TrimSpace(v.form.Get("policy_uri")), strings.TrimSpace(v.form.Get("tos_uri"))
	c.Contacts, c.Names = filled(v.form["contacts"]), rim.Texts(v.form, "name:")
	if c.LogoURI = v.form.Get("logo_uri"); v.form.Get("no_logo") != "" {
		c.LogoURI = ""
	}
	find := plain([]string{"name", "publisher", "client_uri", "policy_uri", "tos_uri"}, "contacts")
	return func(field string) string {
		if tag, is := strings.CutPrefix(field, "name#"); is {
			return "name-" + tag
		}
		if field == "logo_uri" {
			return "logo"
		}
		return find(field)
	}
}

// keepLogo keeps the picture that came with a form, where one did, and names it in c.
func (p *Pages) keepLogo(v *visit, c *storage.Client) error {
	if len(v.file) == 0 {
		return nil
	}
	uri, err := p.House.KeepLogo(v.r.Context(), v.caller, c.PublisherID, v.file)
	if err == nil {
		c.LogoURI = uri
	}
	return err
}
