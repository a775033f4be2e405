package claims

import (
	"slices"
	"strings"

	"gatehouse/storage"
)

// protocol lists the claims that say something about a token, never about a person. No scope releases them and no
// attribute can take their name (RFC 7519 §4.1, OIDC Core §2, RFC 7662 §2.2).
var protocol = []string{
	"iss", "aud", "exp", "nbf", "iat", "jti", "azp", "nonce", "auth_time", "acr", "amr", "at_hash", "c_hash", "sid",
	"active", "scope", "client_id", "token_type", "token_kind", "cnf", "act", "may_act",
	"company_id", "company_name", "allowed_by",
}

// value returns the claim name of u as client sees it, nil when u has none. Names of OIDC Core §5.1 mean what they mean
// there, whatever an attribute of that name holds; other names are attributes. It is not known when no scope may
// release it.
func (c *Claims) value(name string, u storage.User, client *storage.Client) (value any, known bool) {
	switch name {
	case "sub":
		return text(c.Subject(u.ID, client)), true
	case "unionid":
		return text(c.UnionID(u.ID, client.PublisherID)), true
	case "attributes":
		return attributes(u), true
	}
	if standard, ok := standard[name]; ok {
		return standard(u), true
	}
	if slices.Contains(protocol, name) {
		return nil, false
	}
	return present(u.Attributes[name]), true
}

// standard computes the claims that come from a person's own record.
var standard = map[string]func(u storage.User) any{
	"name":        func(u storage.User) any { return text(strings.TrimSpace(u.FirstName + " " + u.LastName)) },
	"given_name":  func(u storage.User) any { return text(u.FirstName) },
	"family_name": func(u storage.User) any { return text(u.LastName) },
	"locale":      func(u storage.User) any { return text(u.Locale) },
	"updated_at": func(u storage.User) any {
		if u.UpdatedAt.IsZero() {
			return nil
		}
		return u.UpdatedAt.Unix()
	},
	"email":                 func(u storage.User) any { return text(u.Email) },
	"email_verified":        func(u storage.User) any { return verified(u.Email, u.EmailVerified) },
	"phone_number":          func(u storage.User) any { return text(u.Phone) },
	"phone_number_verified": func(u storage.User) any { return verified(u.Phone, u.PhoneVerified) },
	"address":               address,
	"roles":                 roles,
}

// address is the address claim, which must be an object (OIDC Core §5.1.1).
func address(u storage.User) any {
	if object, ok := u.Attributes["address"].(map[string]any); ok && len(object) > 0 {
		return object
	}
	return nil
}

// roles is what GAM's gam_user_roles shares.
func roles(u storage.User) any {
	if len(u.Roles) == 0 {
		return nil
	}
	return u.Roles
}

// scoped lists the attributes that GAM has scopes for, other than gam_user_additional_data.
var scoped = []string{
	"preferred_username", "birthdate", "gender", "picture", "profile", "address", "city", "state", "post_code", "zoneinfo", "custominfo",
	"initial_properties", "application_data", "guid", "external_id",
}

// attributes is what GAM's gam_user_additional_data shares: the attributes of a person that no other of GAM's scopes
// releases, so that nobody gets around those, and that do not pass for a claim that means something else.
func attributes(u storage.User) any {
	others := make(map[string]any, len(u.Attributes))
	for name, value := range u.Attributes {
		if value = present(value); value != nil && !released(name) {
			others[name] = value
		}
	}
	if len(others) == 0 {
		return nil
	}
	return others
}

// released reports whether built-in scopes release a value of this name.
func released(name string) bool {
	_, computed := standard[name]
	return computed || slices.Contains([]string{"sub", "unionid", "attributes"}, name) || slices.Contains(scoped, name)
}

// text is a string claim; OIDC Core §5.3.2 wants empty ones left out.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// present is an attribute with its JSON type; null and the empty string count as absent (OIDC Core §5.3.2).
func present(v any) any {
	if v == "" {
		return nil
	}
	return v
}

// verified says whether an address was verified, where there is one.
func verified(address string, is bool) any {
	if address == "" {
		return nil
	}
	return is
}
