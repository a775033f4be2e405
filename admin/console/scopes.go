package console

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"gatehouse/admin"
	"gatehouse/internal/translated"
	"gatehouse/storage"
	"gatehouse/templates"
)

const scopesPath = "/admin/scopes"

// oneMore stands in the names of controls for the language that the control language names. No language has this tag.
const oneMore = "another"

// maxScopeName is the longest name of a scope; see registry.CheckScope.
const maxScopeName = 64

// scopes are the pages of the catalogue: what comes with Gatehouse is only shown.
func (p *Pages) scopes() kind {
	return kind{
		path: scopesPath, part: templates.AdminCataloguePart,
		list: p.listScopes, record: p.scopePage, fresh: p.newScope, act: p.changeScope,
	}
}

func scopePath(name string) string { return scopesPath + "/" + url.PathEscape(name) }

func (p *Pages) listScopes(v *visitor, query url.Values, page *templates.AdminList) error {
	found, err := p.House.Scopes(v.ctx, v.Caller, admin.Page{After: query.Get("after")})
	if err != nil {
		return err
	}
	page.Next = next(page.Path, nil, found.Next)
	page.Ways = v.wayToNew(admin.ScopeSave, page.Path)
	for _, s := range found.Items {
		page.Rows = append(page.Rows, templates.AdminRow{
			Path: scopePath(s.Name), Title: titleOf(s, v.lang), Tags: tagsOfScope(s),
			Facts: []templates.AdminFact{codeFact("name", s.Name), listFact("claims", s.Claims)},
		})
	}
	return nil
}

// titleOf is what a scope is called in a language; its name where nobody said.
func titleOf(s storage.Scope, lang string) string {
	if title, _ := translated.In(s.Title, lang); title != "" {
		return title
	}
	return s.Name
}

func tagsOfScope(s storage.Scope) []templates.AdminTag {
	var tags []templates.AdminTag
	if s.BuiltIn {
		tags = append(tags, templates.AdminTag{Key: templates.AdminBuiltIn})
	}
	if s.Sensitive {
		tags = append(tags, templates.AdminTag{Key: templates.AdminSensitive, Kind: "warn"})
	}
	return tags
}

func (p *Pages) scopePage(v *visitor, name string) (*templates.AdminRecord, error) {
	s, err := p.House.Scope(v.ctx, v.Caller, name)
	if err != nil {
		return nil, err
	}
	description, _ := translated.In(s.Description, v.lang)
	page := &templates.AdminRecord{
		Title: titleOf(s, v.lang), ID: s.Name, Tags: tagsOfScope(s),
		Ways:  []templates.AdminWay{{Key: templates.AdminAuditPart, Path: auditAbout("scope", s.Name)}},
		Facts: []templates.AdminFact{listFact("claims", s.Claims), boolFact("sensitive", s.Sensitive), boolFact("client", s.Client)},
		Seen:  &templates.ConsentItem{Scope: s.Name, Title: titleOf(s, v.lang), Description: description, Claims: s.Claims, Sensitive: s.Sensitive},
	}
	if s.BuiltIn {
		return page, nil
	}
	was := admin.Tag(s)
	fields, err := p.fieldsOfScope(v, s)
	if err != nil {
		return nil, err
	}
	v.form(page, scopePath(name), admin.ScopeSave, templates.AdminForm{
		ID: "change", Key: templates.AdminChange, Was: was, Fields: fields,
		Buttons: []templates.AdminButton{{Action: "save", Key: templates.AdminSave}},
	})
	v.form(page, scopePath(name), admin.ScopeDelete, deletion(was))
	return page, nil
}

// fieldsOfScope are the controls of a scope: its texts in each language that the operator's scopes have, and in one more.
func (p *Pages) fieldsOfScope(v *visitor, s storage.Scope) ([]templates.AdminInput, error) {
	all, err := p.Registry.Scopes(v.ctx)
	if err != nil {
		return nil, err
	}
	languages := languagesOf(map[string]string{"en": ""}, s.Title, s.Description)
	for _, other := range all {
		if !other.BuiltIn {
			languages = append(languages, languagesOf(other.Title, other.Description)...)
		}
	}
	slices.Sort(languages)
	fields := []templates.AdminInput{
		{Name: "claims", Kind: templates.InputLines, Value: strings.Join(s.Claims, "\n"), Hint: templates.AdminPerLine},
		{Name: "is", Kind: templates.InputChecks, Options: []templates.AdminOption{{Value: "sensitive", Chosen: s.Sensitive}, {Value: "client", Chosen: s.Client}}},
	}
	for _, lang := range slices.Compact(languages) {
		fields = append(fields,
			templates.AdminInput{Name: "title." + lang, Value: s.Title[lang], Lang: lang},
			templates.AdminInput{Name: "description." + lang, Value: s.Description[lang], Lang: lang})
	}
	return append(fields, templates.AdminInput{Name: "language", Hint: templates.AdminLanguageHint}, templates.AdminInput{Name: "title." + oneMore},
		templates.AdminInput{Name: "description." + oneMore}), nil
}

func (p *Pages) newScope(v *visitor) (*templates.AdminRecord, error) {
	fields, err := p.fieldsOfScope(v, storage.Scope{})
	if err != nil {
		return nil, err
	}
	return v.creation(admin.ScopeSave, scopesPath, templates.AdminCataloguePart, append([]templates.AdminInput{{Name: "name", Required: true, Max: maxScopeName}}, fields...))
}

func (p *Pages) changeScope(v *visitor, name, action string, form url.Values) (outcome, error) {
	if name == "" {
		if action != actionCreate {
			return outcome{}, errUnknown
		}
		s := scopeOf(strings.TrimSpace(single(form, "name")), form)
		return outcome{path: scopePath(s.Name)}, p.House.SaveScope(v.ctx, v.Caller, s, nil)
	}
	was, err := p.House.Scope(v.ctx, v.Caller, name)
	if err != nil {
		return outcome{}, err
	}
	if admin.Tag(was) != single(form, "was") {
		return outcome{}, storage.ErrConflict
	}
	switch action {
	case "save":
		return outcome{}, p.House.SaveScope(v.ctx, v.Caller, scopeOf(name, form), &was)
	case actionDelete:
		return outcome{path: scopesPath}, p.House.DeleteScope(v.ctx, v.Caller, was)
	}
	return outcome{}, errUnknown
}

// scopeOf is a scope as its form has it. A text that is empty is none.
func scopeOf(name string, form url.Values) storage.Scope {
	s := storage.Scope{
		Name: name, Claims: lines(single(form, "claims")),
		Sensitive: slices.Contains(form["is"], "sensitive"), Client: slices.Contains(form["is"], "client"),
		Title: map[string]string{}, Description: map[string]string{},
	}
	added := strings.TrimSpace(single(form, "language"))
	for _, control := range slices.Sorted(maps.Keys(form)) {
		member, lang, _ := strings.Cut(control, ".")
		if lang == oneMore {
			lang = added
		}
		text := strings.TrimSpace(single(form, control))
		switch {
		case text == "":
		case member == "title":
			s.Title[lang] = text
		case member == "description":
			s.Description[lang] = text
		}
	}
	return s
}
