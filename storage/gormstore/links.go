package gormstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"reflect"

	"gorm.io/gorm"

	"gatehouse/storage"
)

// The CASTs are explained at selectToken.
const selectLinkedUser = `
SELECT EXISTS (SELECT 1 FROM links o WHERE o.user_id = l.user_id AND o.issuer <> l.issuer), ` + userColumns + `
FROM links l JOIN users u ON u.id = l.user_id
WHERE l.issuer = CAST($1 AS TEXT) AND l.subject = CAST($2 AS TEXT)`

// insertLink inserts nothing when the user has another link of the issuer.
const insertLink = `
INSERT INTO links (issuer, subject, user_id, created_at)
SELECT CAST(? AS TEXT), CAST(? AS TEXT), id, CAST(? AS BIGINT) FROM users
WHERE id = ? AND NOT EXISTS (SELECT 1 FROM links WHERE user_id = ? AND issuer = ? AND subject <> ?)`

// LinkedUser implements storage.Links.
func (s *Store) LinkedUser(ctx context.Context, issuer, subject string) (storage.LinkedUser, error) {
	if !storable(issuer, subject) {
		return storage.LinkedUser{}, storage.ErrNotFound
	}
	bounded, leave, err := s.turn(ctx)
	if err != nil {
		return storage.LinkedUser{}, err
	}
	defer leave()
	linked, err := scanLinkedUser(s.pool.QueryRowContext(bounded, selectLinkedUser, issuer, subject))
	return linked, translate(ctx, s.dialect, err)
}

func scanLinkedUser(row *sql.Row) (storage.LinkedUser, error) {
	var u userRow
	var elsewhere bool
	if err := row.Scan(append([]any{&elsewhere}, u.targets()...)...); err != nil {
		return storage.LinkedUser{}, err
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

// LinkUser implements storage.Links. The user's row is locked by a statement of its own: only a later one sees the link of
// whoever had the lock before.
func (s *Store) LinkUser(ctx context.Context, l storage.Link) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		var id string
		lock := tx.Statement.ConnPool.QueryRowContext(tx.Statement.Context, `SELECT id FROM users WHERE id = $1`+s.dialect.forUpdate, l.UserID)
		if err := lock.Scan(&id); err != nil {
			return err
		}
		return link(tx, l)
	})
}

func link(tx *gorm.DB, l storage.Link) error {
	err := mustMeet(tx.Exec(insertLink, l.Issuer, l.Subject, at(l.CreatedAt), l.UserID, l.UserID, l.Issuer, l.Subject))
	if errors.Is(err, storage.ErrNotFound) {
		return storage.ErrConflict
	}
	return err
}

// ChangeLinkedUser implements storage.Links.
func (s *Store) ChangeLinkedUser(ctx context.Context, issuer, subject string, change func(storage.LinkedUser) (storage.User, error)) (storage.User, error) {
	if !storable(issuer, subject) {
		return storage.User{}, storage.ErrNotFound
	}
	query := selectLinkedUser
	if s.dialect.forUpdate != "" {
		query += s.dialect.forUpdate + " OF u"
	}
	var u storage.User
	var refused error // no failure of the database, so that it is none to the writes that share the transaction
	err := s.write(storage.Unaudited(ctx), func(tx *gorm.DB) error {
		was, err := scanLinkedUser(tx.Statement.ConnPool.QueryRowContext(tx.Statement.Context, query, issuer, subject))
		if err != nil {
			return err
		}
		if u, refused = change(was); refused != nil || reflect.DeepEqual(u, was.User) {
			return nil
		}
		return audited(ctx, func(tx *gorm.DB) error { return mustMeet(replaceUser(tx.Where("id = ?", was.ID), u)) })(tx)
	})
	return u, cmp.Or(err, refused)
}
