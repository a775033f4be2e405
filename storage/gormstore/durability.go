package gormstore

import (
	"context"

	"gorm.io/gorm"
)

// LaxSettings returns the settings of PostgreSQL, as NAME=VALUE, by which it may lose what it has committed when it or its
// machine crashes (PostgreSQL documentation, "Asynchronous Commit", "Write Ahead Log"). A database that does not know them
// has none. What a SQLite file needs this package sets itself.
func (s *Store) LaxSettings(ctx context.Context) ([]string, error) {
	var lax []string
	if s.dialect.name == "sqlite" {
		return lax, nil
	}
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Raw(`
SELECT name || '=' || setting FROM pg_settings
WHERE name IN ('fsync', 'synchronous_commit') AND setting = 'off' ORDER BY name`).Scan(&lax).Error
	})
	return lax, err
}
