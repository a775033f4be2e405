package api

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"gatehouse/admin"
	"gatehouse/identity"
	"gatehouse/registry"
	"gatehouse/storage"
)

// userFields is what can be said about a person.
type userFields struct {
	Email         string         `json:"email"`
	EmailVerified bool           `json:"email_verified"`
	Phone         string         `json:"phone"`
	PhoneVerified bool           `json:"phone_verified"`
	FirstName     string         `json:"first_name"`
	LastName      string         `json:"last_name"`
	Locale        string         `json:"locale"`
	Company       string         `json:"company"`
	Roles         []string       `json:"roles"`
	Attributes    map[string]any `json:"attributes"`
}

// newUserFields is a person to make an account for.
type newUserFields struct {
	userFields
	Password string `json:"password"`
}

// maxAttributes bounds what a person's own values take as JSON, in bytes: they are read with every answer about them.
const maxAttributes = 16 << 10

func checkAttributes(values map[string]any) error {
	if raw, err := json.Marshal(values); err != nil || len(raw) > maxAttributes {
		return invalid(registry.Problems{{Field: "attributes", Text: "must be at most 16 KiB"}})
	}
	return nil
}

// shownUser is a person. What is empty is left out.
func shownUser(u admin.Account) *response {
	o := object{
		"id": u.ID, "email_verified": u.EmailVerified, "phone_verified": u.PhoneVerified, "roles": texts(u.Roles), "disabled": u.Disabled,
		"has_password": u.PasswordHash != "",
	}
	for name, text := range map[string]string{
		"email": u.Email, "phone": u.Phone, "first_name": u.FirstName, "last_name": u.LastName, "locale": u.Locale, "company": u.CompanyID,
		"test_publisher": u.TestPublisher,
	} {
		if text != "" {
			o[name] = text
		}
	}
	o["attributes"] = u.Attributes
	if len(u.Attributes) == 0 {
		o["attributes"] = object{}
	}
	links := []object{}
	for _, l := range u.Links {
		if host, is := strings.CutPrefix(l.Issuer, storage.ClientIssuer("")); is {
			links = append(links, object{"host": host, "external_id": l.Subject})
		} else {
			links = append(links, object{"issuer": l.Issuer, "sub": l.Subject})
		}
	}
	o["links"] = links
	return &response{body: withTimes(o, "created_at", u.CreatedAt, "updated_at", u.UpdatedAt), etag: strconv.FormatInt(u.UpdatedAt.UnixMicro(), 16)}
}

func listUsers(q *request) (*response, error) {
	page, err := q.page()
	if err != nil {
		return nil, err
	}
	list, err := q.house.Users(q.ctx, q.caller, admin.UserFilter{Search: q.query.Get("q"), Company: q.query.Get("company")}, page)
	return listOf(list, err, func(u admin.Account) any { return shownUser(u).body })
}

func getUser(q *request) (*response, error) { return readUser(q, q.path("id")) }

// readUser reads a person for the answer, also when the caller has just hung up: what was done was done.
func readUser(q *request, id string) (*response, error) {
	u, err := q.house.User(context.WithoutCancel(q.ctx), q.caller, id)
	if err != nil {
		return nil, err
	}
	return shownUser(u), nil
}

// shownTo is a person where the caller may read them, and else only who it was.
func shownTo(q *request, u storage.User) (*response, error) {
	if q.caller.Might(admin.UserRead) != nil {
		return &response{body: object{"id": u.ID}}, nil
	}
	return readUser(q, u.ID)
}

func createUser(q *request) (*response, error) {
	f, err := decode[newUserFields](q.body)
	if err != nil {
		return nil, err
	}
	if err := checkAttributes(f.Attributes); err != nil {
		return nil, err
	}
	u, err := q.house.CreateUser(q.ctx, q.caller, identity.NewUser{
		Email: f.Email, EmailVerified: f.EmailVerified, Phone: f.Phone, PhoneVerified: f.PhoneVerified, FirstName: f.FirstName, LastName: f.LastName,
		Locale: f.Locale, CompanyID: f.Company, Roles: f.Roles, Attributes: f.Attributes, Password: f.Password,
	})
	if err != nil {
		return nil, err
	}
	answer, err := shownTo(q, u)
	if err != nil {
		return nil, err
	}
	return created("users", u.ID, answer), nil
}

var fixedOfUser = map[string]string{
	"id": "a person keeps it", "disabled": "POST to …/disable or …/enable", "has_password": "POST to …/set-password", "links": "it follows from how they signed in",
	"test_publisher": "a test person is made at …/publishers/{id}/test-users",
	"created_at":     "it is what it was", "updated_at": "it follows from the change",
}

func updateUser(q *request) (*response, error) {
	was, err := q.house.User(q.ctx, q.caller, q.path("id"))
	if err != nil {
		return nil, err
	}
	f, err := amended[userFields](q, shownUser(was), fixedOfUser)
	if err != nil {
		return nil, err
	}
	if err := checkAttributes(f.Attributes); err != nil {
		return nil, err
	}
	u := was.User
	u.Email, u.EmailVerified, u.Phone, u.PhoneVerified = f.Email, f.EmailVerified, f.Phone, f.PhoneVerified
	u.FirstName, u.LastName, u.Locale, u.CompanyID, u.Roles, u.Attributes = f.FirstName, f.LastName, f.Locale, f.Company, f.Roles, f.Attributes
	if err := q.house.UpdateUser(q.ctx, q.caller, u, was.UpdatedAt); err != nil {
		return nil, q.moved(err)
	}
	return shownTo(q, u)
}

func disableUser(q *request) (*response, error) { return switchUser(q, q.house.DisableUser) }

func enableUser(q *request) (*response, error) { return switchUser(q, q.house.EnableUser) }

func switchUser(q *request, do func(context.Context, admin.Caller, string) (storage.User, error)) (*response, error) {
	if _, err := decode[struct{}](q.body); err != nil {
		return nil, err
	}
	u, err := do(q.ctx, q.caller, q.path("id"))
	if err != nil {
		return nil, err
	}
	return shownTo(q, u)
}

func setPassword(q *request) (*response, error) {
	body, err := decode[struct {
		Password string `json:"password"`
	}](q.body)
	if err != nil {
		return nil, err
	}
	u, err := q.house.SetPassword(q.ctx, q.caller, q.path("id"), body.Password)
	if err != nil {
		return nil, err
	}
	return shownTo(q, u)
}
