package admin

import (
	"context"
	"fmt"

	"gatehouse/consent"
	"gatehouse/storage"
)

const grantKind = "grant"

// GrantFilter says whose decisions to list, about which mini app; what is empty does not matter.
type GrantFilter struct {
	User    string // ID, e-mail address or phone number
	Company string
	Client  string
}

// Grants lists what people and companies decided: of everybody, or to a company's admin of their company.
func (h *House) Grants(ctx context.Context, c Caller, f GrantFilter, p Page) (List[storage.Grant], error) {
	var none List[storage.Grant]
	if !c.Sees(GrantRead) && f.User == "" && f.Company == "" {
		f.Company = c.CompanyID
	}
	belongs := Belongs{CompanyID: f.Company}
	if f.User != "" {
		belongs = Belongs{}
	}
	if err := h.may(c, GrantRead, belongs); err != nil {
		return none, err
	}
	if f.User == "" && f.Company == "" {
		return paged(p, func(after string, limit int) ([]storage.Grant, error) {
			if f.Client != "" {
				return h.Store.ClientGrants(ctx, f.Client, after, limit)
			}
			return h.Store.AllGrants(ctx, after, limit)
		}, grantID)
	}
	owner := storage.Owner{CompanyID: f.Company}
	if f.User != "" {
		u, err := h.userFor(ctx, c, GrantRead, f.User)
		if isNotFound(err) {
			return none, nil
		}
		if err != nil {
			return none, err
		}
		owner = storage.Owner{UserID: u.ID}
	}
	return paged(p, func(after string, limit int) ([]storage.Grant, error) {
		if f.Client == "" {
			return h.Store.OwnedGrants(ctx, owner, after, limit)
		}
		g, err := h.Store.Grant(ctx, owner, f.Client)
		if isNotFound(err) || err == nil && g.ClientID <= after {
			return nil, nil
		}
		return []storage.Grant{g}, err
	}, func(g storage.Grant) string { return g.ClientID })
}

func grantID(g storage.Grant) string { return g.ID }

// Grant returns the active grant with this public ID. Who may not read it learns that there is none.
func (h *House) Grant(ctx context.Context, c Caller, publicID string) (storage.Grant, error) {
	return h.grantFor(ctx, c, GrantRead, publicID)
}

func (h *House) grantFor(ctx context.Context, c Caller, do Capability, publicID string) (storage.Grant, error) {
	g, err := h.Store.GrantByPublicID(ctx, publicID)
	if err != nil {
		return g, err
	}
	owner := Belongs{CompanyID: g.Owner.CompanyID}
	if h.may(c, GrantRead, owner) != nil {
		return storage.Grant{}, fmt.Errorf("grant %q: %w", publicID, storage.ErrNotFound)
	}
	return g, h.may(c, do, owner)
}

// RevokeGrant ends the grant with this public ID, or whatever takes its place meanwhile, as its owner does by disconnecting
// the mini app, and returns it.
func (h *House) RevokeGrant(ctx context.Context, c Caller, publicID string) (ended storage.Grant, err error) {
	err = consent.Retry(func() error {
		if ended, err = h.grantFor(ctx, c, GrantRevoke, publicID); err != nil {
			return err
		}
		event := h.audited(ctx, c, GrantRevoke, grantKind, publicID, "client", ended.ClientID, "user", ended.Owner.UserID, "company", ended.Owner.CompanyID)
		return h.Store.Apply(event, consent.Disconnect(ended, h.now()))
	})
	return ended, err
}
