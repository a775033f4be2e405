package gormstore

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"gatehouse/storage"
)

// logoLookAgain is how long a logo that a registration names is left alone before it is looked at again.
const logoLookAgain = 24 * time.Hour

type logoRow struct {
	Hash   string `gorm:"primaryKey"`
	Side   int    `gorm:"primaryKey;autoIncrement:false"`
	PNG    []byte `gorm:"column:png"`
	LookAt micros
}

// TableName implements gorm's schema.Tabler.
func (logoRow) TableName() string { return "logos" }

// SaveLogo implements storage.Logos.
func (s *Store) SaveLogo(ctx context.Context, l storage.Logo) error {
	var rows []logoRow
	for side, image := range l.Images {
		rows = append(rows, logoRow{Hash: l.Hash, Side: side, PNG: image, LookAt: at(l.KeepUntil)})
	}
	slices.SortFunc(rows, func(a, b logoRow) int { return a.Side - b.Side }) // two writers take the rows in the same order
	return s.write(ctx, func(tx *gorm.DB) error {
		later := clause.OnConflict{
			Columns:   []clause.Column{{Name: "hash"}, {Name: "side"}},
			DoUpdates: clause.Set{{Column: clause.Column{Name: "look_at"}, Value: gorm.Expr("excluded.look_at")}},
			Where:     clause.Where{Exprs: []clause.Expression{gorm.Expr("logos.look_at < excluded.look_at")}},
		}
		return tx.Clauses(later).Create(&rows).Error
	})
}

// LogoImage implements storage.Logos.
func (s *Store) LogoImage(ctx context.Context, hash string, side int) ([]byte, error) {
	if !storable(hash) {
		return nil, storage.ErrNotFound
	}
	var row logoRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Where("hash = ? AND side = ?", hash, side).Take(&row).Error })
	return row.PNG, err
}

// dueLogos are pictures that it is time to look at, and whether a registration names them. The indexes clients_logo and
// client_versions_logo hold the same expression.
const dueLogos = `
SELECT l.hash, l.side,
    EXISTS (SELECT 1 FROM clients c WHERE c.logo_uri <> '' AND substr(c.logo_uri, length(c.logo_uri) - 71, 64) = l.hash)
    OR EXISTS (SELECT 1 FROM client_versions v WHERE v.logo_uri <> '' AND substr(v.logo_uri, length(v.logo_uri) - 71, 64) = l.hash) AS named
FROM logos l WHERE l.look_at <= ? ORDER BY l.look_at LIMIT ?`

// collectLogos deletes up to limit pictures that no registration names, and says how many.
func (s *Store) collectLogos(ctx context.Context, now time.Time, limit int) (total int, err error) {
	for total < limit {
		var due []struct {
			Hash  string
			Side  int
			Named bool
		}
		deleted := 0
		err := s.collecting(ctx, func(tx *gorm.DB) error {
			deleted = 0
			if err := tx.Raw(dueLogos+s.dialect.skipLocked, at(now), min(collectBatch, limit-total)).Scan(&due).Error; err != nil {
				return err
			}
			for _, picture := range due {
				row := tx.Where("hash = ? AND side = ?", picture.Hash, picture.Side)
				if picture.Named {
					if err := row.Model(&logoRow{}).Update("look_at", at(now.Add(logoLookAgain))).Error; err != nil {
						return err
					}
					continue
				}
				if err := row.Delete(&logoRow{}).Error; err != nil {
					return err
				}
				deleted++
			}
			return nil
		})
		total += deleted
		if err != nil || len(due) == 0 {
			return total, err
		}
	}
	return total, nil
}
