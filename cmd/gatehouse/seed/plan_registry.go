package seed

import (
	"context"
	"slices"
	"time"

	"gatehouse/identity"
	"gatehouse/registry"
	"gatehouse/storage"
)

func (p *planner) planCompanies(ctx context.Context) error {
	seen := map[string]place{}
	for _, r := range p.seed.companies {
		company := storage.Company(r.value)
		p.wrongAll(r.place, registry.CheckCompany(company))
		p.once(seen, r.place, "id", company.ID)
		old, err := found(p.Store.Company(ctx, company.ID))
		if err != nil {
			return err
		}
		var from any
		if old != nil {
			from = Company(*old)
		}
		p.step("company", company.ID, company.ID, from, r.value, nil, func(ctx context.Context) error { return p.Store.SaveCompany(ctx, company) })
	}
	return nil
}

func (p *planner) planScopes(ctx context.Context) error {
	stored, err := p.Store.Scopes(ctx)
	if err != nil {
		return err
	}
	seen, all := map[string]place{}, slices.Clone(stored)
	for _, r := range p.seed.scopes {
		scope := r.value.Scope()
		p.wrongAll(r.place, registry.CheckScope(scope))
		p.once(seen, r.place, "name", scope.Name)
		all = append(all, scope)
		var from any
		if i := slices.IndexFunc(stored, func(s storage.Scope) bool { return s.Name == scope.Name }); i >= 0 {
			from = ScopeOf(stored[i])
		}
		p.step("scope", scope.Name, scope.Name, from, r.value, nil, func(ctx context.Context) error {
			defer p.Registry.Forget()
			return p.Store.SaveScope(ctx, scope)
		})
	}
	p.catalogue = registry.NewCatalogue(all)
	return nil
}

// Scope returns the record that the entry describes.
func (s Scope) Scope() storage.Scope {
	return storage.Scope{Name: s.Name, Title: s.Title, Description: s.Description, Claims: s.Claims, Sensitive: s.Sensitive, Client: s.Client}
}

// ScopeOf returns the entry that describes a record.
func ScopeOf(s storage.Scope) Scope {
	return Scope{Name: s.Name, Title: s.Title, Description: s.Description, Claims: s.Claims, Sensitive: s.Sensitive, Client: s.Client}
}

func (p *planner) planPublishers(ctx context.Context) error {
	seen := map[string]place{}
	for _, r := range p.seed.publishers {
		old, err := found(p.Store.Publisher(ctx, r.value.ID))
		if err != nil {
			return err
		}
		var from any
		if old != nil {
			from = PublisherOf(*old)
		}
		publisher := p.publisher(r, old)
		p.wrongAll(r.place, registry.CheckPublisher(publisher))
		p.once(seen, r.place, "id", publisher.ID)
		p.step("publisher", publisher.ID, publisher.ID, from, PublisherOf(publisher), nil, func(ctx context.Context) error {
			defer p.Registry.Forget()
			return p.Store.SavePublisher(ctx, publisher)
		})
	}
	return nil
}

// publisher is what r wants the publisher to be. Verified stays what reviewers made it where the file does not say.
func (p *planner) publisher(r record[Publisher], old *storage.Publisher) storage.Publisher {
	wanted := storage.Publisher{ID: r.value.ID, Name: r.value.Name}
	for _, developer := range r.value.Developers {
		if email, err := identity.CanonicalEmail(developer); err == nil {
			developer = email
		}
		wanted.Developers = append(wanted.Developers, developer)
	}
	if old != nil {
		wanted.Verified, wanted.VerifiedAt = old.Verified, old.VerifiedAt
	}
	if r.value.Verified != nil {
		wanted.Verified = *r.value.Verified
	}
	switch {
	case !wanted.Verified:
		wanted.VerifiedAt = time.Time{}
	case !r.value.VerifiedAt.IsZero():
		wanted.VerifiedAt = r.value.VerifiedAt.UTC().Truncate(time.Microsecond)
	case wanted.VerifiedAt.IsZero():
		wanted.VerifiedAt = p.Now().UTC().Truncate(time.Microsecond)
	}
	return wanted
}

// PublisherOf returns the entry that describes a record.
func PublisherOf(p storage.Publisher) Publisher {
	return Publisher{ID: p.ID, Name: p.Name, Verified: &p.Verified, VerifiedAt: p.VerifiedAt.UTC(), Developers: p.Developers}
}
