package gormstore

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// Clock returns the time of the machine that the database runs on. That of a SQLite file is this one.
func (s *Store) Clock(ctx context.Context) (time.Time, error) {
	query := "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"
	if s.dialect.name == "sqlite" {
		query = "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000"
	}
	var now int64
	err := s.read(ctx, func(db *gorm.DB) error { return db.Raw(query).Scan(&now).Error })
	return time.UnixMicro(now), err
}
