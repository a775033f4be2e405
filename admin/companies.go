package admin

import (
	"context"
	"fmt"

	"gatehouse/registry"
	"gatehouse/storage"
)

const companyKind = "company"

// Companies lists companies: all, or to a company's admin their own.
func (h *House) Companies(ctx context.Context, c Caller, p Page) (List[storage.Company], error) {
	if !c.Sees(CompanyRead) {
		own, err := h.Company(ctx, c, c.CompanyID)
		if err != nil || p.After != "" {
			return List[storage.Company]{}, err
		}
		return List[storage.Company]{Items: []storage.Company{own}}, nil
	}
	return paged(p, func(after string, limit int) ([]storage.Company, error) {
		return h.Store.Companies(ctx, after, limit)
	}, func(c storage.Company) string { return c.ID })
}

// Company returns a company.
func (h *House) Company(ctx context.Context, c Caller, id string) (storage.Company, error) {
	if err := h.may(c, CompanyRead, Belongs{CompanyID: id}); err != nil {
		return storage.Company{}, err
	}
	return h.Store.Company(ctx, id)
}

// SaveCompany stores a company in place of what it was; nil: a new one. registry.Problems, storage.ErrExists for a new one
// whose ID is taken, storage.ErrConflict when it is not what it was any more.
func (h *House) SaveCompany(ctx context.Context, c Caller, company storage.Company, was *storage.Company) error {
	if err := h.may(c, CompanySave, Belongs{}); err != nil {
		return err
	}
	if err := registry.CheckCompany(company).Err(); err != nil {
		return err
	}
	if was != nil && company == *was {
		return nil
	}
	ctx = h.audited(ctx, c, CompanySave, companyKind, company.ID, savedCompany(was, company)...)
	if err := h.Store.ReplaceCompany(ctx, company, was); err != nil {
		return fmt.Errorf("company %q: %w", company.ID, err)
	}
	return nil
}

// DeleteCompany removes a company that nobody belongs to and that has allowed nothing; else ErrInUse.
func (h *House) DeleteCompany(ctx context.Context, c Caller, was storage.Company) error {
	if err := h.may(c, CompanyDelete, Belongs{}); err != nil {
		return err
	}
	people, err := h.Store.FindUsers(ctx, storage.UserQuery{CompanyID: was.ID}, "", 1)
	if err != nil {
		return err
	}
	if len(people) > 0 {
		return fmt.Errorf("%w: the person %s belongs to %s; take them out of it first", ErrInUse, people[0].ID, was.ID)
	}
	grants, err := h.Store.Grants(ctx, storage.Owner{CompanyID: was.ID})
	if err != nil {
		return err
	}
	if len(grants) > 0 {
		return fmt.Errorf("%w: %s decided about %s; revoke the grant %s first", ErrInUse, was.ID, grants[0].ClientID, grants[0].PublicID())
	}
	if err := h.Store.DeleteCompany(h.audited(ctx, c, CompanyDelete, companyKind, was.ID), was); err != nil {
		return fmt.Errorf("company %q: %w", was.ID, err)
	}
	return nil
}
