package registry

import (
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/nearest"
	"gatehouse/storage"
)

// attributePrefix begins the names of GAM's scopes for one attribute of a person, user_<AttributeID>
// (docs.genexus.com/en/wiki?55603).
const attributePrefix = "user_"

// attributeScope returns GAM's scope for an attribute, as nobody but the operator knows which attributes there are; nil
// when the name is none, or is that of a claim which other scopes release. Its title is the attribute's name: an operator
// who has a better one adds the scope to the catalogue.
func attributeScope(name string) *storage.Scope {
	attribute, is := strings.CutPrefix(name, attributePrefix)
	if !is || attribute == "" || !scopeNames.MatchString(name) || isClaim(attribute) {
		return nil
	}
	return &storage.Scope{Name: name, Title: map[string]string{"en": attribute}, Claims: []string{attribute}}
}

// isClaim reports whether a name has a meaning in tokens, or is released by a built-in scope.
func isClaim(name string) bool {
	releases := func(s storage.Scope) bool { return slices.Contains(s.Claims, name) }
	return slices.Contains(reservedClaims, name) || slices.ContainsFunc(BuiltInScopes, releases)
}

// isAttributeScope reports whether a name is that of a scope for an attribute which the catalogue does not have.
func (c *Catalogue) isAttributeScope(name string) bool {
	return c.byName[name] == nil && attributeScope(name) != nil
}

// adviseAttributeScopes asks about scopes for an attribute that look like a misspelt name.
func (p *Problems) adviseAttributeScopes(c *storage.Client, catalogue *Catalogue) {
	for i, s := range c.Scopes {
		if !catalogue.isAttributeScope(s.Name) {
			continue
		}
		if meant := nearest.Name(s.Name, catalogue.Names()); meant != "" {
			p.add(fmt.Sprintf("scopes[%d].name", i), "%q is for an attribute of that name; did you mean %s?", printable(s.Name), meant)
		}
	}
}
