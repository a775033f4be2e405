package gormstore

import (
	"context"

	"gorm.io/gorm"

	"gatehouse/storage"
)

type companyRow struct {
	ID   string `gorm:"primaryKey"`
	Name string
}

// TableName implements gorm's schema.Tabler.
func (companyRow) TableName() string { return "companies" }

func (r companyRow) company() storage.Company { return storage.Company(r) }

// Company implements storage.Companies.
func (s *Store) Company(ctx context.Context, id string) (storage.Company, error) {
	return one(ctx, s, id, companyRow.company)
}

// Companies implements storage.Companies.
func (s *Store) Companies(ctx context.Context, after string, limit int) ([]storage.Company, error) {
	return list(ctx, s, after, limit, companyRow.company)
}

// SaveCompany implements storage.Companies.
func (s *Store) SaveCompany(ctx context.Context, c storage.Company) error {
	row := companyRow(c)
	return s.save(ctx, &row)
}

// DeleteCompany implements storage.Companies.
func (s *Store) DeleteCompany(ctx context.Context, was storage.Company) error {
	return s.writeRevised(ctx, func(tx *gorm.DB) error {
		if err := stillThere(tx, s.dialect, "id", was.ID, was, companyRow.company); err != nil {
			return err
		}
		return unlessUsed(tx.Where("id = ?", was.ID).
			Where("NOT EXISTS (SELECT 1 FROM users WHERE company_id = ?)", was.ID).
			Where("NOT EXISTS (SELECT 1 FROM grants WHERE company_id = ? AND state = 1)", was.ID).
			Delete(&companyRow{}))
	})
}

// ReplaceCompany implements storage.Companies.
func (s *Store) ReplaceCompany(ctx context.Context, c storage.Company, was *storage.Company) error {
	row := companyRow(c)
	return s.writeRevised(ctx, func(tx *gorm.DB) error { return replace(tx, s.dialect, "id", c.ID, &row, was, companyRow.company) })
}
