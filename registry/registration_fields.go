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
	name string // the seed key
	of   func(storage.Client) any
}

// fields are all parts of a registration, in the order of the seed keys. A test holds it to storage.Client.
var fields = []field{
	{name: "name", of: func(c storage.Client) any { return c.Name }},
	{name: "names", of: func(c storage.Client) any { return c.Names }},
	{name: "publisher", of: func(c storage.Client) any { return c.PublisherID }},
	{name: "public", of: func(c storage.Client) any { return c.Public }},
	{name: "redirect_uris", of: func(c storage.Client) any { return c.RedirectURIs }},
	{name: "grant_types", of: func(c storage.Client) any { return c.GrantTypes }},
	{name: "token_types", of: func(c storage.Client) any { return c.TokenTypes }},
	{name: "token_endpoint_auth_method", of: func(c storage.Client) any { return c.TokenEndpointAuthMethod }},
	{name: "scopes", of: func(c storage.Client) any { return plainScopes(c.Scopes) }},
	{name: "subject_type", of: func(c storage.Client) any { return c.SubjectType }},
	{name: "resource_server", of: func(c storage.Client) any { return c.ResourceServer }},
	{name: "first_party", of: func(c storage.Client) any { return c.FirstParty }},
	{name: "pkce", of: func(c storage.Client) any { return c.PKCE }},
	{name: "id_token_signed_response_alg", of: func(c storage.Client) any { return c.IDTokenAlg }},
	{name: "access_token_lifetime", of: func(c storage.Client) any { return c.AccessTokenLifetime }},
	{name: "refresh_token_lifetime", of: func(c storage.Client) any { return c.RefreshTokenLifetime }},
	{name: "code_lifetime", of: func(c storage.Client) any { return c.CodeLifetime }},
	{name: "refresh_reuse_grace", of: func(c storage.Client) any { return c.RefreshReuseGrace }},
	{name: "logo_uri", of: func(c storage.Client) any { return c.LogoURI }},
	{name: "client_uri", of: func(c storage.Client) any { return c.ClientURI }},
	{name: "policy_uri", of: func(c storage.Client) any { return c.PolicyURI }},
	{name: "tos_uri", of: func(c storage.Client) any { return c.TOSURI }},
	{name: "contacts", of: func(c storage.Client) any { return c.Contacts }},
	{name: "post_logout_redirect_uris", of: func(c storage.Client) any { return c.PostLogoutRedirectURIs }},
	{name: "initiate_login_uri", of: func(c storage.Client) any { return c.InitiateLoginURI }},
	{name: "jwks", of: func(c storage.Client) any { return compact(c.JWKS) }},
	{name: "jwks_uri", of: func(c storage.Client) any { return c.JWKSURI }},
	{name: "webhook_uri", of: func(c storage.Client) any { return c.WebhookURI }},
	{name: "dialects", of: func(c storage.Client) any { return compactAll(c.Dialects) }},
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
