package console

import (
	"net/url"
	"strings"

	"gatehouse/admin"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

// editBelow is where the form of a registration is, below the page of the mini app.
const editBelow = "/edit"

const actionRevokeRegistration = "revoke-registration"

func (p *Pages) newApp(v *visitor) (*templates.AdminRecord, error) {
	fields, err := p.registrationFields(v, storage.Client{RefreshReuseGrace: registry.DefaultRefreshReuseGrace})
	if err != nil {
		return nil, err
	}
	status := templates.AdminInput{Name: "status", Kind: templates.InputSelect}
	for _, one := range []string{storage.StatusApproved, storage.StatusDraft} {
		status.Options = append(status.Options, templates.AdminOption{Value: one, Key: templates.AdminStatus(one).Key})
	}
	id := idInput()
	id.Name, id.Required = "client_id", false
	fields = append([]templates.AdminInput{id, status}, fields...)
	if err := v.May(admin.ClientCreate, admin.Belongs{}, v.now); err != nil { // a developer makes theirs at /developer
		return nil, err
	}
	return v.creation(admin.ClientCreate, appsPath, templates.AdminAppsPart, fields)
}

// registrationPage is the form of what is live; a version that waits beside it is the developers'.
func (p *Pages) registrationPage(v *visitor, id string) (*templates.AdminRecord, error) {
	work, err := p.House.Client(v.ctx, v.Caller, id)
	if err != nil {
		return nil, err
	}
	if !v.Sees(admin.ClientUpdate) {
		return nil, v.May(admin.ClientUpdate, admin.Belongs{}, v.now)
	}
	fields, err := p.registrationFields(v, work.Live)
	if err != nil {
		return nil, err
	}
	page := &templates.AdminRecord{
		Title: work.Live.Name, ID: id, Tags: []templates.AdminTag{templates.AdminStatus(work.Live.Status)},
		Ways: []templates.AdminWay{{Key: "admin.back", Path: appPath(id)}},
	}
	path := appPath(id) + editBelow
	v.form(page, path, admin.ClientUpdate, templates.AdminForm{
		ID: "change", Key: templates.AdminChange, Was: work.ETag(), Fields: fields,
		Buttons: []templates.AdminButton{{Action: actionSave, Key: templates.AdminSave}},
	})
	v.form(page, path, admin.ClientRevokeRegistration, templates.AdminForm{
		ID: "registration", Key: templates.AdminRevokeRegistration, Folded: true,
		Buttons: []templates.AdminButton{{Action: actionRevokeRegistration, Key: templates.AdminRevokeRegistration}},
	})
	v.form(page, path, admin.ClientDelete, deletion(work.ETag()))
	return page, nil
}

// registrationFields are the controls of a registration: of each scope of the catalogue whether it is used, and why.
func (p *Pages) registrationFields(v *visitor, c storage.Client) (fields []templates.AdminInput, err error) {
	c.Dialects = registry.WithoutSecrets(c)
	for _, f := range registeredOf(&c) {
		fields = append(fields, f.input())
	}
	names := templates.AdminInput{Name: "names", Label: templates.AdminNames, Kind: templates.InputGroup, Folded: true}
	for _, tag := range languagesAnd(p.Pages.Languages(), c.Names) {
		names.Fields = append(names.Fields, templates.AdminInput{Name: "name:" + tag, Value: c.Names[tag], Lang: tag})
	}
	catalogue, err := p.House.Scopes(v.ctx, v.Caller, admin.Page{Limit: admin.MaxPage})
	if err != nil {
		return nil, err
	}
	languages := []string{v.lang}
	has := map[string]storage.ClientScope{}
	for _, s := range c.Scopes {
		has[s.Name], languages = s, languagesAnd(languages, s.Purpose)
	}
	for _, known := range catalogue.Items {
		s, uses := has[known.Name]
		fields = append(fields, scopeInput(known.Name, s, uses, languages))
	}
	return append(fields, names), nil
}

// languagesAnd are tags, and the languages of texts that are not among them.
func languagesAnd(tags []string, texts map[string]string) []string {
	all := append([]string(nil), tags...)
	for _, tag := range languagesOf(texts) {
		if !strings.Contains(" "+strings.Join(all, " ")+" ", " "+tag+" ") {
			all = append(all, tag)
		}
	}
	return all
}

func scopeInput(name string, s storage.ClientScope, uses bool, languages []string) templates.AdminInput {
	use := templates.AdminInput{Name: "use:" + name, Label: templates.AdminUse, Kind: templates.InputSelect, Options: []templates.AdminOption{
		{Key: "field.use_none"}, {Value: "optional", Key: "field.use_optional", Chosen: uses && !s.Required},
		{Value: "required", Key: "field.use_required", Chosen: s.Required},
	}}
	group := templates.AdminInput{Name: name, Kind: templates.InputGroup, Fields: []templates.AdminInput{use}}
	if !registry.WantsPurpose(name) && len(s.Purpose) == 0 {
		return group
	}
	for _, tag := range languages {
		group.Fields = append(group.Fields, templates.AdminInput{
			Name: "purpose:" + name + ":" + tag, Label: templates.AdminPurposed, Lang: tag, Value: s.Purpose[tag], Max: 140,
		})
	}
	return group
}

func (p *Pages) changeRegistration(v *visitor, id, action string, form url.Values) (outcome, error) {
	switch {
	case id == "" && action == actionCreate:
		return p.createApp(v, form)
	case id != "" && action == actionSave:
		return p.saveRegistration(v, id, form)
	case id != "" && action == actionRevokeRegistration:
		return outcome{}, p.House.RevokeRegistration(v.ctx, v.Caller, id)
	case id != "" && action == actionDelete:
		if err := p.unmoved(v, id, form); err != nil {
			return outcome{}, err
		}
		return outcome{path: appsPath}, p.House.DeleteClient(v.ctx, v.Caller, id)
	}
	return outcome{}, errUnknown
}

func (p *Pages) createApp(v *visitor, form url.Values) (outcome, error) {
	if err := v.May(admin.ClientCreate, admin.Belongs{}, v.now); err != nil {
		return outcome{}, err
	}
	c := storage.Client{ID: strings.TrimSpace(single(form, "client_id")), Status: single(form, "status")}
	if err := readRegistration(form, &c); err != nil {
		return outcome{}, err
	}
	made, err := p.House.CreateClientWithoutSecret(v.ctx, v.Caller, c)
	return outcome{path: appPath(made.ID)}, atControls(err, c)
}

func (p *Pages) saveRegistration(v *visitor, id string, form url.Values) (outcome, error) {
	work, err := p.House.Client(v.ctx, v.Caller, id)
	if err != nil {
		return outcome{}, err
	}
	if !v.Sees(admin.ClientUpdate) {
		return outcome{}, v.May(admin.ClientUpdate, admin.Belongs{}, v.now)
	}
	if work.ETag() != single(form, "was") { // also without one, which would mean: whatever it is
		return outcome{}, storage.ErrConflict
	}
	c := work.Live
	if err := readRegistration(form, &c); err != nil {
		return outcome{}, err
	}
	registry.KeepSecrets(&c, work.Live) // which the form did not show
	_, err = p.House.UpdateClient(v.ctx, v.Caller, c, single(form, "was"))
	return outcome{path: appPath(id)}, atControls(err, c)
}
