package portal

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gatehouse/admin"
	"gatehouse/internal/translated"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

// plain finds the control of a field by its name: redirect_uris[1] is filled in by redirect_uris-1, and what is said of a
// whole list is shown at its first row.
func plain(names []string, lists ...string) func(string) string {
	return func(field string) string {
		name, rest, indexed := strings.Cut(field, "[")
		switch {
		case slices.Contains(lists, name) && indexed:
			return name + "-" + strings.TrimSuffix(rest, "]")
		case slices.Contains(lists, name):
			return name + "-0"
		case slices.Contains(names, field):
			return field
		}
		return ""
	}
}

// rows are the controls of a list: one for each of its values, and empty ones for more.
func rows(list, label, kind string, values []string, empty int) (fields []templates.DeveloperField) {
	for i := range len(values) + empty {
		f := templates.DeveloperField{ID: fmt.Sprintf("%s-%d", list, i), Name: list, Label: label, Number: i + 1, Kind: kind}
		if i < len(values) {
			f.Value = values[i]
		} else {
			f.Optional = true
		}
		fields = append(fields, f)
	}
	return fields
}

// filled returns what was typed into the rows of a list.
func filled(values []string) (list []string) {
	for _, value := range values {
		if value = strings.TrimSpace(value); value != "" {
			list = append(list, value)
		}
	}
	return list
}

func one(name, kind, value string, optional bool) templates.DeveloperField {
	return templates.DeveloperField{ID: name, Name: name, Label: name, Kind: kind, Value: value, Optional: optional}
}

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
	return nil
}

func readIdentity(v *visit, c *storage.Client) func(string) string {
	c.Name, c.PublisherID = strings.TrimSpace(v.form.Get("name")), v.form.Get("publisher")
	c.ClientURI, c.PolicyURI, c.TOSURI = strings.TrimSpace(v.form.Get("client_uri")), strings.TrimSpace(v.form.Get("policy_uri")), strings.TrimSpace(v.form.Get("tos_uri"))
	c.Contacts = filled(v.form["contacts"])
	return plain([]string{"name", "publisher", "client_uri", "policy_uri", "tos_uri"}, "contacts")
}

func redirectFields(_ *Pages, _ *visit, c storage.Client, page *templates.DeveloperStep) error {
	page.Fields = append(page.Fields, rows("redirect_uris", "redirect_uri", "url", c.RedirectURIs, 2)...)
	page.Fields = append(page.Fields, rows("post_logout_redirect_uris", "post_logout_redirect_uri", "url", c.PostLogoutRedirectURIs, 1)...)
	page.Fields = append(page.Fields, one("initiate_login_uri", "url", c.InitiateLoginURI, true))
	return nil
}

func readRedirects(v *visit, c *storage.Client) func(string) string {
	c.RedirectURIs, c.PostLogoutRedirectURIs = filled(v.form["redirect_uris"]), filled(v.form["post_logout_redirect_uris"])
	c.InitiateLoginURI = strings.TrimSpace(v.form.Get("initiate_login_uri"))
	return plain([]string{"initiate_login_uri"}, "redirect_uris", "post_logout_redirect_uris")
}

func securityFields(_ *Pages, _ *visit, c storage.Client, page *templates.DeveloperStep) error {
	kind := one("public", "select", fmt.Sprint(c.Public), false)
	kind.Options = []templates.DeveloperOption{{Value: "false", Label: "public_false"}, {Value: "true", Label: "public_true"}}
	subject := one("subject_type", "select", c.SubjectType, false)
	subject.Options = []templates.DeveloperOption{{Value: registry.SubjectPublic, Label: "subject_public"}, {Value: registry.SubjectPairwise, Label: "subject_pairwise"}}
	page.Fields = append(page.Fields, kind, subject, one("jwks_uri", "url", c.JWKSURI, true), one("jwks", "lines", string(c.JWKS), true))
	return nil
}

func readSecurity(v *visit, c *storage.Client) func(string) string {
	public := v.form.Get("public") == "true"
	if public != c.Public {
		c.Public, c.TokenEndpointAuthMethod = public, ""
	}
	c.SubjectType, c.JWKSURI, c.JWKS = v.form.Get("subject_type"), strings.TrimSpace(v.form.Get("jwks_uri")), nil
	if keys := strings.TrimSpace(v.form.Get("jwks")); keys != "" {
		c.JWKS = json.RawMessage(keys)
	}
	return plain([]string{"public", "subject_type", "jwks_uri", "jwks"})
}

// checkKeys wants what is typed as a key set to be JSON at all, before anything reads it.
func checkKeys(c storage.Client) error {
	if len(c.JWKS) > 0 && !json.Valid(c.JWKS) {
		return registry.Problems{{Field: "jwks", Text: "is not JSON; paste a key set such as {\"keys\": [...]}"}}
	}
	return nil
}

// dataFields are the scopes that a mini app may have: the catalogue, without what is for others, and what it has.
func dataFields(p *Pages, v *visit, c storage.Client, page *templates.DeveloperStep) error {
	catalogue, err := p.House.Scopes(v.r.Context(), v.caller, admin.Page{Limit: admin.MaxPage})
	if err != nil {
		return err
	}
	for _, entry := range catalogue.Items {
		i := slices.IndexFunc(c.Scopes, func(s storage.ClientScope) bool { return s.Name == entry.Name })
		if i < 0 && !offered(entry) {
			continue
		}
		row := templates.DeveloperScope{Name: entry.Name, Title: entry.Name, Sensitive: entry.Sensitive, Claims: entry.Claims}
		if title := inLanguage(entry.Title, v.lang); title != "" {
			row.Title = title
		}
		row.Description = inLanguage(entry.Description, v.lang)
		purpose := map[string]string{}
		if i >= 0 {
			purpose, row.Use = c.Scopes[i].Purpose, "optional"
			if c.Scopes[i].Required {
				row.Use = "required"
			}
		}
		tags := slices.Sorted(maps.Keys(purpose))
		if !slices.Contains(tags, v.lang) {
			tags = append(tags, v.lang)
		}
		for _, tag := range tags {
			row.Purposes = append(row.Purposes, templates.DeveloperPurpose{Lang: tag, Language: tag, Text: purpose[tag]})
		}
		page.Scopes = append(page.Scopes, row)
	}
	return nil
}

// offered are the scopes that a developer can choose: people's data, but not what one vendor's apps alone ask for.
func offered(s storage.Scope) bool {
	if !s.BuiltIn {
		return true
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
	scopes := slices.DeleteFunc(slices.Clone(c.Scopes), func(s storage.ClientScope) bool { return v.form.Has("use:" + s.Name) })
	for _, name := range slices.Sorted(maps.Keys(v.form)) {
		scope, is := strings.CutPrefix(name, "use:")
		use := v.form.Get(name)
		if !is || use != "optional" && use != "required" {
			continue
		}
		s := storage.ClientScope{Name: scope, Required: use == "required"}
		for field, values := range v.form {
			tag, is := strings.CutPrefix(field, "purpose:"+scope+":")
			if text := strings.TrimSpace(strings.Join(values, " ")); is && text != "" {
				if s.Purpose == nil {
					s.Purpose = map[string]string{}
				}
				s.Purpose[tag] = text
			}
		}
		scopes = append(scopes, s)
	}
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
