package registry

import (
	"fmt"
	"slices"
	"strings"

	"gatehouse/storage"
)

// CheckPublisher applies the rules for a publisher.
func CheckPublisher(pub storage.Publisher) Problems {
	var p Problems
	if !recordIDs.MatchString(pub.ID) {
		p.add("id", "must be 1 to 64 of the characters A-Z a-z 0-9 . _ ~ -")
	}
	p.addErr("name", checkName(pub.Name))
	for i, developer := range pub.Developers {
		at := fmt.Sprintf("developers[%d]", i)
		if len(developer) > maxContact || !strings.Contains(developer, "@") || checkText(developer) != nil {
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
