package keys

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// The typ of what the keys sign, so that nothing is taken for what it is not (RFC 8725 §3.11).
const (
	typeJWT           = "JWT"
	typeSecurityEvent = "secevent+jwt" // RFC 8417 §2.3
)

// ErrUnknownKey says that a token names no key of ours, or has a signature that no key of ours made.
var ErrUnknownKey = errors.New("keys: not signed by a key of this issuer")

// Sign returns claims as a compact JWS (RFC 7515 §7.1) of the key for alg that is active now.
func (s *Set) Sign(alg string, claims any) (string, error) { return s.sign(alg, typeJWT, claims) }

// SignSecurityEvent is Sign for the claims of a Security Event Token (RFC 8417).
func (s *Set) SignSecurityEvent(alg string, claims any) (string, error) {
	return s.sign(alg, typeSecurityEvent, claims)
}

func (s *Set) sign(alg, typ string, claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("keys: %w", err)
	}
	signer, err := s.loaded.Load().signer(alg, typ, s.now())
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("keys: %w", err)
	}
	return signed.CompactSerialize()
}

// Verify returns the payload of what Sign made, with a retired key included. It looks at the signature and the typ only:
// a Security Event Token is none. ErrUnknownKey otherwise.
func (s *Set) Verify(token string) ([]byte, error) {
	signed, err := jose.ParseSignedCompact(token, Algorithms)
	if err != nil {
		return nil, ErrUnknownKey
	}
	header := signed.Signatures[0].Header
	public := s.loaded.Load().public(header.KeyID)
	if public == nil || public.Algorithm != header.Algorithm || header.ExtraHeaders[jose.HeaderType] != typeJWT {
		return nil, ErrUnknownKey
	}
	payload, err := signed.Verify(public.Key)
	if err != nil {
		return nil, ErrUnknownKey
	}
	return payload, nil
}
