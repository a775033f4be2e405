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

// UserOf returns the entry that describes an account, without its password.
func UserOf(u storage.User) User {
	attributes, _ := settled(u.Attributes).(map[string]any)
	return User{
		ID: u.ID, Email: u.Email, EmailVerified: u.EmailVerified, Phone: u.Phone, PhoneVerified: u.PhoneVerified,
		FirstName: u.FirstName, LastName: u.LastName, Locale: u.Locale, Company: u.CompanyID, Roles: u.Roles,
		Attributes: attributes, Disabled: u.Disabled,
	}
}
