package api

import (
	"gatehouse/admin"
	"gatehouse/storage"
)

// companyFields is an organisation that people belong to.
type companyFields struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func shownCompany(c storage.Company) *response {
	return &response{body: object{"id": c.ID, "name": c.Name}, etag: admin.Tag(c)}
}

func listCompanies(q *request) (*response, error) {
	page, err := q.page()
	if err != nil {
		return nil, err
	}
	list, err := q.house.Companies(q.ctx, q.caller, page)
	return listOf(list, err, func(c storage.Company) any { return shownCompany(c).body })
}

func getCompany(q *request) (*response, error) {
	c, err := q.house.Company(q.ctx, q.caller, q.path("id"))
	if err != nil {
		return nil, err
	}
	return shownCompany(c), nil
}

func createCompany(q *request) (*response, error) {
	f, err := decode[companyFields](q.body)
	if err != nil {
		return nil, err
	}
	if err := q.house.SaveCompany(q.ctx, q.caller, storage.Company(f), nil); err != nil {
		return nil, err
	}
	return created("companies", f.ID, shownCompany(storage.Company(f))), nil
}

var fixedOfCompany = map[string]string{"id": "a company keeps it"}

func updateCompany(q *request) (*response, error) {
	was, err := q.house.Company(q.ctx, q.caller, q.path("id"))
	if err != nil {
		return nil, err
	}
	f, err := amended[companyFields](q, shownCompany(was), fixedOfCompany)
	if err != nil {
		return nil, err
	}
	f.ID = was.ID
	if err := q.house.SaveCompany(q.ctx, q.caller, storage.Company(f), &was); err != nil {
		return nil, q.moved(err)
	}
	return shownCompany(storage.Company(f)), nil
}

func deleteCompany(q *request) (*response, error) {
	was, err := q.house.Company(q.ctx, q.caller, q.path("id"))
	if err != nil {
		return nil, err
	}
	if err := q.matches(admin.Tag(was)); err != nil {
		return nil, err
	}
	return gone(q, q.house.DeleteCompany(q.ctx, q.caller, was))
}
