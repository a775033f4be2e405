package api

import (
	"net/http"
	"net/url"

	"gatehouse/storage"
)

// shownTestUser is a test person; password is empty where it is not shown.
func shownTestUser(u storage.User, password string) object {
	o := object{
		"id": u.ID, "email": u.Email, "first_name": u.FirstName, "last_name": u.LastName, "phone": u.Phone, "locale": u.Locale,
		"attributes": u.Attributes, "publisher": u.TestPublisher,
	}
	if len(u.Attributes) == 0 {
		o["attributes"] = object{}
	}
	if password != "" {
		o["password"] = password
	}
	return withTimes(o, "created_at", u.CreatedAt)
}

func listTestUsers(q *request) (*response, error) {
	users, err := q.house.TestUsers(q.ctx, q.caller, q.path("id"))
	if err != nil {
		return nil, err
	}
	items := []object{}
	for _, u := range users {
		items = append(items, shownTestUser(u, ""))
	}
	return &response{body: object{"items": items}}, nil
}

func createTestUser(q *request) (*response, error) {
	if _, err := decode[struct{}](q.body); err != nil {
		return nil, err
	}
	u, password, err := q.house.CreateTestUser(q.ctx, q.caller, q.path("id"))
	if err != nil {
		return nil, err
	}
	location := Prefix + "/publishers/" + url.PathEscape(q.path("id")) + "/test-users/" + url.PathEscape(u.ID)
	return &response{status: http.StatusCreated, location: location, body: shownTestUser(u, password)}, nil
}

func rotateTestPassword(q *request) (*response, error) {
	if _, err := decode[struct{}](q.body); err != nil {
		return nil, err
	}
	u, password, err := q.house.ResetTestUser(q.ctx, q.caller, q.path("id"), q.path("user_id"))
	if err != nil {
		return nil, err
	}
	return &response{body: shownTestUser(u, password)}, nil
}

func deleteTestUser(q *request) (*response, error) {
	if err := q.house.DeleteTestUser(q.ctx, q.caller, q.path("id"), q.path("user_id")); err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}
