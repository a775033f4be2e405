package foreign

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"gatehouse/registry"
)

// hydraClient is an OAuth 2.0 client as Hydra's admin API has it (GET /admin/clients, hydra list oauth2-clients).
type hydraClient struct {
	ClientID                string          `json:"client_id"`
	ClientName              string          `json:"client_name"`
	ClientSecret            string          `json:"client_secret"`
	RedirectURIs            []string        `json:"redirect_uris"`
	PostLogoutRedirectURIs  []string        `json:"post_logout_redirect_uris"`
	GrantTypes              []string        `json:"grant_types"`
	ResponseTypes           []string        `json:"response_types"`
	Scope                   string          `json:"scope"`
	Audience                []string        `json:"audience"`
	Contacts                []string        `json:"contacts"`
	LogoURI                 string          `json:"logo_uri"`
	ClientURI               string          `json:"client_uri"`
	PolicyURI               string          `json:"policy_uri"`
	TOSURI                  string          `json:"tos_uri"`
	SubjectType             string          `json:"subject_type"`
	SectorIdentifierURI     string          `json:"sector_identifier_uri"`
	JWKS                    json.RawMessage `json:"jwks"`
	JWKSURI                 string          `json:"jwks_uri"`
	TokenEndpointAuthMethod string          `json:"token_endpoint_auth_method"`
	UserinfoSignedAlg       string          `json:"userinfo_signed_response_alg"`
	AccessTokenStrategy     string          `json:"access_token_strategy"`
	BackchannelLogoutURI    string          `json:"backchannel_logout_uri"`
	FrontchannelLogoutURI   string          `json:"frontchannel_logout_uri"`
	SkipConsent             bool            `json:"skip_consent"`
	AccessLifespan          string          `json:"authorization_code_grant_access_token_lifespan"`
	RefreshLifespan         string          `json:"refresh_token_grant_refresh_token_lifespan"`
}

// Hydra reads what `hydra list oauth2-clients --format json` prints: an object with items, or the list alone.
func Hydra(raw []byte, catalogue *registry.Catalogue, now time.Time) (File, error) {
	var page struct {
		NextPageToken string `json:"next_page_token"`
	}
	if json.Unmarshal(raw, &page) == nil && page.NextPageToken != "" {
		return File{}, errors.New("the file is one page of several; list them all with a larger --page-size")
	}
	list, err := readList(raw, "items", func(h hydraClient) bool { return h.ClientID != "" })
	if err != nil {
		return File{}, err
	}
	var file File
	for _, h := range list {
		file.Clients = append(file.Clients, h.client(catalogue, now))
	}
	return file, nil
}

// What each grant of Hydra's is here.
var hydraGrants = []string{registry.GrantAuthorizationCode, registry.GrantRefreshToken, registry.GrantClientCredentials}

func (h hydraClient) client(catalogue *registry.Catalogue, now time.Time) Client {
	c := Client{ID: h.ClientID}
	r := &c.Record
	r.ID, r.Name, r.Contacts = h.ClientID, h.ClientName, h.Contacts
	if r.Name == "" {
		r.Name = h.ClientID
	}
	r.LogoURI, r.ClientURI, r.PolicyURI, r.TOSURI, r.JWKSURI = h.LogoURI, h.ClientURI, h.PolicyURI, h.TOSURI, h.JWKSURI
	r.SubjectType = h.SubjectType
	r.IDTokenAlg = registry.AlgRS256 // what Hydra signs with, so what the mini app verifies
	r.RefreshReuseGrace = registry.DefaultRefreshReuseGrace
	h.authentication(&c)
	h.grants(&c)
	c.addRedirects("redirect_uris", &r.RedirectURIs, h.RedirectURIs)
	c.addRedirects("post_logout_redirect_uris", &r.PostLogoutRedirectURIs, h.PostLogoutRedirectURIs)
	names := strings.Fields(h.Scope)
	if i := slices.Index(names, "offline"); i >= 0 { // Hydra's other name for it
		names[i] = registry.ScopeOfflineAccess
	}
	c.addScopes(catalogue, names, nil)
	c.lifetime("authorization_code_grant_access_token_lifespan", h.AccessLifespan, &r.AccessTokenLifetime)
	c.lifetime("refresh_token_grant_refresh_token_lifespan", h.RefreshLifespan, &r.RefreshTokenLifetime)
	c.addSecret("client_secret", h.ClientSecret, now)
	h.tell(&c)
	c.settle(catalogue)
	return c
}

func (h hydraClient) authentication(c *Client) {
	r := &c.Record
	switch h.TokenEndpointAuthMethod {
	case registry.MethodNone:
		r.Public = true
	case "", registry.MethodBasic, registry.MethodPost:
		r.TokenEndpointAuthMethod, r.PKCE = h.TokenEndpointAuthMethod, registry.PKCEOptional
		c.decide("pkce", "", "Hydra did not ask this client for it, so that it may come without; once it sends code_challenge, run gatehouse client update %s --pkce required", c.ID)
	default:
		c.skip("token_endpoint_auth_method: %s is not possible here; let the mini app use a secret, and register it with gatehouse client create", h.TokenEndpointAuthMethod)
	}
}

func (h hydraClient) grants(c *Client) {
	for _, grant := range h.GrantTypes {
		if slices.Contains(hydraGrants, grant) {
			c.Record.GrantTypes = append(c.Record.GrantTypes, grant)
			continue
		}
		c.decide("grant_types", grant, "is not possible here; the mini app has to use the authorization code with PKCE (RFC 9700 §2.1)")
	}
	for _, kind := range h.ResponseTypes {
		if kind != "code" {
			c.decide("response_types", kind, "is not possible here; the mini app has to use code")
		}
	}
	if len(c.Record.GrantTypes) == 0 && len(h.GrantTypes) > 0 {
		c.skip("grant_types: it has none that is possible here")
	}
}

// tell names what means something else here.
func (h hydraClient) tell(c *Client) {
	for _, other := range []struct {
		is          bool
		field, text string
	}{
		{h.SectorIdentifierURI != "", "sector_identifier_uri", "people's pairwise ids hang on the publisher here; register the mini apps of one sector under one publisher"},
		{h.SkipConsent, "skip_consent", "people are asked here; first_party: true is for the super app's own clients"},
		{len(h.Audience) > 0, "audience", "tokens have no audience here; the API asks by introspection which client a token belongs to"},
		{h.AccessTokenStrategy == "jwt", "access_token_strategy", "tokens are opaque here; the API asks by introspection"},
		{h.UserinfoSignedAlg != "" && h.UserinfoSignedAlg != "none", "userinfo_signed_response_alg", "userinfo is plain JSON here"},
		{h.BackchannelLogoutURI != "", "backchannel_logout_uri", "is not called here; webhook_uri is told when a grant ends"},
		{h.FrontchannelLogoutURI != "", "frontchannel_logout_uri", "is not called here"},
		{hasKeys(h.JWKS), "jwks", "is not needed by anything that was imported; it was left out"},
	} {
		if other.is {
			c.decide(other.field, "", "%s", other.text)
		}
	}
}

func hasKeys(raw json.RawMessage) bool {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	return json.Unmarshal(raw, &set) == nil && len(set.Keys) > 0
}
