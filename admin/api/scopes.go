package api

import (
	"gatehouse/admin"
	"gatehouse/storage"
)

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
