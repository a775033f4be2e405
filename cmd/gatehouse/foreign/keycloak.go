package foreign

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/registry"
	"gatehouse/storage"
)

// keycloakClient is a ClientRepresentation of Keycloak's admin API, as a realm export has them under clients.
type keycloakClient struct {
	ClientID                  string   `json:"clientId"`
	Name                      string   `json:"name"`
	RootURL                   string   `json:"rootUrl"`
	BaseURL                   string   `json:"baseUrl"`
	Enabled                   *bool    `json:"enabled"` // true when left out
	Protocol                  string   `json:"protocol"`
	ClientAuthenticatorType   string   `json:"clientAuthenticatorType"`
	Secret                    string   `json:"secret"`
	RedirectURIs              []string `json:"redirectUris"`
	BearerOnly                bool     `json:"bearerOnly"`
	PublicClient              bool     `json:"publicClient"`
	StandardFlowEnabled       *bool    `json:"standardFlowEnabled"` // true when left out
	ImplicitFlowEnabled       bool     `json:"implicitFlowEnabled"`
	DirectAccessGrantsEnabled bool     `json:"directAccessGrantsEnabled"`
	ServiceAccountsEnabled    bool     `json:"serviceAccountsEnabled"`
	DefaultClientScopes       []string `json:"defaultClientScopes"`
	OptionalClientScopes      []string `json:"optionalClientScopes"`
	Attributes                texts    `json:"attributes"`
	ProtocolMappers           []struct {
		Name   string `json:"name"`
		Mapper string `json:"protocolMapper"`
	} `json:"protocolMappers"`
}

var (
	// keycloakOwn are the clients of every realm.
	keycloakOwn = []string{"account", "account-console", "admin-cli", "broker", "realm-management", "security-admin-console"}
	// keycloakTechnical are scopes of every client that release nothing of a person.
	keycloakTechnical = []string{"acr", "basic", "roles", "web-origins", "service_account"}
)

// Keycloak reads a realm's export, or that of a client. Keycloak's own clients are left out.
func Keycloak(raw []byte, catalogue *registry.Catalogue, now time.Time) (File, error) {
	list, err := readList(raw, "clients", func(k keycloakClient) bool { return k.ClientID != "" })
	if err != nil {
		return File{}, err
	}
	var file File
	for _, k := range list {
		if slices.Contains(keycloakOwn, k.ClientID) {
			file.Own = append(file.Own, k.ClientID)
		} else {
			file.Clients = append(file.Clients, k.client(catalogue, now))
		}
	}
	return file, nil
}

func (k keycloakClient) client(catalogue *registry.Catalogue, now time.Time) Client {
	c := Client{ID: k.ClientID}
	r := &c.Record
	r.ID, r.Name, r.Public = k.ClientID, k.Name, k.PublicClient
	if r.Name == "" || strings.HasPrefix(r.Name, "${") { // a text of Keycloak's own catalogs
		r.Name = k.ClientID
	}
	switch {
	case k.Protocol != "" && k.Protocol != "openid-connect":
		c.skip("protocol: %s is not spoken here", k.Protocol)
		return c
	case k.BearerOnly:
		c.skip("bearerOnly: an API that gets tokens is no mini app; where it introspects them, register it with gatehouse client create --resource-server")
		return c
	}
	if k.Enabled != nil && !*k.Enabled {
		r.Status = storage.StatusSuspended
		c.decide("enabled", "false", "it is suspended here; gatehouse client reinstate %s lets it work", c.ID)
	}
	r.RefreshReuseGrace = registry.DefaultRefreshReuseGrace
	k.authentication(&c)
	k.grants(&c)
	k.addresses(&c)
	if slices.Contains(r.GrantTypes, registry.GrantAuthorizationCode) {
		r.Scopes = []storage.ClientScope{{Name: registry.ScopeOpenID}} // which Keycloak has no scope for
	}
	c.addScopes(catalogue, slices.Concat(k.DefaultClientScopes, k.OptionalClientScopes), keycloakTechnical)
	k.tokens(&c)
	c.addSecret("secret", k.Secret, now)
	c.settle(catalogue)
	return c
}

func (k keycloakClient) authentication(c *Client) {
	challenge := k.Attributes["pkce.code.challenge.method"]
	switch {
	case k.PublicClient && challenge != "S256":
		c.decide("pkce.code.challenge.method", challenge, "a public client has to use PKCE with S256 here")
	case !k.PublicClient && challenge != "S256":
		c.Record.PKCE = registry.PKCEOptional
		c.decide("pkce.code.challenge.method", challenge, "it may come without PKCE, as there; once it sends code_challenge, run gatehouse client update %s --pkce required", c.ID)
	}
	if kind := k.ClientAuthenticatorType; !k.PublicClient && kind != "" && kind != "client-secret" {
		c.skip("clientAuthenticatorType: %s is not possible here; let the mini app use a secret, and register it with gatehouse client create", kind)
	}
}

func (k keycloakClient) grants(c *Client) {
	grants := &c.Record.GrantTypes
	if k.StandardFlowEnabled == nil || *k.StandardFlowEnabled {
		*grants = append(*grants, registry.GrantAuthorizationCode)
		if k.Attributes["use.refresh.tokens"] != "false" {
			*grants = append(*grants, registry.GrantRefreshToken)
		}
	}
	if k.ServiceAccountsEnabled {
		*grants = append(*grants, registry.GrantClientCredentials)
	}
	for _, other := range []struct {
		is    bool
		field string
	}{
		{k.ImplicitFlowEnabled, "implicitFlowEnabled"},
		{k.DirectAccessGrantsEnabled, "directAccessGrantsEnabled"},
		{k.Attributes["oauth2.device.authorization.grant.enabled"] == "true", "oauth2.device.authorization.grant.enabled"},
		{k.Attributes["oidc.ciba.grant.enabled"] == "true", "oidc.ciba.grant.enabled"},
	} {
		if other.is {
			c.decide(other.field, "true", "is not possible here; the mini app has to use the authorization code with PKCE (RFC 9700 §2.1)")
		}
	}
	if len(*grants) == 0 && c.Skipped == "" {
		c.skip("standardFlowEnabled: it has no flow that is possible here")
	}
}

// addresses are where browsers are sent. Keycloak lets them be relative to rootUrl.
func (k keycloakClient) addresses(c *Client) {
	r := &c.Record
	var redirects, logouts []string
	for _, uri := range k.RedirectURIs {
		redirects = append(redirects, k.absolute(uri))
	}
	c.addRedirects("redirectUris", &r.RedirectURIs, redirects)
	for uri := range strings.SplitSeq(k.Attributes["post.logout.redirect.uris"], "##") {
		switch uri {
		case "", "-":
		case "+": // the same
			logouts = append(logouts, redirects...)
		default:
			logouts = append(logouts, k.absolute(uri))
		}
	}
	c.addRedirects("post.logout.redirect.uris", &r.PostLogoutRedirectURIs, logouts)
	r.ClientURI = k.absolute(k.BaseURL)
	r.LogoURI, r.PolicyURI, r.TOSURI = k.Attributes["logoUri"], k.Attributes["policyUri"], k.Attributes["tosUri"]
}

func (k keycloakClient) absolute(uri string) string {
	root, err := url.Parse(k.RootURL)
	if err != nil || !strings.HasPrefix(uri, "/") || root.Host == "" {
		return uri
	}
	return strings.TrimSuffix(k.RootURL, "/") + uri
}

func (k keycloakClient) tokens(c *Client) {
	r := &c.Record
	r.IDTokenAlg = registry.AlgRS256 // Keycloak's own default, so what the mini app verifies
	switch alg := k.Attributes["id.token.signed.response.alg"]; alg {
	case "", registry.AlgRS256:
	case registry.AlgES256:
		r.IDTokenAlg = alg
	default:
		c.decide("id.token.signed.response.alg", alg, "is not possible here; ID tokens are signed with RS256, or with ES256 by gatehouse client update")
	}
	if text := k.Attributes["access.token.lifespan"]; text != "" {
		if seconds, err := strconv.Atoi(text); err == nil && seconds > 0 {
			r.AccessTokenLifetime = storage.Lifetime(time.Duration(seconds) * time.Second)
		} else {
			c.decide("access.token.lifespan", text, "was left out; set access_token_lifetime with gatehouse client update where the server's own does not do")
		}
	}
	for _, m := range k.ProtocolMappers {
		if strings.Contains(m.Mapper, "pairwise") {
			r.SubjectType = registry.SubjectPairwise
			continue
		}
		c.decide("protocolMappers", m.Name, "claims come from scopes here; declare a scope with this claim in a seed file, and add it to the mini app")
	}
}
