package gormstore

import (
	"context"

	"gorm.io/gorm"

	"gatehouse/storage"
)

// The CASTs are explained at selectToken.
const selectLinkedUser = `
SELECT EXISTS (SELECT 1 FROM links o WHERE o.user_id = l.user_id AND o.issuer <> l.issuer), ` + userColumns + `
FROM links l JOIN users u ON u.id = l.user_id
WHERE l.issuer = CAST($1 AS TEXT) AND l.subject = CAST($2 AS TEXT)`

// insertLink inserts nothing when there is no such user.
const insertLink = `
INSERT INTO links (issuer, subject, user_id, created_at)
SELECT CAST(? AS TEXT), CAST(? AS TEXT), id, CAST(? AS BIGINT) FROM users WHERE id = ?`

// LinkedUser implements storage.Links.
func (s *Store) LinkedUser(ctx context.Context, issuer, subject string) (storage.LinkedUser, error) {
	if !storable(issuer, subject) {
		return storage.LinkedUser{}, storage.ErrNotFound
	}
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var u userRow
	var elsewhere bool
	err := s.pool.QueryRowContext(bounded, selectLinkedUser, issuer, subject).Scan(append([]any{&elsewhere}, u.targets()...)...)
	if err != nil {
		return storage.LinkedUser{}, translate(ctx, s.dialect, err)
	}
	return storage.LinkedUser{User: u.user(), LinkedElsewhere: elsewhere}, nil
}

type linkRow struct {
	Issuer  string
	Subject string
	UserID  string
	Created micros `gorm:"column:created_at"`
}

// TableName implements gorm's schema.Tabler.
func (linkRow) TableName() string { return "links" }

// UserLinks implements storage.Links.
func (s *Store) UserLinks(ctx context.Context, userIDs []string) (map[string][]storage.Link, error) {
	var rows []linkRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Where("user_id IN ?", userIDs).Order("issuer, subject").Find(&rows).Error
	})
	links := make(map[string][]storage.Link)
	for _, r := range rows {
		links[r.UserID] = append(links[r.UserID],
			storage.Link{Issuer: r.Issuer, Subject: r.Subject, UserID: r.UserID, CreatedAt: r.Created.time()})
	}
	return links, err
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
