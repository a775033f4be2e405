package registry

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"gatehouse/storage"
)

const (
	maxContact  = 254
	minPurpose  = 10
	maxPurpose  = 140
	maxSettings = 16 << 10 // bytes of a key set, or of a dialect's settings
)

// checkMore applies the rules for the rest of a client's metadata: contacts, keys and dialects.
func (p *Problems) checkMore(c storage.Client) {
	if c.PublisherID != "" && !recordIDs.MatchString(c.PublisherID) {
		p.add("publisher", "must be 1 to 64 of the characters A-Z a-z 0-9 . _ ~ -")
	}
	for i, contact := range c.Contacts {
		if len(contact) > maxContact || checkText(contact) != nil || !strings.Contains(contact, "@") && CheckWebURI(contact) != nil {
			p.add(fmt.Sprintf("contacts[%d]", i), "must be an e-mail address or a URL of at most %d characters", maxContact)
		}
	}
	if len(c.JWKS) > 0 {
		p.addErr("jwks", checkKeySet(c.JWKS))
		if c.JWKSURI != "" {
			p.add("jwks_uri", "jwks and jwks_uri exclude each other (RFC 7591 §2); leave one out")
		}
	}
	p.checkDialects(c)
}

// checkKeySet wants a JWK set of public keys (RFC 7517 §5).
func checkKeySet(raw json.RawMessage) error {
	var set struct {
		Keys []map[string]json.RawMessage `json:"keys"`
	}
	if len(raw) > maxSettings || json.Unmarshal(raw, &set) != nil || len(set.Keys) == 0 {
		return fmt.Errorf("must be a JWK set, {\"keys\": [...]}, at most %d bytes long", maxSettings)
	}
	for i, key := range set.Keys {
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
			if _, found := key[private]; found {
				return fmt.Errorf("key %d has a private part (%q); register public keys only", i, private)
			}
		}
	}
	return nil
}

// Advice is what could be better about a client that breaks no rule.
func Advice(c storage.Client, catalogue *Catalogue) Problems {
	var p Problems
	has := func(name string) bool {
		return slices.ContainsFunc(c.Scopes, func(s storage.ClientScope) bool { return s.Name == name })
	}
	if has(ScopeOpenID) && has(ScopeUserSession) && slices.Contains(c.GrantTypes, GrantAuthorizationCode) {
		p.add("scopes", "%s and %s exclude each other in a request, so that the mini app must always send scope; leave one out if it never needs it", ScopeOpenID, ScopeUserSession)
	}
	p.adviseGAMScopes(&c)
	p.adviseAttributeScopes(&c, catalogue)
	if gam, _ := GAMOf(&c); lacksSigninSecret(gam) {
		p.add("dialects.gam.signin_secret", "nobody can be signed in at signin_url yet, since the secret to send there is known as a hash only; give the present client_secret, or signin_secret, or run gatehouse client rotate-secret %s", c.ID)
	}
	return p
}

// checkPurposes holds the texts in which a mini app says why it wants each scope to what people can read and believe. That one
// is there is asked by CheckSubmission only.
func (p *Problems) checkPurposes(c storage.Client, catalogue *Catalogue) {
	for i, s := range c.Scopes {
		known := catalogue.Scope(s.Name)
		for _, tag := range sortedKeys(s.Purpose) {
			text, at := s.Purpose[tag], fmt.Sprintf("scopes[%d].purpose.%s", i, tag)
			switch {
			case utf8.RuneCountInString(strings.TrimSpace(text)) < minPurpose:
				p.add(at, "is shorter than %d characters; say what the mini app does with it", minPurpose)
			case utf8.RuneCountInString(text) > maxPurpose:
				p.add(at, "is longer than %d characters; people read it on a phone", maxPurpose)
			case hasLink(text):
				p.add(at, "has a link or markup; write plain words")
			case known != nil && text == known.Description[tag]:
				p.add(at, "repeats the description of the scope; say what the mini app does with it")
			}
		}
	}
}

// checkPurposesThere wants a purpose for every scope that people are asked to share something by.
func checkPurposesThere(c storage.Client) Problems {
	var p Problems
	for i, s := range c.Scopes {
		if len(s.Purpose) == 0 && WantsPurpose(s.Name) {
			p.add(fmt.Sprintf("scopes[%d].purpose", i), "is missing; say in %d to %d characters what the mini app does with %s", minPurpose, maxPurpose, s.Name)
		}
	}
	return p
}

// WantsPurpose reports whether a mini app has to say why it wants a scope.
func WantsPurpose(scope string) bool {
	return !slices.Contains(purposeless, scope) && !ClientOnly(scope) && !firstPartyOnly(scope)
}

// purposeless are the scopes whose purpose is known.
var purposeless = []string{ScopeOpenID, ScopeOfflineAccess, ScopeUserSession}
