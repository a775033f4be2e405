package boxo

import (
	"slices"

	"gatehouse/authz"
	"gatehouse/registry"
)

// fields are Boxo's fields of a person, each with the claim that has its value and the one that says whether it was
// verified (OIDC Core §5.1), if it has to be.
var fields = map[string]struct{ claim, verified string }{
	registry.BoxoFieldEmail:     {"email", "email_verified"},
	registry.BoxoFieldPhone:     {"phone_number", "phone_number_verified"},
	registry.BoxoFieldFirstName: {"given_name", ""},
	registry.BoxoFieldLastName:  {"family_name", ""},
}

// standardClaims are those of OIDC Core §5.1. Boxo's format has a field for them or leaves them out.
var standardClaims = []string{
	"sub", "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website",
	"email", "email_verified", "gender", "birthdate", "zoneinfo", "locale", "phone_number", "phone_number_verified", "address", "updated_at",
}

// checkUserData refuses an answer without the fields that the mini app cannot do without: where the person did not allow
// one, and where there is none or it was not verified. A token without a person is no token here.
func checkUserData(req *authz.Request, a *authz.Answer) error {
	if a.Kind != registry.TokenUser {
		return Refuse(InvalidAccessToken, "The access token is not a person's.")
	}
	settings, _ := registry.BoxoOf(req.Client)
	for _, name := range settings.RequiredFields {
		switch {
		case !slices.Contains(a.Allowed, fields[name].claim):
			return Refuse(AccessDenied, "The person did not allow a field that the mini app requires.")
		case valueOf(a, name) == "":
			return Refuse(InvalidUserData, "The person has no field that the mini app requires, or it is not verified.")
		}
	}
	return nil
}

// encodeUserData writes what the mini app's required fields and the person's consent have in common. Without required
// fields it is all that the person allowed.
func encodeUserData(req *authz.Request, a *authz.Answer) authz.Response {
	settings, _ := registry.BoxoOf(req.Client)
	data := map[string]any{"reference": a.Subject}
	for name := range fields {
		wanted := len(settings.RequiredFields) == 0 || slices.Contains(settings.RequiredFields, name)
		if value := valueOf(a, name); wanted && value != "" {
			data[name] = value
		}
	}
	if custom := customAttributes(a.Claims); len(custom) > 0 {
		data["custom_attributes"] = custom
	}
	return authz.Response{Body: map[string]any{"user_data": data}}
}

// valueOf returns a field's value, empty where it is not allowed, not there or not verified.
func valueOf(a *authz.Answer, name string) string {
	field := fields[name]
	if field.verified != "" && a.Claims[field.verified] != true {
		return ""
	}
	value, _ := a.Claims[field.claim].(string)
	return value
}

// customAttributes returns the claims that OIDC does not define.
func customAttributes(claims map[string]any) map[string]any {
	custom := make(map[string]any)
	for name, value := range claims {
		if !slices.Contains(standardClaims, name) {
			custom[name] = value
		}
	}
	return custom
}
