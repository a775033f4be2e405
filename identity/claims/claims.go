package claims

import (
	"context"
	"errors"
	"fmt"

	"gatehouse/storage"
)

// ScopeSource looks up entries of the scope catalogue; storage.ErrNotFound for a scope that there is not.
type ScopeSource interface {
	Scope(ctx context.Context, name string) (*storage.Scope, error)
}

// Claims computes claims. It is safe for concurrent use.
type Claims struct {
	salt   []byte
	scopes ScopeSource
}

// New returns Claims that derive identifiers from salt and ask scopes which claims a scope releases.
func New(salt []byte, scopes ScopeSource) *Claims { return &Claims{salt: salt, scopes: scopes} }

// Claim is one value of a person. Value is nil when the person has none, and then nothing is shared.
type Claim struct {
	Name  string
	Value any // as encoding/json would write it
}

// Of returns the claims that one scope releases about u to client, in the catalogue's order. A scope that has left the
// catalogue releases nothing. Other errors of the ScopeSource travel up.
func (c *Claims) Of(ctx context.Context, u storage.User, client *storage.Client, scope string) ([]Claim, error) {
	names, err := c.names(ctx, scope)
	if err != nil {
		return nil, err
	}
	claims := make([]Claim, 0, len(names))
	for _, name := range names {
		if value, known := c.value(name, u, client); known {
			claims = append(claims, Claim{Name: name, Value: value})
		}
	}
	return claims, nil
}

// Names returns the names of the claims that scopes may release, whether or not somebody has a value for them. Errors as
// those of Of.
func (c *Claims) Names(ctx context.Context, scopes []string) ([]string, error) {
	var all []string
	for _, scope := range scopes {
		names, err := c.names(ctx, scope)
		if err != nil {
			return nil, err
		}
		all = append(all, names...)
	}
	return all, nil
}

func (c *Claims) names(ctx context.Context, scope string) ([]string, error) {
	if scope == "openid" {
		return []string{"sub"}, nil // OIDC Core §5.4
	}
	entry, err := c.scopes.Scope(ctx, scope)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("scope %s: %w", scope, err)
	}
	return entry.Claims, nil
}

// UserInfo returns everything that scopes release about u to client, and sub, which is always there (OIDC Core §5.3.2,
// §5.4). A claim without a value is left out.
func (c *Claims) UserInfo(ctx context.Context, u storage.User, client *storage.Client, scopes []string) (map[string]any, error) {
	info := map[string]any{"sub": c.Subject(u.ID, client)}
	for _, scope := range scopes {
		claims, err := c.Of(ctx, u, client, scope)
		if err != nil {
			return nil, err
		}
		for _, claim := range claims {
			if claim.Value != nil {
				info[claim.Name] = claim.Value
			}
		}
	}
	return info, nil
}

// Company returns the userinfo of a company's token: the company and, as client knows them, the person who allowed it.
func (c *Claims) Company(company storage.Company, allowedBy string, client *storage.Client) map[string]any {
	return map[string]any{
		"sub":          company.ID,
		"company_id":   company.ID,
		"company_name": company.Name,
		"allowed_by":   c.Subject(allowedBy, client),
	}
}
