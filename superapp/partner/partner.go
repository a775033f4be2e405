package partner

import (
	"fmt"
	"time"

	"gatehouse/authz"
	"gatehouse/identity"
	"gatehouse/identity/claims"
	"gatehouse/internal/outbound"
	"gatehouse/registry"
	"gatehouse/storage"
)

// Options are what a Partner is made of. All fields are required.
type Options struct {
	Authz    *authz.Server
	Registry *registry.Registry
	People   *identity.People
	Claims   *claims.Claims
	Grants   storage.Grants
	Secrets  *registry.Outbound
	Calls    *outbound.Client
	Now      func() time.Time
}

// Partner calls other people's servers and answers those that want it to. It is safe for concurrent use.
type Partner struct {
	authz    *authz.Server
	registry *registry.Registry
	people   *identity.People
	claims   *claims.Claims
	grants   storage.Grants
	secrets  *registry.Outbound
	calls    *outbound.Client
	now      func() time.Time
}

// New returns a Partner.
func New(o Options) *Partner {
	return &Partner{
		authz: o.Authz, registry: o.Registry, people: o.People, claims: o.Claims, grants: o.Grants, secrets: o.Secrets, calls: o.Calls, now: o.Now,
	}
}

// Routes returns what others call: the mini app's side of GAM and the platform's side of Boxo.
func (p *Partner) Routes() []authz.Route {
	return []authz.Route{p.signInRoute(), p.connectRoute(), p.consentRoute()}
}

// open returns a secret that we send for a client.
func (p *Partner) open(c *storage.Client, sealed string) (string, error) {
	secret, _, err := p.secrets.Open(c.ID, sealed)
	if err != nil {
		return "", fmt.Errorf("opening an outbound secret of the client %q: %w; write the secret into its record again", c.ID, err)
	}
	return secret, nil
}
