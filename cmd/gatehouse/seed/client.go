package seed

import (
	"bytes"
	"encoding/json"
	"time"

	"gatehouse/registry"
	"gatehouse/storage"
)

// Client returns the record that the entry describes, without secrets and before registry.Defaults.
func (c Client) Client() storage.Client {
	grace := registry.DefaultRefreshReuseGrace
	if c.RefreshReuseGrace != nil {
		grace = time.Duration(*c.RefreshReuseGrace)
	}
	record := storage.Client{
		ID: c.ClientID, Name: c.Name, Names: c.Names, PublisherID: c.Publisher, Public: c.Public,
		RedirectURIs: c.RedirectURIs, GrantTypes: c.GrantTypes, TokenTypes: c.TokenTypes,
		TokenEndpointAuthMethod: c.TokenEndpointAuthMethod, SubjectType: c.SubjectType, Status: c.Status,
		ResourceServer: c.ResourceServer, FirstParty: c.FirstParty, PKCE: c.PKCE, IDTokenAlg: c.IDTokenAlg,
		AccessTokenLifetime: storage.Lifetime(c.AccessTokenLifetime), RefreshTokenLifetime: storage.Lifetime(c.RefreshTokenLifetime),
		CodeLifetime: storage.Lifetime(c.CodeLifetime), RefreshReuseGrace: grace,
		LogoURI: c.LogoURI, ClientURI: c.ClientURI, PolicyURI: c.PolicyURI, TOSURI: c.TOSURI, Contacts: c.Contacts,
		PostLogoutRedirectURIs: c.PostLogoutRedirectURIs, InitiateLoginURI: c.InitiateLoginURI,
		JWKS: rawOf(c.JWKS), JWKSURI: c.JWKSURI, WebhookURI: c.WebhookURI, Dialects: c.Dialects.settings(),
	}
	for _, s := range c.Scopes {
		record.Scopes = append(record.Scopes, storage.ClientScope(s))
	}
	return record
}

// WithSecret returns the record with the entry's secret, made at now.
func (c Client) WithSecret(now time.Time) storage.Client {
	record := c.Client()
	record.Secrets = c.secrets(now)
	return record
}

// ClientOf returns the entry that describes a record, without its secrets.
func ClientOf(c storage.Client) Client {
	grace := Duration(c.RefreshReuseGrace)
	entry := Client{
		ClientID: c.ID, Name: c.Name, Names: c.Names, Publisher: c.PublisherID, Public: c.Public,
		RedirectURIs: c.RedirectURIs, GrantTypes: c.GrantTypes, TokenTypes: c.TokenTypes,
		TokenEndpointAuthMethod: c.TokenEndpointAuthMethod, SubjectType: c.SubjectType, Status: c.Status,
		ResourceServer: c.ResourceServer, FirstParty: c.FirstParty, PKCE: c.PKCE, IDTokenAlg: c.IDTokenAlg,
		AccessTokenLifetime: Lifetime(c.AccessTokenLifetime), RefreshTokenLifetime: Lifetime(c.RefreshTokenLifetime),
		CodeLifetime: Lifetime(c.CodeLifetime), RefreshReuseGrace: &grace,
		LogoURI: c.LogoURI, ClientURI: c.ClientURI, PolicyURI: c.PolicyURI, TOSURI: c.TOSURI, Contacts: c.Contacts,
		PostLogoutRedirectURIs: c.PostLogoutRedirectURIs, InitiateLoginURI: c.InitiateLoginURI,
		JWKS: attributesOf(c.JWKS), JWKSURI: c.JWKSURI, WebhookURI: c.WebhookURI, Dialects: dialectsOf(c.Dialects),
	}
	for _, s := range c.Scopes {
		entry.Scopes = append(entry.Scopes, ClientScope(s))
	}
	return entry
}

// rawOf returns a map as JSON, nothing for an empty one.
func rawOf(a Attributes) json.RawMessage {
	if len(a) == 0 {
		return nil
	}
	raw, err := json.Marshal(a)
	if err != nil {
		return nil // what plain returns can always be marshalled
	}
	return raw
}

func attributesOf(raw json.RawMessage) Attributes {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var a map[string]any
	if decoder.Decode(&a) != nil {
		return nil
	}
	m, _ := settled(a).(map[string]any)
	return m
}

// settings returns the dialects as they are stored: each vendor's settings as JSON.
func (d Dialects) settings() map[string]json.RawMessage {
	raw, err := json.Marshal(d)
	if err != nil {
		return nil // texts, truth values and lists only
	}
	var settings map[string]json.RawMessage
	if json.Unmarshal(raw, &settings) != nil || len(settings) == 0 {
		return nil
	}
	return settings
}

func dialectsOf(settings map[string]json.RawMessage) Dialects {
	var d Dialects
	if raw, err := json.Marshal(settings); err == nil {
		_ = json.Unmarshal(raw, &d) // what an older program has written otherwise shows as left out
	}
	return d
}
