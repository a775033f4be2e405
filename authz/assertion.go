package authz

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/identity"
	"gatehouse/registry"
	"gatehouse/storage"
)

// The host's backend gets a person's token without a browser: a JWT that it has signed is the authorization grant
// (RFC 7523 §2.1). Its rules are narrower than §3 wants:
//
//	alg   ES256, PS256, RS256 or EdDSA, by a key in the client's jwks
//	iss   the client_id, which has authenticated itself too
//	sub   an external_id of POST /superapp/v1/people
//	aud   the issuer identifier and nothing else, so that no other server's assertion is good here
//	exp   at most five minutes away
//	jti   there, and good once

const (
	maxAssertion         = 8 << 10 // bytes
	maxAssertionLifetime = 5 * time.Minute
	assertionSkew        = time.Minute // how far the host's clock may be off
	keepMark             = time.Hour   // how long a mark outlives its assertion: more than processes' clocks may differ
	minRSA               = 2048        // bits (RFC 7518 §3.3)
	// assertedLifetime is how long an access token by an assertion lives at most: not significantly longer than the
	// assertion (RFC 7521 §4.1), and long enough that a host does not sign one for every call.
	assertedLifetime = time.Hour
)

var assertionAlgs = []jose.SignatureAlgorithm{jose.ES256, jose.PS256, jose.RS256, jose.EdDSA}

// assertion is the claims that are looked at (RFC 7523 §3). Times are in seconds since the epoch.
type assertion struct {
	Issuer    string          `json:"iss"`
	Subject   string          `json:"sub"`
	Audience  json.RawMessage `json:"aud"` // a string or a list (RFC 7519 §4.1.3)
	ExpiresAt float64         `json:"exp"`
	NotBefore float64         `json:"nbf"`
	IssuedAt  float64         `json:"iat"`
	ID        string          `json:"jti"`
}

var (
	errAssertion     = refuse(CodeInvalidGrant, "The assertion is not one that this server takes: it is signed by a key in the client's jwks, its iss is the client_id, its aud the issuer, and it has sub, exp and jti (RFC 7523 §3).")
	errAssertionTime = refuse(CodeInvalidGrant, "The assertion has expired, is not yet good, or is good for more than five minutes.").For(ReasonExpired)
	errAssertionUsed = refuse(CodeInvalidGrant, "The assertion was used already. Sign a new one, with another jti.")
	errNoPerson      = refuse(CodeInvalidGrant, "The host has no person with this external_id. Send them to /superapp/v1/people first.")
	errOwnSignIn     = refuse(CodeInvalidGrant, "The person has a password, a role or another provider's account here, so they sign in for themselves. Send them to the authorization endpoint.")
)

// tokenByAssertion answers with an access token of the person whom an assertion names, for assertedLifetime at most and
// without a refresh token (RFC 7521 §4.1). Without scope it is for all that a person's token of the client may have.
func (s *Server) tokenByAssertion(ctx context.Context, c *storage.Client, req *Request) (*Answer, error) {
	if !c.FirstParty || c.Public || req.Route.Dialect != "" {
		return nil, refuse(CodeUnauthorizedClient, "Only the super app's own clients that have a secret may use assertions.")
	}
	a, err := s.openAssertion(c, req.Params["assertion"])
	if err != nil {
		return nil, err
	}
	scope, err := assertionScope(c, req.Params["scope"])
	if err != nil {
		return nil, err
	}
	user, err := s.hostsPerson(ctx, c, a.Subject)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, errNoPerson
	case err != nil:
		return nil, err
	case user.Disabled:
		return nil, errGrant.For(ReasonRevoked)
	case identity.HasOwnWay(user.User, user.LinkedElsewhere):
		return nil, errOwnSignIn
	}
	return s.tokensOnce(ctx, req.Route, c, user.User, scope, s.markOf(c, a))
}

// assertionScope are the scopes to ask for. What only a company or an administrator may have, nobody is handed.
func assertionScope(c *storage.Client, asked string) ([]string, error) {
	may := slices.DeleteFunc(scopeNames(c.Scopes), func(name string) bool {
		return name == registry.ScopeUserSession || name == registry.ScopeAdmin || registry.ClientOnly(name)
	})
	if asked == "" {
		return may, nil
	}
	names := strings.Fields(asked)
	for _, name := range names {
		if !slices.Contains(may, name) {
			return nil, refuse(CodeInvalidScope, descriptions[CodeInvalidScope])
		}
	}
	return names, nil
}

// openAssertion returns the claims of an assertion that is signed by the client, for this server and for now.
func (s *Server) openAssertion(c *storage.Client, compact string) (*assertion, error) {
	if len(compact) > maxAssertion {
		return nil, errAssertion
	}
	signed, err := jose.ParseSignedCompact(compact, assertionAlgs)
	if err != nil {
		return nil, errAssertion.because(err)
	}
	payload, ok := verifiedBy(c, signed)
	a := new(assertion)
	if !ok || json.Unmarshal(payload, a) != nil {
		return nil, errAssertion
	}
	// A client's own name is sub of its client assertions (RFC 7523 §3), which are never grants.
	known := a.Issuer == c.ID && a.Subject != "" && a.Subject != c.ID && a.isFor(s.issuer)
	if !known || a.ID == "" || len(a.ID) > 255 || a.ExpiresAt == 0 {
		return nil, errAssertion
	}
	now := float64(s.now().Unix())
	skew := assertionSkew.Seconds()
	if now >= a.ExpiresAt+skew || a.ExpiresAt > now+maxAssertionLifetime.Seconds()+skew || a.NotBefore > now+skew || a.IssuedAt > now+skew {
		return nil, errAssertionTime
	}
	return a, nil
}

func (a *assertion) isFor(issuer string) bool {
	var one string
	if json.Unmarshal(a.Audience, &one) == nil {
		return one == issuer
	}
	var list []string
	return json.Unmarshal(a.Audience, &list) == nil && slices.Equal(list, []string{issuer})
}

// verifiedBy returns what a key in the client's registration has signed. A header's kid chooses among the keys.
func verifiedBy(c *storage.Client, signed *jose.JSONWebSignature) ([]byte, bool) {
	var set jose.JSONWebKeySet
	if len(signed.Signatures) != 1 || json.Unmarshal(c.JWKS, &set) != nil {
		return nil, false
	}
	header := signed.Signatures[0].Protected
	for _, key := range set.Keys {
		fits := (header.KeyID == "" || header.KeyID == key.KeyID) && (key.Algorithm == "" || key.Algorithm == header.Algorithm)
		if !fits || key.Use == "enc" || isShort(key.Key) {
			continue
		}
		if payload, err := signed.Verify(key); err == nil {
			return payload, true
		}
	}
	return nil, false
}

func isShort(key any) bool {
	public, isRSA := key.(*rsa.PublicKey)
	return isRSA && public.N.BitLen() < minRSA
}

// markOf is the row by which a second use of an assertion is known: its key is made of what names it. It is kept for longer
// than any process takes the assertion, also one whose clock is behind.
func (s *Server) markOf(c *storage.Client, a *assertion) *storage.Token {
	expires := time.Unix(int64(a.ExpiresAt), 0).Add(assertionSkew)
	sum := sha256.Sum256([]byte(c.ID + " " + a.ID)) // a client_id has no space
	mark := &storage.Token{
		TokenKey: storage.TokenKey{Kind: storage.KindAssertion}, Hash: sum[:], ClientID: c.ID, Session: []byte(`{}`),
		IssuedAt: s.now(), ExpiresAt: expires, KeepUntil: expires.Add(keepMark), State: storage.TokenSpent,
	}
	copy(mark.Family[:], sum[:])
	return mark
}

// checkUnused refuses a mark that is stored already; nil is none.
func (s *Server) checkUnused(ctx context.Context, mark *storage.Token) error {
	if mark == nil {
		return nil
	}
	switch _, err := s.store.Token(ctx, mark.TokenKey); {
	case err == nil:
		return errAssertionUsed
	case !errors.Is(err, storage.ErrNotFound):
		return err
	}
	return nil
}
