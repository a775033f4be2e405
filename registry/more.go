package registry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"

	"gatehouse/internal/nearest"
	"gatehouse/storage"
)

const (
	maxContact  = 254
	maxPurpose  = 140
	maxSettings = 16 << 10 // bytes of a key set, or of a dialect's settings
)

// checkMore applies the rules for the rest of a client's metadata: contacts, keys and dialects.
func (p *Problems) checkMore(c storage.Client) {
	if c.PublisherID != "" && !recordIDs.MatchString(c.PublisherID) {
		p.add("publisher", "must be 1 to 64 of the characters A-Z a-z 0-9 . _ ~ -")
	}
	for i, contact := range c.Contacts {
		if contact == "" || len(contact) > maxContact || checkText(contact) != nil {
			p.add(fmt.Sprintf("contacts[%d]", i), "must be an e-mail address or a URL of at most %d characters", maxContact)
		}
	}
	if len(c.JWKS) > 0 {
		p.addErr("jwks", checkKeySet(c.JWKS))
		if c.JWKSURI != "" {
			p.add("jwks_uri", "jwks and jwks_uri exclude each other (RFC 7591 §2); leave one out")
		}
	}
	for _, name := range sortedKeys(c.Dialects) {
		if !slices.Contains(dialectNames, name) {
			p.add("dialects."+name, "is not known; did you mean %s?", nearest.Name(name, dialectNames))
		}
		if settings := bytes.TrimSpace(c.Dialects[name]); len(settings) > maxSettings || !json.Valid(settings) || settings[0] != '{' {
			p.add("dialects."+name, "must be a map of settings, at most %d bytes long", maxSettings)
		}
	}
}

// checkKeySet wants a JWK set of public keys (RFC 7517 §5).
func checkKeySet(raw json.RawMessage) error {
	var set struct {
		Keys []map[string]json.RawMessage `json:"keys"`
	}
	if len(raw) > maxSettings || json.Unmarshal(raw, &set) != nil || len(set.Keys) == 0 {
		return fmt.Errorf("must be a JWK set, {\"keys\": […]}, at most %d bytes long", maxSettings)
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

// link finds what reads as a link or as markup in a text that people see.
var link = regexp.MustCompile(`(?i)https?:|www\.|<[a-z/!]`)

// CheckPurposes looks at the texts in which a mini app says why it wants each scope. They are advice for whoever seeds a
// client, and rules for a developer who registers one.
func CheckPurposes(c storage.Client, catalogue *Catalogue) Problems {
	var p Problems
	for i, s := range c.Scopes {
		known := catalogue.Scope(s.Name)
		for _, tag := range sortedKeys(s.Purpose) {
			text, at := s.Purpose[tag], fmt.Sprintf("scopes[%d].purpose.%s", i, tag)
			switch {
			case utf8.RuneCountInString(text) > maxPurpose:
				p.add(at, "is longer than %d characters; people read it on a phone", maxPurpose)
			case link.MatchString(text):
				p.add(at, "has a link or markup; write plain words")
			case known != nil && text == known.Description[tag]:
				p.add(at, "repeats the description of the scope; say what the mini app does with it")
			}
		}
	}
	return p
}

// CheckPublisher applies the rules for a publisher.
func CheckPublisher(pub storage.Publisher) Problems {
	var p Problems
	if !recordIDs.MatchString(pub.ID) {
		p.add("id", "must be 1 to 64 of the characters A-Z a-z 0-9 . _ ~ -")
	}
	p.addErr("name", checkName(pub.Name))
	for i, developer := range pub.Developers {
		at := fmt.Sprintf("developers[%d]", i)
		if len(developer) > maxContact || !bytes.ContainsRune([]byte(developer), '@') || checkText(developer) != nil {
			p.add(at, "must be an e-mail address")
		}
		p.noRepetition(at, pub.Developers[:i], developer)
	}
	return p
}

// CheckCompany applies the rules for a company.
func CheckCompany(c storage.Company) Problems {
	var p Problems
	if !recordIDs.MatchString(c.ID) {
		p.add("id", "must be 1 to 64 of the characters A-Z a-z 0-9 . _ ~ -")
	}
	p.addErr("name", checkName(c.Name))
	return p
}

// reservedClaims are names that tokens, userinfo and introspection give a meaning of their own.
var reservedClaims = []string{"sub", "iss", "aud", "exp", "iat", "nbf", "jti", "auth_time", "nonce", "acr", "amr", "azp", "at_hash", "c_hash",
	"s_hash", "sid", "cnf", "active", "scope", "client_id", "username", "token_type", "token_kind", "company_id", "company_name", "allowed_by", "unionid"}

// CheckScope applies the rules for a scope that an operator adds to the catalogue.
func CheckScope(s storage.Scope) Problems {
	var p Problems
	switch {
	case !scopeNames.MatchString(s.Name):
		p.add("name", `must be 1 to 64 ASCII characters without spaces, quotes, backslashes, commas and plus signs (RFC 6749 §3.3)`)
	case slices.Contains(builtIn.Names(), s.Name):
		p.add("name", "%q comes with Gatehouse and cannot be changed; choose another name", s.Name)
	}
	if len(s.Title) == 0 {
		p.add("title", `people read it on the consent page; add one, as in title: {en: "Your points balance"}`)
	}
	for _, tag := range sortedKeys(s.Title) {
		p.addErr("title."+tag, checkTagged(tag, s.Title[tag], checkName))
	}
	for _, tag := range sortedKeys(s.Description) {
		p.addErr("description."+tag, checkTagged(tag, s.Description[tag], checkText))
	}
	for i, claim := range s.Claims {
		at := fmt.Sprintf("claims[%d]", i)
		if claim == "" || checkName(claim) != nil {
			p.add(at, "must be the name of an attribute")
		}
		if slices.Contains(reservedClaims, claim) {
			p.add(at, "%q has a meaning of its own in tokens; rename the attribute", claim)
		}
		p.noRepetition(at, s.Claims[:i], claim)
	}
	return p
}
