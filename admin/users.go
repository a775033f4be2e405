package admin

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"golang.org/x/text/language"

	"gatehouse/identity"
	"gatehouse/registry"
	"gatehouse/storage"
)

const userKind = "user"

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// UserFilter says which people to list; what is empty does not matter.
type UserFilter struct {
	Search  string // the beginning of the e-mail address, or a whole phone number or ID
	Company string
}

// Account is a person, and who they are elsewhere.
type Account struct {
	storage.User
	Links []storage.Link
}

// Users lists people.
func (h *House) Users(ctx context.Context, c Caller, f UserFilter, p Page) (List[Account], error) {
	var none List[Account]
	if err := h.may(c, UserRead, Belongs{}); err != nil {
		return none, err
	}
	if one, err := h.userNamed(ctx, f); one != nil || err != nil {
		return List[Account]{Items: one}, err
	}
	query := storage.UserQuery{Search: strings.ToLower(strings.TrimSpace(f.Search)), CompanyID: f.Company}
	found, err := paged(p, func(after string, limit int) ([]storage.User, error) {
		return h.Store.FindUsers(ctx, query, after, limit)
	}, func(u storage.User) string {
		if query.Search != "" {
			return u.Email
		}
		return u.ID
	})
	if err != nil {
		return none, err
	}
	accounts, err := h.accounts(ctx, found.Items)
	return List[Account]{Items: accounts, Next: found.Next}, err
}

// userNamed finds whoever has what is searched for as their phone number or ID; nil where nobody has.
func (h *House) userNamed(ctx context.Context, f UserFilter) ([]Account, error) {
	text := strings.TrimSpace(f.Search)
	var u storage.User
	var err error
	if phone, wrong := identity.CanonicalPhone(text); text != "" && wrong == nil {
		u, err = h.Store.UserByLogin(ctx, phone)
	} else if uuid.Validate(text) == nil {
		u, err = h.Store.User(ctx, strings.ToLower(text))
	} else {
		return nil, nil
	}
	if isNotFound(err) || err == nil && f.Company != "" && u.CompanyID != f.Company {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return h.accounts(ctx, []storage.User{u})
}

// accounts adds the links of users, by one statement.
func (h *House) accounts(ctx context.Context, users []storage.User) ([]Account, error) {
	ids := make([]string, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	links, err := h.Store.UserLinks(ctx, ids)
	if err != nil {
		return nil, err
	}
	accounts := make([]Account, len(users))
	for i, u := range users {
		accounts[i] = Account{User: u, Links: links[u.ID]}
	}
	return accounts, nil
}

// User returns the person with this ID, e-mail address or phone number, in any spelling.
func (h *House) User(ctx context.Context, c Caller, name string) (Account, error) {
	u, err := h.userFor(ctx, c, UserRead, name)
	if err != nil {
		return Account{}, err
	}
	accounts, err := h.accounts(ctx, []storage.User{u})
	if err != nil {
		return Account{}, err
	}
	return accounts[0], nil
}

func (h *House) userFor(ctx context.Context, c Caller, do Capability, name string) (storage.User, error) {
	if err := h.may(c, do, Belongs{}); err != nil {
		return storage.User{}, err
	}
	u, err := h.Store.User(ctx, name)
	if !isNotFound(err) {
		return u, err
	}
	login := identity.CanonicalLogin(name)
	if login == "" {
		return u, err
	}
	return h.Store.UserByLogin(ctx, login)
}

// CreateUser makes an account. An *identity.Invalid or registry.Problems when it cannot be, storage.ErrExists when its e-mail
// address or phone number is somebody's.
func (h *House) CreateUser(ctx context.Context, c Caller, n identity.NewUser) (storage.User, error) {
	if err := h.may(c, UserCreate, Belongs{}); err != nil {
		return storage.User{}, err
	}
	if err := h.checkUser(ctx, n.CompanyID, n.Locale, n.Roles); err != nil {
		return storage.User{}, err
	}
	n.ID = identity.NewUserID()
	return h.People.CreateUser(h.audited(ctx, c, UserCreate, userKind, n.ID, "roles", strings.Join(n.Roles, " "), "company", n.CompanyID), n)
}

// checkUser applies the rules that are about more than a person's own values.
func (h *House) checkUser(ctx context.Context, company, locale string, roles []string) error {
	var p registry.Problems
	if _, err := language.Parse(locale); locale != "" && err != nil {
		p = append(p, registry.Problem{Field: "locale", Text: "is not a language tag; use one such as en or pt-BR"})
	}
	for i, role := range roles {
		if slices.Contains(roles[:i], role) {
			p = append(p, registry.Problem{Field: fmt.Sprintf("roles[%d]", i), Text: fmt.Sprintf("%q is listed twice; leave one out", role)})
		}
	}
	if company == "" {
		if slices.Contains(roles, storage.RoleCompanyAdmin) {
			p = append(p, registry.Problem{Field: "roles", Text: storage.RoleCompanyAdmin + " needs a company; add company, or leave the role out"})
		}
		return p.Err()
	}
	switch _, err := h.Store.Company(ctx, company); {
	case isNotFound(err):
		p = append(p, registry.Problem{Field: "company", Text: fmt.Sprintf("%q is not known; create the company first", company)})
	case err != nil:
		return err
	}
	return p.Err()
}

// UpdateUser replaces what is known about a person, but for their password and whether they are disabled, if their UpdatedAt
// still is was.
func (h *House) UpdateUser(ctx context.Context, c Caller, u storage.User, was time.Time) error {
	old, err := h.userFor(ctx, c, UserUpdate, u.ID)
	if err != nil {
		return err
	}
	if !old.UpdatedAt.Equal(was) {
		return storage.ErrConflict
	}
	if err := h.checkUser(ctx, u.CompanyID, u.Locale, u.Roles); err != nil {
		return err
	}
	u, err = identity.CanonicalUser(u)
	if err != nil {
		return err
	}
	changed := changedOf(old, u)
	if len(changed) == 0 {
		return nil
	}
	u.UpdatedAt = h.after(old.UpdatedAt)
	detail := []string{"changed", strings.Join(changed, " ")}
	if slices.Contains(changed, "roles") {
		detail = append(detail, "roles", strings.Join(u.Roles, " "))
	}
	return h.Store.UpdateUser(h.audited(ctx, c, UserUpdate, userKind, u.ID, detail...), u, was)
}

// changedOf returns the names of the fields in which two records of a person differ: never the values.
func changedOf(a, b storage.User) (names []string) {
	for _, f := range []struct {
		name string
		same bool
	}{
		{"email", a.Email == b.Email}, {"email_verified", a.EmailVerified == b.EmailVerified},
		{"phone", a.Phone == b.Phone}, {"phone_verified", a.PhoneVerified == b.PhoneVerified},
		{"first_name", a.FirstName == b.FirstName}, {"last_name", a.LastName == b.LastName}, {"locale", a.Locale == b.Locale},
		{"company", a.CompanyID == b.CompanyID}, {"roles", slices.Equal(a.Roles, b.Roles)},
		{"attributes", len(a.Attributes) == 0 && len(b.Attributes) == 0 || reflect.DeepEqual(a.Attributes, b.Attributes)},
	} {
		if !f.same {
			names = append(names, f.name)
		}
	}
	return names
}

// DisableUser closes an account: its sessions end, its tokens are dead while it is closed.
func (h *House) DisableUser(ctx context.Context, c Caller, name string) (storage.User, error) {
	u, err := h.userFor(ctx, c, UserDisable, name)
	if err != nil {
		return u, err
	}
	if u.Disabled { // nothing changes, and nothing is told
		return u, nil
	}
	return u, h.People.Disable(h.audited(ctx, c, UserDisable, userKind, u.ID), u.ID)
}

// EnableUser opens an account again.
func (h *House) EnableUser(ctx context.Context, c Caller, name string) (storage.User, error) {
	u, err := h.userFor(ctx, c, UserEnable, name)
	if err != nil {
		return u, err
	}
	if !u.Disabled {
		return u, nil
	}
	return u, h.People.Enable(h.audited(ctx, c, UserEnable, userKind, u.ID), u.ID)
}

// SetPassword replaces a person's password, and ends their sessions. An *identity.Invalid for one that is too weak.
func (h *House) SetPassword(ctx context.Context, c Caller, name, password string) (storage.User, error) {
	u, err := h.userFor(ctx, c, UserSetPassword, name)
	if err != nil {
		return u, err
	}
	return u, h.People.SetPassword(h.audited(ctx, c, UserSetPassword, userKind, u.ID), u.ID, password)
}
