package gormstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"gorm.io/gorm"

	"gatehouse/storage"
)

// CreateTestUser implements storage.Users. Whoever makes one holds the publisher's row, so that the others count when this one
// is there, and the publisher is.
func (s *Store) CreateTestUser(ctx context.Context, u storage.User, most int) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		var publisher string
		lock := tx.Statement.ConnPool.QueryRowContext(tx.Statement.Context, `SELECT id FROM publishers WHERE id = $1`+s.dialect.forUpdate, u.TestPublisher)
		if err := lock.Scan(&publisher); errors.Is(err, sql.ErrNoRows) {
			return storage.ErrNotFound
		} else if err != nil {
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

// DeleteTestUser implements storage.Users.
func (s *Store) DeleteTestUser(ctx context.Context, userID string, when time.Time) error {
	return s.write(ctx, func(tx *gorm.DB) error { return s.deleteTestUser(tx, userID, when) })
}

// deleteTestUsers deletes all of a publisher.
func (s *Store) deleteTestUsers(tx *gorm.DB, publisher string, when time.Time) error {
	var users []string
	err := tx.Raw("SELECT id FROM users WHERE test_publisher = ? AND test_publisher <> '' ORDER BY id", publisher).Scan(&users).Error
	for _, id := range users {
		if err == nil {
			err = s.deleteTestUser(tx, id, when)
		}
	}
	return err
}

// deleteTestUser leaves no row of a user: tokens of somebody who is not there are dead (selectToken), and links go with the
// user's own.
func (s *Store) deleteTestUser(tx *gorm.DB, userID string, when time.Time) error {
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
}
