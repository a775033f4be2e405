package seed

import (
	"slices"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/text/language"

	"gatehouse/identity"
	"gatehouse/storage"
)

var roles = []string{storage.RoleCompanyAdmin, storage.RoleDeveloper, storage.RoleReviewer, storage.RoleAdmin}

// canonical brings an entry into the spelling that is kept, and reports what cannot be accepted.
func (p *planner) canonical(at place, u *User) {
	if u.Email == "" && u.Phone == "" {
		p.wrong(at, "email", "is missing; an account needs an e-mail address, or at least a phone number")
	}
	name := func(s string) (string, error) { return identity.CanonicalName("name", s) }
	p.spell(at, "email", &u.Email, identity.CanonicalEmail)
	p.spell(at, "phone", &u.Phone, identity.CanonicalPhone)
	p.spell(at, "first_name", &u.FirstName, name)
	p.spell(at, "last_name", &u.LastName, name)
	p.checkRoles(at, u.Roles)
	if u.Password != "" && u.PasswordHash != "" {
		p.wrong(at, "password_hash", "password is there too; leave one out")
	}
	if u.PasswordHash != "" && identity.CheckHash(u.PasswordHash) != nil {
		p.wrong(at, "password_hash", "is no argon2id or bcrypt hash of bounded cost")
	}
	if _, err := language.Parse(u.Locale); u.Locale != "" && err != nil {
		p.wrong(at, "locale", "is not a language tag; use one such as en or pt-BR")
	}
	if id, err := uuid.Parse(u.ID); u.ID != "" && (err != nil || id.String() != u.ID) {
		p.wrong(at, "id", "is not a UUID in lower case; leave it out and one is chosen")
	}
}

// spell replaces a value that is there by its canonical spelling.
func (p *planner) spell(at place, field string, value *string, canonical func(string) (string, error)) {
	if *value == "" {
		return
	}
	spelled, err := canonical(*value)
	for _, invalid := range identity.Invalids(err) {
		p.wrong(at, field, "%s", invalid.Text)
	}
	*value = spelled
}

func (p *planner) checkRoles(at place, given []string) {
	for i, role := range given {
		switch {
		case !slices.Contains(roles, role):
			p.wrong(at, "roles", "%q is not a role; use %s", role, strings.Join(roles, ", "))
		case slices.Contains(given[:i], role):
			p.wrong(at, "roles", "%q is there twice; leave one out", role)
		}
	}
}
