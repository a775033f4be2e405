package console

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gatehouse/admin"
	"gatehouse/identity"
	"gatehouse/internal/rim"
	"gatehouse/storage"
	"gatehouse/templates"
)

const peoplePath = "/admin/people"

// inShort is how many of a person's sessions and decisions are on their page.
const inShort = 5

// people are the pages of accounts.
func (p *Pages) people() kind {
	return kind{
		path: peoplePath, part: templates.AdminPeoplePart,
		list: p.listPeople, record: p.personPage, fresh: p.newPerson, act: p.changePerson,
	}
}

func personPath(id string) string { return peoplePath + "/" + url.PathEscape(id) }

func (p *Pages) listPeople(v *visitor, query url.Values, page *templates.AdminList) error {
	filter := admin.UserFilter{Search: query.Get("q"), Company: query.Get("company")}
	found, err := p.House.Users(v.ctx, v.Caller, filter, admin.Page{After: query.Get("after")})
	if err != nil {
		return err
	}
	page.Next = next(page.Path, query, found.Next)
	page.Ways = v.wayToNew(admin.UserCreate, page.Path)
	page.Filters = []templates.AdminInput{
		{Name: "q", Label: templates.AdminEmail, Kind: templates.InputSearch, Value: filter.Search, Max: 254}, {Name: "company", Value: filter.Company, Max: 64},
	}
	for _, u := range found.Items {
		page.Rows = append(page.Rows, templates.AdminRow{Path: personPath(u.ID), Title: rim.Person(u.User).Name, Tags: tagsOfPerson(u.User), Facts: []templates.AdminFact{
			textFact("email", u.Email), textFact("phone", u.Phone), codeFact("company", u.CompanyID), codeFact("roles", joined(u.Roles)),
		}})
	}
	return nil
}

func tagsOfPerson(u storage.User) (tags []templates.AdminTag) {
	if u.TestPublisher != "" {
		tags = append(tags, templates.AdminTag{Key: templates.AdminTesters, Kind: "warn"})
	}
	if u.Disabled {
		tags = append(tags, templates.AdminTag{Key: templates.AdminDisabled, Kind: "bad"})
	}
	return tags
}

func (p *Pages) personPage(v *visitor, id string) (*templates.AdminRecord, error) {
	u, err := p.House.User(v.ctx, v.Caller, id)
	if err != nil {
		return nil, err
	}
	page := &templates.AdminRecord{Title: rim.Person(u.User).Name, ID: u.ID, Tags: tagsOfPerson(u.User), Facts: p.factsOfPerson(v, u)}
	if err := p.sessionsAndDecisions(v, u.ID, page); err != nil {
		return nil, err
	}
	if v.Sees(admin.ClientEvaluate) {
		page.Ways = append(page.Ways, templates.AdminWay{Key: templates.AdminEvaluatePart, Path: evaluatePath + "?" + url.Values{"user": {u.ID}}.Encode()})
	}
	p.formsOfPerson(v, u.User, page)
	return page, nil
}

func (p *Pages) factsOfPerson(v *visitor, u admin.Account) []templates.AdminFact {
	links := templates.AdminFact{Name: "links"}
	for _, l := range u.Links {
		links.Lines = append(links.Lines, templates.AdminValue{Text: l.Issuer + " " + l.Subject, Code: true})
	}
	facts := []templates.AdminFact{textFact("email", u.Email)}
	if u.Email != "" {
		facts = append(facts, boolFact("email_verified", u.EmailVerified))
	}
	facts = append(facts, textFact("phone", u.Phone))
	if u.Phone != "" {
		facts = append(facts, boolFact("phone_verified", u.PhoneVerified))
	}
	return append(facts,
		textFact("first_name", u.FirstName), textFact("last_name", u.LastName), codeFact("locale", u.Locale), p.names(v).company("company", u.CompanyID),
		codeFact("roles", joined(u.Roles)), codeFact("attributes", joined(slices.Sorted(maps.Keys(u.Attributes)))), boolFact("has_password", u.PasswordHash != ""),
		links, timeFact("created_at", u.CreatedAt), timeFact("updated_at", u.UpdatedAt),
	)
}

// sessionsAndDecisions puts the first of what a person has on their page, with a link to all.
func (p *Pages) sessionsAndDecisions(v *visitor, id string, page *templates.AdminRecord) error {
	query := "?" + url.Values{"user": {id}}.Encode()
	if v.Sees(admin.SessionRead) {
		found, err := p.House.Sessions(v.ctx, v.Caller, id, admin.Page{Limit: inShort})
		if err != nil {
			return err
		}
		section := templates.AdminSection{ID: "sessions", Key: templates.AdminSessionsPart, All: sessionsPath + query}
		for _, s := range found.Items {
			section.Rows = append(section.Rows, p.sessionRow(v, s, personPath(id)))
		}
		page.Sections = append(page.Sections, section)
	}
	if !v.Sees(admin.GrantRead) {
		return nil
	}
	found, err := p.House.Grants(v.ctx, v.Caller, admin.GrantFilter{User: id}, admin.Page{Limit: inShort})
	if err != nil {
		return err
	}
	rows := p.decisionRows(v, found.Items)
	for i := range rows {
		rows[i].Facts = rows[i].Facts[1:] // whose they are is said by the page
	}
	page.Sections = append(page.Sections, templates.AdminSection{ID: "decisions", Key: templates.AdminDecisionsPart, Rows: rows, All: decisionsPath + query})
	return nil
}

func (p *Pages) formsOfPerson(v *visitor, u storage.User, page *templates.AdminRecord) {
	path := personPath(u.ID)
	v.form(page, path, admin.UserUpdate, templates.AdminForm{
		ID: "change", Key: templates.AdminChange, Folded: true, Was: stateOfPerson(u), Fields: fieldsOfPerson(u),
		Buttons: []templates.AdminButton{{Action: actionSave, Key: templates.AdminSave}},
	})
	v.form(page, path, admin.UserSetPassword, templates.AdminForm{
		ID: "set-password", Key: templates.AdminPassword, Folded: true, Fields: []templates.AdminInput{{Name: "password", Kind: templates.InputPassword, Required: true}},
		Buttons: []templates.AdminButton{{Action: "set-password", Key: templates.AdminSave}},
	})
	do, button := admin.UserDisable, templates.AdminButton{Action: "disable", Key: templates.AdminDisable}
	if u.Disabled {
		do, button = admin.UserEnable, templates.AdminButton{Action: "enable", Key: templates.AdminEnable}
	}
	v.form(page, path, do, templates.AdminForm{ID: "disabled", Key: button.Key, Folded: true, Buttons: []templates.AdminButton{button}})
}

// stateOfPerson is the tag that the API has too.
func stateOfPerson(u storage.User) string { return strconv.FormatInt(u.UpdatedAt.UnixMicro(), 16) }

func fieldsOfPerson(u storage.User) []templates.AdminInput {
	roles := templates.AdminInput{Name: "roles", Kind: templates.InputChecks}
	for _, role := range []string{storage.RoleDeveloper, storage.RoleReviewer, storage.RoleAdmin, storage.RoleCompanyAdmin} {
		roles.Options = append(roles.Options, templates.AdminOption{Value: role, Chosen: slices.Contains(u.Roles, role)})
	}
	return []templates.AdminInput{
		{Name: "first_name", Value: u.FirstName}, {Name: "last_name", Value: u.LastName}, {Name: "locale", Value: u.Locale, Max: 35},
		{Name: "company", Value: u.CompanyID, Max: 64}, roles,
	}
}

func (p *Pages) newPerson(v *visitor) (*templates.AdminRecord, error) {
	fields := []templates.AdminInput{
		{Name: "email", Kind: templates.InputEmail, Max: 254}, {Name: "phone", Max: 30}, {Name: "password", Kind: templates.InputPassword},
	}
	return v.creation(admin.UserCreate, peoplePath, templates.AdminPeoplePart, append(fields, fieldsOfPerson(storage.User{})...))
}

func (p *Pages) changePerson(v *visitor, id, action string, form url.Values) (outcome, error) {
	if id == "" {
		return p.createPerson(v, form)
	}
	var err error
	switch action {
	case actionSave:
		err = p.savePerson(v, id, form)
	case "set-password":
		_, err = p.House.SetPassword(v.ctx, v.Caller, id, single(form, "password"))
	case "disable":
		_, err = p.House.DisableUser(v.ctx, v.Caller, id)
	case "enable":
		_, err = p.House.EnableUser(v.ctx, v.Caller, id)
	case actionEndSession:
		err = p.House.EndSession(v.ctx, v.Caller, single(form, "item"))
	default:
		err = errUnknown
	}
	return outcome{}, err
}

func (p *Pages) createPerson(v *visitor, form url.Values) (outcome, error) {
	u, err := p.House.CreateUser(v.ctx, v.Caller, identity.NewUser{
		Email: strings.TrimSpace(single(form, "email")), Phone: strings.TrimSpace(single(form, "phone")), Password: single(form, "password"),
		FirstName: single(form, "first_name"), LastName: single(form, "last_name"), Locale: strings.TrimSpace(single(form, "locale")),
		CompanyID: strings.TrimSpace(single(form, "company")), Roles: form["roles"],
	})
	return outcome{path: personPath(u.ID)}, err
}

// savePerson leaves e-mail address, phone number and attributes as they are: whoever proved them did so elsewhere.
func (p *Pages) savePerson(v *visitor, id string, form url.Values) error {
	was, err := p.House.User(v.ctx, v.Caller, id)
	if err != nil {
		return err
	}
	if stateOfPerson(was.User) != single(form, "was") {
		return storage.ErrConflict
	}
	u := was.User
	u.FirstName, u.LastName, u.Locale = single(form, "first_name"), single(form, "last_name"), strings.TrimSpace(single(form, "locale"))
	u.CompanyID, u.Roles = strings.TrimSpace(single(form, "company")), form["roles"]
	return p.House.UpdateUser(v.ctx, v.Caller, u, was.UpdatedAt)
}
