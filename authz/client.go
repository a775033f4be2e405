package authz

import (
	"slices"

	"github.com/ory/fosite"

	"gatehouse/registry"
	"gatehouse/storage"
)

// client is a registered client as fosite sees it. It is not an OpenIDConnectClient on purpose: client authentication
// is ours (authenticate.go), and request objects are refused before fosite sees them.
type client struct {
	*storage.Client
	grantTypes []string
}

// asClient returns the exchange's client as fosite is to see it: without the grant that its format has no place for.
func (x *exchange) asClient() client {
	c := client{x.client, x.client.GrantTypes}
	if x.route.Refresh != nil && !x.route.Refresh(x.client) {
		c.grantTypes = slices.DeleteFunc(slices.Clone(c.grantTypes), func(g string) bool { return g == grantRefresh })
	}
	return c
}

// checkedRedirectURI is the redirect URI that fosite sees, of every client and in every request: the real ones are
// compared before and after it (authorize_checks.go, token.go), by rules that it does not know.
const checkedRedirectURI = "https://checked.invalid/"

var (
	_ fosite.Client             = client{}
	_ fosite.ResponseModeClient = client{}
)

func (c client) GetID() string                      { return c.ID }
func (c client) GetHashedSecret() []byte            { return nil }
func (c client) GetRedirectURIs() []string          { return []string{checkedRedirectURI} }
func (c client) GetGrantTypes() fosite.Arguments    { return c.grantTypes }
func (c client) GetResponseTypes() fosite.Arguments { return fosite.Arguments{"code"} }
func (c client) GetAudience() fosite.Arguments      { return nil }
func (c client) IsPublic() bool                     { return c.Public }

// GetScopes returns the scopes that the client is registered for.
func (c client) GetScopes() fosite.Arguments { return scopeNames(c.Scopes) }

// GetResponseModes returns the modes that a code may be answered in.
func (c client) GetResponseModes() []fosite.ResponseModeType {
	return []fosite.ResponseModeType{fosite.ResponseModeQuery, fosite.ResponseModeFormPost}
}

func scopeNames(scopes []storage.ClientScope) []string {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = s.Name
	}
	return names
}

// scopeOf returns the scopes that a stored token is good for: those that its client is still registered for, and whose
// decisions have not run out; unionid only with the publisher that it was allowed for. What a registration or a decision
// has lost, a token that was issued before has lost too.
func (s *Server) scopeOf(c *storage.Client, t *storage.StoredToken) []string {
	return slices.DeleteFunc(t.ScopeAt(s.now()), func(scope string) bool {
		registered := slices.ContainsFunc(c.Scopes, func(r storage.ClientScope) bool { return r.Name == scope })
		return !registered || scope == registry.ScopeUnionID && !sameApps(c, t)
	})
}

// sameApps reports whether a token was issued while its client had the publisher that it has now. One from before this was
// kept counts as such.
func sameApps(c *storage.Client, t *storage.StoredToken) bool {
	sess, err := decodeSession(&t.Token)
	return err == nil && (sess.Publisher == nil || *sess.Publisher == c.PublisherID)
}

// registered returns the registration of the named scopes, in that order, and false when one is not registered.
func registered(c *storage.Client, names []string) ([]storage.ClientScope, bool) {
	scopes := make([]storage.ClientScope, 0, len(names))
	for _, name := range names {
		i := slices.IndexFunc(c.Scopes, func(s storage.ClientScope) bool { return s.Name == name })
		if i < 0 {
			return nil, false
		}
		scopes = append(scopes, c.Scopes[i])
	}
	return scopes, true
}
