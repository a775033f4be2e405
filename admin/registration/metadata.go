package registration

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"gatehouse/admin/api"
	"gatehouse/registry"
	"gatehouse/storage"
)

// readClient reads the registration of a body: its members (RFC 7591 §2) with the defaults that the RFCs have, and the members as
// they are. Members that there are not are passed over.
func readClient(body []byte) (storage.Client, map[string]any, error) {
	members, err := api.ReadMembers(body)
	if err != nil {
		if _, named := errors.AsType[registry.Problems](err); !named {
			err = &refusal{status: http.StatusBadRequest, code: codeMetadata, text: err.Error()}
		}
		return storage.Client{}, nil, err
	}
	if members["software_statement"] != nil {
		return storage.Client{}, nil, &refusal{status: http.StatusBadRequest, code: codeStatement, text: "Software statements are not taken here; send the metadata itself."}
	}
	own, problems := readOwn(members)
	client, err := api.ClientOf(members)
	if err := problems.Merge(err); err != nil {
		return client, nil, err
	}
	withDefaults(&client)
	if problems = own.scopes(&client); len(problems) == 0 {
		problems = registry.CheckApplicationType(own.applicationType, client.RedirectURIs)
	}
	problems = append(problems, registry.CheckResponseTypes(own.responseTypes, client.GrantTypes)...)
	return client, members, problems.Err()
}

// withDefaults fills in what RFC 7591 §2 and OIDC Dynamic Client Registration §2 say of what is left out. The way to authenticate
// stays open, as everywhere: client_secret_basic, which is answered, or client_secret_post, which libraries send without asking.
func withDefaults(c *storage.Client) {
	if len(c.GrantTypes) == 0 {
		c.GrantTypes = []string{registry.GrantAuthorizationCode}
	}
	if c.IDTokenAlg == "" {
		c.IDTokenAlg = registry.AlgRS256
	}
}

// own are the members that the admin API does not have.
type own struct {
	scope           *string
	applicationType string
	responseTypes   []string
}

func readOwn(members map[string]any) (own, registry.Problems) {
	var o own
	var p registry.Problems
	wrong := func(field, text string) { p = append(p, registry.Problem{Field: field, Text: text}) }
	switch scope := members["scope"].(type) {
	case nil:
	case string:
		o.scope = &scope
	default:
		wrong("scope", "must be a text")
	}
	switch kind := members["application_type"].(type) {
	case nil:
	case string:
		o.applicationType = kind
	default:
		wrong("application_type", "must be a text")
	}
	switch types := members["response_types"].(type) {
	case nil:
	case []any:
		for _, t := range types {
			text, _ := t.(string)
			o.responseTypes = append(o.responseTypes, text)
		}
	default:
		wrong("response_types", "must be a list")
	}
	return o, p
}

// scopes puts what scope names into the client, where the member scopes does not say more about the same ones.
func (o own) scopes(c *storage.Client) registry.Problems {
	if o.scope == nil {
		return nil
	}
	named := strings.Fields(*o.scope)
	if len(c.Scopes) == 0 {
		for _, name := range named {
			c.Scopes = append(c.Scopes, storage.ClientScope{Name: name})
		}
		return nil
	}
	there := scopeNames(*c)
	slices.Sort(named)
	slices.Sort(there)
	if !slices.Equal(named, there) {
		return registry.Problems{{Field: "scope", Text: "must name the same scopes as the member scopes; leave one of the two out"}}
	}
	return nil
}

func scopeNames(c storage.Client) []string {
	names := make([]string, len(c.Scopes))
	for i, s := range c.Scopes {
		names[i] = s.Name
	}
	return names
}

// information is a mini app as it is answered (RFC 7591 §3.2.1, RFC 7592 §3).
func (s *Server) information(w *registry.Work, registrationToken string) map[string]any {
	c := w.Live
	m := api.MembersOf(c)
	m["scope"] = strings.Join(scopeNames(c), " ")
	m["response_types"] = []string{}
	if slices.Contains(c.GrantTypes, registry.GrantAuthorizationCode) {
		m["response_types"] = []string{"code"}
	}
	if c.TokenEndpointAuthMethod == "" {
		m["token_endpoint_auth_method"] = registry.MethodBasic
	}
	m["client_id_issued_at"] = c.CreatedAt.Unix()
	m["registration_client_uri"] = s.Issuer + Path + "/" + c.ID
	m["registration_access_token"] = registrationToken
	if w.Version != nil {
		m["version"] = map[string]any{"status": w.Version.Status, "changed": api.ChangedMembers(c, w.Proposed())}
	}
	return m
}
