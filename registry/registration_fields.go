package registry

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"gatehouse/storage"
)

// Changed returns the names of the seed keys in which two registrations differ, in order.
func Changed(a, b storage.Client) []string {
	var names []string
	for _, f := range fields {
		if !same(f.of(a), f.of(b)) {
			names = append(names, f.name)
		}
	}
	return names
}

func same(a, b any) bool {
	if empty(a) && empty(b) {
		return true
	}
	return reflect.DeepEqual(a, b)
}

func empty(v any) bool { return v == nil || reflect.ValueOf(v).IsZero() || length(v) == 0 }

// length is that of a list or a map, -1 of anything else.
func length(v any) int {
	switch value := reflect.ValueOf(v); value.Kind() {
	case reflect.Slice, reflect.Map:
		return value.Len()
	}
	return -1
}

// field is one part of a registration.
type field struct {
	name  string // the seed key
	at    func(*storage.Client) any
	plain func(any) any // makes spellings of the same value the same; nil: each is another value
}

// of returns the part as it is compared.
func (f field) of(c storage.Client) any {
	value := reflect.ValueOf(f.at(&c)).Elem().Interface()
	if f.plain != nil {
		return f.plain(value)
	}
	return value
}

// copy gives to the part as from has it.
func (f field) copy(to *storage.Client, from storage.Client) {
	reflect.ValueOf(f.at(to)).Elem().Set(reflect.ValueOf(f.at(&from)).Elem())
}

// set gives value to the part.
func (f field) set(to *storage.Client, value any) {
	reflect.ValueOf(f.at(to)).Elem().Set(reflect.ValueOf(value))
}

// fields are all parts of a registration, in the order of the seed keys. A test holds it to storage.Client.
var fields = []field{
	{name: "name", at: func(c *storage.Client) any { return &c.Name }},
	{name: "names", at: func(c *storage.Client) any { return &c.Names }},
	{name: "publisher", at: func(c *storage.Client) any { return &c.PublisherID }},
	{name: "public", at: func(c *storage.Client) any { return &c.Public }},
	{name: "redirect_uris", at: func(c *storage.Client) any { return &c.RedirectURIs }},
	{name: "grant_types", at: func(c *storage.Client) any { return &c.GrantTypes }},
	{name: "token_types", at: func(c *storage.Client) any { return &c.TokenTypes }},
	{name: "token_endpoint_auth_method", at: func(c *storage.Client) any { return &c.TokenEndpointAuthMethod }},
	{name: "scopes", at: func(c *storage.Client) any { return &c.Scopes }, plain: func(v any) any { return plainScopes(v.([]storage.ClientScope)) }},
	{name: "subject_type", at: func(c *storage.Client) any { return &c.SubjectType }},
	{name: "resource_server", at: func(c *storage.Client) any { return &c.ResourceServer }},
	{name: "first_party", at: func(c *storage.Client) any { return &c.FirstParty }},
	{name: "pkce", at: func(c *storage.Client) any { return &c.PKCE }},
	{name: "id_token_signed_response_alg", at: func(c *storage.Client) any { return &c.IDTokenAlg }},
	{name: "access_token_lifetime", at: func(c *storage.Client) any { return &c.AccessTokenLifetime }},
	{name: "refresh_token_lifetime", at: func(c *storage.Client) any { return &c.RefreshTokenLifetime }},
	{name: "code_lifetime", at: func(c *storage.Client) any { return &c.CodeLifetime }},
	{name: "refresh_reuse_grace", at: func(c *storage.Client) any { return &c.RefreshReuseGrace }},
	{name: "logo_uri", at: func(c *storage.Client) any { return &c.LogoURI }},
	{name: "client_uri", at: func(c *storage.Client) any { return &c.ClientURI }},
	{name: "policy_uri", at: func(c *storage.Client) any { return &c.PolicyURI }},
	{name: "tos_uri", at: func(c *storage.Client) any { return &c.TOSURI }},
	{name: "contacts", at: func(c *storage.Client) any { return &c.Contacts }},
	{name: "post_logout_redirect_uris", at: func(c *storage.Client) any { return &c.PostLogoutRedirectURIs }},
	{name: "initiate_login_uri", at: func(c *storage.Client) any { return &c.InitiateLoginURI }},
	{name: "jwks", at: func(c *storage.Client) any { return &c.JWKS }, plain: func(v any) any { return compact(v.(json.RawMessage)) }},
	{name: "jwks_uri", at: func(c *storage.Client) any { return &c.JWKSURI }},
	{name: "webhook_uri", at: func(c *storage.Client) any { return &c.WebhookURI }},
	{name: "dialects", at: func(c *storage.Client) any { return &c.Dialects }, plain: func(v any) any { return compactAll(v.(map[string]json.RawMessage)) }},
}

// plainScopes makes a purpose that is missing and one that is empty the same.
func plainScopes(scopes []storage.ClientScope) []storage.ClientScope {
	plain := slices.Clone(scopes)
	for i := range plain {
		if len(plain[i].Purpose) == 0 {
			plain[i].Purpose = nil
		}
	}
	return plain
}

// compact makes two spellings of the same JSON the same.
func compact(raw json.RawMessage) any {
	var v any
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	if decoder.Decode(&v) != nil {
		return nil
	}
	return v
}

func compactAll(all map[string]json.RawMessage) map[string]any {
	values := make(map[string]any, len(all))
	for name, raw := range all {
		values[name] = compact(raw)
	}
	return values
}
