package authz

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"gatehouse/authz/keys"
	"gatehouse/registry"
)

// computeMetadata makes the one document that RFC 8414 §2 and OIDC Discovery §3 both describe, from what is mounted.
func (s *Server) computeMetadata() []byte {
	m := map[string]any{
		"issuer":                                         s.issuer,
		"scopes_supported":                               scopesSupported(),
		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{modeQuery, modeFormPost},
		"grant_types_supported":                          grantTypes,
		"subject_types_supported":                        []string{"public", "pairwise"},
		"id_token_signing_alg_values_supported":          keys.Algorithms,
		"token_endpoint_auth_methods_supported":          []string{methodBasic, methodPost, methodNone},
		"introspection_endpoint_auth_methods_supported":  []string{methodBasic, methodPost},
		"revocation_endpoint_auth_methods_supported":     []string{methodBasic, methodPost, methodNone},
		"code_challenge_methods_supported":               []string{"S256"},
		"prompt_values_supported":                        prompts,
		"display_values_supported":                       []string{"page"},
		"claim_types_supported":                          []string{"normal"},
		"claims_supported":                               claimsSupported,
		"claims_parameter_supported":                     false,
		"request_parameter_supported":                    false,
		"request_uri_parameter_supported":                false,
		"authorization_response_iss_parameter_supported": true, // RFC 9207 §3
		"ui_locales_supported":                           s.pages.Languages(),
		"grant_management_actions_supported":             grantActions, // Grant Management for OAuth 2.0 §7.1
		"grant_management_action_required":               false,
	}
	if s.registration != "" {
		m["registration_endpoint"] = s.registration
	}
	for _, e := range s.endpoints() {
		if e.metadata != "" {
			path, _, _ := strings.Cut(e.Path, "/{")
			m[e.metadata] = s.issuer + path
		}
	}
	raw, err := json.Marshal(m)
	if err != nil {
		panic(err) // strings only
	}
	return raw
}

func scopesSupported() []string {
	names := make([]string, 0, len(registry.BuiltInScopes))
	for _, scope := range registry.BuiltInScopes {
		names = append(names, scope.Name)
	}
	return names
}

var claimsSupported = []string{
	"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash",
	"name", "given_name", "family_name", "preferred_username", "locale", "updated_at",
	"email", "email_verified", "phone_number", "phone_number_verified", "address", "unionid",
}

// Metadata is the server's description of itself (RFC 8414 §3, OIDC Discovery §4).
func (s *Server) Metadata(w http.ResponseWriter, _ *http.Request) {
	writePublic(w, s.metadata, time.Hour)
}

// JWKS is the public signing keys (RFC 7517 §5).
func (s *Server) JWKS(w http.ResponseWriter, _ *http.Request) {
	writePublic(w, s.keys.JWKS(), keys.MaxAge)
}

// writePublic answers with JSON that may be cached.
func writePublic(w http.ResponseWriter, body []byte, maxAge time.Duration) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(maxAge.Seconds())))
	h.Set("X-Content-Type-Options", "nosniff")
	w.Write(body)
}
