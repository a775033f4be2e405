package portal

import (
	"encoding/json"
	"fmt"
	"strings"

	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

// securityFields are how a mini app proves who it is, and by which IDs it knows people.
func securityFields(_ *Pages, _ *visit, c storage.Client, page *templates.DeveloperStep) error {
	kind := one("public", "select", fmt.Sprint(c.Public), false)
	kind.Options = []templates.DeveloperOption{{Value: "false", Label: "public_false"}, {Value: "true", Label: "public_true"}}
	method := one("token_endpoint_auth_method", "select", c.TokenEndpointAuthMethod, false)
	either := registry.MethodBasic + ", " + registry.MethodPost
	method.Options = []templates.DeveloperOption{{Value: "", Text: either}, {Value: registry.MethodBasic, Text: registry.MethodBasic}, {Value: registry.MethodPost, Text: registry.MethodPost}}
	if c.Public {
		method.Options = []templates.DeveloperOption{{Value: registry.MethodNone, Text: registry.MethodNone}}
	}
	subject := one("subject_type", "select", c.SubjectType, false)
	subject.Options = []templates.DeveloperOption{{Value: registry.SubjectPublic, Label: "subject_public"}, {Value: registry.SubjectPairwise, Label: "subject_pairwise"}}
	page.Fields = append(page.Fields, kind, method, subject, one("jwks_uri", "url", c.JWKSURI, true), one("jwks", "lines", string(c.JWKS), true))
	return nil
}

// readSecurity leaves no method that contradicts where the mini app runs: whoever changes that has not to change both.
func readSecurity(v *visit, c *storage.Client) func(string) string {
	c.Public, c.TokenEndpointAuthMethod = v.form.Get("public") == "true", v.form.Get("token_endpoint_auth_method")
	if c.Public != (c.TokenEndpointAuthMethod == registry.MethodNone) {
		c.TokenEndpointAuthMethod = ""
	}
	c.SubjectType, c.JWKSURI, c.JWKS = v.form.Get("subject_type"), strings.TrimSpace(v.form.Get("jwks_uri")), nil
	if keys := strings.TrimSpace(v.form.Get("jwks")); keys != "" {
		c.JWKS = json.RawMessage(keys)
	}
	return plain([]string{"public", "token_endpoint_auth_method", "subject_type", "jwks_uri", "jwks"})
}
