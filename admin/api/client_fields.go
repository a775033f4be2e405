package api

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"gatehouse/registry"
	"gatehouse/storage"
)

// clientFields is a mini app's registration, under the names of RFC 7591 §2 where it has one. Names in other languages are
// beside it: client_name#es.
type clientFields struct {
	ClientID                string                     `json:"client_id,omitempty"`
	Name                    string                     `json:"client_name,omitempty"`
	Publisher               string                     `json:"publisher,omitempty"`
	RedirectURIs            []string                   `json:"redirect_uris,omitempty"`
	GrantTypes              []string                   `json:"grant_types,omitempty"`
	TokenTypes              []string                   `json:"token_types,omitempty"`
	TokenEndpointAuthMethod string                     `json:"token_endpoint_auth_method,omitempty"`
	Scopes                  []scopeField               `json:"scopes,omitempty"`
	SubjectType             string                     `json:"subject_type,omitempty"`
	Status                  string                     `json:"status,omitempty"`
	ResourceServer          bool                       `json:"resource_server,omitempty"`
	FirstParty              bool                       `json:"first_party,omitempty"`
	PKCE                    string                     `json:"pkce,omitempty"`
	IDTokenAlg              string                     `json:"id_token_signed_response_alg,omitempty"`
	AccessTokenLifetime     lifetime                   `json:"access_token_lifetime,omitempty"`
	RefreshTokenLifetime    lifetime                   `json:"refresh_token_lifetime,omitempty"`
	CodeLifetime            lifetime                   `json:"code_lifetime,omitempty"`
	RefreshReuseGrace       *span                      `json:"refresh_reuse_grace,omitempty"`
	LogoURI                 string                     `json:"logo_uri,omitempty"`
	ClientURI               string                     `json:"client_uri,omitempty"`
	PolicyURI               string                     `json:"policy_uri,omitempty"`
	TOSURI                  string                     `json:"tos_uri,omitempty"`
	Contacts                []string                   `json:"contacts,omitempty"`
	PostLogoutRedirectURIs  []string                   `json:"post_logout_redirect_uris,omitempty"`
	InitiateLoginURI        string                     `json:"initiate_login_uri,omitempty"`
	JWKS                    json.RawMessage            `json:"jwks,omitempty"`
	JWKSURI                 string                     `json:"jwks_uri,omitempty"`
	WebhookURI              string                     `json:"webhook_uri,omitempty"`
	Dialects                map[string]json.RawMessage `json:"dialects,omitempty"`
}

// scopeField is a scope that a mini app may ask for.
type scopeField struct {
	Name     string            `json:"name"`
	Required bool              `json:"required,omitempty"`
	Purpose  map[string]string `json:"purpose,omitempty"`
}

const namePrefix = "client_name#" // RFC 7591 §2.2

// fieldsOfClient are the members of a registration that every language has, with the secrets among its settings, which are sealed.
func fieldsOfClient(c storage.Client) clientFields {
	grace := span(c.RefreshReuseGrace)
	f := clientFields{
		ClientID: c.ID, Name: c.Name, Publisher: c.PublisherID, RedirectURIs: c.RedirectURIs, GrantTypes: c.GrantTypes, TokenTypes: c.TokenTypes,
		TokenEndpointAuthMethod: c.TokenEndpointAuthMethod, SubjectType: c.SubjectType, Status: c.Status, ResourceServer: c.ResourceServer,
		FirstParty: c.FirstParty, PKCE: c.PKCE, IDTokenAlg: c.IDTokenAlg, AccessTokenLifetime: lifetime(c.AccessTokenLifetime),
		RefreshTokenLifetime: lifetime(c.RefreshTokenLifetime), CodeLifetime: lifetime(c.CodeLifetime), RefreshReuseGrace: &grace,
		LogoURI: c.LogoURI, ClientURI: c.ClientURI, PolicyURI: c.PolicyURI, TOSURI: c.TOSURI, Contacts: c.Contacts,
		PostLogoutRedirectURIs: c.PostLogoutRedirectURIs, InitiateLoginURI: c.InitiateLoginURI, JWKS: c.JWKS, JWKSURI: c.JWKSURI,
		WebhookURI: c.WebhookURI, Dialects: c.Dialects,
	}
	for _, s := range c.Scopes {
		f.Scopes = append(f.Scopes, scopeField(s))
	}
	return f
}

// clientObject is a registration that a merge patch can be applied to, with the secrets among its settings, which are sealed.
func clientObject(c storage.Client) (object, error) {
	o, err := asObject(fieldsOfClient(c))
	if err != nil {
		return nil, err
	}
	return withNames(o, c), nil
}

// withNames adds a mini app's names in other languages (RFC 7591 §2.2).
func withNames(o object, c storage.Client) object {
	for tag, name := range c.Names {
		o[namePrefix+tag] = name
	}
	return o
}

// clientOf is the registration that an object describes, on top of what is not part of one.
func clientOf(o object, c storage.Client) (storage.Client, error) {
	names, problems := make(map[string]string), registry.Problems(nil)
	rest := make(object, len(o))
	for member, value := range o {
		tag, translated := strings.CutPrefix(member, namePrefix)
		name, is := value.(string)
		switch {
		case !translated:
			rest[member] = value
		case is:
			names[tag] = name
		case value != nil:
			problems = append(problems, registry.Problem{Field: member, Text: "must be a text"})
		}
	}
	f, err := into[clientFields](rest)
	if len(problems) > 0 {
		return c, invalid(problems)
	}
	if err != nil {
		return c, err
	}
	if len(names) == 0 {
		names = nil
	}
	return f.client(names, c), nil
}

func (f clientFields) client(names map[string]string, c storage.Client) storage.Client {
	grace := registry.DefaultRefreshReuseGrace
	if f.RefreshReuseGrace != nil {
		grace = time.Duration(*f.RefreshReuseGrace)
	}
	c.ID, c.Status = f.ClientID, f.Status
	c.Name, c.Names, c.PublisherID, c.RedirectURIs, c.GrantTypes, c.TokenTypes = f.Name, names, f.Publisher, f.RedirectURIs, f.GrantTypes, f.TokenTypes
	c.TokenEndpointAuthMethod, c.Public = f.TokenEndpointAuthMethod, f.TokenEndpointAuthMethod == registry.MethodNone
	c.SubjectType, c.ResourceServer, c.FirstParty, c.PKCE, c.IDTokenAlg = f.SubjectType, f.ResourceServer, f.FirstParty, f.PKCE, f.IDTokenAlg
	c.AccessTokenLifetime, c.RefreshTokenLifetime = storage.Lifetime(f.AccessTokenLifetime), storage.Lifetime(f.RefreshTokenLifetime)
	c.CodeLifetime, c.RefreshReuseGrace = storage.Lifetime(f.CodeLifetime), grace
	c.LogoURI, c.ClientURI, c.PolicyURI, c.TOSURI, c.Contacts = f.LogoURI, f.ClientURI, f.PolicyURI, f.TOSURI, f.Contacts
	c.PostLogoutRedirectURIs, c.InitiateLoginURI = f.PostLogoutRedirectURIs, f.InitiateLoginURI
	c.JWKS, c.JWKSURI, c.WebhookURI, c.Dialects = absentIfNull(f.JWKS), f.JWKSURI, f.WebhookURI, f.Dialects
	c.Scopes = nil
	for _, s := range f.Scopes {
		c.Scopes = append(c.Scopes, storage.ClientScope(s))
	}
	return c
}

func absentIfNull(raw json.RawMessage) json.RawMessage {
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// memberOf is the member that a field of the rules, which speak of seed keys, is here.
func memberOf(field string) string {
	switch {
	case field == "name" || strings.HasPrefix(field, "name#"):
		return "client_" + field
	case strings.HasPrefix(field, "names"):
		return "client_name"
	case field == "public":
		return "token_endpoint_auth_method"
	}
	return field
}

// WithMemberNames is an error about a registration under the names of the members.
func WithMemberNames(err error) error {
	var problems registry.Problems
	if !errors.As(err, &problems) {
		return err
	}
	named := make(registry.Problems, len(problems))
	for i, p := range problems {
		named[i] = registry.Problem{Field: memberOf(p.Field), Text: p.Text}
	}
	return named
}

// span is a time, sent as a number of seconds, and as a Go duration where it has a part of one. It reads both.
type span time.Duration

// MarshalJSON implements json.Marshaler.
func (s span) MarshalJSON() ([]byte, error) {
	if d := time.Duration(s); d%time.Second != 0 {
		return json.Marshal(d.String())
	}
	return strconv.AppendInt(nil, int64(s)/int64(time.Second), 10), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *span) UnmarshalJSON(raw []byte) error {
	d, err := registry.ParseSpan(timeText(raw))
	*s = span(d)
	return err
}

// timeText is a time in JSON, which is a number or a text, as a text; nothing for anything else.
func timeText(raw []byte) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var number json.Number
	if json.Unmarshal(raw, &number) == nil {
		return number.String()
	}
	return ""
}

// lifetime is a span of at least a second, or never; zero is the server's default, which is left out.
type lifetime storage.Lifetime

// MarshalJSON implements json.Marshaler.
func (l lifetime) MarshalJSON() ([]byte, error) {
	if l == lifetime(storage.Never) {
		return json.Marshal(registry.NeverText)
	}
	return span(l).MarshalJSON()
}

// UnmarshalJSON implements json.Unmarshaler.
func (l *lifetime) UnmarshalJSON(raw []byte) error {
	d, err := registry.ParseLifetime(timeText(raw))
	*l = lifetime(d)
	return err
}
