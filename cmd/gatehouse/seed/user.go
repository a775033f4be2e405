package seed

import "gatehouse/storage"

// login is what names the entry in messages.
func (u User) login() string {
	if u.Email != "" {
		return u.Email
	}
	return u.Phone
}

func (u User) user() storage.User {
	return storage.User{
		ID: u.ID, Email: u.Email, EmailVerified: u.EmailVerified, Phone: u.Phone, PhoneVerified: u.PhoneVerified,
		FirstName: u.FirstName, LastName: u.LastName, Locale: u.Locale, CompanyID: u.Company, Roles: u.Roles,
		Attributes: u.Attributes, PasswordHash: u.PasswordHash, Disabled: u.Disabled,
	}
}

// Amended returns an account with what the entry says of it, but for its password and whether it is disabled.
func (u User) Amended(was storage.User) storage.User {
	is := u.user()
	is.ID, is.PasswordHash, is.Disabled, is.CreatedAt, is.UpdatedAt = was.ID, was.PasswordHash, was.Disabled, was.CreatedAt, was.UpdatedAt
	return is
}

// UserOf returns the entry that describes an account, without its password.
func UserOf(u storage.User) User {
	attributes, _ := settled(u.Attributes).(map[string]any)
	return User{
		ID: u.ID, Email: u.Email, EmailVerified: u.EmailVerified, Phone: u.Phone, PhoneVerified: u.PhoneVerified,
		FirstName: u.FirstName, LastName: u.LastName, Locale: u.Locale, Company: u.CompanyID, Roles: u.Roles,
		Attributes: attributes, Disabled: u.Disabled,
	}
}
