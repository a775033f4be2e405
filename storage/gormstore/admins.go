package gormstore

import (
	"context"

	"gorm.io/gorm"

	"gatehouse/storage"
)

// anAdmin finds the role in the JSON list of roles; company_admin has no quote before admin.
const anAdmin = `SELECT EXISTS (SELECT 1 FROM users WHERE roles LIKE '%"` + storage.RoleAdmin + `"%' AND NOT disabled)`

// HasAdmin implements storage.Admins.
func (s *Store) HasAdmin(ctx context.Context) (found bool, err error) {
	err = s.read(ctx, func(db *gorm.DB) error { return db.Raw(anAdmin).Scan(&found).Error })
	return found, err
}

// CreateFirstAdmin implements storage.Admins. Whoever counts the revision up holds its row, so that the others look only
// when there is an admin.
func (s *Store) CreateFirstAdmin(ctx context.Context, u storage.User) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec("UPDATE revision SET value = value + 1 WHERE id = 1").Error; err != nil {
			return err
		}
		var found bool
		if err := tx.Raw(anAdmin).Scan(&found).Error; err != nil {
			return err
		}
		if found {
			return storage.ErrConflict
		}
		row := toUserRow(u)
		return tx.Create(&row).Error
	})
}
