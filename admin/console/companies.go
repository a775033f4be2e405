package console

import (
	"net/url"
	"strings"

	"gatehouse/admin"
	"gatehouse/storage"
	"gatehouse/templates"
)

const companiesPath = "/admin/companies"

// companies are the pages of organisations that people belong to.
func (p *Pages) companies() kind {
	return kind{
		path: companiesPath, part: templates.AdminCompaniesPart,
		list: p.listCompanies, record: p.companyPage, fresh: p.newCompany, act: p.changeCompany,
	}
}

func companyPath(id string) string { return companiesPath + "/" + url.PathEscape(id) }

func (p *Pages) listCompanies(v *visitor, query url.Values, page *templates.AdminList) error {
	found, err := p.House.Companies(v.ctx, v.Caller, admin.Page{After: query.Get("after")})
	if err != nil {
		return err
	}
	page.Next = next(page.Path, nil, found.Next)
	page.Ways = v.wayToNew(admin.CompanySave, page.Path)
	for _, one := range found.Items {
		page.Rows = append(page.Rows, templates.AdminRow{
			Path: companyPath(one.ID), Title: one.Name, Facts: []templates.AdminFact{codeFact("id", one.ID)},
		})
	}
	return nil
}

func (p *Pages) companyPage(v *visitor, id string) (*templates.AdminRecord, error) {
	one, err := p.House.Company(v.ctx, v.Caller, id)
	if err != nil {
		return nil, err
	}
	query := "?" + url.Values{"company": {one.ID}}.Encode()
	page := &templates.AdminRecord{Title: one.Name, ID: one.ID, Ways: []templates.AdminWay{{Key: templates.AdminDecisionsPart, Path: decisionsPath + query}}}
	if v.Sees(admin.UserRead) {
		page.Ways = append(page.Ways, templates.AdminWay{Key: templates.AdminPeoplePart, Path: peoplePath + query})
	}
	v.form(page, companyPath(id), admin.CompanySave, templates.AdminForm{
		ID: "change", Key: templates.AdminChange, Was: admin.Tag(one), Fields: fieldsOfCompany(one),
		Buttons: []templates.AdminButton{{Action: actionSave, Key: templates.AdminSave}},
	})
	v.form(page, companyPath(id), admin.CompanyDelete, deletion(admin.Tag(one)))
	return page, nil
}

func fieldsOfCompany(one storage.Company) []templates.AdminInput {
	return []templates.AdminInput{{Name: "name", Value: one.Name, Required: true, Max: 80}}
}

func (p *Pages) newCompany(v *visitor) (*templates.AdminRecord, error) {
	return v.creation(admin.CompanySave, companiesPath, templates.AdminCompaniesPart, append([]templates.AdminInput{idInput()}, fieldsOfCompany(storage.Company{})...))
}

func (p *Pages) changeCompany(v *visitor, id, action string, form url.Values) (outcome, error) {
	name := strings.TrimSpace(single(form, "name"))
	if id == "" {
		one := storage.Company{ID: strings.TrimSpace(single(form, "id")), Name: name}
		return outcome{path: companyPath(one.ID)}, p.House.SaveCompany(v.ctx, v.Caller, one, nil)
	}
	was, err := p.House.Company(v.ctx, v.Caller, id)
	if err != nil {
		return outcome{}, err
	}
	if admin.Tag(was) != single(form, "was") {
		return outcome{}, storage.ErrConflict
	}
	switch action {
	case actionSave:
		one := was
		one.Name = name
		return outcome{}, p.House.SaveCompany(v.ctx, v.Caller, one, &was)
	case actionDelete:
		return outcome{path: companiesPath}, p.House.DeleteCompany(v.ctx, v.Caller, was)
	}
	return outcome{}, errUnknown
}
