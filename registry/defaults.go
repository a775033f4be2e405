package registry

import (
	"time"

	"gatehouse/storage"
)

// Values of a client's fields (RFC 7591 §2, OIDC Core §8).
const (
	GrantAuthorizationCode = "authorization_code"
	GrantRefreshToken      = "refresh_token"
	GrantClientCredentials = "client_credentials"
	GrantJWTBearer         = "urn:ietf:params:oauth:grant-type:jwt-bearer" // RFC 7523 §2.1

	MethodBasic = "client_secret_basic"
	MethodPost  = "client_secret_post"
	MethodNone  = "none"

	TokenUser    = "user"
	TokenCompany = "company"

	SubjectPublic   = "public"
	SubjectPairwise = "pairwise"

	PKCERequired = "required"
	PKCEOptional = "optional"

	AlgES256 = "ES256"
	AlgRS256 = "RS256"
)

const (
	// DefaultRefreshReuseGrace is what a client gets whose record says nothing. Defaults does not fill it in, since 0 is
	// a choice: no repeats.
	DefaultRefreshReuseGrace = 10 * time.Second
	// MaxRefreshReuseGrace is the longest time that a spent refresh token may be repeated.
	MaxRefreshReuseGrace = time.Minute
	// MaxCodeLifetime is the longest life of an authorization code (RFC 6749 §4.1.2 asks for at most ten minutes).
	MaxCodeLifetime = 5 * time.Minute
	// maxLifetime keeps expiry times within what every part can express; whoever wants more means never.
	maxLifetime = 100 * 365 * 24 * time.Hour
)

// Defaults returns c with the default in every field that is empty and has one (RefreshReuseGrace aside).
func Defaults(c storage.Client) storage.Client {
	fill := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	fill(&c.SubjectType, SubjectPublic)
	fill(&c.Status, storage.StatusApproved)
	fill(&c.PKCE, PKCERequired)
	fill(&c.IDTokenAlg, AlgES256)
	if c.Public {
		fill(&c.TokenEndpointAuthMethod, MethodNone)
	}
	if len(c.GrantTypes) == 0 {
		c.GrantTypes = []string{GrantAuthorizationCode, GrantRefreshToken}
	}
	if len(c.TokenTypes) == 0 {
		c.TokenTypes = []string{TokenUser}
	}
	return c
}
