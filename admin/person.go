package admin

import (
	"context"
	"slices"
	"time"

	"gatehouse/storage"
)

// Person returns what a person may do: their roles, and the publishers that name them as a developer. provedAt is when they
// last proved who they are, address where they are.
func (h *House) Person(ctx context.Context, u storage.User, provedAt time.Time, address string) (Caller, error) {
	c := Caller{
		Actor: storage.Actor{Kind: storage.ActorUser, ID: u.ID, Address: address}, UserID: u.ID, Roles: u.Roles, CompanyID: u.CompanyID, ProvedAt: provedAt,
	}
	if !slices.Contains(u.Roles, storage.RoleDeveloper) || u.Email == "" {
		return c, nil
	}
	publishers, err := h.Registry.Publishers(ctx)
	if err != nil {
		return c, err
	}
	for id, p := range publishers {
		if slices.Contains(p.Developers, u.Email) {
			c.Publishers = append(c.Publishers, id)
		}
	}
	slices.Sort(c.Publishers)
	return c, nil
}
