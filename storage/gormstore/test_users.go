package gormstore

import (
	"context"
	"time"

	"gorm.io/gorm"

	"gatehouse/storage"
)

// CreateTestUser implements storage.Users. Whoever counts the revision up holds its row, so that the others count when this
// one is there.
func (s *Store) CreateTestUser(ctx context.Context, u storage.User, most int) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec("UPDATE revision SET value = value + 1 WHERE id = 1").Error; err != nil {
			return err
		}
		var there int64
		if err := tx.Model(&userRow{}).Where("test_publisher = ? AND test_publisher <> ''", u.TestPublisher).Count(&there).Error; err != nil {
			return err
		}
		if there >= int64(most) {
			return storage.ErrConflict
		}
		row := toUserRow(u)
		return tx.Create(&row).Error
	})
}

// DeleteTestUser implements storage.Users. Tokens of somebody who is not there are dead (selectToken), and links go with the
// user's row.
func (s *Store) DeleteTestUser(ctx context.Context, userID string, when time.Time) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		var grants []string
		if err := tx.Raw("SELECT id FROM grants WHERE user_id = ? AND state = 1 ORDER BY id", userID).Scan(&grants).Error; err != nil {
			return err
		}
		for _, id := range grants {
			for _, step := range endGrant(storage.EndGrant{ID: id, At: when}, s.dialect.forUpdate) {
				if _, err := tx.Statement.ConnPool.ExecContext(tx.Statement.Context, step.sql, step.args...); err != nil {
					return err
				}
			}
		}
		if err := deleteSessions(tx, userID, ""); err != nil {
			return err
		}
		return mustMeet(tx.Where("id = ? AND test_publisher <> ''", userID).Delete(&userRow{}))
	})
}
