package gormstore

import (
	"context"

	"gorm.io/gorm"

	"gatehouse/storage"
)

// The CASTs are explained at selectToken.
const selectLinkedUser = `
SELECT ` + userColumns + ` FROM links l JOIN users u ON u.id = l.user_id
WHERE l.issuer = CAST($1 AS TEXT) AND l.subject = CAST($2 AS TEXT)`

// insertLink inserts nothing when there is no such user.
const insertLink = `
INSERT INTO links (issuer, subject, user_id, created_at)
SELECT CAST(? AS TEXT), CAST(? AS TEXT), id, CAST(? AS BIGINT) FROM users WHERE id = ?`

// LinkedUser implements storage.Links.
func (s *Store) LinkedUser(ctx context.Context, issuer, subject string) (storage.User, error) {
	return s.user(ctx, selectLinkedUser, issuer, subject)
}

// CreateLinkedUser implements storage.Links.
func (s *Store) CreateLinkedUser(ctx context.Context, u storage.User, l storage.Link) error {
	l.UserID = u.ID
	return s.write(ctx, func(tx *gorm.DB) error {
		row := toUserRow(u)
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return link(tx, l)
	})
}

// LinkUser implements storage.Links.
func (s *Store) LinkUser(ctx context.Context, l storage.Link) error {
	return s.write(ctx, func(tx *gorm.DB) error { return link(tx, l) })
}

func link(tx *gorm.DB, l storage.Link) error {
	return mustMeet(tx.Exec(insertLink, l.Issuer, l.Subject, at(l.CreatedAt), l.UserID))
}
