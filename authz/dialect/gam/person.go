package gam

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gatehouse/authz"
	"gatehouse/registry"
)

// userInfo is a person as GAM writes them. What was not allowed, or what a person does not have, is left out; only guid is
// always there, and empty where it is not shared.
type userInfo struct {
	GUID              string      `json:"guid"`
	Username          string      `json:"username,omitempty"`
	Name              string      `json:"name,omitempty"`
	Email             string      `json:"email,omitempty"`
	VerifiedEmail     *bool       `json:"verified_email,omitempty"`
	FirstName         string      `json:"first_name,omitempty"`
	LastName          string      `json:"last_name,omitempty"`
	ExternalID        string      `json:"external_id,omitempty"`
	Birthday          string      `json:"birthday,omitempty"` // 2000-01-31
	Gender            string      `json:"gender,omitempty"`   // N, M or F
	URLImage          string      `json:"url_image,omitempty"`
	URLProfile        string      `json:"url_profile,omitempty"`
	Phone             string      `json:"phone,omitempty"`
	Address           string      `json:"address,omitempty"`
	City              string      `json:"city,omitempty"`
	State             string      `json:"state,omitempty"`
	PostCode          string      `json:"post_code,omitempty"`
	Language          string      `json:"language,omitempty"`
	Timezone          string      `json:"timezone,omitempty"`
	ApplicationData   string      `json:"application_data,omitempty"`
	CustomInfo        string      `json:"custominfo,omitempty"` // JSON inside a string, or any text
	Roles             []string    `json:"roles,omitempty"`
	Attributes        []attribute `json:"attributes,omitempty"`
	InitialProperties []property  `json:"initial_properties,omitempty"`
}

// attribute is a dynamic attribute of a person: one value, or several that have names of their own.
type attribute struct {
	ID           string     `json:"Id"`
	IsMultiValue bool       `json:"IsMultiValue"`
	Value        string     `json:"Value"`
	MultiValues  []property `json:"MultiValues,omitempty"`
}

// property is a value with a name.
type property struct {
	ID    string `json:"Id"`
	Value string `json:"Value"`
}

// Scopes that share a person's IDs, beside those that share everything.
var (
	sharesGUID       = []string{"user_guid", "gam_user_data", "fullcontrol"}
	sharesExternalID = []string{"user_external_id", "gam_user_data", "fullcontrol"}
)

// userInfoOf writes what was allowed, which is in the claims, in GAM's words. Claims that GAM has no property for are the
// operator's own, such as what user_EmployeeID releases, and become attributes.
func userInfoOf(a *authz.Answer) userInfo {
	if a.Person == nil { // a company's
		return userInfo{}
	}
	rest := claims(maps.Clone(a.Claims))
	info := userInfo{
		Username: rest.text("preferred_username"), Email: rest.text("email"), VerifiedEmail: rest.bool("email_verified"),
		FirstName: rest.text("given_name"), LastName: rest.text("family_name"),
		Birthday: rest.text("birthdate"), Gender: gender(rest.text("gender")),
		URLImage: rest.text("picture"), URLProfile: rest.text("profile"), Phone: rest.text("phone_number"),
		Address: street(rest.take("address")), City: rest.text("city"), State: rest.text("state"), PostCode: rest.text("post_code"),
		Language: rest.text("locale"), Timezone: rest.text("zoneinfo"),
		ApplicationData: rest.text("application_data"), CustomInfo: rest.text("custominfo"),
		InitialProperties: properties(rest.take("initial_properties")),
	}
	info.GUID, info.ExternalID = identifiers(a)
	if name := rest.text("name"); slices.Contains(a.Scope, "user_name") { // no property of gam_user_data
		info.Name = name
	}
	info.Roles, _ = rest.take("roles").([]string)
	for _, without := range []string{"sub", "unionid", "phone_number_verified", "updated_at"} {
		rest.take(without)
	}
	all, _ := rest.take("attributes").(map[string]any)
	info.Attributes = attributes(all, rest)
	// Who has no custominfo has their attributes there too, where both were allowed: clients look in either place.
	if info.CustomInfo == "" && len(all) > 0 && slices.Contains(a.Allowed, "custominfo") {
		info.CustomInfo = text(all)
	}
	return info
}

// identifiers are a person's guid and external_id. A client that is not told user IDs ("do not share user IDs") gets no
// guid, and an external_id that is there for it alone, whatever was asked.
func identifiers(a *authz.Answer) (guid, externalID string) {
	if a.Client.SubjectType == registry.SubjectPairwise {
		return "", a.Subject
	}
	for _, scope := range a.Scope {
		if slices.Contains(sharesGUID, scope) {
			guid = a.Subject
		}
		if slices.Contains(sharesExternalID, scope) {
			externalID = a.Subject
		}
	}
	return guid, externalID
}

// claims are those that have no place in the answer yet.
type claims map[string]any

func (c claims) take(name string) any {
	value := c[name]
	delete(c, name)
	return value
}

func (c claims) text(name string) string { return text(c.take(name)) }

func (c claims) bool(name string) *bool {
	if value, ok := c.take(name).(bool); ok {
		return &value
	}
	return nil
}

// text writes a value as GAM does, which knows no other type: JSON where it is no text.
func text(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(value) != nil {
		return "" // not what JSON was decoded to
	}
	return strings.TrimSpace(b.String())
}

// gender is OIDC's in GAM's letters (OIDC Core §5.1); what is neither is N, not specified.
func gender(claim string) string {
	switch strings.ToLower(claim) {
	case "":
		return ""
	case "female", "f":
		return "F"
	case "male", "m":
		return "M"
	}
	return "N"
}

// street is GAM's address of an OIDC one (OIDC Core §5.1.1); the city and the rest have scopes of their own.
func street(address any) string {
	object, ok := address.(map[string]any)
	if !ok {
		return text(address)
	}
	if s := text(object["street_address"]); s != "" {
		return s
	}
	return text(object["formatted"])
}

// attributes lists attributes, by name.
func attributes(all ...map[string]any) []attribute {
	values := make(map[string]any)
	for _, some := range all {
		maps.Copy(values, some)
	}
	var list []attribute
	for _, id := range slices.Sorted(maps.Keys(values)) {
		a := attribute{ID: id, MultiValues: properties(values[id])}
		if a.IsMultiValue = a.MultiValues != nil; !a.IsMultiValue {
			a.Value = text(values[id])
		}
		list = append(list, a)
	}
	return list
}

// properties are the members of an object by name, or those of a list by the Id that they have, else by position, from 1
// on; nil for anything else.
func properties(value any) []property {
	list := []property{}
	switch value := value.(type) {
	case map[string]any:
		for _, id := range slices.Sorted(maps.Keys(value)) {
			list = append(list, property{ID: id, Value: text(value[id])})
		}
	case []any:
		for i, v := range value {
			p := property{ID: strconv.Itoa(i + 1), Value: text(v)}
			if stored, ok := v.(map[string]any); ok && text(stored["Id"]) != "" { // as GAM has them
				p = property{ID: text(stored["Id"]), Value: text(stored["Value"])}
			}
			list = append(list, p)
		}
	default:
		return nil
	}
	return list
}
