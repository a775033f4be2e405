package identity

import (
	"errors"

	"gatehouse/storage"
)

// CanonicalUser returns an account in canonical spelling, to be stored in place of what it was. An *Invalid when a value cannot be
// accepted.
func CanonicalUser(u storage.User) (storage.User, error) {
	canonical, err := NewUser{
		Email: u.Email, Phone: u.Phone, EmailVerified: u.EmailVerified, PhoneVerified: u.PhoneVerified, FirstName: u.FirstName,
		LastName: u.LastName, Locale: u.Locale, CompanyID: u.CompanyID, Roles: u.Roles, Attributes: u.Attributes,
	}.record()
	if u.TestPublisher != "" && len(u.Roles) > 0 {
		err = errors.Join(err, &Invalid{Field: "roles", Key: "problem.other", Text: "this is a publisher's test person, who has no role; leave it out"})
	}
	if u.TestPublisher != "" && u.CompanyID != "" {
		err = errors.Join(err, &Invalid{Field: "company", Key: "problem.other", Text: "this is a publisher's test person, who belongs to no company; leave it out"})
	}
	canonical.TestPublisher = u.TestPublisher
	canonical.ID, canonical.PasswordHash, canonical.Disabled, canonical.CreatedAt, canonical.UpdatedAt = u.ID, u.PasswordHash, u.Disabled, u.CreatedAt, u.UpdatedAt
	return canonical, err
}
