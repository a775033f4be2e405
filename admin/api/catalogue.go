package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"gatehouse/admin"
	"gatehouse/storage"
)

func created(kind, id string, answer *response) *response {
	answer.status, answer.location = http.StatusCreated, Prefix+"/"+kind+"/"+url.PathEscape(id)
	return answer
}

// publisherFields is who answers for mini apps.
type publisherFields struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Developers []string `json:"developers"`
}

func shownPublisher(p storage.Publisher) *response {
	o := object{"id": p.ID, "name": p.Name, "verified": p.Verified, "developers": texts(p.Developers)}
	return &response{body: withTimes(o, "verified_at", p.VerifiedAt), etag: admin.Tag(p)}
}

// texts is a list that is there also when it is empty.
func texts(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func listPublishers(q *request) (*response, error) {
	page, err := q.page()
	if err != nil {
		return nil, err
	}
	list, err := q.house.Publishers(q.ctx, q.caller, page)
	return listOf(list, err, func(p storage.Publisher) any { return shownPublisher(p).body })
}

func getPublisher(q *request) (*response, error) {
	p, err := q.house.Publisher(q.ctx, q.caller, q.path("id"))
	if err != nil {
		return nil, err
	}
	return shownPublisher(p), nil
}

func createPublisher(q *request) (*response, error) {
	f, err := decode[publisherFields](q.body)
	if err != nil {
		return nil, err
	}
	p, err := q.house.SavePublisher(q.ctx, q.caller, storage.Publisher{ID: f.ID, Name: f.Name, Developers: f.Developers}, nil)
	if err != nil {
		return nil, err
	}
	return created("publishers", p.ID, shownPublisher(p)), nil
}

var fixedOfPublisher = map[string]string{
	"id": "a publisher keeps it", "verified": "POST to …/verify or …/unverify", "verified_at": "POST to …/verify",
}

func updatePublisher(q *request) (*response, error) {
	was, err := q.house.Publisher(q.ctx, q.caller, q.path("id"))
	if err != nil {
		return nil, err
	}
	f, err := amended[publisherFields](q, shownPublisher(was), fixedOfPublisher)
	if err != nil {
		return nil, err
	}
	p := was
	p.Name, p.Developers = f.Name, f.Developers
	if p, err = q.house.SavePublisher(q.ctx, q.caller, p, &was); err != nil {
		return nil, q.moved(err)
	}
	return shownPublisher(p), nil
}

// amended is what the body, a merge patch, makes of a record as it is shown.
func amended[T any](q *request, shown *response, fixed map[string]string) (T, error) {
	var none T
	if err := q.matches(shown.etag); err != nil {
		return none, err
	}
	there, err := asObject(shown.body)
	if err != nil {
		return none, err
	}
	merged, err := change(q.body, there, fixed)
	if err != nil {
		return none, err
	}
	return into[T](merged)
}

func deletePublisher(q *request) (*response, error) {
	was, err := q.house.Publisher(q.ctx, q.caller, q.path("id"))
	if err != nil {
		return nil, err
	}
	if err := q.matches(admin.Tag(was)); err != nil {
		return nil, err
	}
	return gone(q, q.house.DeletePublisher(q.ctx, q.caller, was))
}

// gone is the answer to a removal.
func gone(q *request, err error) (*response, error) {
	if err != nil {
		return nil, q.moved(err)
	}
	return &response{status: http.StatusNoContent}, nil
}

func verifyPublisher(verified bool) func(*request) (*response, error) {
	return func(q *request) (*response, error) {
		if _, err := decode[struct{}](q.body); err != nil {
			return nil, err
		}
		was, err := q.house.Publisher(q.ctx, q.caller, q.path("id"))
		if err != nil {
			return nil, err
		}
		if err := q.matches(admin.Tag(was)); err != nil {
			return nil, err
		}
		if err := q.house.VerifyPublisher(q.ctx, q.caller, was, verified); err != nil {
			return nil, q.moved(err)
		}
		p, err := q.house.Publisher(context.WithoutCancel(q.ctx), q.caller, was.ID)
		if err != nil {
			return nil, err
		}
		return shownPublisher(p), nil
	}
}

// scopeFields is an operator's scope.
type scopeFields struct {
	Name        string            `json:"name"`
	Title       map[string]string `json:"title"`
	Description map[string]string `json:"description"`
	Claims      []string          `json:"claims"`
	Sensitive   bool              `json:"sensitive"`
	Client      bool              `json:"client"`
}

func (f scopeFields) scope() storage.Scope {
	return storage.Scope{Name: f.Name, Title: f.Title, Description: f.Description, Claims: f.Claims, Sensitive: f.Sensitive, Client: f.Client}
}

func shownScope(s storage.Scope) *response {
	translated := func(texts map[string]string) map[string]string {
		if texts == nil {
			return map[string]string{}
		}
		return texts
	}
	return &response{etag: admin.Tag(s), body: object{
		"name": s.Name, "title": translated(s.Title), "description": translated(s.Description), "claims": texts(s.Claims),
		"sensitive": s.Sensitive, "client": s.Client, "built_in": s.BuiltIn,
	}}
}

func listScopes(q *request) (*response, error) {
	page, err := q.page()
	if err != nil {
		return nil, err
	}
	list, err := q.house.Scopes(q.ctx, q.caller, page)
	return listOf(list, err, func(s storage.Scope) any { return shownScope(s).body })
}

func getScope(q *request) (*response, error) {
	s, err := q.house.Scope(q.ctx, q.caller, q.path("id"))
	if err != nil {
		return nil, err
	}
	return shownScope(s), nil
}

func createScope(q *request) (*response, error) {
	f, err := decode[scopeFields](q.body)
	if err != nil {
		return nil, err
	}
	if err := q.house.SaveScope(q.ctx, q.caller, f.scope(), nil); err != nil {
		return nil, err
	}
	return created("scopes", f.Name, shownScope(f.scope())), nil
}

var fixedOfScope = map[string]string{"name": "a scope keeps it", "built_in": "what comes with Gatehouse stays as it is"}

func updateScope(q *request) (*response, error) {
	was, err := q.house.Scope(q.ctx, q.caller, q.path("id"))
	if err != nil {
		return nil, err
	}
	f, err := amended[scopeFields](q, shownScope(was), fixedOfScope)
	if err != nil {
		return nil, err
	}
	f.Name = was.Name
	if err := q.house.SaveScope(q.ctx, q.caller, f.scope(), &was); err != nil {
		return nil, q.moved(err)
	}
	return shownScope(f.scope()), nil
}

func deleteScope(q *request) (*response, error) {
	was, err := q.house.Scope(q.ctx, q.caller, q.path("id"))
	if err != nil {
		return nil, err
	}
	if err := q.matches(admin.Tag(was)); err != nil {
		return nil, err
	}
	return gone(q, q.house.DeleteScope(q.ctx, q.caller, was))
}

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

// rotateKeys makes new signing keys.
func rotateKeys(q *request) (*response, error) {
	body, err := decode[struct {
		Immediately bool `json:"immediately"`
	}](q.body)
	if err != nil {
		return nil, err
	}
	keys, err := q.house.RotateKeys(q.ctx, q.caller, body.Immediately)
	if err != nil {
		return nil, err
	}
	return &response{body: object{"items": keys}}, nil
}

func listKeys(q *request) (*response, error) {
	keys, err := q.house.SigningKeys(q.ctx, q.caller)
	if err != nil {
		return nil, err
	}
	return &response{body: object{"items": keys}}, nil
}

// apiKeyFields is a key to make.
type apiKeyFields struct {
	Name      string    `json:"name"`
	Rights    []string  `json:"rights"`
	ExpiresAt time.Time `json:"expires_at"`
	UserID    string    `json:"user_id"`
}
