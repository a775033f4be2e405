package gormstore

import (
	"context"
	"time"

	"gorm.io/gorm"

	"gatehouse/storage"
)

type sessionRow struct {
	ID         string `gorm:"primaryKey"`
	UserID     string
	AuthTime   micros
	Created    micros `gorm:"column:created_at"`
	SeenAt     micros
	ExpiresAt  micros
	UserAgent  string
	Address    string
	VouchedBy  string
	TokensFrom micros
}

// TableName implements gorm's schema.Tabler.
func (sessionRow) TableName() string { return "sessions" }

func (r sessionRow) session() storage.Session {
	return storage.Session{
		ID: r.ID, UserID: r.UserID, AuthTime: r.AuthTime.time(), CreatedAt: r.Created.time(), SeenAt: r.SeenAt.time(),
		ExpiresAt: r.ExpiresAt.time(), UserAgent: r.UserAgent, Address: r.Address, VouchedBy: r.VouchedBy, TokensFrom: r.TokensFrom.time(),
	}
}

// wordCounts is true of a session s of a user u that the person began, or a client whose word counts: an approved one, of
// the super app itself or with an active grant of the user's company, that was neither suspended nor deleted since.
const wordCounts = `(s.vouched_by = '' OR EXISTS (
    SELECT 1 FROM clients c WHERE c.id = s.vouched_by AND c.status = '` + storage.StatusApproved + `' AND c.tokens_from = s.tokens_from AND (c.first_party OR EXISTS (
        SELECT 1 FROM grants g WHERE g.user_id = '' AND g.company_id = u.company_id AND g.client_id = c.id AND g.state = 1))))`

// clientIssuer is what comes before a client's ID in its issuer.
var clientIssuer = storage.ClientIssuer("")

const sessionColumns = "s.id, s.user_id, s.auth_time, s.created_at, s.seen_at, s.expires_at, s.user_agent, s.address, s.vouched_by, s.tokens_from"

// The CASTs are explained at selectToken.
var selectSession = `
SELECT s.user_id, s.auth_time, s.created_at, s.seen_at, s.expires_at, s.user_agent, s.address, s.vouched_by,
       s.vouched_by <> '' AND EXISTS (SELECT 1 FROM links l WHERE l.user_id = s.user_id AND l.issuer <> '` + clientIssuer + `' || s.vouched_by),
       ` + userColumns + `
FROM sessions s JOIN users u ON u.id = s.user_id
WHERE s.id = CAST($1 AS TEXT) AND (s.expires_at = 0 OR s.expires_at > CAST($2 AS BIGINT)) AND NOT u.disabled
  AND ` + wordCounts

// Session implements storage.Sessions.
func (s *Store) Session(ctx context.Context, id string, now time.Time) (storage.Session, storage.User, error) {
	if !storable(id) {
		return storage.Session{}, storage.User{}, storage.ErrNotFound
	}
	bounded, leave, err := s.turn(ctx)
	if err != nil {
		return storage.Session{}, storage.User{}, err
	}
	defer leave()
	r, u := sessionRow{ID: id}, userRow{}
	var elsewhere bool
	targets := append([]any{&r.UserID, &r.AuthTime, &r.Created, &r.SeenAt, &r.ExpiresAt, &r.UserAgent, &r.Address, &r.VouchedBy,
		&elsewhere}, u.targets()...)
	err = s.pool.QueryRowContext(bounded, selectSession, id, int64(at(now))).Scan(targets...)
	if err != nil {
		return storage.Session{}, storage.User{}, translate(ctx, s.dialect, err)
	}
	session := r.session()
	session.LinkedElsewhere = elsewhere
	return session, u.user(), nil
}

// startSession inserts first: the user's row, which it holds (FOR SHARE), orders it against SetDisabled, which ends the
// sessions that there are once it has that row.
func startSession(op storage.StartSession, forShare string) []step {
	s := op.Session
	insert := step{must: true, sql: `
INSERT INTO sessions (id, user_id, auth_time, created_at, seen_at, expires_at, user_agent, address, vouched_by, tokens_from)
SELECT CAST($1 AS TEXT), id, CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS BIGINT),
       CAST($6 AS TEXT), CAST($7 AS TEXT), CAST($8 AS TEXT), CAST($9 AS BIGINT)
FROM users WHERE id = $10 AND NOT disabled` + forShare + `
ON CONFLICT DO NOTHING`, args: []any{
		s.ID, int64(at(s.AuthTime)), int64(at(s.CreatedAt)), int64(at(s.SeenAt)), int64(at(s.ExpiresAt)),
		clean(s.UserAgent), clean(s.Address), s.VouchedBy, int64(at(s.TokensFrom)), s.UserID,
	}}
	// What is left are the newest, and those that the user began themselves before any that a client vouched for.
	makeRoom := step{sql: `
DELETE FROM sessions WHERE user_id = $1 AND id <> $2 AND id NOT IN
    (SELECT id FROM sessions WHERE user_id = $1 AND id <> $2 ORDER BY vouched_by <> '', created_at DESC, id LIMIT $3)`,
		args: []any{s.UserID, s.ID, int64(storage.MaxSessions - 1)}}
	if op.Replaced == "" {
		return []step{insert, makeRoom}
	}
	return []step{insert, {sql: `DELETE FROM sessions WHERE id = $1`, args: []any{op.Replaced}}, makeRoom}
}

// TouchSession implements storage.Sessions.
func (s *Store) TouchSession(ctx context.Context, id string, seenAt time.Time, address string) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&sessionRow{}).Where("id = ?", id).
			Updates(map[string]any{"seen_at": at(seenAt), "address": clean(address)}).Error
	})
}

// EndSession implements storage.Sessions.
func (s *Store) EndSession(ctx context.Context, id string) error {
	return s.write(ctx, func(tx *gorm.DB) error { return tx.Where("id = ?", id).Delete(&sessionRow{}).Error })
}

// EndOtherSessions implements storage.Sessions.
func (s *Store) EndOtherSessions(ctx context.Context, userID, keep string) error {
	return s.write(ctx, func(tx *gorm.DB) error { return deleteSessions(tx, userID, keep) })
}

// deleteSessions deletes every session of a user except keep.
func deleteSessions(tx *gorm.DB, userID, keep string) error {
	return tx.Where("user_id = ? AND id <> ?", userID, keep).Delete(&sessionRow{}).Error
}

// AllSessions implements storage.Sessions.
func (s *Store) AllSessions(ctx context.Context, after string, limit int, now time.Time) ([]storage.Session, error) {
	if !storable(after) {
		return nil, nil
	}
	var rows []sessionRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Select(sessionColumns).Table("sessions s").Joins("JOIN users u ON u.id = s.user_id").
			Where("s.id > ? AND (s.expires_at = 0 OR s.expires_at > ?) AND "+wordCounts, after, at(now)).
			Order("s.id").Limit(limit).Find(&rows).Error
	})
	return records(rows, sessionRow.session), err
}

// UserSessions implements storage.Sessions.
func (s *Store) UserSessions(ctx context.Context, userID string, now time.Time) ([]storage.Session, error) {
	var rows []sessionRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Select(sessionColumns).Table("sessions s").Joins("JOIN users u ON u.id = s.user_id").
			Where("s.user_id = ? AND (s.expires_at = 0 OR s.expires_at > ?) AND "+wordCounts, userID, at(now)).
			Order("s.seen_at DESC, s.id").Limit(storage.MaxSessions).Find(&rows).Error
	})
	return records(rows, sessionRow.session), err
}
