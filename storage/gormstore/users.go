package gormstore

import (
	"context"
	"time"

	"gorm.io/gorm"

	"gatehouse/storage"
)

type userRow struct {
	ID            string `gorm:"primaryKey"`
	Email         nullable
	EmailVerified bool
	Phone         nullable
	PhoneVerified bool
	FirstName     string
	LastName      string
	Locale        string
	CompanyID     string
	Roles         document[[]string]
	Attributes    document[map[string]any]
	PasswordHash  string
	Disabled      bool
	TestPublisher string
	Created       micros `gorm:"column:created_at"`
	Updated       micros `gorm:"column:updated_at"`
}

// TableName implements gorm's schema.Tabler.
func (userRow) TableName() string { return "users" }

func toUserRow(u storage.User) userRow {
	return userRow{
		ID: u.ID, Email: nullable(u.Email), EmailVerified: u.EmailVerified, Phone: nullable(u.Phone),
		PhoneVerified: u.PhoneVerified, FirstName: u.FirstName, LastName: u.LastName, Locale: u.Locale,
		CompanyID: u.CompanyID, Roles: doc(u.Roles), Attributes: doc(u.Attributes), PasswordHash: u.PasswordHash,
		Disabled: u.Disabled, TestPublisher: u.TestPublisher, Created: at(u.CreatedAt), Updated: at(u.UpdatedAt),
	}
}

func (r userRow) user() storage.User {
	return storage.User{
		ID: r.ID, Email: string(r.Email), EmailVerified: r.EmailVerified, Phone: string(r.Phone),
		PhoneVerified: r.PhoneVerified, FirstName: r.FirstName, LastName: r.LastName, Locale: r.Locale,
		CompanyID: r.CompanyID, Roles: r.Roles.V, Attributes: r.Attributes.V, PasswordHash: r.PasswordHash,
		Disabled: r.Disabled, TestPublisher: r.TestPublisher, CreatedAt: r.Created.time(), UpdatedAt: r.Updated.time(),
	}
}

// userColumns are the columns of users u in the order of userRow.targets.
const userColumns = `u.id, u.email, u.email_verified, u.phone, u.phone_verified, u.first_name, u.last_name, u.locale,
       u.company_id, u.roles, u.attributes, u.password_hash, u.disabled, u.test_publisher, u.created_at, u.updated_at`

func (r *userRow) targets() []any {
	return []any{
		&r.ID, &r.Email, &r.EmailVerified, &r.Phone, &r.PhoneVerified, &r.FirstName, &r.LastName, &r.Locale,
		&r.CompanyID, &r.Roles, &r.Attributes, &r.PasswordHash, &r.Disabled, &r.TestPublisher, &r.Created, &r.Updated,
	}
}

const (
	selectUser        = `SELECT ` + userColumns + ` FROM users u WHERE u.id = $1`
	selectUserByLogin = `SELECT ` + userColumns + ` FROM users u WHERE u.email = $1 OR u.phone = $1`
)

// User implements storage.Users.
func (s *Store) User(ctx context.Context, id string) (storage.User, error) {
	return s.user(ctx, selectUser, id)
}

// UserByLogin implements storage.Users.
func (s *Store) UserByLogin(ctx context.Context, login string) (storage.User, error) {
	return s.user(ctx, selectUserByLogin, login)
}

func (s *Store) user(ctx context.Context, query, key string) (storage.User, error) {
	if !storable(key) {
		return storage.User{}, storage.ErrNotFound
	}
	bounded, leave, err := s.turn(ctx)
	if err != nil {
		return storage.User{}, err
	}
	defer leave()
	var row userRow
	if err := s.pool.QueryRowContext(bounded, query, key).Scan(row.targets()...); err != nil {
		return storage.User{}, translate(ctx, s.dialect, err)
	}
	return row.user(), nil
}

// Users implements storage.Users.
func (s *Store) Users(ctx context.Context, after string, limit int) ([]storage.User, error) {
	return list(ctx, s, after, limit, userRow.user)
}

// FindUsers implements storage.Users. Columns of text are compared byte by byte, so that what begins alike is a range.
func (s *Store) FindUsers(ctx context.Context, q storage.UserQuery, after string, limit int) ([]storage.User, error) {
	if !storable(after, q.Search, q.CompanyID, q.TestPublisher) {
		return nil, nil
	}
	var rows []userRow
	err := s.read(ctx, func(db *gorm.DB) error {
		if q.CompanyID != "" {
			db = db.Where("company_id = ? AND company_id <> ''", q.CompanyID)
		}
		if q.TestPublisher != "" {
			db = db.Where("test_publisher = ? AND test_publisher <> ''", q.TestPublisher)
		}
		if q.Search == "" {
			db = db.Where("id > ?", after).Order("id")
		} else {
			db = db.Where("email >= ? AND email < ? AND email > ?", q.Search, afterPrefix(q.Search), after).Order("email")
		}
		return db.Limit(limit).Find(&rows).Error
	})
	return records(rows, userRow.user), err
}

// CreateUser implements storage.Users.
func (s *Store) CreateUser(ctx context.Context, u storage.User) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		row := toUserRow(u)
		return tx.Create(&row).Error
	})
}

// UpdateUser implements storage.Users.
func (s *Store) UpdateUser(ctx context.Context, u storage.User, was time.Time) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		err := mustMeet(replaceUser(tx.Where("updated_at = ?", at(was)), u))
		if err == storage.ErrNotFound {
			return conflictIfExists(tx, &userRow{}, u.ID)
		}
		return err
	})
}

// replaceUser replaces the record of u, but for what UpdateUser leaves alone.
func replaceUser(tx *gorm.DB, u storage.User) *gorm.DB {
	row := toUserRow(u)
	return tx.Select("*").Omit("id", "password_hash", "disabled", "test_publisher", "created_at").Updates(&row)
}

// SetNames implements storage.Users.
func (s *Store) SetNames(ctx context.Context, userID, first, last string, when time.Time) error {
	moved := gorm.Expr("CASE WHEN updated_at < ? THEN ? ELSE updated_at + 1 END", at(when), at(when))
	return s.write(ctx, func(tx *gorm.DB) error {
		return mustMeet(tx.Model(&userRow{}).Where("id = ?", userID).
			Updates(map[string]any{"first_name": first, "last_name": last, "updated_at": moved}))
	})
}

// SetPassword implements storage.Users.
func (s *Store) SetPassword(ctx context.Context, userID, old, hash string, when time.Time, endSessions bool, keep string) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		change := tx.Model(&userRow{}).Where("id = ?", userID)
		if old != "" {
			change = change.Where("password_hash = ?", old)
		}
		err := mustMeet(change.Updates(map[string]any{"password_hash": hash, "updated_at": at(when)}))
		if err == storage.ErrNotFound {
			return conflictIfExists(tx, &userRow{}, userID)
		}
		if err != nil || !endSessions {
			return err
		}
		return deleteSessions(tx, userID, keep)
	})
}

// SetDisabled implements storage.Users.
func (s *Store) SetDisabled(ctx context.Context, userID string, disabled bool, when time.Time) error {
	set := map[string]any{"disabled": disabled, "updated_at": at(when)}
	return s.write(ctx, func(tx *gorm.DB) error {
		change := tx.Model(&userRow{}).Where("id = ? AND disabled <> ?", userID, disabled).Updates(set)
		if change.Error != nil {
			return change.Error
		}
		if change.RowsAffected == 0 { // it is so already, or there is nobody
			if err := mustMeet(tx.Model(&userRow{}).Where("id = ?", userID).Updates(set)); err != nil {
				return err
			}
		} else if err := tellOfPerson(tx, userID, disabled, when); err != nil {
			return err
		}
		if !disabled {
			return nil
		}
		return deleteSessions(tx, userID, "")
	})
}
