package seed

import (
	"context"
	"errors"
	"slices"
	"time"

	"gatehouse/registry"
	"gatehouse/storage"
)

func (p *planner) planClients(ctx context.Context) error {
	seen, miniApps := map[string]place{}, map[string]place{}
	for _, r := range p.seed.clients {
		old, err := found(p.Store.Client(ctx, r.value.ClientID))
		if err != nil {
			return err
		}
		p.once(seen, r.place, "client_id", r.value.ClientID)
		client, extra := p.client(r, old)
		p.wrongAll(r.place, registry.CheckClient(client, p.catalogue))
		if err := p.checkMiniApp(ctx, miniApps, r.place, &client); err != nil {
			return err
		}
		if err := p.checkPublisher(ctx, r.place, client.PublisherID); err != nil {
			return err
		}
		for _, w := range registry.Advice(client, p.catalogue) {
			p.plan.Warnings = append(p.plan.Warnings, Problem{At: r.place.at(w.Field), Text: w.Text})
		}
		if old == nil {
			p.step("client", client.ID, client.ID, nil, nil, nil, func(ctx context.Context) error { return p.Registry.Create(ctx, client) })
			continue
		}
		p.step("client", client.ID, client.ID, ClientOf(*old), ClientOf(client), extra, func(ctx context.Context) error {
			return p.Registry.Update(ctx, client, old.UpdatedAt)
		})
	}
	return nil
}

func (p *planner) checkPublisher(ctx context.Context, at place, id string) error {
	declared := func(r record[Publisher]) bool { return r.value.ID == id }
	if id == "" || slices.ContainsFunc(p.seed.publishers, declared) {
		return nil
	}
	_, err := p.Store.Publisher(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		p.wrong(at, "publisher", "%q is neither in the files nor in the database; add it under publishers", id)
		return nil
	}
	return err
}

// checkMiniApp wants one client per mini app of a super app, in the files and in the database.
func (p *planner) checkMiniApp(ctx context.Context, seen map[string]place, at place, client *storage.Client) error {
	const field = "dialects.gam.superapp.client_id"
	id, is := registry.GAMMiniAppID(client)
	if !is {
		return nil
	}
	p.once(seen, at, field, id)
	other, err := p.Registry.GAMMiniApp(ctx, id)
	declared := func(r record[Client]) bool { return r.value.ClientID == other.ID }
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil
	case err != nil:
		return err
	case !slices.ContainsFunc(p.seed.clients, declared): // else what the files say of that one counts
		p.wrong(at, field, "%q is that of the client %q already; give the one that the super app knows this mini app by", id, other.ID)
	}
	return nil
}

// client is what r wants the client to be, with what of its secrets would change.
func (p *planner) client(r record[Client], old *storage.Client) (storage.Client, []string) {
	p.sealOutbound(&r, old)
	wanted, extra := p.withSecrets(r, old)
	p.Outbound.KeepSigninSecret(&wanted, r.value.ClientSecret, old)
	return registry.Defaults(wanted), extra
}

// withSecrets is the record of r with the secrets that it is to have, and what of them would change.
func (p *planner) withSecrets(r record[Client], old *storage.Client) (storage.Client, []string) {
	wanted := r.value.Client()
	if old == nil {
		p.checkSecret(r)
		wanted.Secrets = r.value.secrets(p.Now())
		p.wantSecret(r, wanted)
		return wanted, nil
	}
	if r.value.Status == "" {
		wanted.Status = old.Status // what reviewers decided
	}
	var extra []string
	switch {
	case wanted.Public && len(old.Secrets) > 0:
		extra = []string{"client_secret: removed"}
	case !wanted.Public && r.value.keepsSecret(old):
		wanted.Secrets = old.Secrets
	case !wanted.Public:
		p.checkSecret(r)
		wanted.Secrets = r.value.secrets(p.Now())
		extra = []string{"client_secret: replaced"}
	}
	if old.Public {
		p.wantSecret(r, wanted)
	}
	return wanted, extra
}

// sealOutbound replaces the outbound secrets of an entry by what may be kept of them.
func (p *planner) sealOutbound(r *record[Client], old *storage.Client) {
	var before *Client
	if old != nil {
		entry := ClientOf(*old)
		before = &entry
	}
	problems, _ := errors.AsType[Problems](r.value.SealOutbound(p.Outbound, before))
	for _, problem := range problems {
		p.wrong(r.place, problem.At, "%s", problem.Text)
	}
}

// checkSecret holds a secret that somebody chose to the length at which it can be random.
func (p *planner) checkSecret(r record[Client]) {
	if r.value.ClientSecret != "" && r.value.ClientSecretHash != "" {
		p.wrong(r.place, "client_secret_hash", "client_secret is there too; leave one out")
	}
	if secret := r.value.ClientSecret; secret != "" && len([]rune(secret)) < registry.MinSecretLength {
		p.wrong(r.place, "client_secret", "has fewer than %d characters; choose a longer random one, or give its bcrypt or argon2id hash as client_secret_hash", registry.MinSecretLength)
	}
}

// wantSecret holds a live confidential client that a file makes to a secret: nobody is there to ask for one later.
func (p *planner) wantSecret(r record[Client], c storage.Client) {
	live := c.Status == "" || c.Status == storage.StatusApproved
	if live && !c.Public && len(c.Secrets) == 0 && c.TokenEndpointAuthMethod != registry.MethodNone {
		p.wrong(r.place, "client_secret", "a confidential client needs one; give client_secret or client_secret_hash, or set public: true")
	}
}

// keepsSecret reports whether the secrets of a client can stay as they are: the file names none, or one that the client
// has, or had until a rotation, which wins over the file.
func (c Client) keepsSecret(old *storage.Client) bool {
	if c.ClientSecret == "" && c.ClientSecretHash == "" {
		return true
	}
	if c.ClientSecret != "" {
		return registry.HadSecret(old, c.ClientSecret)
	}
	return registry.HadHash(old, c.ClientSecretHash)
}

// secrets is what to keep of the secret in the file.
func (c Client) secrets(now time.Time) []storage.ClientSecret {
	now = now.UTC().Truncate(time.Microsecond)
	switch {
	case c.ClientSecret != "":
		return []storage.ClientSecret{registry.NewSecret(registry.HashSecret(c.ClientSecret), now)}
	case c.ClientSecretHash != "":
		return []storage.ClientSecret{registry.NewSecret(c.ClientSecretHash, now)}
	}
	return nil
}
